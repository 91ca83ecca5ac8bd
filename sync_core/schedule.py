"""The timer's schedule: six-field NCRONTAB expressions, and the slots they name.

The Functions host starts the timer; we need the slot it was started for, because a run takes its id from it and a second
start of the same slot has to find the same run. The expression is ``{second} {minute} {hour} {day} {month} {day-of-week}``,
read in UTC. Unlike in Unix cron, a day has to fit the day-of-month AND the day-of-week (source: the NCrontab library, which
the host uses).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# A 29 February on one given weekday comes back after 40 years at the latest (over a century that is no leap year).
LONGEST_GAP_DAYS = 41 * 366


class ScheduleError(ValueError):
    """The expression is no schedule; the text says which field is wrong and what it may hold."""


@dataclass(frozen=True)
class Field:
    """One of the six fields: what it is called and the numbers it may hold; ``names`` stand for the numbers from ``lowest`` on."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()

    def numbers(self, text: str) -> frozenset[int]:
        """The numbers that a list such as ``1,5-10,*/15`` stands for."""
        return frozenset(number for part in text.split(",") for number in self._part(part))

    def _part(self, part: str) -> range:
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = self.lowest, self.highest
        elif dash:
            start, end = self._number(first, part), self._number(last, part)
        else:
            start = self._number(first, part)
            end = self.highest if slash else start
        if start > end or (slash and not (step.isascii() and step.isdigit() and int(step))):
            raise self._error(part)
        return range(start, end + 1, int(step) if slash else 1)

    def _number(self, text: str, part: str) -> int:
        named = [self.lowest + index for index, name in enumerate(self.names) if len(text) >= 3 and name.startswith(text.lower())]
        if named:
            return named[0]
        if not (text.isascii() and text.isdigit() and self.lowest <= int(text) <= self.highest):
            raise self._error(part)
        return int(text)

    def _error(self, part: str) -> ScheduleError:
        return ScheduleError(
            f"{part!r} is no {self.name}: use numbers from {self.lowest} to {self.highest}, such as 'n', 'n-m', 'n,m', '*' or '*/step'."
        )


FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 0, 6, WEEKDAYS),
)


@dataclass(frozen=True)
class Schedule:
    """A parsed expression: the numbers of each field."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @cached_property
    def times(self) -> list[time]:
        """The times of a day that has slots, in order."""
        return [time(hour, minute, second) for hour in sorted(self.hours) for minute in sorted(self.minutes) for second in sorted(self.seconds)]

    def has_day(self, day: date) -> bool:
        """Whether the day has slots. Sunday is 0 in the expression and 7 in ISO."""
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays


@lru_cache(maxsize=16)
def parse_schedule(expression: str) -> Schedule:
    """Read a six-field expression.

    Raises:
        ScheduleError: it is none, or it names a day that never comes (30 February).
    """
    texts = expression.split()
    if len(texts) != len(FIELDS):
        raise ScheduleError(
            f"{expression!r} has {len(texts)} fields; a schedule has six: "
            "second minute hour day month day-of-week, such as '0 0 2 * * *' for each night at two."
        )
    schedule = Schedule(*(field.numbers(text) for field, text in zip(FIELDS, texts, strict=True)))
    if not any(schedule.has_day(day) for day in _days(date(2000, 1, 1), 1)):
        raise ScheduleError(f"{expression!r} names a day that never comes.")
    return schedule


def latest_slot(expression: str, now: datetime) -> datetime:
    """The latest slot, in UTC, that is not after ``now`` (aware)."""
    schedule, moment = parse_schedule(expression), _utc(now)
    for day in _days(moment.date(), -1):
        times = schedule.times[: bisect_right(schedule.times, moment.time())] if day == moment.date() else schedule.times
        if times and schedule.has_day(day):
            return datetime.combine(day, times[-1], UTC)
    raise ScheduleError(f"{expression!r} has no slot before {now}.")


def next_slot(expression: str, now: datetime) -> datetime:
    """The first slot, in UTC, that is after ``now`` (aware)."""
    schedule, moment = parse_schedule(expression), _utc(now)
    for day in _days(moment.date(), 1):
        times = schedule.times[bisect_right(schedule.times, moment.time()) :] if day == moment.date() else schedule.times
        if times and schedule.has_day(day):
            return datetime.combine(day, times[0], UTC)
    raise ScheduleError(f"{expression!r} has no slot after {now}.")


def _days(start: date, direction: int) -> Iterator[date]:
    return (start + timedelta(days=direction * distance) for distance in range(LONGEST_GAP_DAYS))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; a schedule is read in UTC.")
    return moment.astimezone(UTC)
