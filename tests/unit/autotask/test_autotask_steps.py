"""The exact writes that changes become in Autotask."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa.autotask.settings import AutotaskSettings, PriceField
from adapters.psa.autotask.steps import adjustment_of, effective_day, is_adjustment, steps_for
from sync_core.errors import Rejected
from sync_core.model.agreements import Agreement, AgreementStatus, Shift, Terms
from sync_core.model.plans import Change, ChangeKind, Step, Verdict

START, APRIL = date(2026, 1, 1), date(2026, 4, 1)
AGREEMENT = Agreement("psa one", "5", "250", "Cloud", "Managed", AgreementStatus.ACTIVE, START, None, 1, START, APRIL, True, "USD")


SETTINGS = AutotaskSettings("psa one", "https://webservices.autotask.net", "UTC", "api@contoso.example", "s", "c", largest_change=50)


def steps(kind: ChangeKind, settings: AutotaskSettings = SETTINGS, **members: Any) -> tuple[Step, ...]:
    change = Change("change-1", "link", "sku", "Item", "psa one", "5", "M365-BP", kind, Verdict.SAFE, (), **members)
    return steps_for(AGREEMENT, [change], "plan-1", settings)


def add(**members: Any) -> tuple[Step, ...]:
    return steps(ChangeKind.ADD, **{"product_id": "17", "after": Decimal(12), "effective": APRIL, "marker": "M365-a-1", **members})


def adjustment(**members: Any) -> Step:
    given = {"line_id": "9", "before": Decimal(10), "after": Decimal(12), "effective": APRIL}
    return steps(ChangeKind.SET_QUANTITY, **{**given, **members})[0]


def test_an_add_makes_the_line_with_our_marker_and_leaves_price_and_text_to_the_catalogue() -> None:
    assert add()[0].request == {
        "method": "POST",
        "path": "Contracts/5/Services",
        "body": {"contractID": 5, "serviceID": 17, "internalDescription": "M365-a-1 from 2026-04-01"},
    }


def test_an_add_then_gives_the_line_its_units_by_the_id_that_it_has_by_then() -> None:
    line, units = add()
    assert not is_adjustment(line)
    assert units.request["body"] == {"contractID": 5, "unitChange": 12, "effectiveDate": "2026-04-01T12:00:00"}
    assert adjustment_of(units, "33")["contractServiceID"] == 33
    assert (units.line_id, units.marker) == ("", "M365-a-1")


def test_a_quantity_is_one_net_difference_at_noon_on_a_known_service() -> None:
    step = adjustment()
    assert step.request["path"] == "Contracts/5/ServiceAdjustments"
    assert step.request["body"] == {"contractID": 5, "contractServiceID": 9, "unitChange": 2, "effectiveDate": "2026-04-01T12:00:00"}
    assert (step.request["before"], step.request["after"], effective_day(step)) == (10, 12, APRIL)


def test_fewer_units_are_a_negative_difference() -> None:
    assert adjustment(after=Decimal(7)).request["body"]["unitChange"] == -3


def test_an_end_takes_all_units_away_the_day_after_the_last_billed_one() -> None:
    (step,) = steps(ChangeKind.END, line_id="9", before=Decimal(10), after=Decimal(0), effective=date(2026, 3, 31))
    assert (step.request["body"]["unitChange"], effective_day(step)) == (-10, APRIL)


def test_a_line_that_holds_nothing_cannot_be_ended() -> None:
    assert steps(ChangeKind.END, line_id="9", before=Decimal(0), after=Decimal(0), effective=date(2026, 3, 31)) == ()


def test_no_step_may_be_repeated_blindly_and_each_has_an_id_of_its_own() -> None:
    made = [*add(), adjustment()]
    assert not any(step.repeatable for step in made)
    assert len({step.step_id for step in add()}) == 2


def test_a_step_says_what_it_does_in_words() -> None:
    assert adjustment().describes == "Change M365-BP by +2 from 10 to 12 units from 2026-04-01 on contract 5 (Cloud)"


@pytest.mark.parametrize("members", [{"marker": ""}, {"marker": "x" * 51}, {"product_id": ""}, {"after": None}, {"effective": None}])
def test_an_add_that_lacks_what_it_needs_is_never_sent_half(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="lacks"):
        add(**members)


@pytest.mark.parametrize("members", [{"line_id": ""}, {"before": None}, {"effective": None}])
def test_a_difference_is_only_made_from_what_is_known(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="lacks"):
        adjustment(**members)


def test_a_fraction_of_a_unit_is_refused() -> None:
    with pytest.raises(Rejected, match="whole units"):
        adjustment(after=Decimal("2.5"))


def test_each_day_of_a_change_is_one_difference_and_the_earlier_goes_first() -> None:
    shifts = (Shift(date(2026, 3, 22), Decimal(12), Decimal(13)), Shift(APRIL, Decimal(12), Decimal(13)))
    made = steps(ChangeKind.SET_QUANTITY, line_id="9", before=Decimal(11), after=Decimal(13), effective=date(2026, 3, 22), shifts=shifts)
    assert [(step.request["body"]["unitChange"], step.request["before"], step.shifts_from) for step in made] == [
        (1, 12, date(2026, 3, 22)),
        (1, 12, APRIL),
    ]
    assert len({step.step_id for step in made}) == 2


def test_more_units_at_once_than_the_settings_allow_are_refused_before_anything_is_sent() -> None:
    assert adjustment(after=Decimal(60)).request["body"]["unitChange"] == 50
    with pytest.raises(Rejected, match="more than 50"):
        adjustment(after=Decimal(61))


def test_fewer_units_than_none_are_never_made() -> None:
    with pytest.raises(ValueError, match="would leave -1 units"):
        adjustment(after=Decimal(-1))


@pytest.mark.parametrize(("field", "member"), [(PriceField.ADJUSTED, "internalCurrencyAdjustedPrice"), (PriceField.UNIT, "unitPrice")])
def test_a_price_goes_into_the_field_that_the_settings_name(field: PriceField, member: str) -> None:
    terms = Terms(unit_price=Decimal("11.75"))
    (step,) = steps(ChangeKind.SET_PRICE, replace(SETTINGS, price_field=field), line_id="9", terms=terms)
    assert (step.request["method"], step.request["body"], step.repeatable) == ("PATCH", {"id": 9, member: 11.75}, True)


def test_a_new_line_has_the_price_and_the_text_of_the_profile() -> None:
    body = add(terms=Terms(unit_price=Decimal("9.25"), text="As agreed"))[0].request["body"]
    assert (body["unitPrice"], body["invoiceDescription"]) == (9.25, "As agreed")


def test_each_adjustment_of_a_change_is_measured_by_itself() -> None:
    """Sixty up and sixty down again is nothing in all, and two adjustments that are too large."""
    shifts = (Shift(date(2026, 3, 17), Decimal(3), Decimal(63)), Shift(date(2026, 4, 1), Decimal(63), Decimal(3)))
    with pytest.raises(Rejected, match="by 60 units at once, more than 50"):
        steps(ChangeKind.SET_QUANTITY, line_id="5", before=Decimal(3), after=Decimal(3), effective=date(2026, 3, 17), shifts=shifts)
