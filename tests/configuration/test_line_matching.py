"""Lines that are already there, and the SKUs that they seem to bill: suggestions with a confidence, never more."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sync_core.configuration.line_matching import match_lines
from sync_core.model.agreements import Line, Product
from sync_core.model.licences import PrepaidUnits, Sku
from tests.configuration.files import EXCHANGE, PREMIUM

BUSINESS_PREMIUM = Sku(PREMIUM, "SPB", "Microsoft 365 Business Premium", PrepaidUnits(enabled=25), 22)
PLAN_1 = Sku(EXCHANGE, "EXCHANGESTANDARD", "Exchange Online (Plan 1)", PrepaidUnits(enabled=5), 5)
PRODUCTS = (Product("1", "M365-BP", "Microsoft 365 Business Premium", Decimal(22)), Product("2", "LABOUR", "Labour", Decimal(100)))
LINE = Line("101", "1", "M365-BP", Decimal(25), Decimal(22))


@pytest.mark.parametrize(
    ("line", "least", "most", "why"),
    [
        (LINE, 0.99, 0.99, "same product, same number of units"),
        (replace(LINE, quantity=Decimal(22)), 0.99, 0.99, "same product, same number of units"),
        (replace(LINE, quantity=Decimal(7)), 0.85, 0.95, "same product, 25 bought"),
        (replace(LINE, product="CSP-1", marker="CC-SPB-0017"), 0.97, 0.99, "its marker names the SKU, same number of units"),
        (replace(LINE, product="CSP-1", text="M365 Business Premium"), 0.6, 0.9, "similar name, same number of units"),
    ],
    ids=["product and units", "units that are assigned", "product alone", "marker", "name"],
)
def test_a_line_is_matched_by_marker_product_or_name(line: Line, least: float, most: float, why: str) -> None:
    (match,) = match_lines((BUSINESS_PREMIUM, PLAN_1), (line,), PRODUCTS)
    assert (match.sku, match.why) == (BUSINESS_PREMIUM, why)
    assert least <= match.confidence <= most


def test_what_nothing_speaks_for_is_not_matched() -> None:
    assert match_lines((BUSINESS_PREMIUM,), (replace(LINE, product="LABOUR", quantity=Decimal(1)),), PRODUCTS) == ()


def test_a_sku_is_suggested_for_one_line_only_the_surest() -> None:
    twice = (replace(LINE, line_id="102", quantity=Decimal(3)), LINE)
    assert [match.line.line_id for match in match_lines((BUSINESS_PREMIUM, PLAN_1), twice, PRODUCTS)] == ["101"]
