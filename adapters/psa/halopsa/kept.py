"""What an adapter remembers between two calls: recurring invoices read in bulk, items, and what it sent."""

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
    """Values by key, each as of the moment its reading began, for ``seconds`` from then on. Safe to share between threads.

    A slow read never takes the place of a younger one, nor of what was forgotten after it began: else lines from before a write
    would come back after it.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._values: dict[str, tuple[float, Value | None]] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        """The moment to take before a read, for ``put``."""
        return self._clock.monotonic()

    def put(self, key: str, value: Value, began: float) -> None:
        """Remembers what was read, unless something younger is known."""
        with self._lock:
            if self._values.get(key, (began, None))[0] <= began:
                self._values[key] = (began, value)

    def get(self, key: str) -> Value | None:
        """The value, unless it is unknown or too old."""
        with self._lock:
            began, value = self._values.get(key, (0.0, None))
            return value if self._clock.monotonic() < began + self._seconds else None

    def forget(self, key: str) -> None:
        """Whatever was read until now holds no longer."""
        with self._lock:
            self._values[key] = (self._clock.monotonic(), None)


class SentRecords:
    """What each write sent, by step: the lines of a recurring invoice, or a licence record. A probe compares with it; it is lost with the process."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Sequence[Record]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, step_id: str, records: Iterable[Record]) -> None:
        """Remembers what is about to be sent."""
        with self._lock:
            self._records[step_id] = [each for each in records if text(each, "id")]
            while len(self._records) > MOST_WRITES:
                self._records.popitem(last=False)

    def get(self, step_id: str) -> Sequence[Record] | None:
        """What was sent last for a step, or ``None``."""
        with self._lock:
            return self._records.get(step_id)
