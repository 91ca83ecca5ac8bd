"""Plans for people's eyes: the list of those to decide on or to look at, and one plan as a diff of the PSA's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from sandbox.terminal import Cell, Colour, Terminal
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeKind, Decision, Unlinked, Verdict
from sync_core.pipeline.customers import Said
from sync_core.pipeline.decisions import PlanOnShow
from sync_core.pipeline.wording import before_and_after, counts, money, money_by_currency, money_effect, money_of, number_of

_SIGNS = {
    ChangeKind.ADD: "+",
    ChangeKind.SET_QUANTITY: "~",
    ChangeKind.PRORATE: "~",
    ChangeKind.SET_PRICE: "~",
    ChangeKind.SET_TEXT: "~",
    ChangeKind.END: "-",
    ChangeKind.ADOPT: "=",
    ChangeKind.HAND_BACK: "≠",
    ChangeKind.NONE: "?",
}
_COLOURS = {Verdict.SAFE: Colour.GOOD, Verdict.NEEDS_APPROVAL: Colour.WAITING, Verdict.HELD: Colour.BAD}
_INDENT = 4


def print_list(plans: Sequence[PlanOnShow], terminal: Terminal) -> None:
    """One row a plan: whose it is, how much of it waits for people or is only observed, and what that moves."""
    if not plans:
        terminal.say("No plan waits for a person.", Colour.GOOD)
        return
    terminal.table(("Customer", "Tenant id", "Mode", "To decide", "Held, asking", "Observed", "Money a period", "Made (UTC)"), map(_row, plans))


def _row(shown: PlanOnShow) -> tuple[Cell | str, ...]:
    return (
        shown.customer,
        shown.plan.tenant_id,
        shown.mode.value,
        Cell(str(len(shown.to_decide)), Colour.WAITING if shown.to_decide else Colour.PLAIN, right=True),
        Cell(str(len(shown.asking)), Colour.BAD if shown.asking else Colour.PLAIN, right=True),
        Cell(str(len(shown.observed)), right=True),
        _sums(money_by_currency((*shown.to_decide, *shown.observed))),
        f"{shown.plan.created:%Y-%m-%d %H:%M}",
    )


def print_plan(shown: PlanOnShow, terminal: Terminal) -> None:
    """The whole plan, agreement by agreement, with what each change rests on and what was said of it."""
    plan = shown.plan
    terminal.say(f"{shown.customer} ({plan.tenant_id})", Colour.STRONG)
    terminal.say(f"Plan {plan.plan_id} of run {plan.run_id}, made {plan.created:%Y-%m-%d %H:%M} UTC in mode {plan.mode}, {shown.state}")
    for (connection, agreement_id), changes in groupby(plan.changes, lambda change: (change.connection, change.agreement_id)):
        terminal.say()
        terminal.say(f"{connection}, agreement {agreement_id}" if agreement_id else f"{connection}, no agreement found", Colour.STRONG)
        for change in changes:
            print_change(change, shown.said, terminal)
    _print_rest(shown, terminal)


def print_change(change: Change, said: Mapping[str, Said], terminal: Terminal) -> None:
    """One change: line, before and after, money, dates, verdict, reasons and what people said."""
    line = f", line {change.line_id}" if change.line_id else ""
    terminal.say()
    terminal.say(f"{_SIGNS[change.kind]} {change.item} (product {change.product}{line})   [{change.change_id}]")
    for fact in _facts(change):
        terminal.say(fact, Colour.STRONG, _INDENT)
    standing = "" if change.decision is Decision.NONE else f", {change.decision} by {change.decided_by}"
    terminal.say(f"{change.verdict}, {change.result}{standing}", _COLOURS[change.verdict], _INDENT)
    for reason in filter(None, (*change.reasons, change.result_reason)):
        terminal.say(reason, Colour.CALM, _INDENT)
    if word := said.get(change.change_id):
        because = f": {word.why}" if word.why else ""
        terminal.say(f"Said on {word.at:%Y-%m-%d %H:%M}, holds until {word.until:%Y-%m-%d %H:%M} UTC{because}", Colour.CALM, _INDENT)


def _facts(change: Change) -> Iterator[str]:
    """Quantity and money, then the dates."""
    parts = [before_and_after(change)]
    if change.kind not in (ChangeKind.NONE, ChangeKind.SET_TEXT):
        parts.append(f"at {money(change.unit_price, change.currency)} a unit")
        parts.append(money_of(change))
    yield ", ".join(filter(None, parts))
    if change.effective:
        day = f"Billed until {change.effective}" if change.kind is ChangeKind.END else f"From {change.effective}"
        yield f"{day}, first on the invoice of {change.invoice}" if change.invoice else day


def _print_rest(shown: PlanOnShow, terminal: Terminal) -> None:
    terminal.say()
    for title, changes in (("To decide", shown.to_decide), ("Only observed", shown.observed)):
        if amounts := _sums(money_by_currency(changes)):
            terminal.say(f"{title}: {number_of(len(changes), 'change')}, {amounts} a period (net, estimated)", Colour.STRONG)
    for title, texts in (("Not linked to a billing profile", _unlinked(shown.plan.unlinked)), ("Also seen", shown.plan.notes)):
        if texts:
            terminal.say(title, Colour.STRONG)
            for text in texts:
                terminal.say(text, indent=_INDENT)
    if shown.mode is Mode.OBSERVE and shown.observed:
        terminal.say("Nobody has to decide: the customer is in mode observe. In approve or automatic its next plan goes further.", Colour.CALM)
    elif any(not shown.refusal(change) for change in shown.plan.changes):
        terminal.say(f"Decide: python3 dev.py plan approve|reject {shown.plan.tenant_id} CHANGE ... (or --safe, or --all)", Colour.CALM)


def _unlinked(items: Iterable[Unlinked]) -> tuple[str, ...]:
    return tuple(f"{item.item}: {counts(item)}" for item in items)


def _sums(totals: Mapping[str, Decimal]) -> str:
    return ", ".join(money_effect(amount, currency) for currency, amount in totals.items())


def summary(change: Change) -> str:
    """A change on one line, for a list of what is about to be decided."""
    effect = f", {money_effect(change.money, change.currency)} a period" if change.money else ""
    return f"{_SIGNS[change.kind]} {change.item}: {before_and_after(change)}{effect}   [{change.change_id}]"
