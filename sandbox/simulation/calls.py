"""What may happen around every single call that the app makes of the world: others go first, the process stands still, or it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from sandbox.memory.clock import ManualClock
from sandbox.simulation.troubles import Rates
from sandbox.simulation.workers import Worker, pause

_FROZEN = (20.0, 60.0, 170.0, 400.0, 1000.0, 2000.0)
"""Seconds for which a process may stand still."""
_BEFORE_A_WRITE = 8
"""So many times as often a process stands still or ends between what the journal says and the write: there it matters most."""


class Killed(BaseException):
    """The process is gone. No ``except`` of the product catches it."""


class Calls:
    """Stands around every call. ``reached`` counts what happened, by name: a blind spot shows as a number that is missing.

    ``worker`` is the one that has the turn; without one (the people who set up the world) nothing happens around a call.
    """

    def __init__(self, clock: ManualClock, chance: Random, rates: Rates, trace: list[str] | None = None) -> None:
        self.rates = rates
        self.worker: Worker | None = None
        self.reached: Counter[str] = Counter()
        self.trace = trace
        self.alone: Callable[[], bool] = lambda: False
        """Whether nothing but this worker could go on now, so that there is nobody to give the turn to."""
        self.monotonic = clock.monotonic
        self._clock = clock
        self._chance = chance

    def told(self, what: str, more: str = "") -> None:
        """Notes what happened; ``more`` stands in the trace only."""
        self.reached[what] += 1
        if self.trace is not None:
            who = f"{self.worker.name:<14}" if self.worker else " " * 14
            self.trace.append(f"{self._clock.now():%d %H:%M:%S}  {who}  {what}{more and '  '}{more}")

    def before(self, call: str) -> None:
        """Others go first; then the process may stand still, or end."""
        worker = self.worker
        if worker is None:
            return
        if not self.alone():
            pause()
        if self.rates.freeze and self._chance.random() < self.rates.freeze * (_BEFORE_A_WRITE if worker.writing else 1):
            self.told("frozen", call)
            self.sleep(self._chance.choice(_FROZEN))
        if self.rates.death:
            self._may_die("before", call)
        self.told(call)

    def after(self, call: str) -> None:
        """The call is done; the process may end before it hears of it."""
        if self.rates.death and self.worker is not None:
            self._may_die("after", call)

    def sleep(self, seconds: float) -> None:
        """The process waits, and the others go on."""
        if self.worker is None:
            self._clock.advance(seconds)
            return
        self.worker.wakes = self._clock.monotonic() + seconds
        pause()

    def _may_die(self, when: str, call: str) -> None:
        assert self.worker is not None, "somebody has the turn"
        if self._chance.random() < self.rates.death * (_BEFORE_A_WRITE if self.worker.writing else 1):
            self.told(f"death {when} {call}")
            raise Killed(call)


class HostClock:
    """The story's time as one process sees it: while it sleeps, others go on."""

    def __init__(self, clock: ManualClock, calls: Calls) -> None:
        self.now = clock.now
        self.monotonic = clock.monotonic
        self.sleep = calls.sleep
