"""A PSA's throttle: calls in a sliding window and requests at once, with the highest of both ever seen."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from sandbox.web import Application, Request, Response


class Limits:
    """An application that refuses too many calls with 429. Nothing is limited until ``calls`` or ``parallel`` is set.

    The load is real even where the PSA's calendar is simulated, so it is measured by ``seconds``, a monotonic clock.
    ``highest_rate`` counts refused calls too: a client that never exceeds the limit shows a highest rate within it.
    ``body`` makes the vendor's body of a refusal out of the seconds to wait.
    """

    def __init__(
        self,
        application: Application,
        calls: int | None = None,
        parallel: int | None = None,
        window: float = 60.0,
        seconds: Callable[[], float] = time.monotonic,
        body: Callable[[int], Mapping[str, str]] | None = None,
    ) -> None:
        self.calls = calls
        self.parallel = parallel
        self.window = window
        self.highest_rate = 0
        self.highest_parallel = 0
        self.refused = 0
        self._application = application
        self._seconds = seconds
        self._body = body or _message
        self._arrived: deque[float] = deque()
        self._accepted: deque[float] = deque()
        self._under_way = 0
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        wait = self._enter()
        try:
            return Response.of_json(self._body(wait), 429, {"Retry-After": str(wait)}) if wait else self._application(request)
        finally:
            with self._lock:
                self._under_way -= 1

    def seen(self) -> dict[str, float]:
        """The highest load so far, for the inspection endpoint."""
        return {
            "highest_parallel": self.highest_parallel,
            "highest_rate": self.highest_rate,
            "window_seconds": self.window,
            "refused": self.refused,
        }

    def forget(self) -> None:
        """Begins to look for the highest load anew."""
        with self._lock:
            self._arrived.clear()
            self.highest_rate = self.highest_parallel = self.refused = 0

    def _enter(self) -> int:
        """Counts a request in; returns 0, or the seconds after which to try again."""
        with self._lock:
            at = self._seconds()
            for times in (self._arrived, self._accepted):
                while times and times[0] <= at - self.window:
                    times.popleft()
            self._arrived.append(at)
            self._under_way += 1
            self.highest_rate = max(self.highest_rate, len(self._arrived))
            self.highest_parallel = max(self.highest_parallel, self._under_way)
            wait = self._wait(at)
            if wait:
                self.refused += 1
            else:
                self._accepted.append(at)
            return wait

    def _wait(self, at: float) -> int:
        if self.calls is not None and len(self._accepted) >= self.calls:
            return max(math.ceil(self._accepted[0] + self.window - at), 1) if self._accepted else math.ceil(self.window)
        return 1 if self.parallel is not None and self._under_way > self.parallel else 0


def _message(wait: int) -> Mapping[str, str]:
    return {"Message": f"Too many requests. Try again in {wait} seconds."}
