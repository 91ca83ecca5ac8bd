"""Where the app writes licence counts and Halo bills by them: what is a line, what is left alone, and that nothing else is ever written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import fastjsonschema
import pytest

from adapters.clock import SystemClock
from sandbox.halopsa import schemas
from sandbox.halopsa.ledger import UnknownMembers
from sync_core.errors import Rejected
from sync_core.model.agreements import Charge, Line, Terms
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.ports import Probe, Psa
from tests.conformance.halopsa_site import LIST, Site, served_site
from tests.conformance.halopsa_subject import licence_books
from tests.conformance.subjects import APRIL, LINES, TODAY

LICENCES = "/api/SoftwareLicence"
POST = f"POST {LICENCES}"


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site(licence_books()) as site:
        site.settings["writes"] = "licence counts"
        yield site


def change(kind: ChangeKind, **members: Any) -> Change:
    given = {"change_id": "change-1", "product": "M365-1", "item": "Item", "kind": kind, **members}
    return Change(link_key="link", item_id="sku", connection="psa one", agreement_id="-1", verdict=Verdict.SAFE, reasons=(), **given)


def set_quantity(psa: Psa, line_id: str = "licence-1", after: int = 12) -> Step:
    return step(psa, change(ChangeKind.SET_QUANTITY, line_id=line_id, after=Decimal(after), effective=APRIL))


def add(psa: Psa, product: str = "M365-9") -> Step:
    return step(psa, change(ChangeKind.ADD, product=product, after=Decimal(5), effective=APRIL, marker="SYNC-1"))


def step(psa: Psa, changed: Change) -> Step:
    (only,) = psa.steps_for(psa.read_headers(["-1"])[0], [changed], "plan")
    return only


def send(psa: Psa, step: Step) -> str:
    return psa.execute(step, SystemClock().monotonic() + 60).line_id


def lines(psa: Psa) -> dict[str, Line]:
    return {line.line_id: line for line in psa.read_lines(psa.read_headers(["-1"])[0], TODAY)}


def test_a_line_is_a_licence_record_billed_as_the_line_that_counts_it_says(site: Site) -> None:
    site.ledger.edit_as_person(1, licence_free=1, unit_price=Decimal("9.90"))
    line = lines(site.psa)["licence-1"]
    assert (line.product, line.quantity, line.included, line.billed) == ("M365-1", Decimal(1), Decimal(1), Decimal(0))
    assert (line.unit_price, line.charge, line.unbilled) == (Decimal("9.90"), Charge.BILLABLE, "")


def test_the_agreement_says_who_bills_and_when(site: Site) -> None:
    (head,) = site.psa.read_headers(["-1"])
    assert "Halo bills what the licence counts when it makes the invoice" in head.counted
    assert (head.abilities, head.text_limit) == (frozenset(), 0)


def test_only_the_count_is_written_and_the_invoice_bills_it(site: Site) -> None:
    psa, before = site.psa, site.ledger.invoice_preview(-1, APRIL).total
    only = set_quantity(psa)
    assert psa.probe(only).probe is Probe.NOT_DONE
    assert send(psa, only) == "licence-1"
    assert psa.probe(only).probe is Probe.DONE
    assert [path for path in site.paths() if path.startswith("POST /api")] == [POST]
    assert site.ledger.invoice_preview(-1, APRIL).total - before == 11 * Decimal("10.50")


def test_a_count_counts_although_the_line_shows_what_it_held_when_it_was_saved(site: Site) -> None:
    site.ledger.switches.shows_counts = False
    psa = site.psa
    only = set_quantity(psa)
    send(psa, only)
    assert (psa.probe(only).probe, lines(psa)["licence-1"].quantity) == (Probe.DONE, Decimal(12))


def test_a_record_is_sent_whole_with_members_that_nobody_knows(site: Site) -> None:
    site.ledger.switches.unknown_members = UnknownMembers.KEPT
    site.ledger.licences[1] = replace(site.ledger.licences[1], notes="Ordered by phone", unknown={"addedLater": [1.5]})
    psa = site.psa
    only = set_quantity(psa)
    send(psa, only)
    assert site.ledger.licences[1].unknown == {"addedLater": [1.5]}
    assert (site.ledger.licences[1].notes, psa.probe(only).probe) == ("Ordered by phone", Probe.DONE)
    fastjsonschema.validate(schemas.SAVE_LICENCE, site.requests[site.paths().index(POST)].json())


def test_a_record_that_is_changed_in_more_than_its_count_is_a_question_to_a_person(site: Site) -> None:
    psa = site.psa
    only = set_quantity(psa)
    send(psa, only)
    site.ledger.licences[1] = replace(site.ledger.licences[1], name="Something else")
    probed = psa.probe(only)
    assert (probed.probe, "licence 1: name M365-1 is now Something else" in probed.why) == (Probe.CANNOT_TELL, True)


def test_a_new_record_bills_nobody_until_a_line_counts_it(site: Site) -> None:
    psa, before = site.psa, site.ledger.invoice_preview(-1, APRIL).total
    line_id = send(psa, add(psa))
    line = lines(psa)[line_id]
    assert (line.charge, line.marker, line.starts) == (Charge.DO_NOT_BILL, "SYNC-1", APRIL)
    assert "No line of the recurring invoice counts licence 8 (M365-9)" in line.unbilled
    assert site.ledger.invoice_preview(-1, APRIL).total == before
    site.ledger.line(site.ledger.recurring_invoices[-1], site.ledger.items[3], 0, licence_id=8)
    counted = lines(psa)[line_id]
    assert (counted.product, counted.quantity, counted.marker, counted.unbilled) == ("M365-3", Decimal(5), "SYNC-1", "")
    assert site.ledger.invoice_preview(-1, APRIL).total - before == 5 * Decimal("10.50")


@pytest.mark.parametrize("notes_in_list", [True, False])
def test_a_record_whose_answer_was_lost_is_found_by_its_marker_even_where_lists_show_no_notes(site: Site, notes_in_list: bool) -> None:
    """Else it would be made a second time."""
    site.ledger.switches.notes_in_list = notes_in_list
    psa = site.psa
    only = add(psa)
    assert (only.repeatable, psa.probe(only).probe) == (False, Probe.NOT_DONE)
    send(psa, only)
    assert psa.probe(only).probe is Probe.DONE


def test_a_record_that_an_integration_of_halos_own_keeps_is_recognised_and_never_written(site: Site) -> None:
    site.ledger.licences[1] = replace(site.ledger.licences[1], tenant_id="0f0e")
    psa = site.psa
    assert "An integration of Halo's own keeps the count of licence 1" in lines(psa)["licence-1"].left_alone
    with pytest.raises(Rejected, match="keeps the count of licence 1"):
        send(psa, set_quantity(psa))
    assert site.ledger.writes == []


def test_lines_that_count_no_record_are_shown_and_left_alone(site: Site) -> None:
    site.ledger.edit_as_person(2, licence_id=None)
    line = lines(site.psa)["2"]
    assert (line.product, line.quantity) == ("M365-2", Decimal(2))
    assert "Line 2 counts no licence record" in line.left_alone


def test_a_record_that_two_lines_count_is_left_alone(site: Site) -> None:
    site.ledger.line(site.ledger.recurring_invoices[-1], site.ledger.items[3], 0, licence_id=1)
    assert "The lines 1, 8 count licence 1" in lines(site.psa)["licence-1"].left_alone


def test_a_line_that_took_the_place_of_an_ended_one_bills_the_record(site: Site) -> None:
    site.ledger.edit_as_person(1, ends=date(2026, 2, 28))
    site.ledger.line(site.ledger.recurring_invoices[-1], site.ledger.items[1], 0, licence_id=1, unit_price=Decimal(8))
    line = lines(site.psa)["licence-1"]
    assert (line.unit_price, line.ends, line.left_alone) == (Decimal(8), None, "")


def test_a_record_that_is_no_longer_active_is_not_written(site: Site) -> None:
    psa = site.psa
    only = set_quantity(psa)
    site.ledger.licences[1] = replace(site.ledger.licences[1], active=False)
    with pytest.raises(Rejected, match="Licence 1 is not active"):
        send(psa, only)
    assert "licence-1" not in lines(psa)


@pytest.mark.parametrize("kind", [ChangeKind.END, ChangeKind.SET_TEXT, ChangeKind.SET_PRICE])
def test_what_is_no_count_has_no_write(site: Site, kind: ChangeKind) -> None:
    with pytest.raises(ValueError, match="cannot be written as a licence count"):
        step(site.psa, change(kind, line_id="licence-1", effective=APRIL, terms=Terms(unit_price=Decimal(1), text="x")))


def test_the_least_rights_are_to_read_and_edit_licences_and_to_read_the_rest(site: Site) -> None:
    site.access.denied.append(("POST", "/RecurringInvoice"))
    psa = site.psa
    send(psa, set_quantity(psa))
    assert "Software licensing: 7" in psa.health().detail
    site.access.denied.append(("GET", "/SoftwareLicence"))
    assert "Software licensing cannot be read" in site.psa.health().detail


def test_a_night_without_changes_reads_the_records_in_bulk(site: Site) -> None:
    """Two pages of recurring invoices and two of licences, one comparison with its licences, items, and the sign-in."""
    for number in range(150):
        client = site.ledger.client(f"Customer {number}")
        licence = site.ledger.licence(client, "M365-1", 3)
        invoice = site.ledger.recurring_invoice(client, "Cloud", date(2026, 1, 1))
        site.ledger.line(invoice, site.ledger.items[1], 0, licence_id=licence.id)
    psa = site.psa
    assert sum(len(psa.read_lines(head, TODAY)) for head in psa.read_headers(None)) == LINES + 150
    assert site.paths().count(f"GET {LICENCES}") == 3
    assert site.paths().count(f"GET {LIST}") == 2
    assert len(site.requests) <= 9
