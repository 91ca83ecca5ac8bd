"""What people see on a terminal: tables, paragraphs and a progress line, fitted to its width, its encoding and its colours.

Every text passes ``clean``: names that tenants and PSAs chose must not move the cursor or turn the reading direction round.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from sync_core.hostile_text import clean

_ASCII = str.maketrans({"→": "->", "…": "~", "“": '"', "”": '"', "─": "-", "│": "|", "┼": "+", "█": "#", "░": "."})
_NARROWEST = 6
_GAP = " │ "
_BAR = 24
_LONGEST_TEXT = 1000


class Colour(Enum):
    """The colours that carry a meaning here, as ANSI codes."""

    PLAIN = ""
    GOOD = "32"
    WAITING = "33"
    BAD = "31"
    CALM = "2"
    STRONG = "1"


@dataclass(frozen=True)
class Cell:
    """A text in a table with its colour; numbers stand on the right."""

    text: str
    colour: Colour = Colour.PLAIN
    right: bool = False


class Terminal:
    """A stream for people.

    Args:
        stream: where to write.
        environment: for ``NO_COLOR``, ``TERM`` and ``COLUMNS``.
        width: columns; without it those of the terminal, and no limit where the stream is none.
    """

    def __init__(self, stream: TextIO | None = None, environment: Mapping[str, str] = os.environ, width: int | None = None) -> None:
        self._stream = stream or sys.stdout
        self.interactive = self._stream.isatty()
        self.width = width or _width(self.interactive, environment)
        self._unicode = _encodes(self._stream.encoding)
        self._coloured = self.interactive and not environment.get("NO_COLOR") and _knows_colours(environment)
        self._progress = ""
        self._shown = ""

    def say(self, text: str = "", colour: Colour = Colour.PLAIN, indent: int = 0) -> None:
        """A paragraph, broken at the terminal's width."""
        margin = " " * indent
        width = max(_NARROWEST, self.width - indent) if self.width else 10**6
        lines = textwrap.wrap(self._fitting(clean(text, _LONGEST_TEXT)), width, break_on_hyphens=False)
        for line in lines or [""]:
            self._write(margin + self._painted(line, colour))

    def fact(self, heading: str, text: str, width: int = 12, indent: int = 2) -> None:
        """A paragraph beside its heading; an empty heading goes on with the one before."""
        margin = " " * (indent + width)
        room = max(_NARROWEST, self.width - indent - width) if self.width else 10**6
        lines = textwrap.wrap(self._fitting(clean(text, _LONGEST_TEXT)), room, break_on_hyphens=False) or [""]
        self._write(f"{' ' * indent}{self._painted(f'{self._fitting(clean(heading)):<{width}}', Colour.CALM)}{lines[0]}")
        for line in lines[1:]:
            self._write(margin + line)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Cell | str]]) -> None:
        """A table; columns give way, the widest first, until it fits."""
        body = [[self._cell(cell) for cell in row] for row in rows]
        head = [Cell(self._fitting(title), Colour.STRONG, body[0][number].right if body else False) for number, title in enumerate(header)]
        widths = _shrunk([max(map(_width_of, column)) for column in zip(head, *body, strict=True)], self.width)
        self._row(head, widths)
        self._write(self._fitting("─┼─".join("─" * width for width in widths)))
        for row in body:
            self._row(row, widths)

    def progress(self, done: int, total: int, stage: str) -> None:
        """How far the work is: one line that stays in its place, or a new line for each stage and tenth where the stream is no terminal."""
        if not self.interactive:
            self._plain_progress(done, total, stage)
            return
        full = _BAR * done // total if total else 0
        line = self._fitting(f"{'█' * full}{'░' * (_BAR - full)} {done}/{total} {clean(stage)}")
        line = _cut(line, max(1, (self.width or 80) - 1), self._ellipsis)
        self._stream.write("\r" + line + " " * max(0, columns(self._progress) - columns(line)))
        self._stream.flush()
        self._progress = line

    def end_progress(self) -> None:
        """Takes the progress line away."""
        if self._progress:
            self._stream.write("\r" + " " * columns(self._progress) + "\r")
            self._progress = ""
        self._shown = ""

    def _plain_progress(self, done: int, total: int, stage: str) -> None:
        step = f"{stage} {10 * done // total if total else 0}"
        if step != self._shown:
            self._shown = step
            self._write(self._fitting(f"{clean(stage)}: {done} of {total}"))

    def _row(self, row: Sequence[Cell], widths: Sequence[int]) -> None:
        cells = [self._padded(cell, width) for cell, width in zip(row, widths, strict=True)]
        self._write(self._fitting(_GAP).join(cells).rstrip())

    def _padded(self, cell: Cell, width: int) -> str:
        text = _cut(cell.text, width, self._ellipsis)
        padding = " " * (width - columns(text))
        return padding + self._painted(text, cell.colour) if cell.right else self._painted(text, cell.colour) + padding

    def _cell(self, cell: Cell | str) -> Cell:
        found = cell if isinstance(cell, Cell) else Cell(cell)
        return Cell(self._fitting(clean(found.text)), found.colour, found.right)

    @property
    def _ellipsis(self) -> str:
        return self._fitting("…")

    def _painted(self, text: str, colour: Colour) -> str:
        return f"\x1b[{colour.value}m{text}\x1b[0m" if self._coloured and colour.value and text else text

    def _fitting(self, text: str) -> str:
        """The text in characters that the stream can encode."""
        if self._unicode:
            return text
        encoding = self._stream.encoding or "ascii"
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)

    def _write(self, line: str) -> None:
        if self.interactive:
            self.end_progress()
        self._stream.write(line + "\n")


def columns(text: str) -> int:
    """How many columns a text takes: two for a wide East Asian character or an emoji, none for a mark on another character."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _width_of(cell: Cell) -> int:
    return columns(cell.text)


def _cut(text: str, width: int, ellipsis: str) -> str:
    if columns(text) <= width:
        return text
    while columns(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + ellipsis


def _shrunk(widths: Sequence[int], limit: int) -> list[int]:
    """The widths of columns that together, with the gaps between them, take at most ``limit`` (0: no limit) where that is possible."""
    shrunk = list(widths)
    over = sum(shrunk) + len(_GAP) * (len(shrunk) - 1) - limit if limit else 0
    while over > 0 and max(shrunk) > _NARROWEST:
        shrunk[shrunk.index(max(shrunk))] -= 1
        over -= 1
    return shrunk


def _width(interactive: bool, environment: Mapping[str, str]) -> int:
    if environment.get("COLUMNS", "").isdigit():
        return int(environment["COLUMNS"])
    return shutil.get_terminal_size().columns if interactive else 0


def _encodes(encoding: str | None) -> bool:
    try:
        "→…─│┼█░“”".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _knows_colours(environment: Mapping[str, str]) -> bool:
    """An old Windows console shows the codes as they are; Windows Terminal and every TERM but ``dumb`` understand them."""
    if sys.platform == "win32":
        return bool(environment.get("WT_SESSION") or environment.get("TERM"))
    return environment.get("TERM") != "dumb"
