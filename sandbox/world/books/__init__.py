"""The PSAs that a world may have, each kept by people until the app comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.world.books.autotask import AutotaskBooks
from sandbox.world.books.books import Agreed, Billed, Books, Clock, Firm, Preview, Terms
from sandbox.world.books.connectwise import ConnectWiseBooks
from sandbox.world.books.halopsa import HaloPsaBooks

KINDS: Mapping[str, Callable[[Clock], Books]] = {"connectwise": ConnectWiseBooks, "autotask": AutotaskBooks, "halopsa": HaloPsaBooks}
SHOWN: Mapping[str, str] = {books.kind: books.shown for books in (ConnectWiseBooks, AutotaskBooks, HaloPsaBooks)}
"""What people call each kind."""
MIXED = "mixed"
"""All of them at one partner, customer by customer in turn."""
CHOICES = (*KINDS, MIXED)


def books_of(choice: str, clock: Clock) -> tuple[Books, ...]:
    """The PSAs of a choice; raises ``ValueError`` for one that there is not."""
    if choice not in CHOICES:
        raise ValueError(f"there is no PSA {choice!r}; choose one of {', '.join(CHOICES)}")
    return tuple(make(clock) for kind, make in KINDS.items() if choice in (kind, MIXED))


__all__ = [
    "CHOICES",
    "KINDS",
    "MIXED",
    "SHOWN",
    "Agreed",
    "AutotaskBooks",
    "Billed",
    "Books",
    "Clock",
    "ConnectWiseBooks",
    "Firm",
    "HaloPsaBooks",
    "Preview",
    "Terms",
    "books_of",
]
