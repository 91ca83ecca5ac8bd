"""Counted items for people's eyes: who is counted, who is not, and why."""

from __future__ import annotations

from sandbox.terminal import Cell, Colour, Terminal
from sync_core.counting.custom.preview import Preview
from sync_core.counting.terms import term_of
from sync_core.model.billing import CountedItem
from sync_core.model.licences import Source, UsageSnapshot

_INDENT = 2


def print_preview(shown: Preview, terminal: Terminal) -> None:
    """One item: its number, rule and parts, then everybody who is counted, then everybody who is not."""
    terminal.say()
    terminal.say(f"{shown.item.name}: {_number(shown.item)}", Colour.STRONG)
    terminal.say(shown.rule, indent=_INDENT)
    for part in shown.parts:
        terminal.say("; ".join((f"{part.name}: {_number(part)}", *part.notes)), indent=_INDENT)
    for question in dict.fromkeys(question for item in (shown.item, *shown.parts) for question in item.questions):
        terminal.say(question, Colour.BAD, _INDENT)
    if shown.counted:
        terminal.say()
        terminal.table(("Counted", "Part", ""), [(seen.name, seen.part, seen.why) for seen in shown.counted])
    if shown.left_out:
        terminal.say()
        terminal.table(("Not counted", "Why"), [(seen.name, seen.why) for seen in shown.left_out])


def _number(item: CountedItem) -> str:
    if item.by_rule:
        return "unknown" if item.purchased is None else str(item.purchased)
    numbers = ("unknown" if number is None else str(number) for number in (item.purchased, item.assigned))
    return "{} bought, {} assigned".format(*numbers)


def print_subscriptions(snapshot: UsageSnapshot, terminal: Terminal) -> None:
    """What was bought, for how long, and who says so."""
    names = {sku.sku_id: sku.name for sku in snapshot.skus}
    rows = [
        (names.get(row.sku_id, row.sku_id), row.subscription_id[:8], Cell(str(row.seats), right=True), row.status.value, str(term_of(row, snapshot)))
        for row in sorted(snapshot.subscriptions, key=lambda row: (names.get(row.sku_id, row.sku_id), row.subscription_id))
    ]
    terminal.table(("SKU", "Subscription", "Seats", "State", "Term"), rows)
    if Source.TERMS in snapshot.failed:
        terminal.say(f"Partner Center could not be read: {snapshot.failed[Source.TERMS]}")
    terminal.say("")
