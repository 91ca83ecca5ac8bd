"""Chooses among the lines of a cut-over and shows what would happen with each: read anew, checked, and said in words before anybody confirms."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sync_core.billing.cutting_over import billed_as, money_of_line, shown_values
from sync_core.documents import dumps
from sync_core.errors import Rejected
from sync_core.events import event
from sync_core.model.cutovers import Choice, Cutover, CutoverLine, CutoverState, LineState, Tally, Unit, What
from sync_core.model.plans import Change, ChangeKind
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.cutover.changes import UnitReader, replaced
from sync_core.pipeline.cutover.rows import change_cutover, keep_names, kept_names, load_cutover, save_unit, unit_key, units_of
from sync_core.pipeline.start_run import business_dates
from sync_core.pipeline.strangers import customer_or_stranger
from sync_core.pipeline.wording import number_of
from sync_core.rows import Stored

HOLDS = timedelta(days=7)
"""For how long what was shown may be confirmed."""
_SAVE_EVERY = 10
_PREVIEW = "preview"
_FARTHEST = timedelta(days=5 * 366)
"""A last billed day beyond it is a slip of the keyboard: no commitment is as long."""
_NO_LINK = (
    "No link bills its product that has no line yet, or several do. Configure one and search again; of several, say `line: adopt` with the id"
    " of this line at the one that is to have it. Or end the line."
)
_BEFORE_CONFIRMING = (CutoverState.FOUND, CutoverState.PREPARED)


def start_preparing(context: Context, cutover_id: str, choice: Choice, names: Collection[str] | None = None) -> Cutover:
    """Begins to work out what would happen with the chosen lines: those named, or all that the choice's filter takes.

    Raises ``Rejected`` where the cut-over is past that, or a name is none of its lines.
    """
    stored = load_cutover(context.store, cutover_id)
    if stored.value.state not in _BEFORE_CONFIRMING:
        where = f"{cutover_id}, {stored.value.state}"
        raise Rejected(
            "Its lines cannot be chosen now", code="cutover-state", where=where, fix="Wait until its lines are found; after that, begin another"
        )
    if (choice.last is None) is not (choice.what is What.TAKE_OVER):
        fix = "Give the last billed day to end or to replace lines, and none to take them over"
        what = "The last billed day is missing" if choice.last is None else f"The last billed day {choice.last} does not go with taking lines over"
        raise Rejected(what, code="cutover-day", where="last", fix=fix)
    if choice.last and choice.last > (farthest := context.clock.now().date() + _FARTHEST):
        raise Rejected(f"The last billed day {choice.last} is years ahead", code="cutover-day", where="last", fix=f"Give a day up to {farthest}")
    if names is not None:
        known = {line.name for unit in units_of(context.store, cutover_id) for line in unit.value.lines}
        if unknown := sorted(set(names) - known):
            fix = "Search again, and choose among what is found"
            what = f"{number_of(len(unknown), 'named line')} cannot be found in this cut-over, such as {unknown[0]}"
            raise Rejected(what, code="not-found-line", where=cutover_id, fix=fix)
        stamp = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]
        choice = replace(choice, names=keep_names(context.blobs, cutover_id, names, stamp))
    total = sum(1 for _ in units_of(context.store, cutover_id))
    fresh: dict[str, Any] = {"cursor": "", "done": 0, "total": total, "tally": Tally(), "prepared": "", "prepared_at": None, "confirmed": None}
    fresh["configuration"] = context.current_configuration().version  # what is shown is worked out with the present one
    return change_cutover(context, stored, state=CutoverState.PREPARING, choice=choice, **fresh).value


def prepare_on(context: Context, cutover_id: str, ends: float, most: int = 500) -> Stored[Cutover]:
    """Works out further units until the monotonic clock passes ``ends``, or ``most`` were; raises what the PSA raises."""
    stored = load_cutover(context.store, cutover_id)
    choice = stored.value.choice
    assert choice, "what is prepared has a choice"
    names = kept_names(context.blobs, choice.names) if choice.names else None
    tally, digest, number, over = stored.value.tally, stored.value.prepared, 0, False
    for unit in units_of(context.store, cutover_id):
        if unit_key(unit.value) <= stored.value.cursor:
            continue
        if over:
            return stored
        shown = _shown(context, stored.value, unit.value, choice, names)
        save_unit(context.store, unit, shown)
        tally, digest, number = tally.with_unit(shown), _added(digest, shown), number + 1
        over = number >= most or context.clock.monotonic() > ends
        if over or number % _SAVE_EVERY == 0:
            done = stored.value.done + (number % _SAVE_EVERY or _SAVE_EVERY)
            stored = change_cutover(context, stored, cursor=unit_key(shown), done=done, tally=tally, prepared=digest)
    now = context.clock.now()
    total = stored.value.total
    stored = change_cutover(
        context, stored, state=CutoverState.PREPARED, cursor="", done=total, tally=tally, prepared=digest or "nothing", prepared_at=now
    )
    event("cutover.prepared", cutover=cutover_id, lines=tally.count(LineState.CHOSEN), refused=tally.count(LineState.REFUSED))
    return stored


def _shown(context: Context, cutover: Cutover, unit: Unit, choice: Choice, names: frozenset[str] | None) -> Unit:
    """The unit with each chosen line as it would be treated, read anew; the others are as they were found."""
    lines = tuple(_chosen(unit, line, choice, names) for line in unit.lines)
    unit = replace(unit, lines=lines)
    if not unit.open_lines:
        return unit
    configuration = context.configuration(cutover.configuration)
    item = customer_or_stranger(context.store, configuration, unit.partition)
    assert item, "who the unit's lines belong to was noted when they were found"
    dates = business_dates(configuration, context.clock.now())
    reader = UnitReader(context, configuration, item, load_record(context.store, unit.partition), unit, dates, _PREVIEW)
    previews = {line.name: _preview(reader, line) for line in unit.open_lines}
    followed = _with_successors(reader, previews)
    return replace(unit, lines=tuple(followed.get(line.name, line) for line in lines))


def _chosen(unit: Unit, line: CutoverLine, choice: Choice, names: frozenset[str] | None) -> CutoverLine:
    chosen = line.name in names if names is not None else choice.wanted.takes_found(unit, line)
    blank = replace(line, state=LineState.FOUND, what=None, last=None, before={}, shown=(), why="", follows={}, ended=False, attempts=0)
    return replace(blank, state=LineState.CHOSEN, what=choice.what, last=choice.last) if chosen else blank


def _preview(reader: UnitReader, line: CutoverLine) -> CutoverLine:
    if line.what is not What.END and not line.link_key:
        return _refused(line, _NO_LINK)
    change, there = reader.change(line), reader.current(line)
    if change is None or change.kind is ChangeKind.NONE or there is None:
        return _refused(line, " ".join(change.reasons) if change else "It is so already.")
    head, now = there
    seen = replace(line, quantity=now.quantity, unit_price=now.unit_price, charge=now.charge, marker=now.marker, starts=now.starts, ends=now.ends)
    money = Decimal(0) if line.what is What.TAKE_OVER else -money_of_line(now)
    return replace(
        seen, currency=head.agreement.currency, money=money, before=shown_values(now), shown=change.reasons[1:], last=change.effective or line.last
    )


def _with_successors(reader: UnitReader, previews: Mapping[str, CutoverLine]) -> Mapping[str, CutoverLine]:
    """The lines with what is said of the new one that follows them; where there can be none, they are not ended either."""
    found = dict(previews)
    for lines in replaced(line for line in previews.values() if line.state is LineState.CHOSEN):
        change = _successor(reader, lines)
        for number, line in enumerate(lines):
            if change.kind is ChangeKind.NONE:
                found[line.name] = _refused(line, " ".join(change.reasons))
            else:
                money = line.money + (change.money if number == 0 else Decimal(0))
                found[line.name] = replace(line, money=money, shown=(*line.shown, *change.reasons), follows=billed_as(change))
    return found


def _successor(reader: UnitReader, lines: Sequence[CutoverLine]) -> Change:
    change = reader.successor(lines)
    assert change, "a link without a line has none that follows yet"
    return change


def _refused(line: CutoverLine, why: str) -> CutoverLine:
    return replace(line, state=LineState.REFUSED, why=why, shown=(), before={})


def _added(digest: str, unit: Unit) -> str:
    """What stands for all that was shown so far, this unit included."""
    shown = [(line.name, line.what, line.last, dict(line.before), line.shown, line.money) for line in unit.lines if line.state is LineState.CHOSEN]
    return hashlib.sha256(f"{digest}{dumps(shown)}".encode()).hexdigest()[:16] if shown else digest
