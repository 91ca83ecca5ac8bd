"""What the pipeline says while it works: one JSON object a line, ids only, never a person, a name or a secret."""

from __future__ import annotations

import json
import logging

_LOG = logging.getLogger("sync")


def event(name: str, level: int = logging.INFO, **fields: str | int | float | bool) -> None:
    """Logs one thing that happened; ``fields`` are ids, states, counts and seconds."""
    _LOG.log(level, "%s", json.dumps({"event": name, **fields}, sort_keys=True, default=str))
