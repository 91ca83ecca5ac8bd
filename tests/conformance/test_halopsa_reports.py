"""Recurring invoices by reports: a handful of calls however many customers there are, and the list wherever they do not show the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.faults import Effect
from sandbox.halopsa.reporting import statement
from sync_core.errors import InvalidConfiguration
from sync_core.model.agreements import Line
from sync_core.ports import Psa
from tests.conformance.halopsa_site import LIST, ONE, Site, served_site
from tests.conformance.subjects import LINES, TODAY
from tests.conformance.whole import whole_agreement

CUSTOMERS = 220
REPORT = "POST /api/Report"

Rows = list[dict[str, Any]]


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site() as site:
        for number in range(CUSTOMERS):
            invoice = site.ledger.recurring_invoice(site.ledger.client(f"Customer {number}"), "Cloud", date(2026, 1, 1))
            site.ledger.line(invoice, site.ledger.items[1], number + 1, internal_reference=f"marker {number}")
        site.settings.update(report_heads=statement("INVOICEHEADER"), report_lines=statement("INVOICEDETAIL"))
        yield site


def read(psa: Psa) -> dict[str, tuple[Line, ...]]:
    return {head.agreement_id: psa.read_lines(head, TODAY) for head in psa.read_headers(None)}


def plainly(site: Site) -> dict[str, tuple[Line, ...]]:
    with_reports, site.settings = site.settings, {}
    found = read(site.psa)
    site.settings = with_reports
    site.requests.clear()
    return found


def test_a_night_costs_seven_calls_for_any_number_of_customers(site: Site) -> None:
    """Two reports, the count, one recurring invoice to compare, the items, and the sign-in."""
    plain = plainly(site)
    assert read(site.psa) == plain
    assert len(plain) == CUSTOMERS + 1
    assert len(site.requests) == 7
    assert site.paths().count(REPORT) == 2
    assert site.paths().count(f"GET {ONE}") == 1


def test_on_a_day_in_so_many_all_is_compared_with_the_list(site: Site) -> None:
    site.settings["report_compared_days"] = "1"
    plain = plainly(site)
    assert read(site.psa) == plain
    assert site.paths().count(f"GET {LIST}") == 1 + 3


def fewer(rows: Rows) -> Rows:
    return rows[:-1]


def twice(rows: Rows) -> Rows:
    return rows + rows[:1]


def other_quantity(rows: Rows) -> Rows:
    return [{**row, "qty_order": 99} if "qty_order" in row else row for row in rows]


def other_date(rows: Rows) -> Rows:
    return [{**row, "nextcreationdate": "2027-01-01T00:00:00"} if "nextcreationdate" in row else row for row in rows]


def nothing(rows: Rows) -> Rows:
    return []


@pytest.mark.parametrize("wrong", [fewer, twice, other_quantity, other_date, nothing])
def test_reports_that_do_not_show_the_same_are_not_used(site: Site, wrong: Callable[[Rows], Rows]) -> None:
    plain = plainly(site)
    site.ledger.switches.on_report = wrong
    psa = site.psa
    assert read(psa) == plain
    reports = site.paths().count(REPORT)
    assert read(psa) == plain
    assert site.paths().count(REPORT) == reports <= 2


def test_a_difference_that_one_comparison_misses_is_found_when_all_is_compared(site: Site) -> None:
    site.settings["report_compared_days"] = "1"
    plain = plainly(site)
    site.ledger.switches.on_report = lambda rows: [{**row, "qty_order": 99} if row.get("ihid") == -100 else row for row in rows]
    assert read(site.psa) == plain


@pytest.mark.parametrize(
    "answer", [{"status": 403}, {"status": 500}, {"status": 200, "body": "[]"}, {"status": 200, "body": '{"report": {"loaded": false}}'}]
)
def test_without_the_right_or_with_an_error_the_list_is_read(site: Site, answer: dict[str, Any]) -> None:
    plain = plainly(site)
    site.fail("/api/Report", Effect.ANSWER, times=0, **answer)
    assert read(site.psa) == plain


def test_a_column_that_is_not_there_leads_to_the_list(site: Site) -> None:
    site.settings["report_lines"] = "SELECT nope AS id FROM INVOICEDETAIL"
    assert len(read(site.psa)) == CUSTOMERS + 1


@pytest.mark.parametrize(("name", "column"), [("report_heads", "nextcreationdate"), ("report_lines", "enddate"), ("report_lines", "isinactive")])
def test_a_report_without_a_column_that_plans_rest_on_is_not_used(site: Site, name: str, column: str) -> None:
    """A line whose end nobody asked for would look as if it went on, and the one that is compared may have no end at all."""
    plain = plainly(site)
    site.settings[name] = re.sub(rf",\s*\w+ AS {column}\b", "", site.settings[name])
    site.ledger.edit_as_person(LINES, ends=None)
    site.ledger.edit_as_person(LINES + 1, ends=date(2026, 2, 28))
    psa = site.psa
    found = read(psa)
    assert [line.ends for line in found["-3"]] == [date(2026, 2, 28)]
    assert len(found) == len(plain)
    assert site.paths().count(REPORT) == 2
    assert f"GET {LIST}" in site.paths()


def test_a_token_that_ended_is_renewed_for_a_report_too(site: Site) -> None:
    psa = site.psa
    read(psa)
    site.access.revoke()
    assert len(read(psa)) == CUSTOMERS + 1
    assert site.paths().count(REPORT) == 5


def test_before_a_write_lines_are_read_by_id_whatever_reports_show(site: Site) -> None:
    psa = site.psa
    read(psa)
    site.ledger.edit_as_person(1, quantity=Decimal(42))
    found = whole_agreement(psa, "-1", TODAY)
    assert found is not None
    assert (len(found.lines), found.lines[0].quantity) == (LINES, Decimal(42))
    assert site.paths()[-1] == f"GET {ONE}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"report_lines": ""}, "report_lines' is missing"),
        ({"report_heads": "DELETE FROM INVOICEHEADER"}, "report_heads' is no statement that Halo runs"),
        ({"report_lines": "SELECT 1 AS id; DROP TABLE X"}, "report_lines' is no statement that Halo runs"),
        ({"proration": "prorata fields"}, "report_lines' does not go together with proration 'prorata fields'"),
        ({"writes": "licence counts"}, "report_lines' does not go together with writes 'licence counts'"),
    ],
)
def test_statements_that_halo_does_not_run_or_that_show_too_little_are_wrong_settings(site: Site, settings: dict[str, str], expected: str) -> None:
    site.settings.update(settings)
    with pytest.raises(InvalidConfiguration, match=expected):
        _ = site.psa
