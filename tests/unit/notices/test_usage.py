"""What is found in what a customer holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync_core.counting import count_customer
from sync_core.model.access import AccessFinding
from sync_core.model.agreements import Charge
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, CustomerConfiguration, Notices, Partner
from sync_core.model.customers import Customer
from sync_core.model.licences import AppliesTo, PrepaidUnits, Sku, Source, Subscription, SubscriptionStatus, UsageSnapshot, User
from sync_core.model.notices import Finding, NoticeKind, Route, Silence
from sync_core.notices import found_in_usage, gone, kinds_asked, needs_of_notices, not_configured, of_access
from sync_core.notices.usage import MOST_OF_A_KIND, Found
from sync_core.ports import Relationship

PARTNER, TENANT, SKU = "a-partner", "a-tenant", "a-sku"
NOW = datetime(2026, 3, 17, 2, tzinfo=UTC)
ITEM = CustomerConfiguration(Customer(TENANT, "Contoso"))
UNASSIGNED, DISABLED = NoticeKind.UNASSIGNED, NoticeKind.DISABLED_USERS


def configuration(*kinds: NoticeKind) -> Configuration:
    """A configuration with routes for these kinds."""
    return Configuration(
        Partner(PARTNER, "app", sold_by=frozenset({PARTNER})), (), (ITEM,), notices=Notices(routes={kind: Route() for kind in kinds})
    )


def snapshot(bought: int, assigned: int, applies_to: AppliesTo = AppliesTo.USER, ours: bool = True, **more: object) -> UsageSnapshot:
    """One SKU of a customer."""
    sku = Sku(SKU, "PART", "Business Premium", PrepaidUnits(enabled=bought), assigned, applies_to)
    row = Subscription("s", SKU, SubscriptionStatus.ENABLED, bought, owner_tenant_id=PARTNER if ours else "somebody-else")
    return UsageSnapshot(TENANT, NOW, (sku,), (row,), **more)  # type: ignore[arg-type]  # a test's own parts


def found(held: UsageSnapshot, *kinds: NoticeKind, item: CustomerConfiguration = ITEM) -> Found:
    """What there is of these kinds."""
    settings = configuration(*kinds)
    return found_in_usage(held, count_customer(held, settings, item), settings, item, kinds_asked(settings, item))


def test_seats_that_nobody_holds_are_counted_of_what_we_sold() -> None:
    (finding,) = found(snapshot(10, 7), UNASSIGNED).findings
    assert finding == Finding(UNASSIGNED, SKU, "3 of 10 bought are assigned to nobody", TENANT, "Contoso", SKU, "Business Premium")


@pytest.mark.parametrize(
    "held",
    [
        snapshot(10, 10),
        snapshot(10, 12),
        snapshot(10, 0, AppliesTo.COMPANY),
        snapshot(10, 0, ours=False),
        snapshot(10, 0, failed={Source.SKUS: "Forbidden"}),
    ],
    ids=["all assigned", "more assigned", "for the whole company", "sold by somebody else", "not read whole"],
)
def test_there_is_nothing_to_tell_of(held: UsageSnapshot) -> None:
    assert found(held, UNASSIGNED).findings == ()


def test_an_excluded_item_and_one_that_is_not_billed_are_quiet() -> None:
    profile, choice = BillingProfile("Free", "P", charge=Charge.DO_NOT_BILL), AgreementChoice(AgreementBy.TYPE, "Cloud")
    free = ConfiguredLink("k", SKU, profile, "psa", "c", choice)
    billed = replace(free, key="k2", profile=replace(profile, charge=Charge.BILLABLE))
    assert found(snapshot(10, 7), UNASSIGNED, item=replace(ITEM, excluded_skus=frozenset({SKU}))).findings == ()
    assert found(snapshot(10, 7), UNASSIGNED, item=replace(ITEM, links=(free,))).findings == ()
    assert found(snapshot(10, 7), UNASSIGNED, item=replace(ITEM, links=(replace(billed, bills=False),))).findings == ()
    assert len(found(snapshot(10, 7), UNASSIGNED, item=replace(ITEM, links=(free, billed))).findings) == 1


def test_of_many_people_the_first_are_kept_and_the_others_counted() -> None:
    users = tuple(User(f"u{number:03d}", frozenset({SKU}), enabled=False) for number in range(MOST_OF_A_KIND + 5))
    *_, last = found(snapshot(300, 300, users=users, read=frozenset({Source.USERS})), DISABLED).findings
    assert (last.key, last.text) == ("more", "and 5 more")


def test_a_kind_is_looked_for_only_where_somebody_is_told_of_it() -> None:
    assert kinds_asked(configuration(), ITEM) == frozenset()
    assert kinds_asked(configuration(DISABLED), ITEM) == {DISABLED}
    assert kinds_asked(configuration(DISABLED), replace(ITEM, silence=Silence(frozenset({DISABLED})))) == frozenset()
    assert needs_of_notices({UNASSIGNED}).sources == frozenset()
    assert needs_of_notices({DISABLED, UNASSIGNED}).sources == {Source.USERS}


@pytest.mark.parametrize(
    ("days", "state"), [(60, "60 days"), (31, "60 days"), (30, "30 days"), (7, "7 days"), (0, "7 days"), (-1, "over"), (None, "")]
)
def test_an_end_is_another_thing_to_tell_at_each_stage(days: int | None, state: str) -> None:
    one = AccessFinding("relationship-ends", f"The relationship ends in {days} days", "Extend it", False, days, TENANT)
    (finding,) = of_access([("Contoso", one)])
    assert (finding.kind, finding.state, finding.customer) == (NoticeKind.RELATIONSHIPS_ENDING, state, "Contoso")
    assert finding.finding_id == of_access([("Contoso", replace(one, what="The relationship ends tomorrow"))])[0].finding_id


def test_two_secrets_that_end_are_two_things() -> None:
    ends = [("", AccessFinding("secret-ends", "A secret ends", f"Store “{name}”", False, 20)) for name in ("one", "other")]
    assert len({finding.finding_id for finding in of_access(ends)}) == 2
    assert {finding.kind for finding in of_access(ends)} == {NoticeKind.SIGN_IN_ENDING}


def test_relationships_say_who_is_new_and_who_is_gone() -> None:
    new = [Relationship("another", "Fabrikam")]
    assert [each.customer for each in not_configured(new, configuration())] == ["Fabrikam"]
    assert [each.customer for each in gone(new, configuration())] == ["Contoso"]
    assert gone([], configuration()) == ()
