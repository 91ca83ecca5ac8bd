"""Questions to the person at the terminal."""

from __future__ import annotations

from collections.abc import Callable

Ask = Callable[[str], str]
"""Shows a question, and gives what the person types."""


def answer(question: str) -> str:
    """What the person types; nothing where nobody can."""
    try:
        return input(question)
    except EOFError:
        return ""


def agreed(ask: Ask, question: str) -> bool:
    """Whether the person says yes; whatever else is said, or nothing, is a no."""
    return ask(f"{question} [y/N] ").strip().casefold() in ("y", "yes")
