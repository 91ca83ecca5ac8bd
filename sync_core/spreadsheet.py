"""Rows of CSV files as spreadsheets take them: no cell is a formula, whoever chose its text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Before the first row, so that spreadsheets read the file as UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_row(cells: Iterable[str]) -> bytes:
    """One row in UTF-8, ended by a line break; a cell that would be a formula gets an apostrophe before it."""
    line = io.StringIO()
    csv.writer(line).writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    return line.getvalue().encode("utf-8", "replace")


def plain_cell(cell: str) -> str:
    """The text of a cell without the apostrophe that ``csv_row`` put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
