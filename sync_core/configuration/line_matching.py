"""Which SKU a line that is already there bills: by its marker, product and name, with a confidence. Pure; never more than a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sync_core.configuration.matching import likeness, match_product
from sync_core.model.agreements import Line, Product
from sync_core.model.licences import Sku

_BY_MARKER = 0.97
_SAME_UNITS, _OTHER_UNITS = 0.05, 0.1
_MOST, _LEAST = 0.99, 0.5


@dataclass(frozen=True)
class LineMatch:
    """A SKU that a line seems to bill. ``confidence`` is from 0 to 1; ``why`` says what it rests on."""

    line: Line
    sku: Sku
    confidence: float
    why: str


def match_lines(skus: Sequence[Sku], lines: Iterable[Line], products: Sequence[Product]) -> tuple[LineMatch, ...]:
    """The SKU that fits each line best, where one fits at all, each SKU to the line that fits it best; the surest first."""
    product_of = {sku.sku_id: match_product((sku.name, sku.part_number), products) for sku in skus}
    found = [
        match for line in lines for sku in skus for match in _matches(line, sku, product_of[sku.sku_id].product, product_of[sku.sku_id].confidence)
    ]
    best: list[LineMatch] = []
    for match in sorted(found, key=lambda each: (-each.confidence, each.line.line_id, each.sku.sku_id)):
        if all(match.line.line_id != other.line.line_id and match.sku.sku_id != other.sku.sku_id for other in best):
            best.append(match)
    return tuple(best)


def _matches(line: Line, sku: Sku, product: Product | None, confidence: float) -> Iterator[LineMatch]:
    ways = []
    if any(name and name.casefold() in line.marker.casefold() for name in (sku.part_number, sku.sku_id)):
        ways.append((_BY_MARKER, "its marker names the SKU"))
    if product and product.identifier.casefold() == line.product.casefold():
        ways.append((confidence, "same product"))
    name = max(likeness(known, text) for known in (sku.name, sku.part_number) for text in (line.product, line.text))
    ways.append((name * 0.9, "similar name"))
    surest, why = max(ways)
    same = line.quantity in (sku.units.enabled, sku.assigned)
    units = f"{'same number of units' if same else f'{sku.units.enabled} bought'}"
    total = min(surest + _SAME_UNITS, _MOST) if same else surest - _OTHER_UNITS
    if total >= _LEAST:
        yield LineMatch(line, sku, round(total, 2), f"{why}, {units}")
