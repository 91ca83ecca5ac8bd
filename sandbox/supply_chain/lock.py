"""The lock: every package that is installed, by its exact version and the hashes of its files (pip's requirements format)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>.*?))?\s*")
_HASH = "--hash=sha256:"


@dataclass(frozen=True)
class Locked:
    """One package. ``marker`` says where it is installed (empty: everywhere); ``hashes`` are SHA-256, one for each published file of the version."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(text: str) -> tuple[Locked, ...]:
    """The packages of a lock, in its order; raises ``ValueError`` for a line that pins nothing."""
    return tuple(_entries(text))


def _entries(text: str) -> Iterator[Locked]:
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pinned, *hashes = line.split(_HASH)
        match = _ENTRY.fullmatch(pinned)
        if match is None:
            raise ValueError(f"not pinned to a version: {line[:80]!r}")
        yield Locked(match["name"], match["version"], match["marker"] or "", tuple(each.strip() for each in hashes))
