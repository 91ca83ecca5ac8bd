"""The context all functions of a process share, made on the first invocation: importing the app connects to nothing."""

from __future__ import annotations

import logging
import os
import threading

from sync_core.pipeline.context import Context
from sync_core.settings import Telemetry

_lock = threading.Lock()
_made: list[Context] = []


def context() -> Context:
    """The process's one context. Raises ``InvalidConfiguration`` when a setting is wrong."""
    with _lock:
        if not _made:
            from adapters.wiring import context_from

            logging.getLogger("azure").setLevel(logging.WARNING)
            logging.getLogger("sync").setLevel(logging.INFO)
            made = context_from(os.environ)
            if made.settings.telemetry is Telemetry.OPENTELEMETRY:
                from adapters import telemetry

                telemetry.start(os.environ, made.settings.installation)
            _made.append(made)
        return _made[0]
