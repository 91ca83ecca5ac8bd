"""What a run's digest says, before it has a form: headline numbers, money by currency, and sections that leave out what is empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sync_core.model.access import AccessFinding
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Verdict
from sync_core.model.runs import CustomerRun, CustomerState, RunKind
from sync_core.pipeline.report import CustomerReport, RunReport
from sync_core.pipeline.wording import before_and_after, counts, money_by_currency, money_effect

MOST_ENTRIES = 30
MOST_LINES = 12
_TRACE = re.compile(r" \(trace [0-9a-f-]+\)")
"""Microsoft's id of one answer; it stands in the run over HTTP, and would make every failure look different."""
_NOT_WRITTEN = (ChangeResult.HALF_DONE, ChangeResult.FAILED)


class Tone(StrEnum):
    """How a part wants to be met."""

    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"
    CALM = "calm"


@dataclass(frozen=True)
class Line:
    """One thing about an entry: what it is about, what is said of it, an amount, what to do about it, and the small print."""

    about: str
    text: str = ""
    amount: str = ""
    fix: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One customer, or several with the same thing to say. ``more`` lines were left out."""

    title: str
    lines: tuple[Line, ...] = ()
    more: int = 0
    customers: int = 1


@dataclass(frozen=True)
class Section:
    """Entries of one kind. ``lead`` says what to do about them; ``more`` entries were left out, and ``customers`` counts all."""

    title: str
    tone: Tone
    lead: str
    entries: tuple[Entry, ...]
    more: int
    customers: int


@dataclass(frozen=True)
class Headline:
    """A number with its word, as ``3 changed``."""

    number: int
    word: str
    tone: Tone


@dataclass(frozen=True)
class Banner:
    """What stands above everything: the run was held or its writes were stopped."""

    title: str
    why: str
    fix: str


@dataclass(frozen=True)
class Digest:
    """The whole message. ``money`` has one row for each kind of change, with an amount for each currency."""

    title: str
    subtitle: str
    summary: str
    banner: Banner | None
    headlines: tuple[Headline, ...]
    money: tuple[tuple[str, tuple[str, ...]], ...]
    sections: tuple[Section, ...]
    run_id: str

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell but that all is well."""
        return not self.sections and self.banner is None


def digest_of(report: RunReport) -> Digest:
    """What there is to tell of a run."""
    banner, headlines, sections = _banner(report), _headlines(report), _sections(report)
    only = report.customers[0].customer.name if report.run.kind is RunKind.RESYNC and len(report.customers) == 1 else ""
    return Digest(
        title=f"Microsoft 365 licences of {only}" if only else "Microsoft 365 licences",
        subtitle=f"{report.run.kind.capitalize()} run of {report.run.slot:%Y-%m-%d, %H:%M} UTC",
        summary=_summary(report, banner, headlines, sections),
        banner=banner,
        headlines=headlines,
        money=_money(report),
        sections=sections,
        run_id=report.run.run_id,
    )


def _banner(report: RunReport) -> Banner | None:
    run = report.run
    if run.stopped:
        return Banner("Writing was stopped on the way", run.stopped, "Mend the cause, then start a run again: it goes on from what is there.")
    if run.held:
        fix = "Check the changes below; approve those that are right, or raise the limit in the configuration."
        return Banner("The whole run was held, and nothing was applied", run.held, fix)
    return None


def _headlines(report: RunReport) -> tuple[Headline, ...]:
    read = [item for item in report.customers if item.customer.state is not CustomerState.FAILED or item.customer.plan_id]
    changed = _having(report, lambda change: change.result in (ChangeResult.APPLIED, ChangeResult.HALF_DONE))
    waiting = _having(report, lambda change: change.result in (ChangeResult.WAITING, ChangeResult.HELD))
    observed = _having(report, lambda change: change.result is ChangeResult.OBSERVED)
    failed = len(report.in_state(CustomerState.FAILED))
    headlines = (
        Headline(len(read), f"of {len(report.customers)} read", Tone.CALM),
        Headline(changed, "changed", Tone.GOOD if changed else Tone.CALM),
        Headline(waiting, "waiting", Tone.WAITING if waiting else Tone.CALM),
        Headline(failed, "failed", Tone.BAD if failed else Tone.CALM),
    )
    return (*headlines, Headline(observed, "would change", Tone.CALM)) if observed else headlines


