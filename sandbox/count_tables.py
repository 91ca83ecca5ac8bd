"""Counted items for people's eyes: who is counted, who is not, and why."""

from __future__ import annotations

from sandbox.terminal import Colour, Terminal
from sync_core.counting.custom.preview import Preview
from sync_core.model.billing import CountedItem

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
