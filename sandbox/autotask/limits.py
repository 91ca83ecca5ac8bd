"""Autotask's two limits: simultaneous requests to one object endpoint, and requests of all integrations in an hour."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from sandbox.autotask.errors import TOO_MANY_THREADS, Refused
from sandbox.inspection import PREFIX
from sandbox.web import Application, Request, Response


class Limits:
    """An application that refuses too many threads, slows down from half of the hourly threshold, and refuses from all of it.

    Zone information is free. ``used`` counts what the whole database has used in the present hour, ``by_others`` included.
    ``sleep`` waits half a second from 50 %, one from 75 %; a test leaves it out.
    """

    def __init__(
        self, application: Application, threads: int = 3, threshold: int = 10_000, by_others: int = 0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.threads = threads
        self.threshold = threshold
        self.by_others = by_others
        self.calls: Counter[str] = Counter()
        self.highest_parallel = 0
        self.refused = 0
        self._application = application
        self._sleep = sleep
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Requests in the present hour."""
        return self.by_others + self.calls.total()

    def __call__(self, request: Request) -> Response:
        if request.path.startswith(PREFIX) or request.path.endswith("/zoneInformation"):
            return self._application(request)
        entity = endpoint(request.path)
        try:
            return self._refusal(entity) or self._slowly(request)
        finally:
            with self._lock:
                self._under_way[entity] -= 1

    def seen(self) -> dict[str, object]:
        """The load so far, for the inspection endpoint."""
        return {"calls": dict(self.calls), "used": self.used, "highest_parallel": self.highest_parallel, "refused": self.refused}

    def forget(self) -> None:
        """A new hour begins, and the highest load is looked for anew."""
        with self._lock:
            self.calls.clear()
            self.highest_parallel = self.refused = 0

    def _refusal(self, entity: str) -> Response | None:
        with self._lock:
            self.calls[entity] += 1
            self._under_way[entity] += 1
            self.highest_parallel = max(self.highest_parallel, self._under_way[entity])
            if self.used > self.threshold:
                self.refused += 1
                return Refused("The request threshold of this database has been exceeded.", status=429).response()
            if self._under_way[entity] > self.threads:
                self.refused += 1
                return Refused(TOO_MANY_THREADS.format(threads=self.threads)).response()
        return None

    def _slowly(self, request: Request) -> Response:
        share = self.used / self.threshold
        if share >= 0.5:
            self._sleep(1.0 if share >= 0.75 else 0.5)
        return self._application(request)


def endpoint(path: str) -> str:
    """The object endpoint that a path belongs to: what follows the version, without ids."""
    parts = [part for part in path.partition("/v1.0/")[2].split("/") if not part.isdecimal()]
    child = len(parts) > 1 and parts[1] not in ("query", "entityInformation")
    return "/".join(parts[:2]) if child else parts[0]
