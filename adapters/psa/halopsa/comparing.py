"""What a write did beside what it was to do: every line of a recurring invoice as sent and as it is, member by member. Pure.

Halo writes all lines at once: one that it loses, or takes otherwise than it was sent, is changed without anybody asking, and that
must be seen. What cannot be seen, as Halo has no conditional write, is a person's edit in the second between our read and our
write: it is overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from adapters.psa.halopsa.reading import FIRST_REAL_YEAR
from adapters.psa.halopsa.steps import MARKER, PRICE
from adapters.psa.records import Record, text
from adapters.redaction import shown

DERIVED = frozenset({"sequenceid", "net_amount", "net_total", "tax_amount", "total_price", "total_tax", "total_discount"})
"""What Halo computes from the rest, and so may write otherwise than it is sent."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT")


def changed_beside(sent: Sequence[Record], now: Sequence[Record], markers: Collection[str]) -> list[str]:
    """In words, every difference between the lines as sent and as they are; lines with one of ``markers`` are those that were to be added."""
    before = {text(each, "id"): each for each in sent if "id" in each}
    after = {text(each, "id"): each for each in now}
    gone = [f"line {line_id} is gone" for line_id in before if line_id not in after]
    new = [f"line {line_id} is new" for line_id, each in after.items() if line_id not in before and text(each, MARKER) not in markers]
    return [*gone, *new, *(words for line_id in before if line_id in after for words in _changes(line_id, before[line_id], after[line_id]))]


def _changes(line_id: str, before: Record, after: Record) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if not _is_derived(name, after) and _plain(before.get(name)) != _plain(after.get(name)):
            yield shown(f"line {line_id}: {name} {before.get(name)} is now {after.get(name)}", 120)


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
