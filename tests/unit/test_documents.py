"""Documents: what goes into a row comes out of it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sync_core.documents import dumps, from_document, loads, to_document
from sync_core.model.customers import Mode
from sync_core.model.licences import PrepaidUnits, Sku, Source, UsageSnapshot, User
from sync_core.model.plans import Change, ChangeKind, Plan, Verdict


def test_a_plan_comes_back_equal() -> None:
    change = Change(
        "c1", "k", "sku", "E3", "cw", "7", "M365-E3", ChangeKind.ADD, Verdict.SAFE, ("12 bought",), after=Decimal("12.0"), effective=date(2028, 2, 29)
    )
    plan = Plan("p", "t", "r", datetime(2026, 3, 31, 2, tzinfo=UTC), Mode.APPROVE, 3, {"cw": date(2026, 3, 30)}, (change,))
    assert loads(Plan, dumps(plan)) == plan


def test_a_snapshot_with_users_and_a_failed_source_comes_back_equal() -> None:
    sku = Sku("id", "SPE_E3", "E3", PrepaidUnits(enabled=5), assigned=4)
    user = User(
        "u1", frozenset({"id"}), {"department": "Sales"}, "role@contoso.example", guest=True, last_sign_in=datetime(2026, 1, 1, 7, tzinfo=UTC)
    )
    snapshot = UsageSnapshot("t", datetime(2026, 1, 1, tzinfo=UTC), (sku,), users=(user,), failed={Source.SUBSCRIPTIONS: "503"})
    assert loads(UsageSnapshot, dumps(snapshot)) == snapshot


@dataclass(frozen=True)
class Tags:
    names: frozenset[str] = frozenset()
    limit: int | None = 3


def test_equal_values_give_equal_texts() -> None:
    assert dumps(Tags(frozenset("ba"))) == dumps(Tags(frozenset("ab"))) == '{"limit":3,"names":["a","b"]}'


def test_members_of_a_newer_version_are_left_out_and_missing_ones_take_their_default() -> None:
    assert from_document(Tags, {"names": ["a"], "added_later": 1}) == Tags(frozenset("a"))


def test_a_document_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="not a Tags"):
        from_document(Tags, {"names": 5})


def test_money_is_a_string_at_rest() -> None:
    assert json.loads(dumps({"price": Decimal("7.10")})) == {"price": "7.10"}


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        to_document(object())
