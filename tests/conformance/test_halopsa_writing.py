"""What only Halo's writes are: one POST of all lines, made of what is there at that moment, and looked at as a whole afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import fastjsonschema
import pytest

from adapters.clock import SystemClock
from sandbox.faults import Effect, Fault
from sandbox.halopsa import schemas
from sandbox.halopsa.ledger import Omitted, UnknownMembers
from sync_core.errors import OutcomeUnknown, Rejected, Throttled
from sync_core.model.agreements import Terms
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.ports import Probe, Psa
from tests.conformance.halopsa_site import LIST, ONE, Site, served_site
from tests.conformance.subjects import APRIL, LINES, OVER, TODAY

POST = f"POST {LIST}"


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site() as site:
        yield site


def change(kind: ChangeKind, number: int = 1, **members: Any) -> Change:
    given = {"change_id": f"change-{number}", "product": "M365-1", "item": "Item", "kind": kind, **members}
    return Change(link_key="link", item_id="sku", connection="psa one", agreement_id="-1", verdict=Verdict.SAFE, reasons=(), **given)


def set_quantity(line_id: str = "1", after: int = 12) -> Change:
    return change(ChangeKind.SET_QUANTITY, line_id=line_id, after=Decimal(after), effective=APRIL)


def add(number: int = 1) -> Change:
    members = {"product_id": "3", "after": Decimal(5), "effective": APRIL, "unit_price": Decimal("10.5"), "marker": f"SYNC-{number}"}
    return change(ChangeKind.ADD, number, **members)


def set_price(line_id: str = "1", price: str = "11.75") -> Change:
    return change(ChangeKind.SET_PRICE, 4, line_id=line_id, terms=Terms(unit_price=Decimal(price)), effective=APRIL)


def end(line_id: str = "2") -> Change:
    return change(ChangeKind.END, 3, line_id=line_id, effective=date(2026, 3, 31))


def step(psa: Psa, *changes: Change) -> Step:
    (only,) = psa.steps_for(psa.read_headers(["-1"])[0], changes, "plan")
    return only


def send(psa: Psa, step: Step) -> str:
    return psa.execute(step, SystemClock().monotonic() + 60).line_id


def posted(site: Site) -> Any:
    return site.requests[site.paths().index(POST)].json()


def test_all_changes_of_an_agreement_go_in_one_write(site: Site) -> None:
    psa = site.psa
    only = step(psa, end(), set_quantity(), add(7), add(8))
    send(psa, only)
    probed = psa.probe(only)
    assert site.paths().count(POST) == 1
    assert probed.probe is Probe.DONE
    assert [(line.line_id, line.quantity, line.ends) for line in probed.lines] == [
        ("2", Decimal(2), date(2026, 3, 31)),
        ("1", Decimal(12), None),
        ("8", Decimal(5), None),
        ("9", Decimal(5), None),
    ]


def test_very_many_changes_go_in_writes_of_some_dozens_with_those_of_one_link_together(site: Site) -> None:
    many = [replace(add(number), link_key=f"link {number // 2}") for number in range(130)]
    steps = site.psa.steps_for(site.psa.read_headers(["-1"])[0], many, "plan")
    assert [len(each.change_ids) for each in steps] == [60, 60, 10]
    for each in steps:
        send(site.psa, each)
        assert site.psa.probe(each).probe is Probe.DONE
    assert site.paths().count(POST) == 3


def test_a_changed_invoice_costs_a_read_a_write_and_a_look_back(site: Site) -> None:
    psa = site.psa
    only = step(psa, set_quantity())
    site.requests.clear()
    send(psa, only)
    psa.probe(only)
    assert [path for path in site.paths() if "RecurringInvoice" in path] == [f"GET {ONE}", POST, f"GET {ONE}"]


def test_every_line_is_sent_with_its_id_those_that_are_over_included(site: Site) -> None:
    psa = site.psa
    send(psa, step(psa, set_quantity()))
    (record,) = posted(site)
    assert record.keys() == {"id", "lines"}
    assert [line["id"] for line in record["lines"]] == list(range(1, LINES + 1))
    assert not any(write.forbidden for write in site.ledger.writes)


def test_what_is_sent_is_as_the_vendor_describes_it(site: Site) -> None:
    psa = site.psa
    send(psa, step(psa, set_quantity(), add(), end()))
    known = schemas.SAVE["items"]["properties"]["lines"]["items"]["properties"]
    bodies = [{**each, "lines": [{name: value for name, value in line.items() if name in known} for line in each["lines"]]} for each in posted(site)]
    fastjsonschema.validate(schemas.SAVE, bodies)


def test_members_that_nobody_knows_go_back_as_they_came(site: Site) -> None:
    site.ledger.switches.unknown_members = UnknownMembers.KEPT
    site.ledger.edit_as_person(3, unknown={"addedLater": {"deep": [1.25]}})
    psa = site.psa
    only = step(psa, set_quantity())
    send(psa, only)
    assert site.ledger.recurring_invoices[-1].lines[2].unknown == {"addedLater": {"deep": [1.25]}}
    assert psa.probe(only).probe is Probe.DONE


def test_the_body_is_made_of_what_is_there_at_the_moment_and_not_of_what_was_planned_on(site: Site) -> None:
    psa = site.psa
    only = step(psa, set_quantity())
    site.ledger.edit_as_person(4, quantity=Decimal(44))
    send(psa, only)
    assert [line.quantity for line in psa.read_lines(psa.read_headers(["-1"])[0], TODAY)][:4] == [12, 2, 3, 44]


@pytest.mark.parametrize("omitted", list(Omitted))
def test_it_does_not_matter_what_halo_does_with_lines_that_are_left_out(site: Site, omitted: Omitted) -> None:
    site.ledger.switches.omitted = omitted
    psa = site.psa
    only = step(psa, add())
    send(psa, only)
    assert psa.probe(only).probe is Probe.DONE
    assert site.lines_read(psa) == LINES + 1


def test_a_line_whose_quantity_halo_computes_is_left_alone_and_reported(site: Site) -> None:
    licence = site.ledger.licence(site.ledger.clients[1], "Business Premium", 9)
    site.ledger.edit_as_person(1, licence_id=licence.id)
    psa = site.psa
    assert psa.read_lines(psa.read_headers(["-1"])[0], TODAY)[0].left_alone == "Halo computes the quantity of line 1 itself."
    with pytest.raises(Rejected, match="Halo computes the quantity of line 1 itself"):
        send(psa, step(psa, set_quantity()))
    assert site.ledger.writes == []


def test_beside_a_computed_line_others_are_written(site: Site) -> None:
    licence = site.ledger.licence(site.ledger.clients[1], "Business Premium", 9)
    site.ledger.edit_as_person(1, licence_id=licence.id)
    psa = site.psa
    only = step(psa, set_quantity("2"))
    send(psa, only)
    assert psa.probe(only).probe is Probe.DONE
    assert [psa.read_lines(psa.read_headers(["-1"])[0], TODAY)[index].quantity for index in (0, 1)] == [9, 12]


def test_a_line_that_a_person_deleted_is_not_made_again(site: Site) -> None:
    psa = site.psa
    only = step(psa, set_quantity())
    site.ledger.change(-1, lines=site.ledger.recurring_invoices[-1].lines[1:])
    with pytest.raises(Rejected, match="Line 1 is not on recurring invoice -1"):
        send(psa, only)
    assert site.ledger.writes == []


def test_another_line_that_changes_with_our_write_is_a_question_to_a_person(site: Site) -> None:
    site.ledger.switches.on_save = lambda line: replace(line, unit_price=Decimal(1)) if line.id == 5 else line
    psa = site.psa
    only = step(psa, set_quantity())
    send(psa, only)
    probed = psa.probe(only)
    assert probed.probe is Probe.CANNOT_TELL
    assert "line 5: unit_price 10.5 is now 1" in probed.why


def test_a_price_is_set_and_moves_nothing_else(site: Site) -> None:
    psa = site.psa
    before = psa.read_lines(psa.read_headers(["-1"])[0], TODAY)
    only = step(psa, set_price())
    assert (only.repeatable, psa.probe(only).probe) == (True, Probe.NOT_DONE)
    send(psa, only)
    after = psa.read_lines(psa.read_headers(["-1"])[0], TODAY)
    assert psa.probe(only).probe is Probe.DONE
    assert after == (replace(before[0], unit_price=Decimal("11.75")), *before[1:])


def test_a_price_that_halo_sets_back_is_not_taken_for_done(site: Site) -> None:
    site.ledger.switches.on_save = lambda line: replace(line, unit_price=Decimal("10.50"))
    psa = site.psa
    only = step(psa, set_price())
    send(psa, only)
    assert psa.probe(only).probe is Probe.NOT_DONE


def test_a_new_line_that_halo_prices_otherwise_is_a_question_to_a_person(site: Site) -> None:
    site.ledger.switches.on_save = lambda line: replace(line, unit_price=Decimal(99)) if line.internal_reference else line
    psa = site.psa
    only = step(psa, add())
    send(psa, only)
    probed = psa.probe(only)
    assert probed.probe is Probe.CANNOT_TELL
    assert "differs in unit_price" in probed.why


def test_a_line_that_is_lost_with_our_write_is_a_question_to_a_person(site: Site) -> None:
    psa = site.psa
    only = step(psa, set_quantity())
    send(psa, only)
    site.ledger.change(-1, lines=site.ledger.recurring_invoices[-1].lines[:-1])
    probed = psa.probe(only)
    assert probed.probe is Probe.CANNOT_TELL
    assert "line 7 is gone" in probed.why


def test_after_a_crash_only_what_the_step_was_to_do_is_looked_at(site: Site) -> None:
    """The lines as sent were kept in memory; another process finds the step's own effect and no more."""
    psa = site.psa
    only = step(psa, set_quantity())
    send(psa, only)
    site.ledger.edit_as_person(5, unit_price=Decimal(1))
    assert site.psa.probe(only).probe is Probe.DONE


