"""Texts that tenants and PSAs wrote, made harmless for one line of a mail, a terminal, a log or an invoice.

Whoever names a customer or a product may try to forge a second line, colour a terminal, or turn the reading direction round.
Escaping (for HTML, for CSV) is a matter of the place it goes to, and is done there.
"""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Unicode categories: control, format (direction, zero width), surrogates, line and paragraph separators."""


def clean(text: str, limit: int = 300) -> str:
    """``text`` on one line, without characters that act instead of being seen, at most ``limit`` characters long."""
    seen = text if text.isascii() and text.isprintable() else "".join(map(_seen, text))
    line = " ".join(seen.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _seen(character: str) -> str:
    return " " if unicodedata.category(character) in _UNSEEN else character
