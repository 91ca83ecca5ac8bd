"""For how long something was bought, who says so, and what stays committed where fewer are held."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sync_core.counting import commitments_after, count, quantity_for, remembered, with_last_known
from sync_core.counting.terms import term_of
from sync_core.model.billing import Basis, BillingProfile, CountedItem, Decreases
from sync_core.model.licences import Source, Subscription, SubscriptionStatus, UsageSnapshot
from sync_core.model.terms import Commitment, Term, TermSource
from tests.unit.billing.world import NAME, PARTNER, SKU, US, snapshot

BOUGHT = datetime(2025, 3, 10, 9, 0, tzinfo=UTC)
TODAY = datetime(2025, 8, 1, 2, 0, tzinfo=UTC)
RENEWS = date(2026, 3, 10)
PROFILE = BillingProfile("Business Premium", "M365-BP")


def row(seats: int = 12, renews: date | None = RENEWS, created: datetime | None = BOUGHT, **facts: object) -> Subscription:
    """An annual subscription of ours, in its fifth month."""
    ends = datetime.combine(renews, BOUGHT.timetz()) if renews else None
    usual = Subscription("s-1", SKU, SubscriptionStatus.ENABLED, seats, owner_tenant_id=US, created=created, next_lifecycle=ends, commerce_id="c-1")
    return replace(usual, **facts)  # type: ignore[arg-type]  # members of a subscription


def read(*rows: Subscription, at: datetime = TODAY, **facts: object) -> UsageSnapshot:
    return replace(snapshot(rows), read_at=at, **facts)  # type: ignore[arg-type]  # members of a snapshot


@pytest.mark.parametrize(
    ("renews", "today", "duration", "committed"),
    [
        (date(2026, 3, 10), date(2025, 8, 1), "P1Y", True),
        (date(2027, 3, 10), date(2026, 8, 1), "P1Y", True),
        (date(2028, 3, 10), date(2025, 8, 1), "P3Y", True),
        (date(2028, 3, 10), date(2027, 8, 1), "", True),
        (date(2026, 3, 10), date(2026, 3, 1), "", True),
        (date(2025, 8, 10), date(2025, 8, 1), "P1M", False),
        (date(2025, 12, 31), date(2025, 8, 1), "", True),
        (date(2025, 8, 20), date(2025, 8, 1), "", False),
    ],
    ids=["annual", "renewed", "three years", "a third year", "last month", "monthly", "aligned to another end", "nobody can tell"],
)
def test_what_a_term_is_shows_in_the_day_of_its_next_change(renews: date, today: date, duration: str, committed: bool) -> None:
    held = row(renews=renews)
    term = term_of(held, read(held, at=datetime.combine(today, TODAY.timetz())))
    assert (term.duration, term.committed, term.renews, term.source) == (duration, committed, renews, TermSource.OBSERVED)


def test_a_term_of_the_month_of_a_leap_day_is_a_year() -> None:
    held = row(created=datetime(2024, 2, 29, 9, tzinfo=UTC), renews=date(2025, 2, 28))
    assert term_of(held, read(held, at=datetime(2024, 8, 1, tzinfo=UTC))).duration == "P1Y"


def test_partner_center_is_believed_before_what_is_observed() -> None:
    named = Term("P3Y", "annual", date(2028, 3, 10), True, TermSource.PARTNER_CENTER)
    assert term_of(row(), read(row(), terms={"c-1": named})) == named
    assert str(named) == "P3Y billed annual, renews on 2028-03-10 (Partner Center)"


def test_a_term_is_unknown_where_partner_center_was_asked_and_did_not_answer() -> None:
    assert str(term_of(row(), read(row(), failed={Source.TERMS: "busy"}))) == "term unknown"


def test_what_partner_center_said_last_holds_until_the_term_renews() -> None:
    named = Term("P1Y", "annual", RENEWS, True, TermSource.PARTNER_CENTER)
    failed = read(row(), failed={Source.TERMS: "busy"})
    assert term_of(row(), with_last_known(failed, {"c-1": named})) == named
    later = replace(failed, read_at=datetime(2026, 3, 10, tzinfo=UTC))
    assert term_of(row(), with_last_known(later, {"c-1": named})) == Term()


def nights(*held: tuple[date, Subscription | None], known: dict[str, Commitment] | None = None) -> tuple[CountedItem, dict[str, Commitment]]:
    """The item counted in the last of these nights, each with what the one before left."""
    commitments = known or {}
    for day, subscription in held:
        seen = read(*([subscription] if subscription else []), at=datetime.combine(day, TODAY.timetz()))
        after = commitments_after(seen, PARTNER, commitments)
        items = {item.item_id: item for item in count(seen, PARTNER, frozenset(), {SKU: NAME}, after)}
        commitments = dict(after)
    return items[SKU], commitments


def test_an_annual_term_is_billed_to_its_end_although_fewer_are_held() -> None:
    item, _ = nights((date(2025, 8, 1), row(12)), (date(2025, 8, 2), row(10)))
    counted = quantity_for(item, PROFILE)
    assert (counted.value, counted.explanation) == (12, "10 bought, 2 more are committed (P1Y, renews on 2026-03-10 (observed))")


@pytest.mark.parametrize(
    "profile", [replace(PROFILE, decreases=Decreases.NEXT_PERIOD), replace(PROFILE, decreases=Decreases.NOW), replace(PROFILE, basis=Basis.ASSIGNED)]
)
def test_the_profile_may_say_otherwise(profile: BillingProfile) -> None:
    item, _ = nights((date(2025, 8, 1), row(12)), (date(2025, 8, 2), row(10)))
    assert quantity_for(item, profile).value == (0 if profile.basis is Basis.ASSIGNED else 10)


def test_the_commitment_ends_on_the_day_of_the_renewal() -> None:
    renewed = row(10, renews=date(2027, 3, 10))
    held = [(date(2025, 8, 1), row(12)), (date(2025, 8, 2), row(10)), (date(2026, 3, 9), row(10))]
    assert quantity_for(nights(*held)[0], PROFILE).value == 12
    assert quantity_for(nights(*held, (date(2026, 3, 10), renewed))[0], PROFILE).value == 10


def test_units_that_microsoft_still_takes_back_are_not_committed_yet() -> None:
    begun = [(date(2025, 8, 1), row(10)), (date(2025, 8, 2), row(12))]
    assert quantity_for(nights(*begun, (date(2025, 8, 8), row(10)))[0], PROFILE).value == 10
    assert quantity_for(nights(*begun, (date(2025, 8, 10), row(12)), (date(2025, 8, 11), row(10)))[0], PROFILE).value == 12


def test_a_new_subscription_is_not_committed_in_its_first_days() -> None:
    new = row(12, created=datetime(2025, 8, 1, tzinfo=UTC), renews=date(2026, 8, 1))
    assert quantity_for(nights((date(2025, 8, 2), new), (date(2025, 8, 6), replace(new, seats=3)))[0], PROFILE).value == 3


def test_a_monthly_term_commits_to_nothing() -> None:
    monthly = row(12, renews=date(2025, 8, 10))
    item, commitments = nights((date(2025, 8, 1), monthly), (date(2025, 8, 2), replace(monthly, seats=10)))
    assert (quantity_for(item, PROFILE).value, commitments) == (10, {})


def test_a_committed_subscription_that_is_gone_is_a_question_and_no_number() -> None:
    item, commitments = nights((date(2025, 8, 1), row(12)), (date(2025, 8, 2), None))
    assert (quantity_for(item, PROFILE).value, len(item.lapsed)) == (0, 1)
    assert "12 were committed until 2026-03-10 by a subscription that is gone" in item.lapsed[0]
    assert remembered(commitments, read(at=TODAY), [SKU]) == commitments
    assert remembered(commitments, read(at=TODAY), []) == {}
    assert remembered(commitments, read(at=TODAY, failed={Source.SUBSCRIPTIONS: "busy"}), []) == commitments


def test_a_commitment_is_kept_while_its_term_is_not_known() -> None:
    known = nights((date(2025, 8, 1), row(12)))[1]
    seen = read(row(10), at=TODAY + timedelta(days=3), failed={Source.TERMS: "busy"})
    after = commitments_after(seen, PARTNER, known)
    assert (after["s-1"].units, after["s-1"].newest) == (12, 10)
