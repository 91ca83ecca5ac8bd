"""Everything that is logged meanwhile, with the time of the night it was logged in."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync_core.ports import Clock


@dataclass(frozen=True)
class LogLine:
    """One line, and when it was logged (UTC)."""

    at: datetime
    level: int
    text: str

    @property
    def fields(self) -> dict[str, Any]:
        """What a line of the pipeline says."""
        return dict(json.loads(self.text))


@dataclass
class Logbook:
    """The lines so far, in order."""

    clock: Clock
    lines: list[LogLine] = field(default_factory=list)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The fields of the events of a name."""
        return [line.fields for line in self.lines if line.text.startswith("{") and line.fields["event"] == name]

    def metrics(self, name: str) -> list[dict[str, Any]]:
        """The fields of the metrics of a name."""
        return [fields for fields in self.events("metric") if fields["name"] == name]


class _Writer(logging.Handler):
    def __init__(self, book: Logbook) -> None:
        super().__init__(logging.DEBUG)
        self._book = book

    def emit(self, record: logging.LogRecord) -> None:
        self._book.lines.append(LogLine(self._book.clock.now(), record.levelno, record.getMessage()))


@contextmanager
def logbook(clock: Clock) -> Iterator[Logbook]:
    """Collects what is logged inside, from ``DEBUG`` on and by whomever."""
    book, root = Logbook(clock), logging.getLogger()
    writer, level = _Writer(book), root.level
    root.addHandler(writer)
    root.setLevel(logging.DEBUG)
    try:
        yield book
    finally:
        root.setLevel(level)
        root.removeHandler(writer)
