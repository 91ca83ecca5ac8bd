"""Forgets a person in all that is stored of a customer: a pseudonym takes their place, and nothing is counted otherwise.

The rows go first and the snapshots last, because the snapshots say by which names the person is known: after a death on the way, the same
command finds them again. What the app has to compare with the world outside stays as it was read: digests, fingerprints, markers.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from sync_core.billing.naming import has_names, replaced_names
from sync_core.documents import from_document
from sync_core.errors import Conflict
from sync_core.hostile_text import clean
from sync_core.model.billing import Names as NameForm
from sync_core.model.forgotten import Forgotten, mark_of, pseudonym_of, without_people
from sync_core.model.history import Record, RecordKind
from sync_core.model.licences import UsageSnapshot
from sync_core.model.people import Who
from sync_core.model.plans import ChangeKind, ChangeResult, Plan, PlanState, Verdict
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CUSTOMERS, CustomerRecord, drop_plan, load_live, load_record, save_forgotten
from sync_core.pipeline.evidence import snapshot_content
from sync_core.pipeline.history import PREFIX
from sync_core.pipeline.shared_lines import drop_lines
from sync_core.ports import Row
from sync_core.rows import from_row, replace_row, rewritten

_DECISIONS = "a-decision-"
_PLANS = "p-"
_STEP = "-step-"
_OUR_WORDS = frozenset(str(word) for words in (ChangeKind, Verdict, ChangeResult, NameForm) for word in words)
"""Of two words and more: they are no names where they stand in a document."""


@dataclass(frozen=True)
class Names:
    """All by which one person is known at a customer; ``ids`` are Microsoft's."""

    ids: frozenset[str] = frozenset()
    sign_ins: frozenset[str] = frozenset()
    display_names: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether any snapshot knows the person."""
        return bool(self.ids)


@dataclass(frozen=True)
class Traces:
    """Where a person stands, or stood, in what is stored of one customer: names of blobs, and numbers of rows.

    ``lines`` are those in the PSA whose text named them when we wrote it last; ``present`` is whether the newest snapshot names them.
    """

    tenant_id: str
    pseudonym: str
    snapshots: tuple[str, ...] = ()
    plans: int = 0
    steps: int = 0
    records: int = 0
    decisions: int = 0
    lines: tuple[str, ...] = ()
    present: bool = False
    live: str = ""
    """What happens to the live plan where it names them."""
    left: tuple[str, ...] = ()
    """What could not be replaced now, and why."""

    @property
    def any(self) -> bool:
        """Whether there is anything to replace."""
        return bool(self.snapshots or self.plans or self.steps or self.records or self.decisions)


@dataclass
class _Tally:
    plans: int = 0
    steps: int = 0
    records: int = 0
    decisions: int = 0
    lines: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def count(self, row: Row) -> None:
        """One more row that names the person."""
        if row.key.startswith(PREFIX):
            self.records += 1
        elif row.key.startswith(_DECISIONS):
            self.decisions += 1
        elif _STEP in row.key:
            self.steps += 1
        else:
            self.plans += 1


class Forgetting:
    """One person at one customer, known by a sign-in name or by Microsoft's user id."""

    def __init__(self, context: Context, tenant_id: str, person: str) -> None:
        self._context = context
        self._tenant_id = tenant_id
        self._person = person.strip()

    @cached_property
    def names(self) -> Names:
        """By what the person is known: what the text says, then everything that has the same id in any snapshot."""
        wanted, users = self._person.casefold(), [user for snapshot in self._snapshots() for user in snapshot[1].users]
        ids = {user.user_id for user in users if wanted in (user.user_id.casefold(), user.user_principal_name.casefold())}
        own = [user for user in users if user.user_id in ids]
        sign_ins = {user.user_principal_name for user in own if user.user_principal_name}
        return Names(
            frozenset(ids),
            frozenset(sign_ins | ({self._person} if "@" in self._person else set())),
            frozenset(user.display_name for user in own if user.display_name),
        )

    @property
    def pseudonym(self) -> str:
        """What takes the person's place: what does so already, where they were forgotten before."""
        before = mark_of(self._tenant_id, self._person)
        known = (each.pseudonym for each in load_record(self._context.store, self._tenant_id).forgotten if before in each.marks)
        return next(known, "") or pseudonym_of(self._context.settings.installation, self._tenant_id, min(self.names.ids, default=self._person))

    def preview(self) -> Traces:
        """What would be replaced; changes nothing."""
        return self._go(write=False)

    def forget(self, by: Who) -> Traces:
        """Replaces the person everywhere, and keeps a one-way mark so that later evidence does not name them again."""
        now, names = self._context.clock.now(), self.names
        marks = frozenset(mark_of(self._tenant_id, name) for name in (*names.ids, *names.sign_ins, self._person))
        record = Record(now, RecordKind.FORGOTTEN, self.pseudonym, {"pseudonym": self.pseudonym}, by=str(by))
        save_forgotten(self._context.store, self._tenant_id, Forgotten(self.pseudonym, marks, str(by), now), record)
        drop_lines(self._context)
        return self._go(write=True)

    def _go(self, *, write: bool) -> Traces:
        record, tally = load_record(self._context.store, self._tenant_id), _Tally()
        change = replacing(self.names, self.pseudonym)
        live = self._withdraw(record, change, tally, write=write)
        for row in self._rows(tally):
            if new := rewritten(row, change):
                tally.count(row)
                self._note_lines(row, tally)
                if write and not self._stored(new):
                    tally.left.append(f"row {row.key}: changed at this moment")
        newest = record.last.value.snapshot if record.last else ""
        found = tuple(self._in_snapshots(write=write))
        numbers = (tally.plans, tally.steps, tally.records, tally.decisions)
        lines = tuple(dict.fromkeys(tally.lines))
        return Traces(self._tenant_id, self.pseudonym, found, *numbers, lines, newest in found, live, tuple(tally.left))

    def _withdraw(self, record: CustomerRecord, change: Callable[[str], str], tally: _Tally, *, write: bool) -> str:
        """A live plan that names the person is taken back: rewritten, it would be another one than people see and the PSA is sent."""
        live = record.live.value
        row = self._context.store.get(CUSTOMERS, self._tenant_id, f"{_PLANS}{live.plan_id}") if live.plan_id else None
        if row is None or live.state is not PlanState.LIVE or rewritten(row, change) is None:
            return ""
        if write:
            try:
                drop_plan(self._context.store, record)
            except Conflict:
                tally.left.append(f"plan {live.plan_id}: it moved on at this moment")
        return f"plan {live.plan_id} names them and is withdrawn; the next run plans anew"

    def _rows(self, tally: _Tally) -> Iterator[Row]:
        """Every row with texts: decisions, history, and plans with their journal, but for a plan that is just being applied.

        The live plan is looked at only now: one that could not be withdrawn may have begun in that moment.
        """
        store, live = self._context.store, load_live(self._context.store, self._tenant_id).value
        yield from store.query(CUSTOMERS, self._tenant_id, _DECISIONS)
        yield from store.query(CUSTOMERS, self._tenant_id, PREFIX)
        applying = f"{_PLANS}{live.plan_id}" if live.state is PlanState.APPLYING else ""
        if applying:
            tally.left.append(f"plan {live.plan_id}: it is being applied; run the command again afterwards")
        for row in store.query(CUSTOMERS, self._tenant_id, _PLANS):
            if not applying or not row.key.startswith(applying):
                yield row

    def _note_lines(self, row: Row, tally: _Tally) -> None:
        """Remembers the lines whose text was written with names, for the report of what cannot be reached."""
        if row.key.startswith(_PLANS) and _STEP not in row.key:
            changes = (change for change in from_row(Plan, row).changes if has_names(change.terms.text))
            tally.lines += [f"{change.connection}, agreement {change.agreement_id}, line {change.line_id or 'new'}" for change in changes]

    def _stored(self, row: Row) -> bool:
        try:
            self._context.store.transact(CUSTOMERS, [replace_row(row)])
        except Conflict:
            return False
        return True

    def _in_snapshots(self, *, write: bool) -> Iterator[str]:
        marks = frozenset(mark_of(self._tenant_id, name) for name in (*self.names.ids, *self.names.sign_ins))
        forgotten = Forgotten(self.pseudonym, marks, "", self._context.clock.now())
        for name, snapshot in self._snapshots():
            new = without_people(snapshot, [forgotten])
            if new != snapshot:
                if write:
                    self._context.blobs.put(name, snapshot_content(new))
                yield name

    def _snapshots(self) -> Iterator[tuple[str, UsageSnapshot]]:
        for name in self._context.blobs.names(f"snapshots/{self._tenant_id}/"):
            if content := self._context.blobs.get(name):
                yield name, from_document(UsageSnapshot, json.loads(zlib.decompress(content)))


def replacing(names: Names, pseudonym: str) -> Callable[[str], str]:
    """What becomes of a text: ids and sign-in names go wherever they stand, a display name where the people of a line are listed.

    Elsewhere it goes if it has two words: one of a single word may be any word.
    """
    shown = frozenset(form for name in names.display_names for form in (name, clean(name, 100)))
    telling = (name for name in shown if " " in name and name.casefold() not in _OUR_WORDS)
    whole = sorted({*names.ids, *names.sign_ins, *telling}, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w-])" for name in whole), re.IGNORECASE) if whole else None

    def change(text: str) -> str:
        if has_names(text):
            text = replaced_names(text, frozenset(name.casefold() for name in (*shown, *names.sign_ins)), pseudonym)
        return pattern.sub(pseudonym, text) if pattern else text

    return change
