"""What is off for a customer or an item is told nobody; the plan still shows it, but for what is not billed on purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.model.customers import Mode
from sync_core.model.licences import Subscription, SubscriptionStatus
from sync_core.model.notices import NoticeKind, Silence
from sync_core.pipeline.decisions import show_plan
from tests.pipeline.fakes import PARTNER
from tests.pipeline.night import SKU, Night, tenant

SUSPENDED = "2 suspended, not billed"
KINDS = [
    (NoticeKind.APPLIED, Mode.AUTOMATIC, ", applied "),
    (NoticeKind.WAITING, Mode.APPROVE, ", waiting "),
    (NoticeKind.OBSERVED, Mode.OBSERVE, ", observed "),
    (NoticeKind.NOT_BILLED, Mode.AUTOMATIC, SUSPENDED),
]


def night(mode: Mode = Mode.AUTOMATIC, silence: Silence | None = None, bills: bool = True) -> Night:
    """Twelve seats of which two are suspended, and a line of eight."""
    night = Night(seats=10, billed=8, mode=mode)
    states = ((SubscriptionStatus.ENABLED, 10), (SubscriptionStatus.SUSPENDED, 2))
    night.microsoft.held[tenant(1)] = tuple(Subscription(f"s-{each}", SKU, each, seats, owner_tenant_id=PARTNER) for each, seats in states)
    (customer,) = night.configuration.customers
    night.configure(replace(customer, silence=silence or Silence(), links=(replace(customer.links[0], bills=bills),)))
    night.run()
    return night


@pytest.mark.parametrize(("kind", "mode", "words"), KINDS, ids=[kind.value for kind, _, _ in KINDS])
def test_a_kind_is_off_for_a_customer_or_for_one_item_of_it(kind: NoticeKind, mode: Mode, words: str) -> None:
    of_customer, of_item = Silence(frozenset({kind})), Silence(items={SKU: frozenset({kind})})
    of_another_item = Silence(items={"another": frozenset({kind})})
    told = [words in night(mode, silence).mail.mails[0].text for silence in (None, of_another_item, of_customer, of_item)]
    assert told == [True, True, False, False]


def test_what_is_off_still_stands_in_the_plan() -> None:
    silent = night(silence=Silence(frozenset({NoticeKind.NOT_BILLED})))
    assert any(note.endswith(SUSPENDED) for note in show_plan(silent.context, tenant(1)).plan.notes)


def test_of_a_link_that_is_not_billed_nothing_is_told_of_its_seats() -> None:
    silent = night(bills=False)
    assert SUSPENDED not in silent.mail.mails[0].text
    assert show_plan(silent.context, tenant(1)).plan.notes == ()
