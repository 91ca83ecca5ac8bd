"""Dated quantities: where the PSA bills units by days from the day on which they change, proration is a choice of days.

A line needs no second one beside it. What it should hold on each day is compared with what it holds, and each day on which the
difference changes becomes one shift. Without credits no day gets fewer units than it holds, but in periods that have yet to begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from sync_core.billing.changes import NOTHING, Case
from sync_core.billing.falling import before_renewal, commitment_end
from sync_core.billing.inputs import Place, ReconcileInput
from sync_core.billing.periods import ONE_DAY, period_of
from sync_core.billing.proration import counts_from
from sync_core.model.agreements import Ability, Agreement, Line, Shift
from sync_core.model.billing import Decreases, LineChoice, Link


@dataclass(frozen=True)
class DatedTarget:
    """The shifts that make a line hold what is wanted, what has to be said of them, and why a person has to look first, if one has to."""

    shifts: tuple[Shift, ...]
    words: tuple[str, ...] = ()
    doubt: str = ""
    waits: str = ""
    """Why nothing can be written today, although something should be."""


def is_dated(agreement: Agreement) -> bool:
    """Whether the agreement's lines have dated quantities."""
    return Ability.DATED_QUANTITIES in agreement.abilities


def earliest(case: Case) -> date:
    """The first day from which a dated quantity can be changed: what a change costs in periods invoiced since is the PSA's secret."""
    if Ability.INVOICED_TIME not in case.agreement.abilities or case.opens <= case.agreement.start:
        return case.opens
    return period_of(case.agreement, case.opens - ONE_DAY).first


def dated_target(case: Case, line: Line) -> DatedTarget:
    """What makes the line charge the wanted units from the day on which they count, as far as the PSA takes it."""
    days = _Days(case, line)
    shifts = tuple(days.shifts())
    if shifts and shifts[0].first > max(case.today, case.opens):
        return DatedTarget((), waits=f"{_one_a_day(line, days.wanted_from)} The rest counts from {shifts[0].first}, with the next run.")
    if not shifts or not days.late:
        return DatedTarget(shifts)
    if days.wanted_from < days.earliest:
        return DatedTarget(shifts, doubt=f"{too_late(case, days.wanted_from)} They count from {shifts[0].first}.")
    return DatedTarget(shifts, (_one_a_day(line, days.wanted_from),))


def too_late(case: Case, day: date) -> str:
    """What is said where units count from a day that the PSA takes no change for."""
    return f"The days from {day} to {earliest(case) - ONE_DAY} are invoiced already, and this connection changes no units there any more."


def to_read_whole(inputs: ReconcileInput) -> frozenset[Place]:
    """The agreements whose lines have to be read for all days, because the units of one are to change on a day that was not read."""
    return frozenset((link.connection, link.agreement_id) for link in inputs.links if _is_to_change(inputs, link))


def _is_to_change(inputs: ReconcileInput, link: Link) -> bool:
    lines, counted = inputs.agreements.get((link.connection, link.agreement_id)), inputs.counted(link).value
    if lines is None or not counted or not is_dated(lines.agreement) or lines.agreement.next_invoice is None:
        return False
    binding = inputs.bindings.get(link.key)
    line = lines.line(binding.line_id if binding else link.adopt_line_id if link.choice is LineChoice.ADOPT else "")
    if line is None or line.held or line.quantity == counted:
        return False
    move, today = inputs.moves.get(link.key), inputs.business_dates[link.connection]
    if not link.profile.prorate:
        return lines.agreement.next_invoice < today
    falls = counted < line.quantity and not link.profile.credits and link.profile.decreases is not Decreases.NOW
    waits = move is not None and move.since > period_of(lines.agreement, today).first and lines.agreement.next_invoice <= today
    return not (falls and waits)


