"""When a kind is told: with each run, with the first run of a business date, or with the first on or after a weekday."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sync_core.model.configuration import Notices
from sync_core.model.notices import Frequency, NoticeKind, Route, Weekday

EVENTS = frozenset({NoticeKind.APPLIED, NoticeKind.FAILED})
"""Kinds of which a run that is not told leaves something to tell later: what was written, or failed to be, happens once."""
_MOST_KEPT = 200


@dataclass(frozen=True)
class KindClock:
    """When a kind was told last (PSA date), by which run, and which earlier runs it has still to tell (``waiting``) or is telling."""

    told_on: date | None = None
    told_by: str = ""
    before: date | None = None
    """When it was told before that, in case this time nobody hears of it."""
    waiting: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clock:
    """The clocks of all kinds that are not told with each run."""

    kinds: Mapping[NoticeKind, KindClock] = field(default_factory=dict)


def due_kinds(clock: Clock, notices: Notices, run_id: str, whole: bool, today: date) -> frozenset[NoticeKind]:
    """The kinds that this run tells. ``whole``: whether it is a run over all customers, in which daily and weekly kinds are told."""
    routes = {kind: route for kind in NoticeKind if (route := notices.route(kind))}
    return frozenset(kind for kind, route in routes.items() if _due(clock.kinds.get(kind, KindClock()), route, run_id, whole, today))


def wound(clock: Clock, notices: Notices, due: Collection[NoticeKind], run_id: str, today: date) -> Clock:
    """The clock after a run claimed the kinds that are ``due``, and left its events to a later run where they are not. Twice changes nothing."""
    kinds = dict(clock.kinds)
    for kind in NoticeKind:
        route = notices.route(kind)
        if route and (kind in kinds or route.frequency is not Frequency.EACH_RUN):
            kinds[kind] = _wound(kinds.get(kind, KindClock()), kind, route, kind in due, run_id, today)
    return Clock(kinds)


def not_told(clock: Clock, kinds: Collection[NoticeKind], run_id: str) -> Clock:
    """The clock after a run whose mail about these kinds never went out: the next run tells them, and what this one had to tell besides."""
    return Clock({kind: _given_back(each, kind) if kind in kinds and each.told_by == run_id else each for kind, each in clock.kinds.items()})


def _due(clock: KindClock, route: Route, run_id: str, whole: bool, today: date) -> bool:
    if route.frequency is Frequency.EACH_RUN or clock.told_by == run_id:
        return True
    if not whole:
        return False
    if route.frequency is Frequency.DAILY:
        return clock.told_on is None or clock.told_on < today
    day = today - timedelta(days=(today.weekday() - list(Weekday).index(route.weekday)) % 7)
    return day == today if clock.told_on is None else clock.told_on < day


def _wound(clock: KindClock, kind: NoticeKind, route: Route, due: bool, run_id: str, today: date) -> KindClock:
    if clock.told_by == run_id:
        return clock
    if due:
        return KindClock(today, run_id, clock.told_on, telling=clock.waiting)
    if route.frequency is Frequency.WEEKLY:  # one that was never told waits for its weekday from now on, and is not a week late
        clock = replace(clock, told_on=clock.told_on or today)
    if kind not in EVENTS or run_id in clock.waiting or run_id in clock.telling:
        return clock
    return replace(clock, waiting=(*clock.waiting, run_id)[-_MOST_KEPT:])


def _given_back(clock: KindClock, kind: NoticeKind) -> KindClock:
    own = (clock.told_by,) if kind in EVENTS else ()
    return KindClock(clock.before, "", None, (*clock.telling, *own, *clock.waiting)[-_MOST_KEPT:])
