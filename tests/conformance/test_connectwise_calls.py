"""What a night costs at ConnectWise, counted at the simulator: a call for each agreement, or for each 20 of them where bundles are switched on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import Access
from sandbox.faults import Effect, Fault
from sandbox.web import Request, Response, serve
from sync_core.errors import RetryLater
from sync_core.model.agreements import Agreement, AgreementLines, Line
from sync_core.ports import Psa
from tests.conformance.subjects import TODAY, connectwise, connectwise_books
from tests.conformance.whole import whole_agreement

AGREEMENTS, LINES_OF_EACH = 100, 3
BUNDLES = "/system/bundles$"

Row = dict[str, Any]


class Site:
    """A hundred agreements of three lines, and the adapter at the served simulator."""

    def __init__(self, simulator: ConnectWiseSimulator) -> None:
        self.url, self.calls, self.simulator, self.ledger = "", 0, simulator, simulator.ledger

    def __call__(self, request: Request) -> Response:
        self.calls += 1
        return self.simulator(request)

    def psa(self, **settings: str) -> Psa:
        return connectwise(self.url, self.simulator.access, settings)

    def bundled(self) -> Psa:
        return self.psa(bundled_reads="addition")


@pytest.fixture
def site() -> Iterator[Site]:
    ledger = Ledger(now=connectwise_books().now)
    products = [ledger.product(f"M365-{number}", price="3") for number in range(LINES_OF_EACH)]
    for number in range(AGREEMENTS):
        agreement = ledger.agreement(ledger.company(f"Company{number}", f"Company {number}"), "Cloud", date(2026, 1, 1))
        for product in products:
            ledger.addition(agreement, product, number + 1)
    site = Site(ConnectWiseSimulator(ledger, Access()))
    with serve(site) as server:
        site.url = server.url
        yield site


def read(psa: Psa) -> dict[str, tuple[Line, ...]]:
    return lines_of(psa, psa.read_headers(None))


def lines_of(psa: Psa, heads: Any) -> dict[str, tuple[Line, ...]]:
    known: list[Agreement] = list(heads)
    return {head.agreement_id: psa.read_lines(head, TODAY) for head in known}


def test_by_plain_reads_a_customer_costs_one_call_beside_the_page_of_heads_and_the_codebase(site: Site) -> None:
    found = read(site.psa())
    assert (len(found), sum(map(len, found.values()))) == (AGREEMENTS, AGREEMENTS * LINES_OF_EACH)
    assert site.calls == AGREEMENTS + 2


def test_bundles_read_the_same_in_a_call_for_each_twenty_agreements(site: Site) -> None:
    """Five bundles, one comparison, the page of heads and the codebase."""
    assert read(site.bundled()) == read(site.psa())
    before = site.calls
    read(site.bundled())
    assert site.calls - before == AGREEMENTS / 20 + 3


def test_a_process_that_was_given_the_heads_finds_out_that_a_run_is_under_way(site: Site) -> None:
    heads = site.psa().read_headers(None)
    before = site.calls
    lines_of(site.bundled(), heads)
    assert site.calls - before <= 5 + AGREEMENTS / 20 + 3


def test_what_is_read_by_id_is_read_anew_and_plainly(site: Site) -> None:
    psa = site.bundled()
    first, second = psa.read_headers(None)[:2]
    psa.read_lines(first, TODAY)
    site.ledger.edit_as_person(site.ledger.additions_of(int(second.agreement_id))[0].id, "a person", quantity=Decimal(77))
    before = site.calls
    (head,) = psa.read_headers([second.agreement_id])
    assert psa.read_lines(head, TODAY)[0].quantity == 77
    assert site.calls - before == 2


def test_what_was_read_ahead_is_given_once(site: Site) -> None:
    psa = site.bundled()
    head = psa.read_headers(None)[0]
    assert psa.read_lines(head, TODAY)[0].quantity == 1
    site.ledger.edit_as_person(site.ledger.additions_of(int(head.agreement_id))[0].id, "a person", quantity=Decimal(77))
    assert psa.read_lines(head, TODAY)[0].quantity == 77


@pytest.mark.parametrize("where", ["failing", "left_out"])
def test_a_part_that_fails_is_read_plainly_and_the_others_are_not(site: Site, where: str) -> None:
    getattr(site.simulator.bundles, where).add(7)
    found = read(site.bundled())
    assert site.calls == AGREEMENTS / 20 + 3 + 1
    assert found == read(site.psa())


def twice(rows: list[Row]) -> list[Row]:
    return rows + rows[:1]


def of_another(rows: list[Row]) -> list[Row]:
    return [{**row, "agreementId": 99} for row in rows]


def a_full_page(rows: list[Row]) -> list[Row]:
    return [{**rows[0], "id": 100_000 + number} for number in range(1000)]


@pytest.mark.parametrize("wrong", [twice, of_another, a_full_page])
def test_a_part_whose_rows_cannot_be_right_is_never_believed(site: Site, wrong: Callable[[list[Row]], list[Row]]) -> None:
    plain = read(site.psa())
    site.simulator.bundles.on_rows = wrong
    assert read(site.bundled()) == plain


@pytest.mark.parametrize(
    "wrong", [lambda rows: rows[:-1], lambda rows: [{**row, "quantity": 1000.0} for row in rows], lambda rows: []], ids=["fewer", "other", "none"]
)
def test_bundles_that_differ_from_a_plain_read_are_not_used_again(site: Site, wrong: Callable[[list[Row]], list[Row]]) -> None:
    plain = read(site.psa())
    site.simulator.bundles.on_rows = wrong
    before, psa = site.calls, site.bundled()
    assert read(psa) == plain
    assert site.calls - before == AGREEMENTS + 2 + 2


def test_where_bundles_are_not_offered_lines_are_read_plainly(site: Site) -> None:
    site.simulator.bundles.offered = False
    assert len(read(site.bundled())) == AGREEMENTS
    assert site.calls <= AGREEMENTS + 2 + 2


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 400}, {"status": 403}, {"status": 200, "body": "[]"}, {"status": 200, "body": "no"}])
def test_a_bundle_that_is_answered_with_an_error_or_nonsense_costs_a_plain_read_and_no_night(site: Site, answer: dict[str, Any]) -> None:
    site.simulator.faults.add(Fault(Effect.ANSWER, "POST", BUNDLES, times=0, **answer))
    assert len(read(site.bundled())) == AGREEMENTS


def test_another_resource_type_is_answered_part_by_part_and_nothing_of_it_is_believed(site: Site) -> None:
    site.simulator.bundles.resource_type = "agreementaddition"
    psa = site.psa(bundled_reads="addition")
    assert len(read(psa)) == AGREEMENTS


def set_back(site: Site) -> AgreementLines:
    """The first agreement with a line more from May on, invoiced twice and up to May, and its next invoice date set back to May."""
    contract, product = site.ledger.agreements[1], site.ledger.products[1]
    site.ledger.addition(contract, product, 7, effective=date(2026, 5, 1))
    while site.ledger.agreements[1].next_invoice < date(2026, 6, 1):
        site.ledger.send_invoice(1)
    site.ledger.change_agreement(1, next_invoice=date(2026, 5, 1))
    found = whole_agreement(site.psa(), "1", TODAY)
    assert found is not None
    site.calls = 0
    return found


def test_what_an_agreement_s_invoices_say_costs_one_call_however_many_there_are(site: Site) -> None:
    held, psa = set_back(site), site.psa(codebase="v4_6_release")
    assert len(site.ledger.invoices) > 1
    assert "dated 2026-05-01, comes to just what its lines come to from 2026-05-01 to 2026-05-31" in psa.invoices_against(held)
    assert site.calls == 1


def test_invoices_that_are_left_alone_cost_no_call(site: Site) -> None:
    held = set_back(site)
    assert (site.psa(compare_invoices="never").invoices_against(held), site.calls) == ("", 0)


def test_invoices_that_the_member_may_not_read_tell_nothing(site: Site) -> None:
    held = set_back(site)
    site.simulator.access.denied.append(("GET", "/finance/invoices"))
    assert site.psa().invoices_against(held) == ""


def test_invoices_that_cannot_be_read_just_now_are_asked_for_again_and_nothing_is_planned_meanwhile(site: Site) -> None:
    held = set_back(site)
    site.simulator.faults.add(Fault(Effect.ANSWER, path="/finance/invoices", status=500))
    with pytest.raises(RetryLater):
        site.psa().invoices_against(held)
