"""Secrets in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sandbox.memory.store import OnCall, quietly
from sync_core.errors import InvalidConfiguration


class MemorySecrets:
    """Secrets by name; ``on_call`` is told each call before it happens."""

    def __init__(self, secrets: Mapping[str, str] | None = None, on_call: OnCall = quietly) -> None:
        self._on_call = on_call
        self._values = dict(secrets or {})
        self._ends: dict[str, datetime | None] = {}

    def get(self, name: str, fresh: bool = False) -> str:
        """See ``Secrets.get``."""
        self._on_call(f"secrets.get {name}")
        if not self._values.get(name):
            raise InvalidConfiguration("There is no such secret", code="secret-missing", where=f"secret {name}", fix="Give it to MemorySecrets")
        return self._values[name]

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        """See ``Secrets.put``."""
        self._on_call(f"secrets.put {name}")
        self._values[name], self._ends[name] = value, ends

    def ends(self, name: str) -> datetime | None:
        """See ``Secrets.ends``."""
        self.get(name)
        return self._ends.get(name)
