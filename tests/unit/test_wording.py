"""Money and changes in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.pipeline.wording import before_and_after, money, money_by_currency, money_effect, number_of
from tests.mail.digest_reports import change


@pytest.mark.parametrize(
    ("amount", "text"),
    [("66", "66.00 EUR"), ("-7.6", "-7.60 EUR"), ("0.1234", "0.1234 EUR"), ("1E+3", "1000.00 EUR"), ("1.500", "1.50 EUR"), ("0", "0.00 EUR")],
)
def test_money_has_two_decimals_or_as_many_as_it_needs(amount: str, text: str) -> None:
    assert money(Decimal(amount), "EUR") == text


def test_one_is_no_plural() -> None:
    assert [number_of(number, "change") for number in (0, 1, 2)] == ["0 changes", "1 change", "2 changes"]


def test_only_a_rise_gets_a_plus() -> None:
    assert [money_effect(Decimal(amount), "USD") for amount in (1, 0, -1)] == ["+1.00 USD", "0.00 USD", "-1.00 USD"]


def test_each_currency_is_added_up_on_its_own() -> None:
    moves = [("5", "EUR"), ("7", "USD"), ("-2", "EUR"), ("0", "GBP")]
    changes = [change("Visio", ChangeResult.APPLIED, 1, 2, amount, currency) for amount, currency in moves]
    assert money_by_currency(changes) == {"EUR": Decimal(3), "USD": Decimal(7)}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ChangeKind.ADD, "new line with 15"),
        (ChangeKind.SET_QUANTITY, "12 → 15"),
        (ChangeKind.END, "12 → 0, the line ends"),
        (ChangeKind.ADOPT, "line 4711 taken over with 15"),
        (ChangeKind.NONE, "stays at 12"),
    ],
)
def test_every_kind_of_change_has_its_words(kind: ChangeKind, text: str) -> None:
    assert before_and_after(change("Visio", ChangeResult.WAITING, 12, 15, kind=kind, line_id="4711")) == text