@dataclass(frozen=True)
class _Days:
    """What a line holds and should hold on each day."""

    case: Case
    line: Line

    @property
    def earliest(self) -> date:
        return earliest(self.case)

    @cached_property
    def taken(self) -> frozenset[date]:
        """The days on which the line was changed already, but for the first of open periods: the PSA takes one change of it on such a day."""
        agreement, opens = self.case.agreement, self.case.opens
        changed = [each.first for each in self.line.held]
        return frozenset(day for day in changed if day < opens or period_of(agreement, day).first != day)

    @cached_property
    def wanted_from(self) -> date:
        """The day on which the wanted units should count."""
        return counts_from(self.case, self.line)

    @cached_property
    def begins(self) -> date:
        """The first day on which they can."""
        return self._free(self.wanted_from)

    @property
    def last(self) -> date:
        """The last day on which a shift may begin: what is planned for later periods waits for these."""
        return max(self.case.opens, period_of(self.case.agreement, self.case.today).last)

    def shifts(self) -> Iterator[Shift]:
        """One for each day on which the difference between both changes."""
        moved = NOTHING
        for day in self._cuts():
            held, units = self.line.units_on(day), self.should_hold(day) - self.line.units_on(day)
            if units != moved:
                yield Shift(day, held + moved, held + units)
                moved = units

    @property
    def late(self) -> bool:
        """Whether the line should hold other units before the first day on which they can count."""
        return self.begins > self.wanted_from and self.should_hold(self.wanted_from) != self.line.units_on(self.wanted_from)

    def should_hold(self, day: date) -> Decimal:
        """The wanted units from their day on, and no fewer than what a period that has begun is to be billed with."""
        least = min(self.line.units_on(day), self._lowered(day))
        return max(least, self.case.wanted) if day >= self.wanted_from else least

    def _lowered(self, day: date) -> Decimal:
        """What a day may be lowered to, as the profile says."""
        case, profile, held = self.case, self.case.link.profile, self.line.units_on(day)
        renewal = commitment_end(case) if profile.decreases is Decreases.AT_RENEWAL else None
        if case.wanted >= held or before_renewal(case) or (renewal and day < renewal):
            return held
        if profile.decreases is Decreases.NOW and day >= case.opens:
            return case.wanted
        if profile.credits:
            return next((units for first, _, units in reversed(self._counts) if first <= day), held)
        period, since = period_of(case.agreement, day), self._counts[0][0] if self._counts else case.today
        if day < case.opens or period.first < max(since, renewal or since):
            return held
        begun = [units for first, last, units in self._counts if first <= min(period.last, case.today) and last >= period.first]
        return max([case.wanted, *begun])

    @cached_property
    def _counts(self) -> tuple[tuple[date, date, Decimal], ...]:
        """Each count since the units began to differ, with the first day on which it was seen, and the last."""
        move = self.case.inputs.moves.get(self.case.link.key)
        seen = move.seen if move else ()
        ends = (*(following.first - ONE_DAY for following in seen[1:]), date.max)
        return tuple((each.first, last, each.units) for each, last in zip(seen, ends, strict=False))

    def _cuts(self) -> list[date]:
        """The days on which what the line holds, or should hold, may change, and on which the PSA takes a change."""
        days = {self.wanted_from, self.case.opens, *(first for first, _, _ in self._counts), *(each.first for each in self.line.held)}
        if renewal := commitment_end(self.case):
            days.add(renewal)
        begin = period_of(self.case.agreement, min(self.wanted_from, self.case.opens)).first
        while begin <= self.last:
            days.add(begin)
            begin = period_of(self.case.agreement, begin).last + ONE_DAY
        return sorted(day for day in map(self._free, days) if day <= self.last)

    def _free(self, day: date) -> date:
        """The day, or the next one on which the line can be changed and was not changed yet."""
        day = max(day, self.earliest)
        while day in self.taken:
            day += ONE_DAY
        return day


def _one_a_day(line: Line, day: date) -> str:
    return f"Line {line.line_id} was changed with effect from {day} already, and the PSA takes one change of a line on a day."
