"""Recurring invoices, lines, items and clients as our model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa.halopsa.reading import agreement, companies, items, line, line_records
from adapters.psa.halopsa.settings import Covers, HaloPsaSettings, LineEnd
from sync_core.model.agreements import Agreement, AgreementStatus, Charge, Line

SETTINGS = HaloPsaSettings("psa one", "https://halo.example", "client", "halo-secret", billing_periods={"monatlich": 1, "71": 1})
HEAD: dict[str, Any] = {
    "id": -3,
    "client_id": 7,
    "reference": "Cloud",
    "contract_ref": "Managed Services",
    "startdate": "2026-01-01T00:00:00",
    "enddate": None,
    "nextcreationdate": "2026-04-01T00:00:00",
    "periodname": "Monthly",
    "currency_code_name": "EUR",
    "disabled": False,
}
LINE: dict[str, Any] = {
    "id": 5,
    "_itemid": 2,
    "qty_order": 3,
    "unit_price": Decimal("1.5"),
    "item_shortdescription": "Printed text",
    "item_longdescription": "Below it",
}
ITEMS = items([{"id": 2, "name": "M365-BP", "baseprice": Decimal("9.5")}])


def head(**members: Any) -> Agreement:
    return agreement({**HEAD, **members}, SETTINGS)


def read(**members: Any) -> Line:
    return line({**LINE, **members}, ITEMS, LineEnd.INCLUSIVE)


def test_a_recurring_invoice_is_an_agreement_that_never_prorates() -> None:
    found = head()
    assert (found.agreement_id, found.company_id, found.name, found.type_name) == ("-3", "7", "Cloud", "Managed Services")
    assert (found.period_months, found.next_invoice, found.prorates, found.currency) == (1, date(2026, 4, 1), False, "EUR")


def test_what_is_not_on_the_head_is_looked_for_on_its_schedule() -> None:
    schedule = {"startdate": "2026-01-01T00:00:00", "nextcreationdate": "2026-04-01T00:00:00", "end_date": "2026-12-31T00:00:00"}
    found = head(startdate=None, nextcreationdate=None, schedule=schedule)
    assert (found.start, found.next_invoice, found.end) == (date(2026, 1, 1), date(2026, 4, 1), date(2026, 12, 31))


@pytest.mark.parametrize("members", [{"disabled": True}, {"schedule": {"disabled": True}}])
def test_a_disabled_recurring_invoice_is_inactive(members: dict[str, Any]) -> None:
    assert head(**members).status is AgreementStatus.INACTIVE


@pytest.mark.parametrize(
    ("members", "months"),
    [
        ({"periodname": "Quarterly"}, 3),
        ({"periodname": "6 Monthly"}, 6),
        ({"periodname": "7 Monthly"}, 0),
        ({"periodname": "Monatlich"}, 1),
        ({"periodname": None, "period": 71}, 1),
        ({"periodname": None, "period": 4}, 0),
        ({"periodname": "Weekly"}, 0),
    ],
)
def test_a_period_is_known_by_its_name_or_by_the_settings(members: dict[str, Any], months: int) -> None:
    assert head(**members).period_months == months


def test_an_unknown_period_is_named_and_nothing_is_planned_on_it() -> None:
    found = head(periodname=None, period=4)
    assert (found.cycle, found.next_invoice) == ("4", None)


@pytest.mark.parametrize(
    ("covers", "opens"), [(Covers.CURRENT, date(2026, 4, 1)), (Covers.FOLLOWING, date(2026, 5, 1)), (Covers.PRECEDING, date(2026, 3, 1))]
)
def test_what_the_next_invoice_covers_is_a_setting(covers: Covers, opens: date) -> None:
    assert agreement(HEAD, replace(SETTINGS, next_invoice_covers=covers)).next_invoice == opens


def test_periods_begin_on_the_creation_date_whatever_day_the_start_has() -> None:
    found = head(startdate="2026-01-15T00:00:00")
    assert (found.anchor, found.next_invoice) == (date(2026, 4, 1), date(2026, 4, 1))


def test_the_start_keeps_the_last_day_of_the_month_where_the_dates_fit() -> None:
    assert head(startdate="2026-01-31T00:00:00", nextcreationdate="2026-04-30T00:00:00").anchor == date(2026, 1, 31)


def test_without_a_creation_date_there_is_no_next_invoice() -> None:
    assert head(nextcreationdate="0001-01-01T00:00:00").next_invoice is None


def test_a_recurring_invoice_without_a_reference_has_some_name_and_the_home_currency() -> None:
    found = head(reference="", contract_ref="", currency_code_name=None)
    assert (found.name, found.currency) == ("Recurring invoice -3", "USD")


@pytest.mark.parametrize("members", [{"id": None}, {"client_id": None}, {"startdate": "soon"}])
def test_a_recurring_invoice_without_what_must_not_be_guessed_is_an_error(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"missing|isoformat"):
        head(**members)


def test_a_line_is_named_by_its_item_and_not_by_what_is_printed() -> None:
    found = read(item_internal_reference="marker", startdate="2026-01-01T00:00:00")
    assert (found.line_id, found.product_id, found.product, found.text) == ("5", "2", "M365-BP", "Below it")
    assert (found.quantity, found.unit_price, found.marker, found.starts) == (Decimal(3), Decimal("1.5"), "marker", date(2026, 1, 1))


def test_a_line_without_an_item_is_named_by_its_text() -> None:
    found = read(_itemid=0)
    assert (found.product_id, found.product) == ("", "Printed text")


@pytest.mark.parametrize("empty", [None, "", "0001-01-01T00:00:00", "1899-12-30T00:00:00", "1900-01-01T00:00:00"])
def test_a_date_of_long_ago_is_none(empty: str | None) -> None:
    assert read(enddate=empty).ends is None


def test_the_end_date_may_be_the_first_day_not_billed() -> None:
    assert line({**LINE, "enddate": "2026-04-01T00:00:00"}, ITEMS, LineEnd.EXCLUSIVE).ends == date(2026, 3, 31)


def test_an_inactive_line_is_not_billed() -> None:
    assert read(isinactive=True).charge is Charge.DO_NOT_BILL


@pytest.mark.parametrize(
    "members",
    [{"quantity_licences": [{"id": 1}]}, {"quantity_users": [{"id": 1}]}, {"_is_calculated_line": True}, {"recurring_invoice_quantity_type": 2}],
)
def test_a_quantity_that_halo_computes_is_known_by_any_of_its_signs(members: dict[str, Any]) -> None:
    assert "Halo computes the quantity of line 5" in read(**members).left_alone


def test_a_quantity_of_its_own_is_not_computed() -> None:
    assert not read(quantity_licences=[], _is_calculated_line=False, recurring_invoice_quantity_type=0).left_alone


@pytest.mark.parametrize("members", [{"qty_order": None}, {"qty_order": "many"}, {"id": None}])
def test_a_line_that_cannot_be_read_whole_is_an_error(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"qty_order|id"):
        read(**members)


def test_a_heading_between_lines_has_no_quantity() -> None:
    assert read(qty_order=None, isgroupdesc=True).quantity == 0


def test_lines_that_are_no_list_are_an_error_and_not_an_empty_agreement() -> None:
    with pytest.raises(ValueError, match="lines"):
        line_records({**HEAD, "lines": None})


def test_items_that_share_a_name_are_told_apart_by_their_id() -> None:
    found = items([{"id": 1, "name": "Backup"}, {"id": 2, "name": "backup"}, {"id": 3, "name": "M365"}])
    assert [item.identifier for item in found.values()] == ["Backup #1", "backup #2", "M365"]


@pytest.mark.parametrize(("members", "price"), [({"baseprice": 9}, 9), ({"baseprice": 9, "recurringprice": 7}, 7), ({}, 0)])
def test_a_recurring_price_goes_before_the_base_price(members: dict[str, Any], price: int) -> None:
    assert items([{"id": 1, "name": "M365", **members}])["1"].price == price


def test_of_a_user_only_the_domain_is_kept() -> None:
    users = [{"client_id": 7, "emailaddress": "Billing@Contoso.example"}, {"client_id": 7, "emailaddress": "none"}]
    assert [company.domains for company in companies([{"id": 7, "name": "Contoso"}], users)] == [frozenset({"contoso.example"})]


def test_a_cost_of_nothing_is_no_cost() -> None:
    """A price of so many percent on it would give the units away."""
    assert (read().unit_cost, read(unit_cost=0).unit_cost, read(unit_cost=Decimal("7.5")).unit_cost) == (None, None, Decimal("7.5"))


@pytest.mark.parametrize(("members", "cost"), [({}, None), ({"costprice": 4}, 4), ({"costprice": 4, "recurringcost": 5}, 5)])
def test_an_item_costs_what_it_costs_again_and_again_or_else_once(members: dict[str, Any], cost: int | None) -> None:
    (item,) = items([{"id": 2, "name": "M365-BP", **members}]).values()
    assert item.cost == cost
