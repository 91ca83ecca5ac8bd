"""A vendor's routes, each with small schemas of what goes over it. Written from what the vendor publishes, and held to by nobody here: the tests
compare with them whatever an adapter sends and a simulator answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """One way to call the vendor. ``path`` is a regular expression for the whole of a path, and ``answer`` the body of a success."""

    method: str
    path: str
    answer: Schema
    query: frozenset[str] = frozenset()
    """The parameters that there are."""
    body: Schema | None = None
    """``None`` where no JSON is sent."""
    fields: frozenset[str] = frozenset()
    """The members that may be asked for, where a request can choose them."""


def in_part(schema: Schema) -> Schema:
    """The schema of a record of which only some members were asked for."""
    parts = {name: in_part(value) for name, value in schema.get("properties", {}).items()}
    found = {**schema, **({"properties": parts} if parts else {}), **({"items": in_part(schema["items"])} if "items" in schema else {})}
    return {name: value for name, value in found.items() if name != "required"}


def rows_of(schema: Schema) -> Schema:
    """A bare array."""
    return {"type": "array", "items": schema}
