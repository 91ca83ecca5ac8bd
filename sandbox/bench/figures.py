"""What a measurement gives: figures beside their goals, for people as a table and for machines as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One value. ``most`` is the goal, which the value must not exceed; without one the value is only shown. ``None``: could not be measured."""

    name: str
    value: float | None
    unit: str = ""
    most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` where there is none, or nothing to compare."""
        return None if self.most is None or self.value is None else self.value <= self.most

    def to_json(self) -> dict[str, Any]:
        """The figure with its mark."""
        return {**asdict(self), "met": self.met}


@dataclass(frozen=True)
class Section:
    """The figures of one measurement; ``notes`` say what the reader has to know, each in one line."""

    title: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The section for machines."""
        return {"title": self.title, "figures": [figure.to_json() for figure in self.figures], "notes": list(self.notes)}


def table(sections: Iterable[Section]) -> str:
    """All sections as text: value, goal and mark in columns."""
    sections = list(sections)
    width = max((len(figure.name) for section in sections for figure in section.figures), default=0)
    return "\n\n".join("\n".join(_lines(section, width)) for section in sections)


def _lines(section: Section, width: int) -> Iterator[str]:
    yield section.title
    for figure in section.figures:
        goal = "" if figure.most is None else f"goal <= {_shown(figure.most)}"
        mark = {True: "met", False: "MISSED", None: ""}[figure.met]
        yield f"  {figure.name:<{width}}  {_shown(figure.value):>9} {figure.unit:<5}  {goal:<12} {mark}".rstrip()
    yield from (f"  {note}" for note in section.notes)


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
