"""The exact writes that changes become in ConnectWise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa.changes import step_id
from adapters.psa.connectwise.settings import CancelledDate
from adapters.psa.connectwise.steps import differences, expected, steps_for
from sync_core.model.agreements import Agreement, AgreementStatus, Charge, SelfEnding, Terms
from sync_core.model.plans import Change, ChangeKind, Step, Verdict

START = date(2026, 1, 1)
AGREEMENT = Agreement("psa one", "5", "250", "Cloud", "Managed", AgreementStatus.ACTIVE, START, None, 1, START, date(2026, 4, 1), False, "USD")


def step(kind: ChangeKind, cancelled: CancelledDate = CancelledDate.INCLUSIVE, **members: Any) -> Step:
    change = Change("change-1", "link", "sku", "Item", "psa one", "5", "M365-BP", kind, Verdict.SAFE, (), **members)
    return steps_for(AGREEMENT, [change], "plan-1", cancelled)[0]


def add(**members: Any) -> Step:
    given = {"product_id": "17", "after": Decimal(12), "effective": date(2026, 4, 1), "marker": "SYNC-1"}
    return step(ChangeKind.ADD, **{**given, **members})


def test_an_add_posts_product_quantity_date_and_marker_and_leaves_price_and_text_to_the_catalog() -> None:
    assert add().request == {
        "method": "POST",
        "path": "/finance/agreements/5/additions",
        "body": {
            "product": {"id": 17},
            "quantity": 12,
            "billCustomer": "Billable",
            "effectiveDate": "2026-04-01T00:00:00Z",
            "serialNumber": "SYNC-1",
        },
    }


def test_a_quantity_is_one_patch_operation_with_a_bare_path() -> None:
    request = step(ChangeKind.SET_QUANTITY, line_id="9", after=Decimal("2.5")).request
    assert request["path"] == "/finance/agreements/5/additions/9"
    assert request["body"] == [{"op": "replace", "path": "quantity", "value": 2.5}]


@pytest.mark.parametrize(("told", "sent"), [(CancelledDate.INCLUSIVE, "2026-03-31"), (CancelledDate.EXCLUSIVE, "2026-04-01")])
def test_an_end_sends_the_cancelled_date_as_this_psa_reads_it(told: CancelledDate, sent: str) -> None:
    body = step(ChangeKind.END, told, line_id="9", effective=date(2026, 3, 31)).request["body"]
    assert body == [{"op": "replace", "path": "cancelledDate", "value": f"{sent}T00:00:00Z"}]


def test_a_line_that_has_not_begun_ends_without_units_on_its_first_day() -> None:
    body = step(ChangeKind.END, line_id="9", effective=date(2026, 3, 31), rests_on={"line starts": "2026-04-01"}).request["body"]
    assert [(operation["path"], operation["value"]) for operation in body] == [("quantity", 0), ("cancelledDate", "2026-04-01T00:00:00Z")]


@pytest.mark.parametrize(("told", "sent"), [(CancelledDate.INCLUSIVE, "2026-03-31"), (CancelledDate.EXCLUSIVE, "2026-04-01")])
def test_a_self_ending_line_has_its_days_a_marker_of_its_own_and_what_the_main_line_has(told: CancelledDate, sent: str) -> None:
    beside = SelfEnding(Decimal(2), date(2026, 3, 17), date(2026, 3, 31), "SYNC-2")
    terms = Terms(Decimal("20.60"), Decimal("15.50"), Charge.BILLABLE, False, "8", "As agreed")
    assert step(ChangeKind.PRORATE, told, line_id="9", product_id="17", self_ending=(beside,), terms=terms).request["body"] == {
        "product": {"id": 17},
        "quantity": 2,
        "billCustomer": "Billable",
        "effectiveDate": "2026-03-17T00:00:00Z",
        "cancelledDate": f"{sent}T00:00:00Z",
        "serialNumber": "SYNC-2",
        "unitPrice": 20.6,
        "unitCost": 15.5,
        "taxableFlag": False,
        "invoiceGrouping": {"id": 8},
        "invoiceDescription": "As agreed",
    }


def test_a_price_is_one_patch_operation() -> None:
    body = step(ChangeKind.SET_PRICE, line_id="9", terms=Terms(Decimal("22.00"))).request["body"]
    assert body == [{"op": "replace", "path": "unitPrice", "value": 22}]


def test_only_writes_of_absolute_values_on_a_known_line_are_repeatable() -> None:
    assert step(ChangeKind.SET_QUANTITY, line_id="9", after=Decimal(1)).repeatable
    assert not add().repeatable


def test_a_step_says_what_it_does_in_words() -> None:
    assert add().describes == "Add M365-BP x 12 from 2026-04-01 to agreement 5 (Cloud)"


def test_ids_of_steps_depend_on_plan_agreement_and_change() -> None:
    assert step_id("plan", "5", "change") == step_id("plan", "5", "change")
    assert len({step_id("plan", "5", "change"), step_id("plan", "5", "other"), step_id("plan", "6", "change"), step_id("other", "5", "change")}) == 4


@pytest.mark.parametrize("members", [{"marker": ""}, {"marker": "x" * 51}, {"product_id": ""}, {"after": None}, {"effective": None}])
def test_an_add_that_lacks_what_it_needs_is_never_sent_half(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="lacks"):
        add(**members)


def test_a_change_of_a_line_without_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the id"):
        step(ChangeKind.SET_QUANTITY, after=Decimal(1))


def test_what_a_step_sets_is_compared_by_meaning_and_nothing_else_is() -> None:
    record = {
        "product": {"id": 17, "identifier": "M365-BP"},
        "quantity": Decimal("12.00"),
        "billCustomer": "Billable",
        "effectiveDate": "2026-04-01T04:00:00Z",
        "serialNumber": "SYNC-1",
        "unitPrice": 99,
    }
    assert differences(expected(add()), record) == []


def test_every_field_that_differs_is_named() -> None:
    record = {"product": {"id": 18}, "quantity": None, "billCustomer": "NoCharge", "effectiveDate": None, "serialNumber": "SYNC-2"}
    assert differences(expected(add()), record) == ["product", "quantity", "billCustomer", "effectiveDate", "serialNumber"]
