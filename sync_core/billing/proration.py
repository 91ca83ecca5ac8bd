"""Units as steps over days: what is owed against what is charged, and the self-ending lines that make up the difference.

An invoice bills whole periods by the quantity that the main line holds when it is made. So the main line may only hold what is
owed from the first day on that no invoice covers; units that count from a day within a period get a line of their own that
ends with the period (or with the invoiced time, where that is later), and the main line follows once that time is invoiced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from sync_core.billing.changes import Case, Target, beside_marker
from sync_core.billing.falling import lowered_to, may_fall, seen_since
from sync_core.billing.identity import plain
from sync_core.billing.periods import ONE_DAY, period_of
from sync_core.model.agreements import Line, SelfEnding
from sync_core.model.billing import Due, LineChoice


def target(case: Case, line: Line) -> Target:
    """What makes the line, with what is beside it, charge the wanted units from the day on which they count."""
    steps = _Steps(case, line)
    beside = tuple(_merged(steps))
    quantity = steps.quantity
    later = case.wanted if beside and case.wanted != quantity and (case.wanted > quantity or steps.credits) else None
    return Target(quantity, beside, later, _doubt(steps, beside))


def _doubt(steps: _Steps, beside: tuple[SelfEnding, ...]) -> str:
    first = min((each.first for each in beside), default=steps.day)
    if any(due.unsure and due.first < steps.case.opens for due in steps.dues) and beside:
        held = plain(steps.case.wanted)
        return f"An invoice was made in the moment of the last write. If it shows {held} units from {first} on, reject this: nothing is missing."
    if first < steps.day:
        return f"The days from {first} were invoiced before the line held what was due; the difference is billed now."
    return ""


def counts_from(case: Case, line: Line | None = None) -> date:
    """The first day on which units that are more than billed count: when they were first seen, within the present period.

    A line that is taken over counts from its link's own start, if no invoice covers that day; no line counts before it starts.
    """
    start, today = case.link.start, case.today
    if start and case.opens <= start <= today and case.binding is None and case.link.choice is LineChoice.ADOPT:
        day = start
    else:
        day = max(seen_since(case, today), period_of(case.agreement, today).first)
    charged_from = (case.binding and case.binding.counts_from) or (line and line.starts)
    return max(day, case.agreement.start, charged_from or day)


@dataclass(frozen=True)
class _Steps:
    """What is owed and what is charged on each day, in billed units; the line's quantity is what it will hold."""

    case: Case
    line: Line

    @property
    def credits(self) -> bool:
        return self.case.link.profile.credits

    @property
    def day(self) -> date:
        return counts_from(self.case, self.line)

    @property
    def dues(self) -> tuple[Due, ...]:
        return self.case.binding.due if self.case.binding else ()

    @property
    def quantity(self) -> Decimal:
        """What the main line is to hold from the first open day on."""
        case, held = self.case, self.line.quantity
        if case.opens > case.today or (self.line.starts and self.line.starts > case.today):
            wanted = case.wanted
        elif (due := self._due(case.opens)) is not None:
            wanted = due
        else:
            return held if self.credits else lowered_to(case, held)
        return held if wanted < held and not self.credits and not may_fall(case) else wanted

    def owed(self, day: date) -> Decimal:
        """What is to be charged on a day: the wanted units, and before they count what the line should have held."""
        if day >= self.day:
            return self._billed(self.case.wanted)
        due = self._due(day)
        return self.charged(day) if due is None or day >= self.case.opens else self._billed(due)

    def charged(self, day: date) -> Decimal:
        """What is charged on a day, by the main line and by the lines beside it that are known."""
        binding = self.case.binding
        beside = sum((each.units for each in binding.self_ending if each.first <= day <= each.last), Decimal(0)) if binding else Decimal(0)
        if self.line.starts and day < self.line.starts:
            return beside
        if day < self.case.opens:
            levels = [level.units for level in binding.invoiced if level.last >= day] if binding else []
            return (levels[0] if levels else self.line.billed) + beside
        due = self._due(day)
        coming = due if due is not None and any(each.first > self.case.opens for each in self.dues if each.first <= day) else self.quantity
        return self._billed(coming) + beside

    def cuts(self) -> list[date]:
        """The days on which what is owed or charged may change, and the day after the last one."""
        case, binding = self.case, self.case.binding
        end = case.gives_up + ONE_DAY
        days = {self.day, case.opens, *(due.first for due in self.dues)}
        if binding:
            days |= {each.first for each in binding.self_ending} | {each.last + ONE_DAY for each in binding.self_ending}
            days |= {level.last + ONE_DAY for level in binding.invoiced}
        begin = min([self.day, *(due.first for due in self.dues if due.first < case.opens)])
        return sorted({day for day in days if begin <= day < end} | ({end} if begin < end else set()))

    def _due(self, day: date) -> Decimal | None:
        """What the main line should hold on a day by what is due, and no more than is wanted; ``None`` where nothing is due yet."""
        known = [due.quantity for due in self.dues if due.first <= day]
        if not known:
            return None
        return known[-1] if self.credits else lowered_to(self.case, known[-1])

    def _billed(self, quantity: Decimal) -> Decimal:
        return replace(self.line, quantity=quantity).billed


def _merged(steps: _Steps) -> Iterator[SelfEnding]:
    """One line for each stretch of days with the same difference; fewer units than charged make one only with credits."""
    case, kept = steps.case, list[tuple[date, date, Decimal]]()
    for first, following in pairwise(steps.cuts()):
        units, last = steps.owed(first) - steps.charged(first), following - ONE_DAY
        if units == 0 or (units < 0 and not steps.credits):
            continue
        if kept and kept[-1][1] + ONE_DAY == first and kept[-1][2] == units:
            kept[-1] = (kept[-1][0], last, units)
        else:
            kept.append((first, last, units))
    for first, last, units in kept:
        yield SelfEnding(units, first, last, beside_marker(case, first))
