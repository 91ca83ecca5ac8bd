"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2025, 3, 12, 12, tzinfo=UTC)


class ManualClock:
    """Time as a test tells it; ``monotonic`` counts the seconds that it was moved on by."""

    def __init__(self, start: datetime = NOON) -> None:
        self._start = self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return self._now

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """See ``Clock.sleep``: time passes at once."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Moves on by some seconds."""
        self.move_to(self._now + timedelta(seconds=seconds))

    def move_to(self, moment: datetime) -> None:
        """Moves on to a moment; one that is past changes nothing."""
        self._now = max(self._now, moment)
        self._elapsed = (self._now - self._start).total_seconds()
