"""What a write did beside what it was to do: every line of a recurring invoice, or a licence record, as sent and as it is. Pure.

Halo writes all lines at once: one that it loses, or takes otherwise than it was sent, is changed without anybody asking, and that
must be seen. What cannot be seen, as Halo has no conditional write, is a person's edit in the second between our read and our
write: it is overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from adapters.psa.halopsa.reading import FIRST_REAL_YEAR
from adapters.psa.halopsa.steps import MAKES_ROWS, MARKER, PRICE
from adapters.psa.records import Record, text
from adapters.redaction import shown

_MOST_WORDS = 5

_OF_LINES = "sequenceid net_amount net_total tax_amount total_price total_tax total_discount"
_OF_LICENCES = "licences_in_use licences_in_use_user licences_available device_count"
_OF_ROWS = "prorata_data prorata_next_invoice prorata_shortdescription prorata_longdescription"
"""Rows are compared by themselves (``proration.changed_rows``), and the members that made one may fall back once it is there."""
DERIVED = frozenset({*f"{_OF_LINES} {_OF_LICENCES} {_OF_ROWS}".split(), *MAKES_ROWS})
"""What Halo computes from the rest, and so may write otherwise than it is sent."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT")


def more_changed(sent: Sequence[Record] | None, now: Sequence[Record], markers: Collection[str] = (), noun: str = "line") -> str:
    """In words for a person, what a write changed beside what was asked for; empty when nothing, or when ``sent`` is not known any more."""
    found = [] if sent is None else changed_beside(sent, now, markers, noun)
    return f"More was changed than was asked for: {'; '.join(found[:_MOST_WORDS])}" if found else ""


def changed_beside(sent: Sequence[Record], now: Sequence[Record], markers: Collection[str], noun: str = "line") -> list[str]:
    """Every difference between the records as sent and as they are; those with one of ``markers`` were to be added. ``noun`` says what they are."""
    before = {text(each, "id"): each for each in sent if "id" in each}
    after = {text(each, "id"): each for each in now}
    gone = [f"{noun} {number} is gone" for number in before if number not in after]
    new = [f"{noun} {number} is new" for number, each in after.items() if number not in before and text(each, MARKER) not in markers]
    both = (number for number in before if number in after)
    return [*gone, *new, *(words for number in both for words in _changes(f"{noun} {number}", before[number], after[number]))]


def _changes(what: str, before: Record, after: Record) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if not _is_derived(name, after) and _plain(before.get(name)) != _plain(after.get(name)):
            yield shown(f"{what}: {name} {before.get(name)} is now {after.get(name)}", 120)


def _is_derived(name: str, after: Record) -> bool:
    if name == "baseprice":  # in the home currency; it may follow a price that was set
        return bool(_plain(after.get(name)) == _plain(after.get(PRICE)))
    return name in DERIVED or name.endswith("_converted") or (name.startswith("_") and name != "_itemid")


def _plain(value: Any) -> Any:
    """A value as it counts: a date by its day, and nothing said, however Halo says it, as ``None``."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value] or None
    if isinstance(value, str) and _TIME.match(value):
        return value[:10] if int(value[:4]) >= FIRST_REAL_YEAR else None
    return value or None
