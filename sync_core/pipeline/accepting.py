"""A person's word that a finding is all right for now: it has a reason and a last day, and after that day the finding is told again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sync_core.documents import to_document
from sync_core.errors import Rejected
from sync_core.events import event
from sync_core.model.history import Record, RecordKind
from sync_core.model.notices import Finding
from sync_core.model.people import Who
from sync_core.pipeline.context import Context
from sync_core.pipeline.history import note
from sync_core.pipeline.notice_rows import HISTORY, TABLE, Accepted, accepted, drop_accepted, load_memories, save_accepted

LONGEST = timedelta(days=366)
"""An acceptance that never ends hides what is real by then."""


@dataclass(frozen=True)
class Standing:
    """A finding that was there in the last run that looked, and a person's word on it that still counts."""

    finding: Finding
    since: date
    word: Accepted | None = None


def standing(context: Context) -> list[Standing]:
    """All findings that stand, by customer."""
    today = context.clock.now().date()
    words = {word.finding_id: word for word in accepted(context.store) if word.until >= today}
    entries = [entry for stored in load_memories(context.store).values() for entry in stored.value.entries.values() if not entry.gone]
    found = [Standing(entry.finding, entry.first, words.get(entry.finding.finding_id)) for entry in entries]
    return sorted(found, key=lambda each: (each.finding.customer.casefold(), each.finding.kind, each.finding.item, each.finding.key))


def accept(context: Context, finding_id: str, until: date, by: Who, why: str) -> Standing:
    """Keeps a finding quiet up to a day, that day included; raises ``Rejected`` where there is none of this id, or the day will not do."""
    today = context.clock.now().date()
    if not today <= until <= today + LONGEST:
        fix = f"Give a day from {today} to {today + LONGEST}"
        raise Rejected("An acceptance ends within a year", code="accept-until", where=finding_id, why=f"{until} is not", fix=fix)
    found = _found(context, finding_id)
    word = Accepted(finding_id, f"{found.finding.kind}: {found.finding.text}", str(by), why, context.clock.now(), until)
    save_accepted(context.store, word)
    _note(context, word, found.finding, "accepted", by)
    return Standing(found.finding, found.since, word)


def withdraw(context: Context, finding_id: str, by: Who) -> Standing:
    """Takes the word on a finding back, so that the next run tells it; raises ``Rejected`` where there is none."""
    found = _found(context, finding_id)
    if found.word is None:
        raise Rejected("Nobody accepted this finding", code="not-accepted", where=finding_id, fix="python3 dev.py notices list shows what was")
    drop_accepted(context.store, finding_id)
    _note(context, found.word, found.finding, "withdrawn", by)
    return Standing(found.finding, found.since)


def _found(context: Context, finding_id: str) -> Standing:
    known = [each for each in standing(context) if each.finding.finding_id == finding_id]
    if not known:
        fix = "python3 dev.py notices list shows those that stand"
        raise Rejected("No finding of this id stands", code="unknown-finding", where=ascii(finding_id), fix=fix)
    return known[0]


def _note(context: Context, word: Accepted, finding: Finding, what: str, by: Who) -> None:
    now = context.clock.now()
    document = {**to_document(word), "what": what, "tenant": finding.tenant_id, "person": by.person}
    note(context.store, TABLE, HISTORY, Record(now, RecordKind.DECIDED, f"{word.finding_id} {what}", document, by=str(by)))
    event(f"notice.{what}", customer=finding.tenant_id, finding=word.finding_id)
