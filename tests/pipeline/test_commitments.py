"""What is committed through whole nights: billed to its end, remembered from read to read, and free for a customer that did not change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sync_core.model.billing import Decreases
from sync_core.model.plans import ChangeKind, Verdict
from sync_core.pipeline.customers import load_record
from tests.pipeline.night import SKU, Night, tenant

BOUGHT, RENEWS = datetime(2024, 3, 25, tzinfo=UTC), datetime(2026, 3, 25, tzinfo=UTC)


def annual(seats: int = 12, **settings: object) -> Night:
    """One customer with an annual subscription, of which all seats are billed."""
    night = Night(seats=seats, billed=seats, **settings)  # type: ignore[arg-type]  # a night's own settings
    night.microsoft.terms[SKU] = (BOUGHT, RENEWS)
    night.run()
    night.next_day()
    return night


def test_fewer_seats_are_billed_only_after_the_renewal() -> None:
    night = annual()
    night.buy(10)
    run = night.run()
    assert (night.quantities(), night.report(run).changes) == ([12], ())
    assert "2 more are committed (a year or longer, renews on 2026-03-25 (observed))" in " ".join(night.report(run).customer.notes)
    night.clock.move_to(datetime(2026, 3, 25, 2, 0, 5, tzinfo=UTC))
    night.microsoft.terms[SKU] = (BOUGHT, datetime(2027, 3, 25, tzinfo=UTC))
    night.run()
    assert night.quantities() == [10]


def test_a_profile_that_says_otherwise_is_lowered_at_once() -> None:
    night = annual()
    first = night.configuration.customers[0]
    links = tuple(replace(link, profile=replace(link.profile, decreases=Decreases.NEXT_PERIOD)) for link in first.links)
    night.configure(replace(first, links=links))
    night.buy(10)
    night.run()
    assert night.quantities() == [10]


def test_a_committed_subscription_that_is_gone_waits_for_a_person() -> None:
    night = annual()
    night.buy(0)
    night.run()
    night.next_day()
    run = night.run()
    (change,) = night.report(run).changes
    assert (change.kind, change.verdict, night.quantities()) == (ChangeKind.END, Verdict.NEEDS_APPROVAL, [12])
    assert "12 were committed until 2026-03-25 by a subscription that is gone" in " ".join(change.reasons)


def test_what_is_committed_is_remembered_and_written_only_when_it_changes() -> None:
    night = annual()
    night.run()
    known = load_record(night.store, tenant(1)).last
    assert known is not None and known.value.commitments[f"s-{SKU}"].units == 12
    night.next_day()
    night.run()
    again = load_record(night.store, tenant(1)).last
    assert again is not None and again.value.commitments == known.value.commitments
