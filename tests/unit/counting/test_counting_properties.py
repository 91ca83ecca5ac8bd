"""What holds for any tenant and any rules: order does not matter, nobody counts twice, parts add up, and a bad read lowers nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sync_core.model.custom_licences import Condition, Counts, CustomLicence, Part, Split
from sync_core.model.forgotten import Forgotten, mark_of, without_people
from sync_core.model.licences import Source, UsageSnapshot
from tests.unit.billing.world import SKU
from tests.unit.counting.people import NIGHT_SHIFT, SALES, counted, mailbox, usage, user, where

CITIES = ("Ulm", "bern", "")
conditions = st.sampled_from(
    [
        *where(enabled=True),
        *where(licensed=False),
        *where(city="ULM"),
        *where(city=("Bern", "Rome")),
        *where(group=SALES),
        *where(group=(SALES, NIGHT_SHIFT)),
        *where(sku=SKU),
        *where(mfa_registered=True),
        *where(signed_in_within_days=30),
    ]
)
alternatives = st.lists(st.lists(conditions, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple)
rules = st.builds(
    CustomLicence,
    st.just("rule"),
    st.just("The rule"),
    st.sampled_from([Counts.USERS, Counts.GUESTS, Counts.USERS_AND_GUESTS, Counts.MAILBOXES]),
    alternatives,
    alternatives,
)
places = st.lists(st.tuples(st.lists(conditions, min_size=1, max_size=2).map(tuple)), min_size=1, max_size=3)
people = st.builds(
    lambda number, city, enabled, licensed, guest, days: user(
        number, texts={"city": city}, enabled=enabled, licensed=licensed, guest=guest, days_ago=days
    ),
    st.integers(1, 12),
    st.sampled_from(CITIES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 60),
)


@st.composite
def tenants(draw: st.DrawFn) -> UsageSnapshot:
    held = draw(st.lists(people, max_size=12, unique_by=lambda each: each.user_id))
    ids = st.frozensets(st.integers(1, 14).map(lambda number: f"u{number}"))
    spare = draw(st.integers(0, 3))
    seats = sum(SKU in each.sku_ids for each in held)
    groups = {SALES: draw(ids), NIGHT_SHIFT: draw(ids)}
    boxes = tuple(mailbox(number) for number in draw(st.sets(st.integers(1, 14))))
    return usage(*held, groups=groups, mfa_registered=draw(ids), mailboxes=boxes, bought=seats + spare, assigned=seats)


@given(tenants(), rules, st.randoms())
def test_the_order_of_rows_does_not_matter_and_rows_that_repeat_count_once(held: UsageSnapshot, rule: CustomLicence, random: Random) -> None:
    users, mailboxes = list(held.users) * 2, list(held.mailboxes) * 2
    random.shuffle(users)
    random.shuffle(mailboxes)
    shuffled = replace(held, users=tuple(users), mailboxes=tuple(mailboxes))
    assert counted(shuffled, rule) == counted(held, rule)


@given(tenants(), rules)
def test_nobody_counts_who_is_not_there(held: UsageSnapshot, rule: CustomLicence) -> None:
    there = held.mailboxes if rule.counts is Counts.MAILBOXES else held.users
    assert 0 <= (counted(held, rule)["custom:rule"].purchased or 0) <= len(there)


@given(tenants(), rules, st.sampled_from([Source.USERS, Source.GROUPS, Source.MFA, Source.SIGN_INS, Source.MAILBOXES]))
def test_a_source_that_fails_leaves_the_number_as_it_is_or_open(held: UsageSnapshot, rule: CustomLicence, source: Source) -> None:
    lost = replace(held, failed={source: "503"}, read=held.read - {source}, groups={} if source is Source.GROUPS else held.groups)
    lost = replace(lost, users=() if source is Source.USERS else held.users, mailboxes=() if source is Source.MAILBOXES else held.mailboxes)
    lost = replace(lost, mfa_registered=frozenset() if source is Source.MFA else held.mfa_registered)
    assert counted(lost, rule)["custom:rule"].purchased in (counted(held, rule)["custom:rule"].purchased, None)


@given(tenants(), rules, places, st.booleans())
def test_parts_always_add_up_to_the_whole(
    held: UsageSnapshot, rule: CustomLicence, where_each: list[tuple[tuple[Condition, ...]]], of_sku: bool
) -> None:
    item_id = SKU if of_sku else rule.item_id
    split = Split(item_id, tuple(Part(f"part{number}", where) for number, where in enumerate(where_each)), "rest")
    items = counted(held, rule, splits=(split,))
    parts = [items[part] for part in split.item_ids]
    for of in ("purchased", "assigned", "warning", "suspended"):
        assert sum(getattr(part, of) for part in parts) == getattr(items[item_id], of)
    assert all((part.purchased or 0) >= 0 and (part.assigned or 0) >= 0 for part in parts)


@given(tenants(), rules, places, st.frozensets(st.integers(1, 12), min_size=1))
def test_forgetting_people_changes_no_count_and_leaves_none_of_their_names(
    held: UsageSnapshot, rule: CustomLicence, where_each: list[tuple[tuple[Condition, ...]]], gone: frozenset[int]
) -> None:
    people = [each for each in held.users if each.user_id in {f"u{number}" for number in gone}]
    forgotten = [
        Forgotten(f"forgotten-{number}", frozenset({mark_of(held.tenant_id, each.user_id)}), "", held.read_at) for number, each in enumerate(people)
    ]
    after = without_people(held, forgotten)
    splits = tuple(Split(item_id, tuple(Part(f"part{n}", each) for n, each in enumerate(where_each)), "rest") for item_id in (SKU, rule.item_id))
    assert counted(after, rule, splits=splits) == counted(held, rule, splits=splits)
    assert not {each.user_id for each in people} & {each.user_id for each in after.users}
    assert not any(each.user_principal_name.casefold() in repr(after).casefold() for each in people if each.user_principal_name)
