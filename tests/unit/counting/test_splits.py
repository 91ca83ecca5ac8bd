"""Splits: whoever fits no part, and every unit that nobody holds, goes to the remainder, and the parts add up to the whole."""

from __future__ import annotations

from dataclasses import replace

from sync_core.counting import quantity_for
from sync_core.model.billing import Basis, BillingProfile, CountedItem
from sync_core.model.custom_licences import Counts, Part, Split, part_id
from sync_core.model.licences import PrepaidUnits, Source, SubscriptionStatus, UsageSnapshot
from tests.unit.billing.world import SKU, subscription
from tests.unit.counting.people import SALES, counted, licence, usage, user, where

BY_CITY = Split(SKU, (Part("ulm", (where(city="Ulm"),)), Part("bern", (where(city="Bern"), where(group=SALES)))), "rest")
PEOPLE = (user(1, texts={"city": "ulm"}), user(2, texts={"city": "Bern"}), user(3, texts={"city": "Rome"}), user(4))


def parts(held: UsageSnapshot, split: Split = BY_CITY) -> dict[str, CountedItem]:
    """The parts' items by their names."""
    items = counted(held, splits=(split,))
    return {name: items[part_id(split.item_id, name)] for name in (*(part.name for part in split.parts), split.remainder)}


def bought(items: dict[str, CountedItem]) -> list[int | None]:
    return [item.purchased for item in items.values()]


def test_people_go_to_their_part_and_units_that_nobody_holds_to_the_remainder() -> None:
    items = parts(usage(*PEOPLE, bought=10))
    assert bought(items) == [1, 1, 8]
    assert [item.assigned for item in items.values()] == [1, 1, 2]
    assert items["ulm"].name == f"{counted(usage(*PEOPLE))[SKU].name} (ulm)"


def test_a_person_who_fits_several_parts_belongs_to_the_first() -> None:
    assert bought(parts(usage(*PEOPLE, groups={SALES: frozenset({"u1", "u3"})}))) == [1, 2, 1]


def test_an_empty_attribute_goes_to_the_remainder_and_is_said() -> None:
    assert parts(usage(*PEOPLE))["rest"].notes == ("1 without city",)


def test_minimum_and_included_apply_to_each_part() -> None:
    items = parts(usage(*PEOPLE, bought=10))
    profile = BillingProfile("p", "P", minimum=3, included=2)
    assert [quantity_for(item, profile).value for item in items.values()] == [3, 3, 6]


def test_units_in_their_grace_period_and_suspended_ones_are_not_lost() -> None:
    held = usage(*PEOPLE)
    rows = (subscription(1), subscription(4, SubscriptionStatus.WARNING), subscription(2, SubscriptionStatus.SUSPENDED))
    held = replace(held, subscriptions=rows, skus=(replace(held.skus[0], units=PrepaidUnits(1, 4, 2)),))
    items = parts(held)
    assert [(item.purchased, item.warning, item.suspended) for item in items.values()] == [(1, 0, 0), (0, 1, 0), (0, 3, 2)]
    assert sum(quantity_for(item, BillingProfile("p", "P")).value or 0 for item in items.values()) == 5


def test_more_held_than_sold_is_a_question_for_every_part() -> None:
    """Two of four people sit on seats that somebody else sold: nobody can tell which two, even where one part alone would fit."""
    items = parts(usage(*PEOPLE, bought=2))
    assert bought(items) == [None, None, None]
    assert all("cannot be told" in item.questions[0] for item in items.values())
    assert quantity_for(items["ulm"], BillingProfile("p", "P", basis=Basis.ASSIGNED)).value == 1


def test_people_that_could_not_be_read_leave_every_part_open() -> None:
    items = parts(usage(failed={Source.USERS: "503"}, bought=10))
    assert bought(items) == [None, None, None]
    assert {item.questions for item in items.values()} == {("The list of users could not be read: 503",)}


def test_a_custom_licence_is_divided_by_the_very_people_it_counts() -> None:
    rule = licence(Counts.USERS, exclude=(where(city="Rome"),))
    items = counted(usage(*PEOPLE), rule, splits=(Split(rule.item_id, BY_CITY.parts, "rest"),))
    assert [items[f"custom:rule@{name}"].purchased for name in ("ulm", "bern", "rest")] == [1, 1, 1]


def test_a_part_without_anybody_was_never_held_so_no_minimum_is_billed_for_it() -> None:
    assert [item.held for item in parts(usage(user(4))).values()] == [False, False, True]


def test_a_sku_that_is_gone_leaves_nothing_to_any_part() -> None:
    gone = usage(bought=0, assigned=0, skus=(), subscriptions=())
    assert bought(parts(gone)) == [0, 0, 0]
