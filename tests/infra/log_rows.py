"""Log lines as rows of ``AppTraces``, as Azure Monitor keeps what a function logs."""

import logging
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.pipeline.logbook import LogLine

Rows = list[dict[str, Any]]
_SEVERITY = {logging.DEBUG: 0, logging.INFO: 1, logging.WARNING: 2, logging.ERROR: 3, logging.CRITICAL: 4}
"""Azure Monitor, "SeverityLevel": verbose to critical."""
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) (\w+) [\w.]+: (.*)")


def rows_of(lines: Iterable[LogLine]) -> Rows:
    """What was collected in a night in memory."""
    return [{"TimeGenerated": line.at, "Message": line.text, "SeverityLevel": _SEVERITY[line.level]} for line in lines]


def rows_of_log(text: str) -> Rows:
    """What hosts on this machine wrote into their log, whose times are local; lines of a traceback are left out."""
    return rows_of(_lines(text))


def _lines(text: str) -> Iterator[LogLine]:
    for moment, thousandths, level, message in _LINE.findall(text):
        at = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(microsecond=int(thousandths) * 1000).astimezone(UTC)
        yield LogLine(at, logging.getLevelNamesMapping()[level], message)
