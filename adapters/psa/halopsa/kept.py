"""What an adapter remembers between two calls: recurring invoices read in bulk, items, and the lines of the writes it sent."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from adapters.psa.records import Record, text
from sync_core.ports import Clock

MOST_WRITES = 256

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key that are forgotten after ``seconds``. Safe to share between threads."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._values: dict[str, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def put(self, key: str, value: Value) -> None:
        """Remembers a value from now on."""
        with self._lock:
            self._values[key] = (self._clock.monotonic() + self._seconds, value)

    def get(self, key: str) -> Value | None:
        """The value, unless it is unknown or too old."""
        with self._lock:
            until, value = self._values.get(key, (0.0, None))
            return value if value is not None and self._clock.monotonic() < until else None

    def forget(self, key: str) -> None:
        """The value is not to be used any more."""
        with self._lock:
            self._values.pop(key, None)


class SentLines:
    """The lines of each write as they were sent, by step: what a probe compares the lines with. Lost with the process."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, Sequence[Record]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, step_id: str, lines: Iterable[Record]) -> None:
        """Remembers what is about to be sent."""
        with self._lock:
            self._lines[step_id] = [each for each in lines if text(each, "id")]
            while len(self._lines) > MOST_WRITES:
                self._lines.popitem(last=False)

    def get(self, step_id: str) -> Sequence[Record] | None:
        """What was sent last for a step, or ``None``."""
        with self._lock:
            return self._lines.get(step_id)
