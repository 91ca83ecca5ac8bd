"""Lines by subscription and by term through whole nights: they take each other's place, and no unit is ever billed on two of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest

from sync_core.model.agreements import Product
from sync_core.model.billing import BillingProfile, ByTerm, LineChoice, Per
from sync_core.model.configuration import ConfiguredLink
from sync_core.model.licences import Subscription, SubscriptionStatus
from sync_core.model.plans import Change, ChangeKind, Verdict
from sync_core.pipeline.customers import load_record
from tests.pipeline.fakes import PARTNER
from tests.pipeline.night import PRODUCTS, SKU, Night, tenant
from tests.pipeline.scenes import approve

OPEN = date(2026, 4, 1)
MONTHLY = (datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC))
ANNUAL = (datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
OTHER = Product("p3", "M365-BP-M", "Business Premium, monthly", Decimal("24.70"))


def held(name: str, seats: int, term: tuple[datetime, datetime] = ANNUAL) -> Subscription:
    return Subscription(name, SKU, SubscriptionStatus.ENABLED, seats, owner_tenant_id=PARTNER, created=term[0], next_lifecycle=term[1])


class Nights(Night):
    """A customer whose one SKU is billed on line 1, and a check after each night that nothing is billed twice."""

    def __init__(self, *rows: Subscription) -> None:
        seats = sum(row.seats for row in rows)
        super().__init__(seats=seats, billed=seats)
        self.psa.add_product(OTHER)
        self.hold(*rows)
        self.night()

    def hold(self, *rows: Subscription) -> None:
        """From now on the customer holds these subscriptions."""
        self.microsoft.held[tenant(1)] = rows
        self.buy(sum(row.seats for row in rows))

    def bill(self, **facts: object) -> None:
        """The link says this from now on."""
        first = self.configuration.customers[0]
        plain = [replace(link, choice=LineChoice.NONE, adopt_line_id="") for link in first.links]
        links: list[ConfiguredLink] = [replace(link, **facts) for link in plain]  # type: ignore[arg-type]  # members of a link
        self.configure(replace(first, links=tuple(links)))

    def night(self) -> tuple[Change, ...]:
        """One night and the next day; what waits for a person stays so."""
        before = sum(self.billed)
        run = self.run()
        assert sum(self.billed) <= max(before, self.microsoft.bought[tenant(1)][SKU]), "a unit is billed twice"
        self.next_day()
        return self.report(run).changes

    def nights(self, number: int = 4) -> None:
        """Some nights in which a person approves all that can be approved."""
        for _ in range(number):
            if any(change.verdict is Verdict.NEEDS_APPROVAL for change in self.night()):
                approve(self)
                self.work()
                assert sum(self.billed) <= self.microsoft.bought[tenant(1)][SKU]

    @property
    def billed(self) -> list[int]:
        """What the agreement's lines come to in the open period."""
        return [int(line.quantity) for line in self.psa.lines("a1") if line.ends is None or line.ends >= OPEN]

    @property
    def followed(self) -> set[str]:
        """The rows that have a line."""
        record = load_record(self.store, tenant(1))
        return {key.partition("@")[2] for key, binding in record.bindings.items() if binding.ended is None}


def test_a_sku_row_becomes_a_line_for_each_subscription_and_keeps_its_own() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    first = nights.night()
    assert {change.kind for change in first} == {ChangeKind.ADOPT, ChangeKind.SET_QUANTITY}
    assert nights.billed == [10]
    nights.night()
    assert (sorted(nights.billed), nights.followed) == ([2, 10], {"s-a", "s-b"})
    assert nights.night() == ()


def test_lines_of_subscriptions_become_one_line_again() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.bill(per=Per.SKU)
    nights.night()
    assert sorted(nights.billed) == [2, 10]
    nights.nights(2)
    assert (sum(nights.billed), nights.followed) == (12, {""})
    assert nights.night() == ()


def test_a_profile_for_each_term_gives_each_its_product() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    monthly = ByTerm("P1M", "", BillingProfile("Monthly", OTHER.identifier))
    nights.bill(per=Per.TERM, terms=(monthly,))
    nights.nights(3)
    lines = {line.product: int(line.quantity) for line in nights.psa.lines("a1")}
    assert (lines, nights.followed) == ({"M365-BP": 10, "M365-BP-M": 2}, {"P1Y", "P1M"})


def test_units_of_one_term_share_a_line() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2), held("s-c", 3, MONTHLY))
    nights.bill(per=Per.TERM)
    nights.nights(3)
    assert (sorted(nights.billed), nights.followed) == ([3, 12], {"P1Y", "P1M"})


def test_a_line_that_fits_no_row_ends_before_others_begin() -> None:
    nights = Nights(held("s-a", 4))
    nights.bill(per=Per.SUBSCRIPTION, profile=BillingProfile("Other", OTHER.identifier))
    (change,) = nights.night()
    assert (change.kind, change.verdict, nights.billed) == (ChangeKind.END, Verdict.NEEDS_APPROVAL, [4])
    assert "The link bills its units on other lines now." in change.reasons
    approve(nights)
    nights.work()
    nights.night()
    ended, begun = nights.psa.lines("a1")
    assert (ended.ends, begun.starts, begun.product) == (date(2026, 3, 31), OPEN, OTHER.identifier)


