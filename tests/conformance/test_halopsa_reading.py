"""Recurring invoices in bulk: how few calls an unchanged customer costs, and when lines are read one by one all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from sync_core.model.agreements import Agreement
from sync_core.ports import Psa
from tests.conformance.halopsa_site import LIST, ONE, Site, served_site
from tests.conformance.subjects import LINES, TODAY
from tests.conformance.whole import whole_agreement

CUSTOMERS = 220


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site() as site:
        yield site


def fill(site: Site) -> None:
    """Adds so many customers that a night's calls can be counted by the customer."""
    item = site.ledger.items[1]
    for number in range(CUSTOMERS):
        invoice = site.ledger.recurring_invoice(site.ledger.client(f"Customer {number}"), "Cloud", date(2026, 1, 1))
        site.ledger.line(invoice, item, number + 1)


def read_all(psa: Psa) -> list[int]:
    heads = psa.read_headers(None)
    return [len(psa.read_lines(head, TODAY)) for head in heads]


def head_only(site: Site) -> Agreement:
    """The head as another worker has read and stored it."""
    (head,) = site.psa.read_headers(["-1"])
    site.requests.clear()
    return head


def test_a_night_without_changes_costs_far_less_than_a_call_a_customer(site: Site) -> None:
    """Three pages, one comparison, one page of items, and the sign-in."""
    fill(site)
    assert sum(read_all(site.psa)) == LINES + CUSTOMERS
    assert len(site.requests) == 7
    assert len(site.requests) / CUSTOMERS <= 0.05


def test_who_read_the_heads_has_the_lines_of_all_and_who_did_not_reads_the_list(site: Site) -> None:
    fill(site)
    psa = site.psa
    heads = psa.read_headers(None)
    site.requests.clear()
    read = psa.read_together(heads, TODAY)
    assert site.requests == []
    assert site.psa.read_together(heads, TODAY) == read
    assert (len(read), site.paths().count(f"GET {LIST}")) == (CUSTOMERS + 1, 3)


def test_one_customer_alone_costs_one_read_and_not_the_whole_list(site: Site) -> None:
    head, psa = head_only(site), site.psa
    assert len(psa.read_lines(head, TODAY)) == LINES
    assert f"GET {LIST}" not in site.paths()
    assert site.paths().count(f"GET {ONE}") == 1


def test_head_and_lines_asked_for_by_id_are_one_call_and_always_new(site: Site) -> None:
    psa = site.psa
    psa.read_headers(None)
    site.ledger.edit_as_person(1, quantity=Decimal(42))
    site.requests.clear()
    found = whole_agreement(psa, "-1", TODAY)
    assert found is not None
    assert found.lines[0].quantity == 42
    assert site.paths().count(f"GET {ONE}") == 1


def test_lines_read_in_bulk_serve_only_for_a_while(site: Site) -> None:
    site.settings["lines_kept_seconds"] = "0"
    psa = site.psa
    (head,) = psa.read_headers(None)
    site.ledger.edit_as_person(1, quantity=Decimal(42))
    assert psa.read_lines(head, TODAY)[0].quantity == 42


@pytest.mark.parametrize(("setting", "whole", "singles"), [("auto", True, 1), ("auto", False, 2), ("yes", True, 0), ("no", True, 1)])
def test_lines_of_a_list_are_trusted_as_the_setting_says_or_as_one_comparison_shows(site: Site, setting: str, whole: bool, singles: int) -> None:
    site.settings["lines_in_list"] = setting
    site.ledger.switches.whole_lines_in_list = whole
    psa = site.psa
    (head,) = psa.read_headers(None)
    assert len(psa.read_lines(head, TODAY)) == LINES
    assert site.paths().count(f"GET {ONE}") == singles


def test_a_summary_is_never_taken_for_the_lines(site: Site) -> None:
    site.ledger.edit_as_person(1, internal_reference="marker")
    site.ledger.switches.whole_lines_in_list = False
    psa = site.psa
    (head,) = psa.read_headers(None)
    assert psa.read_lines(head, TODAY)[0].marker == "marker"


def test_the_comparison_is_made_once(site: Site) -> None:
    psa = site.psa
    for _ in range(3):
        psa.read_headers(None)
    assert site.paths().count(f"GET {ONE}") == 1


def test_where_lines_are_not_in_the_list_they_are_not_asked_for(site: Site) -> None:
    site.settings["lines_in_list"] = "no"
    site.psa.read_headers(None)
    assert "includelines" not in site.requests[-1].query


def test_an_item_that_is_renamed_keeps_its_lines(site: Site) -> None:
    """What is printed on the line is its own; the product is what the item is called now."""
    site.ledger.edit_as_person(1, text="Printed otherwise")
    psa = site.psa
    assert psa.read_lines(psa.read_headers(None)[0], TODAY)[0].product == "M365-1"
