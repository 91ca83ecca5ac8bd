"""The one step of an agreement, the body that is made of it, and whether its effects are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa.halopsa.comparing import changed_beside
from adapters.psa.halopsa.proration import row_of
from adapters.psa.halopsa.settings import LineEnd
from adapters.psa.halopsa.steps import body, effect, operations_of, steps_for
from sync_core.model.agreements import Agreement, AgreementStatus, SelfEnding, Terms
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.ports import Probe

START, APRIL = date(2026, 1, 1), date(2026, 4, 1)
HEAD = Agreement("psa one", "-3", "7", "Cloud", "", AgreementStatus.ACTIVE, START, None, 1, START, APRIL, False, "EUR")
RECORD: dict[str, Any] = {
    "id": -3,
    "reference": "Cloud",
    "lines": [
        {"id": 1, "_itemid": 1, "qty_order": 1, "unit_price": Decimal("10.50"), "heardOfNever": {"deep": [1]}},
        {"id": 2, "_itemid": 2, "qty_order": 2, "autorenew": True},
        {"id": 3, "_itemid": 3, "qty_order": 3, "quantity_licences": [{"id": 1}]},
    ],
}


def change(kind: ChangeKind, **members: Any) -> Change:
    given = {"change_id": f"{kind}-1", "product": "M365-BP", "item": "Item", "kind": kind, **members}
    return Change(link_key="link", item_id="sku", connection="psa one", agreement_id="-3", verdict=Verdict.SAFE, reasons=(), **given)


def add(**members: Any) -> Change:
    given = {"product_id": "9", "after": Decimal(5), "effective": APRIL, "marker": "marker", "unit_price": Decimal("12.5"), **members}
    return change(ChangeKind.ADD, **given)


def set_quantity(line_id: str = "1", after: str = "12") -> Change:
    return change(ChangeKind.SET_QUANTITY, line_id=line_id, after=Decimal(after))


def end(line_id: str = "2") -> Change:
    return change(ChangeKind.END, line_id=line_id, effective=date(2026, 3, 31))


def set_price(line_id: str = "1", price: str = "11.75") -> Change:
    return change(ChangeKind.SET_PRICE, line_id=line_id, terms=Terms(unit_price=Decimal(price)))


def step(*changes: Change, line_end: LineEnd = LineEnd.INCLUSIVE) -> Step:
    (only,) = steps_for(HEAD, changes, "plan", line_end)
    return only


def sent(*changes: Change) -> list[Any]:
    (record,) = body(RECORD, operations_of(step(*changes)))
    assert record.keys() == {"id", "lines"}
    lines: list[Any] = record["lines"]
    return lines


def test_one_step_carries_all_changes_of_an_agreement() -> None:
    only = step(end(), set_quantity(), add())
    assert only.change_ids == ("end-1", "set quantity-1", "add-1")
    assert "end M365-BP on line 2 with 2026-03-31; set M365-BP to 12 on line 1; add M365-BP x 5 from 2026-04-01" in only.describes


def test_a_step_may_be_sent_again_only_while_it_makes_no_line() -> None:
    assert step(set_quantity(), end()).repeatable
    assert not step(set_quantity(), add()).repeatable


def test_every_line_is_sent_as_it_was_read_but_for_what_is_changed() -> None:
    first, second, third = sent(set_quantity())
    assert first == {**RECORD["lines"][0], "qty_order": 12}
    assert [second, third] == RECORD["lines"][1:]


def test_an_ended_line_does_not_renew_itself() -> None:
    assert sent(end())[1] == {**RECORD["lines"][1], "enddate": "2026-03-31T00:00:00", "autorenew": False}


def test_an_exclusive_end_date_is_the_day_after_the_last_billed_one() -> None:
    assert operations_of(step(end(), line_end=LineEnd.EXCLUSIVE))[0]["ends"] == "2026-04-01"


def test_a_new_line_has_no_id_and_comes_last() -> None:
    new = sent(add())[-1]
    assert new == {
        "_itemid": 9,
        "item_shortdescription": "M365-BP",
        "qty_order": 5,
        "unit_price": 12.5,
        "startdate": "2026-04-01T00:00:00",
        "item_internal_reference": "marker",
    }


def test_what_was_read_is_left_as_it_is() -> None:
    sent(set_quantity(), end(), add())
    assert RECORD["lines"][0]["qty_order"] == 1


def test_a_line_that_halo_computes_is_never_written() -> None:
    with pytest.raises(ValueError, match="Halo computes the quantity of line 3 itself"):
        sent(set_quantity("3"))


def test_a_line_that_is_gone_is_not_made_again() -> None:
    with pytest.raises(ValueError, match="Line 8 is not on recurring invoice -3"):
        sent(set_quantity("8"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: add(product_id=""),
        lambda: add(marker="x" * 51),
        lambda: add(after=None),
        lambda: add(effective=None),
        lambda: change(ChangeKind.END, line_id="2"),
        lambda: change(ChangeKind.SET_QUANTITY, line_id="", after=Decimal(1)),
    ],
)
def test_a_change_that_lacks_something_makes_no_step(make: Callable[[], Change]) -> None:
    with pytest.raises(ValueError, match="lacks"):
        step(make())


@pytest.mark.parametrize("members", [{"recurring_invoice_price_type": 1}, {"calculate_price_from_users": True}])
def test_a_price_that_halo_computes_is_never_written(members: dict[str, Any]) -> None:
    record = {**RECORD, "lines": [{**RECORD["lines"][0], **members}]}
    with pytest.raises(ValueError, match="Halo computes the price of line 1 itself"):
        body(record, operations_of(step(set_price())))
    assert body(record, operations_of(step(set_quantity())))[0]["lines"][0]["qty_order"] == 12


def test_a_price_is_set_beside_a_quantity_of_the_same_line() -> None:
    assert sent(set_quantity(), set_price())[0] == {**RECORD["lines"][0], "qty_order": 12, "unit_price": 11.75}


@pytest.mark.parametrize(("make", "index"), [(set_quantity, 0), (set_price, 0), (end, 1)])
def test_an_effect_is_there_or_not(make: Callable[[], Change], index: int) -> None:
    (operation,) = operations_of(step(make()))
    assert effect(RECORD["lines"], operation).probe is Probe.NOT_DONE
    assert effect(sent(make()), operation).probe is Probe.DONE


def test_an_added_line_is_found_by_its_marker_alone() -> None:
    (operation,) = operations_of(step(add()))
    new = {**sent(add())[-1], "id": 4}
    assert effect(RECORD["lines"], operation).probe is Probe.NOT_DONE
    assert effect([*RECORD["lines"], new], operation).line == new


@pytest.mark.parametrize(
    ("other", "words"),
    [({"qty_order": 6}, "differs in qty_order"), ({"unit_price": 1}, "differs in unit_price"), ({"_itemid": 8}, "differs in _itemid")],
)
def test_a_line_with_our_marker_that_is_otherwise_is_a_question(other: dict[str, Any], words: str) -> None:
    (operation,) = operations_of(step(add()))
    found = effect([{**sent(add())[-1], "id": 4, **other}], operation)
    assert found.probe is Probe.CANNOT_TELL
    assert words in found.why


def test_a_line_to_be_changed_that_is_gone_is_a_question() -> None:
    (operation,) = operations_of(step(set_quantity()))
    assert effect([], operation).probe is Probe.CANNOT_TELL


def test_nothing_is_changed_beside_when_lines_are_as_sent() -> None:
    assert changed_beside(RECORD["lines"], RECORD["lines"], []) == []


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ([RECORD["lines"][0]], ["line 2 is gone", "line 3 is gone"]),
        ([*RECORD["lines"], {"id": 4}], ["line 4 is new"]),
        ([{**RECORD["lines"][0], "unit_price": 1}, *RECORD["lines"][1:]], ["line 1: unit_price 10.50 is now 1"]),
        ([{**RECORD["lines"][0], "heardOfNever": None}, *RECORD["lines"][1:]], ["line 1: heardOfNever {'deep': [1]} is now None"]),
    ],
)
def test_every_line_is_compared_member_by_member(now: list[Any], words: list[str]) -> None:
    assert changed_beside(RECORD["lines"], now, []) == words


@pytest.mark.parametrize(
    ("sent_value", "value"),
    [
        ("", None),
        (False, None),
        ([], None),
        (10, Decimal("10.0")),
        ("2026-03-31T00:00:00", "2026-03-31T00:00:00.000Z"),
        ("1899-12-30T00:00:00", None),
    ],
)
def test_the_same_said_otherwise_is_no_change(sent_value: Any, value: Any) -> None:
    assert changed_beside([{"id": 1, "member": sent_value}], [{"id": 1, "member": value}], []) == []


def test_what_halo_derives_and_the_lines_we_add_are_no_change() -> None:
    before = [{"id": 1, "net_amount": 10, "sequenceid": 0, "_warning": "x", "total_tax_converted": 1}]
    now = [{"id": 1, "net_amount": 12, "sequenceid": 1, "_warning": "", "total_tax_converted": 2}, {"id": 2, "item_internal_reference": "marker"}]
    assert changed_beside(before, now, ["marker"]) == []


BESIDE = SelfEnding(Decimal(2), date(2026, 3, 17), date(2026, 3, 31), "beside")


def raised() -> Change:
    return replace(set_quantity(), self_ending=(BESIDE,), terms=Terms(unit_price=Decimal("20.60")))


def test_a_prorata_row_is_a_step_of_its_own_before_the_quantity_and_may_not_be_repeated() -> None:
    row, quantity = steps_for(HEAD, [raised()], "plan", LineEnd.INCLUSIVE)
    assert (row.marker, row.repeatable, quantity.repeatable) == ("beside", False, True)
    assert row.change_ids == quantity.change_ids == ("set quantity-1",)
    assert "prorate M365-BP: 2 from 2026-03-17 to 2026-03-31, 9.970000 each" in row.describes


def test_a_row_has_the_price_of_its_days_so_that_it_comes_to_the_cent_of_the_plan() -> None:
    """Three units at 20.60 for 15 of 31 days are 29.90, which three equal prices in cents cannot be."""
    row = row_of(HEAD, replace(BESIDE, units=Decimal(3)), Decimal("20.60"))
    assert row.charged == Decimal("9.966667")
    assert (row.charged * 3).quantize(Decimal("0.01")) == Decimal("29.90")


def test_a_row_is_asked_for_on_its_line_and_all_else_is_sent_as_it_was_read() -> None:
    row, _ = steps_for(HEAD, [raised()], "plan", LineEnd.INCLUSIVE)
    (record,) = body(RECORD, operations_of(row))
    assert record["lines"][1:] == RECORD["lines"][1:]
    assert record["lines"][0] == {
        **RECORD["lines"][0],
        "prorata_next_invoice": True,
        "prorata_quantity": 2,
        "prorata_unit_price": 9.97,
        "prorata_shortdescription": "M365-BP",
        "prorata_longdescription": "2026-03-17 - 2026-03-31 @ 20.60\nbeside",
        "createproratadate": "2026-03-17T00:00:00",
    }


def test_members_that_made_a_row_once_are_never_sent_back() -> None:
    made = {"createproratadate": "2026-03-01T00:00:00", "prorata_quantity": 1, "prorata_unit_price": 5, "_updateprorata": True}
    record = {**RECORD, "lines": [{**RECORD["lines"][0], **made}]}
    assert body(record, operations_of(step(set_quantity())))[0]["lines"] == [{**RECORD["lines"][0], "qty_order": 12}]


@pytest.mark.parametrize(
    ("other", "words"), [({"quantity": 3}, "quantity"), ({"unitprice": 1}, "unitprice"), ({"date": "2026-03-18T00:00:00"}, "date")]
)
def test_a_row_with_our_marker_that_is_otherwise_is_a_question(other: dict[str, Any], words: str) -> None:
    row, _ = steps_for(HEAD, [raised()], "plan", LineEnd.INCLUSIVE)
    (operation,) = operations_of(row)
    text = operation["row"]
    there = {"id": 7, "date": "2026-03-17T00:00:00", "quantity": 2, "unitprice": Decimal("9.97"), "longdescription": long_text(text), **other}
    found = effect([{**RECORD["lines"][0], "prorata_data": [there]}], operation)
    assert (found.probe, f"differs in {words}" in found.why) == (Probe.CANNOT_TELL, True)


def long_text(row: dict[str, Any]) -> str:
    return f"{row['first']} - {row['last']} @ {row['price']}\n{row['marker']}"
