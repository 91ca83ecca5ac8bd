"""What a run is about to ask for, read together before it asks. Keeps nothing longer than minutes, and gives nothing twice.

``expect`` names the agreements that a run is about to go through; a process that was not told finds it out after a few that were asked
for one by one. The first one that is asked for brings others along. What was read ahead is given out once: who asks again wants to
know anew. What is read by its id is read alone for a while, as it is about to be written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from sync_core.ports import Clock

FRESH_SECONDS = 1200.0
"""How long what was read ahead may be planned with."""
ALONE_SECONDS = 60.0
"""How long after it was asked for by its id an agreement is read alone."""
ALONE = 5
"""After so many agreements read one by one in ``FRESH_SECONDS`` a run is under way, and another process has read the heads."""

Value = TypeVar("Value")


class ReadAhead(Generic[Value]):
    """Values by agreement id. Safe to share between threads.

    Args:
        most: how many agreements are read together.
        load: reads them; one that it leaves out is read alone.
        expected: the ids of all agreements that bill, for a process that was not told.
    """

    def __init__(self, clock: Clock, most: int, load: Callable[[list[str]], Mapping[str, Value]], expected: Callable[[], Iterable[str]]) -> None:
        self._clock = clock
        self._most = most
        self._load = load
        self._all = expected
        self._kept: dict[str, tuple[Value, float]] = {}
        self._expected: dict[str, None] = {}
        self._alone_until: dict[str, float] = {}
        self._asked: list[float] = []
        self._lock = threading.Lock()

    def expect(self, ids: Iterable[str]) -> None:
        """The agreements that will be asked for; what was read of any before is forgotten."""
        with self._lock:
            self._kept.clear()
            self._expect(ids)

    def by_id(self, ids: Iterable[str]) -> None:
        """Agreements that are asked for by their ids, and so are to be read anew and alone."""
        with self._lock:
            now = self._clock.monotonic()
            self._alone_until = {each: until for each, until in self._alone_until.items() if until > now}
            for each in ids:
                self._kept.pop(each, None)
                self._expected.pop(each, None)
                self._alone_until[each] = now + ALONE_SECONDS

    def take(self, agreement_id: str) -> Value | None:
        """What was read ahead, or is now read together with others; ``None`` when it is to be read alone. Raises what reading raises."""
        with self._lock:
            now = self._clock.monotonic()
            if self._alone_until.get(agreement_id, 0.0) > now:
                return None
            if self._is_run(agreement_id, now):
                self._expect(self._all())
            if agreement_id in self._expected:
                self._read(agreement_id, now)
            value, until = self._kept.pop(agreement_id, (None, 0.0))
            return value if until > now else None

    def _read(self, agreement_id: str, now: float) -> None:
        others = (each for each in self._expected if each != agreement_id)
        chosen = [agreement_id, *(each for each, _ in zip(others, range(self._most - 1), strict=False))]
        found = self._load(chosen)
        for each in chosen:
            self._expected.pop(each, None)
        self._kept.update({each: (value, now + FRESH_SECONDS) for each, value in found.items()})

    def _expect(self, ids: Iterable[str]) -> None:
        self._asked.clear()
        self._expected = dict.fromkeys(ids)

    def _is_run(self, agreement_id: str, now: float) -> bool:
        """Counts an agreement that nobody announced; whether it is one of so many that others will follow."""
        if agreement_id in self._kept or agreement_id in self._expected:
            return False
        self._asked = [*(at for at in self._asked if at > now - FRESH_SECONDS), now]
        return len(self._asked) > ALONE