def test_a_subscription_that_renews_under_a_new_id_is_asked_about_and_keeps_its_line() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.hold(held("s-new", 10), held("s-b", 2, MONTHLY))
    (change,) = nights.night()
    assert (change.kind, change.verdict, sorted(nights.billed)) == (ChangeKind.ADOPT, Verdict.NEEDS_APPROVAL, [2, 10])
    assert "it seems to be its renewal" in " ".join(change.reasons)
    nights.night()
    assert sorted(nights.billed) == [2, 10]
    approve(nights)
    nights.work()
    assert (sorted(nights.billed), nights.followed) == ([2, 10], {"s-new", "s-b"})
    nights.next_day()
    assert nights.night() == ()


def test_a_subscription_of_another_term_does_not_follow_one_that_is_gone() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.hold(held("s-new", 10, MONTHLY), held("s-b", 2))
    assert [change.kind for change in nights.night()] == [ChangeKind.END]
    assert "waits until line" in " ".join(nights.report(nights.run()).customer.notes)


def test_a_subscription_that_ends_is_ended_after_two_reads_and_a_word() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.hold(held("s-a", 10))
    (first,) = nights.night()
    (second,) = nights.night()
    assert (first.kind, first.verdict, second.verdict) == (ChangeKind.END, Verdict.HELD, Verdict.NEEDS_APPROVAL)
    assert sorted(nights.billed) == [2, 10]


def test_each_subscription_moves_its_own_line() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.hold(held("s-a", 10), held("s-b", 3, MONTHLY))
    nights.night()
    assert sorted(nights.billed) == [3, 10]


def test_a_contradiction_changes_no_row() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.microsoft.held[tenant(1)] = (held("s-a", 9), held("s-b", 2, MONTHLY))
    assert {change.kind for change in nights.night()} == {ChangeKind.NONE}
    assert sorted(nights.billed) == [2, 10]


def test_a_term_that_is_not_known_is_a_question_where_the_link_bills_by_term() -> None:
    unknown = replace(held("s-b", 2), created=None, next_lifecycle=None)
    nights = Nights(held("s-a", 10), unknown)
    nights.bill(per=Per.TERM)
    changes = nights.night()
    assert {change.kind for change in changes} == {ChangeKind.NONE}
    assert "is not known, and the link bills by term" in " ".join(reason for change in changes for reason in change.reasons)
    assert nights.billed == [12]


@pytest.mark.parametrize("per", [Per.TERM, Per.SUBSCRIPTION])
def test_there_and_back_leaves_one_line_that_bills_all(per: Per) -> None:
    nights = Nights(held("s-a", 7), held("s-b", 5, MONTHLY))
    for there in (per, Per.SKU, per, Per.SKU):
        nights.bill(per=there)
        nights.nights(4)
        assert sum(nights.billed) == 12
    assert PRODUCTS[SKU].identifier == nights.psa.lines("a1")[0].product


@pytest.mark.parametrize("seed", range(24))
def test_whatever_is_bought_renewed_and_rearranged_no_unit_is_billed_twice_and_all_are_in_the_end(seed: int) -> None:
    chance = Random(seed)
    rows = {f"s-{number}": held(f"s-{number}", chance.randint(1, 5), chance.choice([MONTHLY, ANNUAL])) for number in range(chance.randint(1, 3))}
    nights = Nights(*rows.values())
    for step in range(6):
        name = chance.choice(sorted(rows))
        match chance.randrange(4):
            case 0:
                nights.bill(per=chance.choice(list(Per)))
            case 1:
                rows[name] = replace(rows[name], seats=rows[name].seats + chance.randint(1, 3))
            case 2:
                rows[f"s-new-{step}"] = replace(rows.pop(name), subscription_id=f"s-new-{step}")
            case 3:
                rows[f"s-more-{step}"] = held(f"s-more-{step}", chance.randint(1, 4), chance.choice([MONTHLY, ANNUAL]))
        nights.hold(*rows.values())
        nights.night() if chance.random() < 0.5 else nights.nights(chance.randint(1, 3))
    nights.nights(8)
    assert sum(nights.billed) == sum(row.seats for row in rows.values())
    assert nights.night() == ()


def test_a_link_that_is_not_billed_asks_and_tells_nothing_and_ends_its_line_with_a_word() -> None:
    nights = Nights(held("s-a", 4))
    nights.bill(bills=False)
    (change,) = nights.night()
    assert (change.kind, change.verdict) == (ChangeKind.END, Verdict.NEEDS_APPROVAL)
    assert "The link says that it is not billed." in change.reasons
    nights.nights(2)
    run = nights.run()
    assert (nights.billed, nights.report(run).changes, nights.report(run).customer.unlinked) == ([], (), ())
