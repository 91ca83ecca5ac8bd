"""Shapes of configuration values: each reads a node into a value with its place, and says the same as JSON Schema.

A shape reports every problem it finds and goes on, so that one pass over the file finds them all. What could not be read is left
out of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sync_core.configuration.nodes import Node, Place, Problems, did_you_mean, shown

Schema = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """A value and where it stands. A scalar is its parsed value, a list ``tuple[Read, ...]``, a mapping a ``Section``."""

    value: Any
    place: Place


class Shape(Protocol):
    """What a value looks like."""

    def read(self, node: Node, place: Place, problems: Problems) -> Read | None:
        """The value; ``None`` when it is wrong, which is then among the problems."""
        ...

    def schema(self) -> Schema:
        """The shape as JSON Schema."""
        ...


@dataclass(frozen=True)
class Scalar:
    """A single value. ``parse`` raises ``ValueError`` with the fix; ``hidden`` values are never repeated in a message.

    A ``bare`` one (a number, a flag) must be written without quotes.
    """

    expected: str
    parse: Callable[[str], Any]
    json: Schema
    bare: bool = False
    hidden: bool = False

    def read(self, node: Node, place: Place, problems: Problems) -> Read | None:
        if not isinstance(node.content, str):
            problems.error(place, f"a {_kind(node)} where {self.expected} belongs")
            return None
        if node.plain and node.content in ("", "~", "null", "Null", "NULL"):
            problems.error(place, "nothing is here", f"Give {self.expected}, or take the line out")
            return None
        try:
            if self.bare and not node.plain:
                raise ValueError("Write it without quotes")
            return Read(self.parse(node.content), place)
        except ValueError as error:
            value = "" if self.hidden else f" ({shown(node.content)})"
            problems.error(place, f"not {self.expected}{value}", str(error))
            return None

    def schema(self) -> Schema:
        return dict(self.json)


@dataclass(frozen=True)
class ListOf:
    """A list of values of one shape."""

    of: Shape

    def read(self, node: Node, place: Place, problems: Problems) -> Read | None:
        if not isinstance(node.content, tuple):
            problems.error(place, f"a {_kind(node)} where a list belongs", "Begin each item with '- ' on a line of its own")
            return None
        items = (self.of.read(item, place.item(index, item.line), problems) for index, item in enumerate(node.content))
        return Read(tuple(item for item in items if item is not None), place)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.of.schema()}


@dataclass(frozen=True)
class Several:
    """One value, or a list of values of the same shape. Reads as a list does."""

    of: Shape

    def read(self, node: Node, place: Place, problems: Problems) -> Read | None:
        if isinstance(node.content, tuple):
            return ListOf(self.of).read(node, place, problems)
        read = self.of.read(node, place, problems)
        return Read((read,), place) if read is not None else None

    def schema(self) -> Schema:
        return {"anyOf": [self.of.schema(), ListOf(self.of).schema()]}


@dataclass(frozen=True)
class Section:
    """A mapping that was read: the members that are there and right, in the order of the file."""

    place: Place
    members: Mapping[str, Read] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a member, or the default."""
        return self.members[name].value if name in self.members else default

    def items(self, name: str) -> tuple[Read, ...]:
        """The items of a list member; none when it is missing."""
        found: tuple[Read, ...] = self.get(name, ())
        return found

    def section(self, name: str) -> Section:
        """A member that is a mapping itself; an empty one when it is missing."""
        found: Section = self.get(name) or Section(self.place)
        return found

    def place_of(self, name: str) -> Place:
        """Where a member stands; where the mapping stands when it is missing."""
        return self.members[name].place if name in self.members else self.place

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the members that are there, as keyword arguments."""
        return {name: self.members[name].value for name in names if name in self.members}


@dataclass(frozen=True)
class MapOf:
    """A mapping from names that people choose to values of one shape. ``name`` is the shape of the names."""

    of: Shape
    name: Scalar

    def read(self, node: Node, place: Place, problems: Problems) -> Read | None:
        members = {}
        for key, inner, at in _members(node, place, problems):
            name = self.name.read(Node(at.line, key), at, problems)
            value = self.of.read(inner, at, problems)
            if name is not None and value is not None:
                members[key] = value
        return Read(Section(place, members), place)

    def schema(self) -> Schema:
        schema: Schema = {"type": "object", "additionalProperties": self.of.schema()}
        pattern = self.name.schema().get("pattern")
        return schema | ({"propertyNames": {"pattern": pattern}} if pattern else {})


@dataclass(frozen=True)
class Field:
    """A member of a ``Fields``: its shape and what it is for."""

    shape: Shape
    sentence: str
    required: bool = False


@dataclass(frozen=True)
class Fields:
    """A mapping with known members. Of each group in ``one_of`` exactly one member must be there; in ``at_most_one`` one or none."""

    fields: Mapping[str, Field]
    one_of: Sequence[tuple[str, ...]] = ()
    at_most_one: Sequence[tuple[str, ...]] = ()

    def read(self, node: Node, place: Place, problems: Problems) -> Read | None:
        if not isinstance(node.content, Mapping):
            problems.error(place, f"a {_kind(node)} where a mapping belongs", f"Known here: {', '.join(self.fields)}")
            return None
        members = {}
        for key, inner, at in _members(node, place, problems):
            if key not in self.fields:
                problems.error(at, "unknown key", did_you_mean(key, self.fields))
            elif (value := self.fields[key].shape.read(inner, at, problems)) is not None:
                members[key] = value
        self._check_presence(node.content, place, problems)
        return Read(Section(place, members), place)

    def _check_presence(self, present: Mapping[str, Any], place: Place, problems: Problems) -> None:
        for name, item in self.fields.items():
            if item.required and name not in present:
                problems.error(place, f"{name} is missing", item.sentence)
        for group in (*self.one_of, *self.at_most_one):
            there = [name for name in group if name in present]
            if len(there) > 1:
                problems.error(place, f"{' and '.join(there)} together", "Keep one of them")
            if not there and group in self.one_of:
                problems.error(place, f"one of {', '.join(group)} is missing")

    def schema(self) -> Schema:
        properties = {name: {"description": item.sentence, **item.shape.schema()} for name, item in self.fields.items()}
        required = [name for name, item in self.fields.items() if item.required]
        schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
        if required:
            schema["required"] = required
        groups: list[Schema] = [{"oneOf": [{"required": [name]} for name in group]} for group in self.one_of]
        groups += [{"not": {"required": [first, second]}} for group in self.at_most_one for first, second in _pairs(group)]
        return schema | ({"allOf": groups} if groups else {})


def _members(node: Node, place: Place, problems: Problems) -> Iterator[tuple[str, Node, Place]]:
    if not isinstance(node.content, Mapping):
        problems.error(place, f"a {_kind(node)} where a mapping belongs", "Write 'name: value' lines under it")
        return
    for key, member in node.content.items():
        yield key, member.node, place.member(key, member.line)


def _kind(node: Node) -> str:
    if isinstance(node.content, str):
        return "single value"
    return "list" if isinstance(node.content, tuple) else "mapping"


def _pairs(group: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return ((first, second) for index, first in enumerate(group) for second in group[index + 1 :])
