"""Carries a confirmed cut-over out: run after run, each with one plan a customer or company, until nothing is left.

A line ends in one run, and what replaces it begins in the next one, once the end was read back: whatever is lost on the way, no day is
billed twice. Every write goes the way of every plan: stored, journaled, leased, stopped by the switch, read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sync_core.billing.identity import plain
from sync_core.billing.periods import ONE_DAY
from sync_core.errors import SkipCustomer
from sync_core.events import event
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.customers import Mode
from sync_core.model.cutovers import Cutover, CutoverLine, CutoverState, LineState, Tally, Unit, What
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunKind, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, load_plan
from sync_core.pipeline.cutover.changes import UnitReader, changes_of_unit, unit_of
from sync_core.pipeline.cutover.offboarding import mark_leaving
from sync_core.pipeline.cutover.rows import change_cutover, close_cutover, load_cutover, save_unit, units_of
from sync_core.pipeline.runs import load_customer, load_run
from sync_core.pipeline.start_run import start_run
from sync_core.rows import Stored

MOST_CUSTOMERS = 1000
"""Customers and companies of one run: their ids stand in its row."""
_MOST_ATTEMPTS = 3
"""So often a line is tried by itself whose plan another run took over."""
_OVERTAKEN = "Other runs of the customer took over again and again. Let the cut-over go on when they are over."


def carry_on(context: Context, stored: Stored[Cutover]) -> Stored[Cutover]:
    """Takes a cut-over further: gathers what its last run came to, and starts the next one. Safe at any time; raises what ports raise."""
    cutover = stored.value
    if cutover.run_id:
        run = load_run(context.store, cutover.run_id)
        if run is None:  # it was named, and a crash kept it from being made
            running = cutover.state is CutoverState.RUNNING
            return _begin(context, stored) if running else change_cutover(context, stored, run_id="", runs=cutover.runs[:-1])
        if run.value.state not in (RunState.FINISHED, RunState.TOLD):
            return stored
        tally = _gather(context, cutover)
        stored = change_cutover(context, stored, run_id="", tally=tally)
    if stored.value.state is not CutoverState.RUNNING:
        return stored
    if stored.value.leaving:
        mark_leaving(context, stored.value)
    keys = _partitions_left(context, stored.value)
    if not keys:
        stored = change_cutover(context, stored, state=CutoverState.FINISHED)
        close_cutover(context.store, stored.value.cutover_id)
        event("cutover.finished", cutover=stored.value.cutover_id, held=stored.value.tally.count(LineState.HELD, LineState.FAILED))
        return stored
    run_id = f"{cutover.cutover_id}-{len(cutover.runs) + 1:03d}"
    return _begin(context, change_cutover(context, stored, run_id=run_id, runs=(*cutover.runs, run_id)))


def changes_of_run(
    context: Context, run: Run, configuration: Configuration, item: CustomerConfiguration, record: CustomerRecord, plan_id: str
) -> tuple[Change, ...]:
    """What a run of a cut-over is to write for one customer or company, each change with the word that confirmed it."""
    cutover = load_cutover(context.store, run.cutover).value
    if cutover.confirmed is None:
        raise SkipCustomer("Nobody confirmed the cut-over", code="cutover-state", fix="Confirm it first")
    if cutover.state is not CutoverState.RUNNING:  # it was stopped while its run was being made
        raise SkipCustomer(f"The cut-over is {cutover.state}", code="cutover-state", why=cutover.trouble, fix="Let it go on")
    unit = unit_of(stored.value for stored in units_of(context.store, run.cutover, item.customer.tenant_id))
    reader = UnitReader(context, configuration, item, record, unit, run.business_dates, plan_id)
    word = cutover.confirmed
    by = f"{word.by} and {word.second}" if word.second else word.by
    changes = changes_of_unit(reader, anew=run.configuration != cutover.configuration)
    return tuple(change if change.kind is ChangeKind.NONE else replace(change, decision=Decision.APPROVED, decided_by=by) for change in changes)


def _begin(context: Context, stored: Stored[Cutover]) -> Stored[Cutover]:
    """Starts the run that the cut-over names; one that is there already is found."""
    cutover = stored.value
    keys = _partitions_left(context, cutover)
    asked_by = cutover.confirmed.by if cutover.confirmed else ""
    start_run(context, cutover.run_id, RunKind.CUTOVER, context.clock.now(), keys, Mode.AUTOMATIC, asked_by, cutover=cutover.cutover_id)
    return stored


def _partitions_left(context: Context, cutover: Cutover) -> tuple[str, ...]:
    """The customers and companies with lines that are to be done, as many as one run takes."""
    keys: dict[str, None] = {}
    for unit in units_of(context.store, cutover.cutover_id):
        if unit.value.open_lines:
            keys[unit.value.partition] = None
        if len(keys) == MOST_CUSTOMERS:
            break
    return tuple(keys)


def _gather(context: Context, cutover: Cutover) -> Tally:
    """Notes on every unit what its part of the finished run came to; may run twice."""
    tally, seen = Tally(), set[str]()
    for unit in units_of(context.store, cutover.cutover_id):
        value = unit.value
        taken = value.gathered == cutover.run_id or bool(value.open_lines)  # of each customer the run took the first such unit
        if taken and value.partition not in seen:
            seen.add(value.partition)
            customer = load_customer(context.store, cutover.run_id, value.partition)
            if customer and value.gathered != cutover.run_id:
                value = _after(context, customer.value, value)
                save_unit(context.store, unit, value)
        tally = tally.with_unit(value)
    return tally


def _after(context: Context, customer: CustomerRun, unit: Unit) -> Unit:
    stored = load_plan(context.store, unit.partition, customer.plan_id) if customer.plan_id else None
    results = dict(_results(stored.value.changes if stored else (), unit))
    unready = {line.link_key for line in unit.open_lines if line.what is What.REPLACE and not line.ended}
    lines = tuple(
        line
        if line.state is not LineState.CHOSEN or (line.ended and line.link_key in unready)
        else _line_after(line, results.get(line.name), customer)
        for line in unit.lines
    )
    return replace(unit, lines=lines, gathered=customer.run_id)


def _results(changes: tuple[Change, ...], unit: Unit) -> Iterator[tuple[str, Change]]:
    """The change that was about each line: its own, or that of the line that follows it."""
    by_line = {change.line_id: change for change in changes if change.line_id and change.kind is not ChangeKind.ADD}
    by_link = {change.link_key: change for change in changes}
    for line in unit.lines:
        if change := by_link.get(line.link_key) if line.ended else by_line.get(line.line_id):
            yield line.name, change


def _line_after(line: CutoverLine, change: Change | None, customer: CustomerRun) -> CutoverLine:
    if change is None:
        return _without_change(line, customer)
    if change.result is ChangeResult.APPLIED:
        return _first_half(line) if line.what is What.REPLACE and not line.ended else replace(line, state=LineState.DONE, ended=True, why="")
    if change.result is ChangeResult.PLANNED:
        return _overtaken(line, customer)
    words = change.reasons if change.kind is ChangeKind.NONE else (change.result_reason or f"It was {change.result}.",)
    why = " ".join((*_nothing_follows(line), *words))
    failed = change.result in (ChangeResult.FAILED, ChangeResult.HALF_DONE)
    return replace(line, state=LineState.FAILED if failed else LineState.HELD, why=why)


def _nothing_follows(line: CutoverLine) -> tuple[str, ...]:
    """That time is open which nobody bills yet: the first half of a replacement is done, and the second is not."""
    first = line.last + ONE_DAY if line.ended and line.last else None
    return (f"It ends on {line.last}, and no line follows it yet: from {first} on nobody bills its {plain(line.quantity)} units.",) if first else ()


def _without_change(line: CutoverLine, customer: CustomerRun) -> CutoverLine:
    """Nothing was planned for it: it is so already, or its customer was not planned at all."""
    if customer.state is CustomerState.FAILED:
        return replace(line, state=LineState.FAILED, why=" ".join(filter(None, (customer.reason, customer.fix))))
    return _first_half(line) if line.what is What.REPLACE and not line.ended else replace(line, state=LineState.DONE, ended=True, why="")


def _first_half(line: CutoverLine) -> CutoverLine:
    return replace(line, ended=True, why="")


def _overtaken(line: CutoverLine, customer: CustomerRun) -> CutoverLine:
    """Its plan was not begun: the run was stopped, or another run's plan took the customer's place."""
    if customer.state is not CustomerState.DONE:
        state = LineState.FAILED if customer.state is CustomerState.FAILED else LineState.HELD
        return replace(line, state=state, why=" ".join(filter(None, (customer.reason, customer.fix))))
    if line.attempts + 1 >= _MOST_ATTEMPTS:
        return replace(line, state=LineState.HELD, why=_OVERTAKEN)
    return replace(line, attempts=line.attempts + 1)
