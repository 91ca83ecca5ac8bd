"""A change as it was written, and what the invoices that were made since show of it: no undo changes those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sync_core.billing.changes import NOTHING, line_facts
from sync_core.billing.identity import plain
from sync_core.billing.periods import ONE_DAY, first_open_day, period_of
from sync_core.model.agreements import Agreement, Line
from sync_core.model.plans import Change, ChangeKind

_TERMS = ("unit price", "charge", "included")
"""What a line is charged by, besides its units."""
_BILLED = (ChangeKind.ADD, ChangeKind.SET_QUANTITY, ChangeKind.PRORATE, ChangeKind.SET_PRICE, ChangeKind.END)


@dataclass(frozen=True)
class Written:
    """A change that was written, or may have been. ``before`` are the PSA's values right before it, by the names that plans use."""

    plan_id: str
    change: Change
    before: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """By which a person chooses it."""
        return f"{self.plan_id}/{self.change.change_id}"

    @property
    def words(self) -> str:
        """What it did, such as ``set quantity 10 → 12 (000007-1f/3kd)``."""
        numbers = " → ".join(filter(None, (plain(self.change.before), plain(self.change.after))))
        return f"{self.change.kind} {numbers} ({self.name})"

    @property
    def counts_from(self) -> date | None:
        """The first day whose invoice shows it; ``None`` where none does. Days on a self-ending line are on the first invoice made afterwards."""
        change = self.change
        if change.kind not in _BILLED or change.effective is None:
            return None
        if change.self_ending:
            return change.invoice
        return change.effective + ONE_DAY if change.kind is ChangeKind.END else change.effective

    @property
    def units_before(self) -> Decimal | None:
        """What the line held before it; ``None`` where there was no line."""
        if self.change.kind is ChangeKind.ADD:
            return None
        return Decimal(self.before["quantity"]) if "quantity" in self.before else self.change.before

    @property
    def price_before(self) -> Decimal:
        """The unit price of the line before it, net."""
        return Decimal(self.before["unit price"]) if "unit price" in self.before else self.change.unit_price


def invoiced(targets: Sequence[Written], agreement: Agreement) -> str:
    """Why time that is invoiced stands in the way, with the line that would correct it; empty where none does. Amounts are estimates, net."""
    opens = first_open_day(agreement)
    billed = [item for item in targets if (day := item.counts_from) and day < opens]
    if not billed:
        return ""
    first, correction = billed[0].change, -sum((_shown(item, agreement, opens) for item in billed), NOTHING)
    day = first.effective if first.self_ending else billed[0].counts_from
    units = (first.before or NOTHING) - (first.after or NOTHING)
    what = f"{first.product}, {units:+f} units from {day}" if units else f"{first.product}, from {day}"
    return (
        f"It is invoiced up to {opens - ONE_DAY}, and an undo changes no invoice. A one-off line corrects it: {what}"
        f" to {opens - ONE_DAY}, {correction:+.2f} {first.currency} in all."
        f" What is billed from {opens} on follows what is counted: correct the profile or the link."
    )


def ended_between(targets: Sequence[Written], opens: date) -> str:
    """Why open time is charged otherwise than before where a line was ended among these changes, as no end is changed; empty where it is not."""
    before, follows = targets[0].units_before, date.max
    for item in targets:
        kind, day, units = item.change.kind, item.change.effective, item.units_before
        if kind is ChangeKind.ADD and day and before and day > follows:
            return f"No line bills the days from {follows} to {day - ONE_DAY}, after the line that was ended. Bill them by hand."
        if kind is not ChangeKind.END or day is None:
            continue
        follows = max(day + ONE_DAY, opens)
        if units != (before or NOTHING) and day >= max(opens, date_of(item.before.get("line starts")) or opens):
            by_hand = "End it on the eve of its start" if before is None else f"Set it to {plain(before)}"
            return f"Line {item.change.line_id} bills {plain(units)} units until {day}, its last day. {by_hand} by hand."
    return ""


def unlike(line: Line | None, first: Written) -> str:
    """Why a line that took the place of the one that there was is charged otherwise, whatever its units; empty where it is not."""
    if line is None or line.line_id == first.change.line_id:
        return ""
    now, was = line_facts(line), first.before or first.change.rests_on  # an adoption writes nothing, and was of the line as planned
    differs = [f"{name} was {was[name]} and is {now[name]}" for name in _TERMS if was.get(name, now[name]) != now[name]]
    return f"Line {line.line_id} took the place of line {first.change.line_id}: {', '.join(differs)}. Correct that by hand." if differs else ""


def date_of(text: str | None) -> date | None:
    """The date among the PSA's values; ``None`` where there is none."""
    return date.fromisoformat(text) if text and text != "None" else None


def _shown(item: Written, agreement: Agreement, opens: date) -> Decimal:
    """What the invoices up to the first open day show of a change: its days, and the full periods after them."""
    change = item.change
    begins = change.line_from if change.self_ending else item.counts_from
    if change.kind is ChangeKind.PRORATE or begins is None:
        return change.prorated
    by_days = bool(change.prorated) and not change.self_ending  # then its days are those of the first of the periods
    return change.prorated + change.money * (_periods(agreement, begins, opens) - by_days)


def _periods(agreement: Agreement, day: date, opens: date) -> int:
    number = 0
    while day < opens:
        number, day = number + 1, period_of(agreement, day).last + ONE_DAY
    return number