def _having(report: RunReport, wanted: Callable[[Change], bool]) -> int:
    return sum(any(wanted(change) for change in item.changes) for item in report.customers)


def _summary(report: RunReport, banner: Banner | None, headlines: Sequence[Headline], sections: Sequence[Section]) -> str:
    numbers = [f"{headline.number} {headline.word}" for headline in headlines[1:] if headline.number]
    if report.run.stopped:
        numbers.insert(0, "WRITING STOPPED")
    elif banner:
        numbers.insert(0, "RUN HELD")
    return ", ".join(numbers) or ("nothing changed" if sections else "all is equal")


def _money(report: RunReport) -> tuple[tuple[str, tuple[str, ...]], ...]:
    kinds = {
        "Applied": ChangeResult.APPLIED,
        "Waiting for approval": ChangeResult.WAITING,
        "Planned, not applied": ChangeResult.PLANNED,
        "Observed only": ChangeResult.OBSERVED,
    }
    rows = ((name, money_by_currency(change for _, change in report.changes() if change.result is result)) for name, result in kinds.items())
    return tuple((name, _amounts(totals)) for name, totals in rows if totals)


def _amounts(totals: Mapping[str, Decimal]) -> tuple[str, ...]:
    return tuple(money_effect(amount, currency) for currency, amount in totals.items())


def _sections(report: RunReport) -> tuple[Section, ...]:
    """All that has entries, what needs a person first."""
    look = "Look at the line in the PSA before the next invoice; the next run plans again from what is there."
    decide = "Look at them with “dev.py plan list”, then “dev.py plan approve” or “dev.py plan reject”."
    sections = (
        _section("Half done or refused by the PSA", Tone.BAD, look, _changes(report, _is(*_NOT_WRITTEN))),
        _section("Failed", Tone.BAD, "They are tried again in the next run; until then their lines stay as they are.", _failures(report)),
        _section("Access that is broken, or ends", _access_tone(report.access), "Without it nobody can be read.", _access_entries(report.access)),
        _section("Waiting for your approval", Tone.WAITING, decide, _changes(report, _is(ChangeResult.WAITING))),
        _section("Planned, and not applied", Tone.WAITING, "The next run plans them again.", _changes(report, _is(ChangeResult.PLANNED))),
        _section("Held", Tone.WAITING, "They stay held until the cause is gone.", _changes(report, _is_held)),
        _section("Questions to you", Tone.WAITING, "Answer them in the configuration or in the PSA.", _changes(report, _is_question)),
        _section("Applied", Tone.GOOD, "", _changes(report, _is(ChangeResult.APPLIED))),
        _section("Not linked to a billing profile", Tone.WAITING, "Nobody is billed for these until they are linked.", _unlinked(report)),
        _section(
            "Observed only", Tone.CALM, "These customers are in observe mode: nothing was written.", _changes(report, _is(ChangeResult.OBSERVED))
        ),
        _section("Not read for days", Tone.BAD, "Their lines are billed as they were last known.", _unread(report.unread)),
        _section("New customers", Tone.CALM, "They are not configured, so nothing is billed for them.", map(Entry, report.new)),
        _section(
            "Customers without an active relationship", Tone.WAITING, "Renew it, or take them out of the configuration.", map(Entry, report.gone)
        ),
        _section("Rejected", Tone.CALM, "Left alone on a person's word.", _changes(report, _is(ChangeResult.REJECTED))),
        _section("Seen, and not billed", Tone.CALM, "Trials, seats that somebody else sold, and seats that cannot be used.", _notes(report)),
    )
    return tuple(section for section in sections if section.entries)


def _section(title: str, tone: Tone, lead: str, entries: Iterable[Entry]) -> Section:
    found = tuple(entries)
    return Section(title, tone, lead, found[:MOST_ENTRIES], max(0, len(found) - MOST_ENTRIES), sum(entry.customers for entry in found))


def _is(*results: ChangeResult) -> Callable[[Change], bool]:
    return lambda change: change.result in results


def _is_question(change: Change) -> bool:
    return change.result is ChangeResult.HELD and change.kind is ChangeKind.NONE


def _is_held(change: Change) -> bool:
    return change.result is ChangeResult.HELD and change.kind is not ChangeKind.NONE


