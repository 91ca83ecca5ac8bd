"""What HaloPSA's own books say of the assumptions: confirmed, contradicted with the setting to change, or not to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa import KINDS
from adapters.psa.assumptions import Finding, Verdict
from adapters.psa.halopsa.assumptions import Sight, findings
from adapters.psa.halopsa.settings import HaloPsaSettings
from sandbox.halopsa.ledger import RowsMade
from sandbox.halopsa.records import ProRata
from tests.conformance.halopsa_site import Site, served_site
from tests.conformance.halopsa_subject import licence_books

SETTINGS = HaloPsaSettings("psa one", "https://halo.example", "client", "halo-secret")
HEAD: dict[str, Any] = {
    "id": -1,
    "client_id": 1,
    "periodname": "Monthly",
    "startdate": "2026-01-01T00:00:00",
    "nextcreationdate": "2026-04-01T00:00:00",
}


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site(licence_books()) as site:
        yield site


def look(site: Site) -> dict[str, Finding]:
    halo = KINDS["halopsa"].look
    assert halo
    return dict(halo(site.psa, ["-1"]))


def verdicts(site: Site) -> dict[str, Verdict]:
    return {name: finding.verdict for name, finding in look(site).items()}


def test_books_as_they_are_assumed_to_be_confirm_what_can_be_seen_and_nothing_is_written(site: Site) -> None:
    found = verdicts(site)
    assert {name for name, verdict in found.items() if verdict is Verdict.CONFIRMED} == {"periods", "lists", "computed lines", "licence counts"}
    assert found["prorata rows"] is Verdict.UNSEEN
    assert site.ledger.writes == []


def test_a_list_that_leaves_members_out_is_told_with_them(site: Site) -> None:
    site.ledger.switches.whole_lines_in_list = False
    found = look(site)["lists"]
    assert (found.verdict, "enddate" in found.seen, "lines_in_list" in found.instead) == (Verdict.CONTRADICTED, True, True)


def test_a_line_that_does_not_bill_the_count_contradicts_licence_counts(site: Site) -> None:
    site.ledger.switches.shows_counts = False
    site.ledger.licences[1] = replace(site.ledger.licences[1], count=40)
    found = look(site)["licence counts"]
    assert (found.verdict, found.seen) == (Verdict.CONTRADICTED, "1 of 7 lines say otherwise: line 1")


def test_without_the_right_to_licences_their_counts_are_not_seen_and_the_rest_is(site: Site) -> None:
    site.access.denied.append(("GET", "/SoftwareLicence"))
    found = verdicts(site)
    assert (found["licence counts"], found["lists"]) == (Verdict.UNSEEN, Verdict.CONFIRMED)


def test_a_prorata_row_that_shows_confirms_that_rows_can_be_seen(site: Site) -> None:
    line = site.ledger.recurring_invoices[-1].lines[0]
    site.ledger.edit_as_person(line.id, rows=(row(),))
    assert verdicts(site)["prorata rows"] is Verdict.CONFIRMED
    site.ledger.switches.rows_made = RowsMade.UNSEEN
    assert verdicts(site)["prorata rows"] is Verdict.UNSEEN


def row() -> ProRata:
    return ProRata(1, date(2026, 3, 1), Decimal(1), Decimal(5), "", "by hand", True)


def test_lines_without_any_place_for_rows_contradict_them() -> None:
    record = {**HEAD, "lines": [{"id": 1, "qty_order": 1}]}
    assert findings(Sight([record], record, {}), SETTINGS)["prorata rows"].verdict is Verdict.CONTRADICTED


def test_a_period_of_another_name_is_told_with_what_to_add() -> None:
    found = findings(Sight([HEAD, {**HEAD, "id": -2, "periodname": "Monatlich"}], None, {}), SETTINGS)["periods"]
    assert (found.verdict, found.instead) == (Verdict.CONTRADICTED, "add Monatlich=MONTHS to billing_periods")


def test_a_line_that_halo_calls_calculated_without_a_sign_of_it_contradicts() -> None:
    record = {**HEAD, "lines": [{"id": 4, "qty_order": 1, "_is_calculated_line": True}]}
    found = findings(Sight([record], None, {}), SETTINGS)["computed lines"]
    assert (found.verdict, "line 4" in found.seen) == (Verdict.CONTRADICTED, True)


def test_a_site_without_recurring_invoices_shows_nothing() -> None:
    assert {finding.verdict for finding in findings(Sight([], None, {}), SETTINGS).values()} == {Verdict.UNSEEN}
