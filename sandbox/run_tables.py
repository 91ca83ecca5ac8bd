"""A run for people's eyes: how far it is, what changed, and who waits for what."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from sandbox.local_app import Progress
from sandbox.terminal import Cell, Colour, Terminal
from sync_core.model.plans import Change, ChangeResult, Verdict
from sync_core.model.reports import CustomerReport, RunReport
from sync_core.model.runs import CustomerRun, CustomerState
from sync_core.pipeline.permission import asking, observed, to_decide
from sync_core.pipeline.wording import before_and_after, money_effect, number_of, sentences

_RESULTS = {
    ChangeResult.APPLIED: Colour.GOOD,
    ChangeResult.WAITING: Colour.WAITING,
    ChangeResult.HELD: Colour.WAITING,
    ChangeResult.HALF_DONE: Colour.BAD,
    ChangeResult.FAILED: Colour.BAD,
}
_ASKING = (ChangeResult.WAITING, ChangeResult.HELD, ChangeResult.HALF_DONE, ChangeResult.FAILED)
_INDENT = 4
_LONGEST = 60
"""Characters of what happens to a line in the table; the mail and ``plan show`` have all of a long text."""
_VERDICTS = {Verdict.SAFE: Colour.GOOD, Verdict.NEEDS_APPROVAL: Colour.WAITING, Verdict.HELD: Colour.WAITING}
_STATES = {CustomerState.DONE: Colour.GOOD, CustomerState.HELD: Colour.WAITING, CustomerState.FAILED: Colour.BAD}


def progress_on(terminal: Terminal) -> Callable[[Progress], None]:
    """Shows each look at a run as one line: customers ended, out of all, and the run's stage."""

    def show(progress: Progress) -> None:
        terminal.progress(progress.done, progress.total, progress.stage)

    return show


def print_run(report: RunReport, terminal: Terminal) -> None:
    """The run's changes in one table, then who waits for a person or failed, each with the reason and what to do."""
    customers = sorted(report.customers, key=lambda item: item.customer.name.casefold())
    changes = [(item.customer, change) for item in customers for change in item.changes]
    if changes:
        terminal.table(("Customer", "Item", "Before → after", "Money a period", "Verdict", "Result"), [_change(*each) for each in changes])
    else:
        terminal.say("Nothing to change: what Microsoft holds and what the PSA bills are equal.", Colour.GOOD)
    for item in customers:
        if item.customer.state is not CustomerState.DONE:
            _print_reason(item, terminal)
    if report.run.held or report.run.stopped:
        terminal.say()
        terminal.say(f"The run was held: {report.run.held or report.run.stopped}", Colour.BAD)
    terminal.say()
    terminal.say(summary(report), Colour.STRONG)


def _print_reason(item: CustomerReport, terminal: Terminal) -> None:
    customer = item.customer
    terminal.say()
    terminal.say(f"{customer.name}: {customer.state}", _STATES.get(customer.state, Colour.PLAIN))
    if customer.state is CustomerState.FAILED:
        terminal.say(customer.reason, indent=_INDENT)
        terminal.say(customer.fix, Colour.STRONG, _INDENT)
    for change in item.changes:
        if change.result in _ASKING:
            terminal.say(f"{change.item}: {sentences(*change.reasons, change.result_reason)}", indent=_INDENT)


def summary(report: RunReport) -> str:
    """How many customers ended how, what was written or only observed, and what asks for a person: the same numbers as ``plan list``."""
    states = ", ".join(f"{len(found)} {state}" for state in CustomerState if (found := report.in_state(state)))
    changes = [change for _, change in report.changes()]
    applied = sum(change.result is ChangeResult.APPLIED for change in changes)
    seen = f", {len(observed(changes))} only observed" if observed(changes) else ""
    people = f"For a person: {len(to_decide(changes))} to decide, {len(asking(changes))} held or asking."
    return f"{number_of(len(report.customers), 'customer')}: {states}. {number_of(applied, 'change')} applied{seen}. {people}"


def _change(customer: CustomerRun, change: Change) -> tuple[Cell | str, ...]:
    return (
        customer.name,
        change.item,
        textwrap.shorten(before_and_after(change), _LONGEST, placeholder=" …"),
        Cell(money_effect(change.money, change.currency) if change.currency else "", right=True),
        Cell(change.verdict.value, _VERDICTS[change.verdict]),
        Cell(change.result.value, _RESULTS.get(change.result, Colour.PLAIN)),
    )