def _changes(report: RunReport, wanted: Callable[[Change], bool]) -> Iterable[Entry]:
    for item in report.customers:
        lines = [_change_line(item.customer, change) for change in item.changes if wanted(change)]
        if lines:
            yield _entry(item.customer.name, lines)


def _entry(title: str, lines: Sequence[Line]) -> Entry:
    return Entry(title, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))


def _change_line(customer: CustomerRun, change: Change) -> Line:
    amount = money_effect(change.money, change.currency) if change.money else ""
    return Line(change.item, before_and_after(change), amount, details=_small_print(customer, change))


def _small_print(customer: CustomerRun, change: Change) -> tuple[str, ...]:
    match change.result:
        case ChangeResult.APPLIED:
            dates = f"From {change.effective}" if change.effective and change.kind is not ChangeKind.END else ""
            days = f"{money_effect(change.prorated, change.currency)} for the days before the next full period" if change.prorated else ""
            return tuple(filter(None, (dates, days, change.decided_by and f"Approved by {change.decided_by}")))
        case ChangeResult.PLANNED:
            return (customer.reason or "Nothing is known of what became of it",)
        case ChangeResult.REJECTED:
            return (f"Rejected by {change.decided_by}",)
        case ChangeResult.HELD if change.verdict is not Verdict.HELD:
            return (change.result_reason or "What it rests on had changed",)
        case ChangeResult.HALF_DONE:
            return (f"HALF DONE: {change.result_reason}",)
        case ChangeResult.FAILED:
            return (change.result_reason,)
        case _:
            return change.reasons


def _failures(report: RunReport) -> Iterable[Entry]:
    """Customers with the same reason and fix are told of together: one lost key is one thing to mend, not eight hundred."""
    alike: dict[tuple[str, str], list[CustomerRun]] = {}
    for item in report.in_state(CustomerState.FAILED):
        if not _tells_itself(item):
            alike.setdefault((_TRACE.sub("", item.customer.reason), item.customer.fix), []).append(item.customer)
    for (reason, fix), customers in alike.items():
        title = customers[0].name if len(customers) == 1 else f"{len(customers)} customers"
        names = (_enumeration([customer.name for customer in customers]),) if len(customers) > 1 else ()
        yield Entry(title, (Line("", reason, fix=fix, details=names),), customers=len(customers))


def _enumeration(names: Sequence[str]) -> str:
    more = len(names) - MOST_LINES
    return ", ".join(names[:MOST_LINES]) + (f" and {more} more" if more > 0 else "")


def _tells_itself(item: CustomerReport) -> bool:
    """Whether the customer failed because of changes that have a section of their own."""
    return any(change.result in _NOT_WRITTEN for change in item.changes)


def _unlinked(report: RunReport) -> Iterable[Entry]:
    for item in report.customers:
        lines = [Line(unlinked.item, counts(unlinked)) for unlinked in item.customer.unlinked]
        if lines:
            yield _entry(item.customer.name, lines)


def _notes(report: RunReport) -> Iterable[Entry]:
    for item in report.customers:
        if item.customer.notes:
            yield _entry(item.customer.name, [Line("", note) for note in item.customer.notes])


def _access_tone(found: Iterable[tuple[str, AccessFinding]]) -> Tone:
    """Red where something does not work or ends within a week."""
    return Tone.BAD if any(one.urgent for _, one in found) else Tone.WAITING


def _access_entries(found: Iterable[tuple[str, AccessFinding]]) -> Iterable[Entry]:
    """Customers whose access ends on the same day are told of together; what is everybody's has an entry of its own."""
    alike: dict[tuple[str, str], list[tuple[str, AccessFinding]]] = {}
    for name, one in found:
        alike.setdefault((one.what, "" if one.tenant_id else one.fix), []).append((name, one))
    for (what, _), ones in alike.items():
        names = [name for name, _ in ones if name]
        title = names[0] if len(names) == 1 else f"{len(names)} customers" if names else "Everybody"
        details = (_enumeration(names),) if len(names) > 1 else ()
        yield Entry(title, (Line("", what, fix=ones[0][1].fix, details=details),), customers=len(ones))


def _unread(unread: Iterable[tuple[str, date]]) -> Iterable[Entry]:
    for name, day in unread:
        yield Entry(name, (Line("", f"last read on {day}"),))
