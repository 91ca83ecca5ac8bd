"""ConnectWise's throttle: adaptive from about 1,000 calls a minute; it does not publish a number of parallel requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from sandbox import limits
from sandbox.web import Application


class Limits(limits.Limits):
    """``sandbox.limits.Limits`` with ConnectWise's body, which has ``error`` where its other refusals have ``code``."""

    def __init__(
        self,
        application: Application,
        calls: int | None = None,
        parallel: int | None = None,
        window: float = 60.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(application, calls, parallel, window, seconds, _too_many)


def _too_many(wait: int) -> Mapping[str, str]:
    return {"error": "ConnectWiseAPI", "message": f"Too many requests. Please try again in {wait} seconds."}
