"""Blobs in memory."""

from __future__ import annotations

from sandbox.memory.store import OnCall, quietly
from sync_core import limits


class MemoryBlobs:
    """Blobs by name; ``on_call`` is told each call before it happens."""

    def __init__(self, on_call: OnCall = quietly) -> None:
        self._on_call = on_call
        self._contents: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        """See ``Blobs.put``."""
        limits.check_blob(name)
        self._on_call(f"blobs.put {name}")
        self._contents[name] = bytes(content)

    def get(self, name: str) -> bytes | None:
        """See ``Blobs.get``."""
        limits.check_blob(name)
        self._on_call(f"blobs.get {name}")
        return self._contents.get(name)

    def names(self, prefix: str = "") -> list[str]:
        """See ``Blobs.names``."""
        self._on_call(f"blobs.names {prefix}")
        return sorted(name for name in self._contents if name.startswith(prefix))

    @property
    def held(self) -> list[str]:
        """The names of all blobs, for whoever looks on: no call is told."""
        return sorted(self._contents)

    def delete(self, name: str) -> None:
        """See ``Blobs.delete``."""
        limits.check_blob(name)
        self._on_call(f"blobs.delete {name}")
        self._contents.pop(name, None)
