"""Choosing the agreement: one that plainly bills, or a question in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sync_core.billing import resolve
from sync_core.model.agreements import Agreement, AgreementStatus
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink
from tests.unit.billing.world import SKU, agreement

NEXT = agreement(agreement_id="8", name="Contoso cloud 2026")


def chosen(by: AgreementBy, value: str, *headers: Agreement) -> str:
    """The agreement's id, or the question."""
    configured = ConfiguredLink("k", SKU, BillingProfile("BP", "M365-BP"), "cw", "250", AgreementChoice(by, value))
    links, questions = resolve([configured], headers)
    assert len(links) + len(questions) == 1
    return links[0].agreement_id if links else questions[0].text


def test_an_agreement_is_found_by_id_type_or_name_without_regard_to_case() -> None:
    assert chosen(AgreementBy.ID, "7", agreement(), NEXT) == "7"
    assert chosen(AgreementBy.TYPE, "MICROSOFT 365", agreement()) == "7"
    assert chosen(AgreementBy.NAME, "contoso CLOUD 2026", agreement(), NEXT) == "8"


def test_several_that_fit_are_a_question() -> None:
    answer = "Agreement type Microsoft 365 fits several active agreements: 7 (Contoso cloud), 8 (Contoso cloud 2026). Choose one by its id."
    assert chosen(AgreementBy.TYPE, "Microsoft 365", NEXT, agreement()) == answer


def test_one_active_among_those_that_are_over_is_chosen() -> None:
    assert chosen(AgreementBy.TYPE, "Microsoft 365", agreement(status=AgreementStatus.EXPIRED), NEXT) == "8"


@pytest.mark.parametrize("status", [AgreementStatus.CANCELLED, AgreementStatus.EXPIRED, AgreementStatus.INACTIVE])
def test_one_that_is_over_is_held_with_its_likely_successor(status: AgreementStatus) -> None:
    answer = f"Agreement 7 (Contoso cloud) is {status}. Nothing is billed to it. Likely successor: 8 (Contoso cloud 2026)."
    assert chosen(AgreementBy.ID, "7", agreement(status=status), NEXT) == answer


def test_another_companys_agreement_is_refused() -> None:
    assert "belongs to another company than 250" in chosen(AgreementBy.ID, "7", agreement(company_id="251"))


def test_the_same_id_in_another_psa_is_another_agreement() -> None:
    assert "was not found" in chosen(AgreementBy.ID, "7", agreement(connection="halo"))


def test_none_found_names_those_there_are() -> None:
    assert chosen(AgreementBy.NAME, "Cloud", NEXT).endswith("Its active agreements: 8 (Contoso cloud 2026).")
    assert chosen(AgreementBy.NAME, "Cloud").endswith("It has no active agreement.")


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({"period_months": 0, "cycle": "Weekly"}, "billing cycle Weekly"),
        ({"next_invoice": None}, "names no next invoice"),
    ],
)
def test_an_agreement_whose_periods_are_not_known_is_a_question(facts: dict[str, Any], answer: str) -> None:
    assert answer in chosen(AgreementBy.ID, "7", agreement(**facts))


def test_start_and_choice_are_carried_over() -> None:
    configured = ConfiguredLink("k", SKU, BillingProfile("BP", "M365-BP"), "cw", "250", AgreementChoice(AgreementBy.ID, "7"), date(2025, 6, 1))
    (link,), _ = resolve([configured], [agreement()])
    assert link.start == date(2025, 6, 1)
