"""The parts that a digest is made of, before they have a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_ENTRIES = 30
MOST_LINES = 12


class Tone(StrEnum):
    """How a part wants to be met."""

    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"
    CALM = "calm"


@dataclass(frozen=True)
class Line:
    """One thing about an entry: what it is about, what is said of it, an amount, what to do about it, and the small print."""

    about: str
    text: str = ""
    amount: str = ""
    fix: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One customer, or several with the same thing to say. ``more`` lines were left out."""

    title: str
    lines: tuple[Line, ...] = ()
    more: int = 0
    customers: int = 1


@dataclass(frozen=True)
class Section:
    """Entries of one kind. ``lead`` says what to do about them; ``more`` entries were left out, and ``customers`` counts all."""

    title: str
    tone: Tone
    lead: str
    entries: tuple[Entry, ...]
    more: int
    customers: int


@dataclass(frozen=True)
class Headline:
    """A number with its word, as ``3 changed``."""

    number: int
    word: str
    tone: Tone


@dataclass(frozen=True)
class Banner:
    """What stands above everything: the run was held or its writes were stopped."""

    title: str
    why: str
    fix: str


@dataclass(frozen=True)
class Digest:
    """The whole message. ``money`` has one row for each kind of change, with an amount for each currency."""

    title: str
    subtitle: str
    summary: str
    banner: Banner | None
    headlines: tuple[Headline, ...]
    money: tuple[tuple[str, tuple[str, ...]], ...]
    sections: tuple[Section, ...]
    run_id: str
    whole: bool = True
    """Whether it is about everything that can go wrong, so that nothing to tell means that all is well."""

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell but that all is well."""
        return not self.sections and self.banner is None


def section_of(title: str, tone: Tone, lead: str, entries: Iterable[Entry]) -> Section:
    """The section with the entries that there is room for."""
    found = tuple(entries)
    return Section(title, tone, lead, found[:MOST_ENTRIES], max(0, len(found) - MOST_ENTRIES), sum(entry.customers for entry in found))


def entry_of(title: str, lines: Sequence[Line]) -> Entry:
    """The entry with the lines that there is room for."""
    return Entry(title, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))