def test_a_step_of_which_only_a_part_is_there_is_a_question_to_a_person(site: Site) -> None:
    psa = site.psa
    only = step(psa, set_quantity(), add(2))
    site.ledger.edit_as_person(1, quantity=Decimal(12))
    assert psa.probe(only).probe is Probe.CANNOT_TELL


def test_an_end_is_not_moved_by_a_renewal(site: Site) -> None:
    site.ledger.edit_as_person(2, autorenew=True)
    psa = site.psa
    send(psa, step(psa, end()))
    line = site.ledger.recurring_invoices[-1].line(2)
    assert line is not None
    assert (line.ends, line.autorenew) == (date(2026, 3, 31), False)


def test_what_is_written_is_what_the_next_invoice_bills(site: Site) -> None:
    psa = site.psa
    before = site.ledger.invoice_preview(-1, APRIL).total
    send(psa, step(psa, set_quantity(), end(), add(2)))
    assert site.ledger.invoice_preview(-1, APRIL).total - before == Decimal("10.50") * (11 - 2 + 5)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_write_was_not_done(site: Site, status: int) -> None:
    psa = site.psa
    only = step(psa, set_quantity())
    site.simulator.faults.add(Fault(Effect.ANSWER, "POST", LIST, status=status, body=json.dumps({"Message": "No"})))
    with pytest.raises(Rejected, match="No"):
        send(psa, only)


