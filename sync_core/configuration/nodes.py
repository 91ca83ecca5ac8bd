"""A configuration file as a tree that knows its lines, and what is wrong with it, all at once.

A scalar keeps its text as it was written: what it means is for the field that reads it. So ``no`` in a name is a name, and
``012`` is the id that somebody typed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sync_core.errors import InvalidConfiguration


@dataclass(frozen=True)
class Node:
    """One value of the file: the text of a scalar, the items of a list, or the members of a mapping. ``line`` counts from 1."""

    line: int
    content: str | tuple[Node, ...] | Mapping[str, Member]
    plain: bool = False
    """Whether a scalar was written without quotes."""


@dataclass(frozen=True)
class Member:
    """A member of a mapping; ``line`` is that of its key."""

    line: int
    node: Node


@dataclass(frozen=True)
class Place:
    """Where something stands: the line, and the path to it such as ``customers[3].links[0].profile``."""

    line: int
    path: str = ""

    def member(self, name: str, line: int) -> Place:
        """The place of a member of the mapping here."""
        return Place(line, f"{self.path}.{name}" if self.path else name)

    def item(self, index: int, line: int) -> Place:
        """The place of an item of the list here."""
        return Place(line, f"{self.path}[{index}]")


@dataclass(frozen=True)
class Problem:
    """Something wrong, or worth a warning: where, what, and what to do about it."""

    place: Place
    what: str
    fix: str = ""

    def text(self, file: str) -> str:
        """One line that editors can jump to: ``file:line: path: what. fix.``"""
        where = f"{file}:{self.place.line}: {self.place.path}" if self.place.path else f"{file}:{self.place.line}"
        return f"{where}: {_sentence(self.what)}{' ' + _sentence(self.fix) if self.fix else ''}"


class InvalidFile(InvalidConfiguration):
    """The file has these problems; nothing of it is used."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.place.line, problem.place.path)))
        super().__init__("\n".join(problem.text(file) for problem in self.problems), code="invalid-configuration")

    def __str__(self) -> str:
        """One line a problem, in the order of the file."""
        return self.what


@dataclass
class Problems:
    """Collects what is wrong with one file while it is read."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, place: Place, what: str, fix: str = "") -> None:
        """Something that keeps the file from being used."""
        self.errors.append(Problem(place, what, fix))

    def warning(self, place: Place, what: str, fix: str = "") -> None:
        """Something that is allowed, and may not be meant."""
        self.warnings.append(Problem(place, what, fix))

    def raise_errors(self, file: str) -> None:
        """Raises ``InvalidFile`` when there was an error."""
        if self.errors:
            raise InvalidFile(file, self.errors)


def did_you_mean(text: str, known: Iterable[str], what: str = "Known here") -> str:
    """The fix for a name that nobody knows: the closest ones, or the first of those there are."""
    names = sorted(set(known))
    by_lower = {name.lower(): name for name in names}
    if close := difflib.get_close_matches(text.lower(), by_lower, n=3, cutoff=0.7):
        return f"Did you mean {' or '.join(by_lower[name] for name in close)}?"
    if not names:
        return ""
    return f"{what}: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}"


def shown(text: str) -> str:
    """A value for a message: quoted, short, without control characters."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
