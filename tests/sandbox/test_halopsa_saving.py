"""What a POST of a recurring invoice does to its lines, with every switch for what is not known of the vendor."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.halopsa.ledger import Omitted, UnknownMembers
from tests.sandbox.halopsa_psa import RECURRING, Psa


@pytest.fixture
def psa() -> Psa:
    """Two lines, of 10 and 20 units."""
    psa = Psa()
    psa.line(10, internal_reference="marker", ends=date(2026, 12, 31))
    psa.line(20)
    return psa


def lines(psa: Psa) -> list[Any]:
    shown: list[Any] = psa.shown()["lines"]
    return shown


def quantities(psa: Psa) -> list[Any]:
    return [line["qty_order"] for line in lines(psa)]


def test_whole_lines_sent_back_as_they_were_read_change_nothing(psa: Psa) -> None:
    before = lines(psa)
    assert psa.save(before).status == 201
    assert lines(psa) == before


def test_the_answer_to_one_record_is_the_record_and_not_an_array(psa: Psa) -> None:
    assert psa.save(lines(psa)).json()["id"] == psa.invoice.id


def test_a_changed_quantity_holds_and_totals_follow(psa: Psa) -> None:
    first, second = lines(psa)
    psa.save([{**first, "qty_order": 12.5}, second])
    assert quantities(psa) == [12.5, 20]
    assert lines(psa)[0]["net_amount"] == 125


def test_a_line_without_an_id_is_added_with_price_and_text_of_its_item(psa: Psa) -> None:
    psa.save([*lines(psa), {"_itemid": 1, "qty_order": 3}])
    assert [(line["item_shortdescription"], line["unit_price"]) for line in lines(psa)[2:]] == [("M365-BP", 10)]


@pytest.mark.parametrize(("omitted", "left"), [(Omitted.DELETED, [20]), (Omitted.KEPT, [10, 20])])
def test_a_line_that_is_left_out_is_deleted_or_kept(psa: Psa, omitted: Omitted, left: list[int]) -> None:
    psa.switches.omitted = omitted
    psa.save(lines(psa)[1:])
    assert quantities(psa) == left
    assert psa.ledger.writes[-1].forbidden


def test_a_member_that_is_left_out_of_a_line_is_lost(psa: Psa) -> None:
    first, second = lines(psa)
    psa.save([{"id": first["id"], "_itemid": 1, "qty_order": 10}, second])
    assert lines(psa)[0]["item_internal_reference"] == ""


def test_a_head_without_lines_leaves_them_alone(psa: Psa) -> None:
    assert psa.call("POST", RECURRING, [{"id": psa.invoice.id}]).status == 201
    assert quantities(psa) == [10, 20]


@pytest.mark.parametrize(
    ("switch", "status", "kept"), [(UnknownMembers.IGNORED, 201, False), (UnknownMembers.KEPT, 201, True), (UnknownMembers.REFUSED, 400, False)]
)
def test_an_unknown_member_is_ignored_kept_or_refused(psa: Psa, switch: UnknownMembers, status: int, kept: bool) -> None:
    psa.switches.unknown_members = switch
    first, second = lines(psa)
    assert psa.save([{**first, "invented": 1}, second]).status == status
    assert ("invented" in lines(psa)[0]) is kept


@pytest.mark.parametrize(("overwrites", "held"), [(True, 7), (False, 99)])
def test_a_quantity_with_a_rule_is_the_licence_count_whatever_is_sent(psa: Psa, overwrites: bool, held: int) -> None:
    psa.switches.overwrites_computed = overwrites
    psa.line(0, licence_id=psa.ledger.licence(psa.client, "Business Premium", 7).id)
    psa.save([*lines(psa)[:2], {**lines(psa)[2], "qty_order": 99}])
    assert quantities(psa)[2] == held
    assert lines(psa)[2]["_is_calculated_line"]


def test_the_site_may_make_something_else_of_a_saved_line(psa: Psa) -> None:
    psa.switches.on_save = lambda line: replace(line, unit_price=Decimal(1))
    psa.save(lines(psa))
    assert [line["unit_price"] for line in lines(psa)] == [1, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"qty_order": "12"},
        {"qty_order": -1},
        {"startdate": "tomorrow"},
        {"autorenew": 1},
        {"_itemid": "1"},
        {"item_internal_reference": "x" * 51},
        {"id": 99},
    ],
)
def test_a_wrong_member_is_refused_with_its_name_and_nothing_is_stored(psa: Psa, change: dict[str, Any]) -> None:
    first, second = lines(psa)
    answer = psa.save([{**first, **change}, {**second, "qty_order": 21}])
    assert answer.status == 400
    assert quantities(psa) == [10, 20]


@pytest.mark.parametrize("body", [{"id": -1}, [], ["x"], [{"id": -1, "lines": "all"}]])
def test_a_body_of_another_shape_is_refused(psa: Psa, body: Any) -> None:
    assert psa.call("POST", RECURRING, body).status == 400


def test_an_unknown_recurring_invoice_is_not_found(psa: Psa) -> None:
    assert psa.call("POST", RECURRING, [{"id": -9, "lines": []}]).status == 404


@pytest.mark.parametrize("path", ["process", "Lines", "updatelines"])
def test_what_a_careful_client_never_calls_is_recorded_and_not_done(psa: Psa, path: str) -> None:
    assert psa.call("POST", f"{RECURRING}/{path}", [-1]).status == 400
    assert psa.ledger.writes[-1].forbidden


def test_a_write_is_shown_with_before_and_after(psa: Psa) -> None:
    first, second = lines(psa)
    psa.save([{**first, "qty_order": 11}, second])
    (write,) = psa.inspect("writes")
    assert (write["before"]["lines"][0]["qty_order"], write["after"]["lines"][0]["qty_order"], write["forbidden"]) == (10, 11, False)