@pytest.mark.parametrize("body", ["", "[]", "17", '{"id": -1}', '{"id": -1, "lines": []}'])
def test_a_write_that_is_answered_with_nothing_readable_is_unknown(site: Site, body: str) -> None:
    psa = site.psa
    only = step(psa, add())
    site.simulator.faults.add(Fault(Effect.ANSWER_AFTER, "POST", LIST, status=201, body=body))
    with pytest.raises(OutcomeUnknown):
        send(psa, only)
    assert psa.probe(only).probe is Probe.DONE


@pytest.mark.parametrize(("status", "raised"), [(500, Throttled), (404, Rejected), (403, Rejected)])
def test_a_read_that_fails_before_the_write_means_that_nothing_was_written(site: Site, status: int, raised: type[Exception]) -> None:
    psa = site.psa
    only = step(psa, set_quantity())
    site.simulator.faults.add(Fault(Effect.ANSWER, "GET", ONE, times=0, status=status))
    with pytest.raises(raised):
        send(psa, only)
    assert POST not in site.paths()


def test_a_step_may_be_sent_again_and_changes_nothing_more(site: Site) -> None:
    psa = site.psa
    only = step(psa, set_quantity(), end())
    assert only.repeatable
    for _ in range(2):
        send(psa, only)
    assert psa.probe(only).probe is Probe.DONE
    assert [line.ends for line in psa.read_lines(psa.read_headers(["-1"])[0], TODAY)][-1] == OVER
