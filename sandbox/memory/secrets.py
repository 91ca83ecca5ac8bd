"""Secrets in memory."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.memory.store import OnCall, quietly
from sync_core.errors import InvalidConfiguration


class MemorySecrets:
    """Secrets by name; ``on_call`` is told each call before it happens."""

    def __init__(self, secrets: Mapping[str, str] | None = None, on_call: OnCall = quietly) -> None:
        self._on_call = on_call
        self._values = dict(secrets or {})

    def get(self, name: str) -> str:
        """See ``Secrets.get``."""
        self._on_call(f"secrets.get {name}")
        if not self._values.get(name):
            raise InvalidConfiguration("There is no such secret", code="secret-missing", where=f"secret {name}", fix="Give it to MemorySecrets")
        return self._values[name]

    def put(self, name: str, value: str) -> None:
        """See ``Secrets.put``."""
        self._on_call(f"secrets.put {name}")
        self._values[name] = value
