"""An agreement with more changes in a night than one transaction keeps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping
from sync_core.model.agreements import Product
from sync_core.model.billing import BillingProfile
from sync_core.model.runs import CustomerState
from sync_core.pipeline.customers import load_record
from tests.pipeline.night import Night, tenant

MANY = 130


def with_many_links(keeping: Keeping) -> Night:
    """A customer that is to get lines for 130 SKUs on one agreement."""
    night = Night(0, keeping=keeping)
    item = night.add_customer(1, billed=0)
    [link] = item.links
    night.microsoft.bought[tenant(1)] = {}
    links = []
    for number in range(MANY):
        sku = f"22222222-0000-4000-8000-{number:012d}"
        product = night.psa.add_product(Product(f"n{number}", f"M365-{number}", f"Product {number}", Decimal(2)))
        night.buy(5, sku=sku)
        profile = BillingProfile(product.name, product.identifier)
        links.append(replace(link, key=f"{sku}~memory~c1", item_id=sku, profile=profile))
    night.configure(replace(item, links=tuple(links)))
    return night


@pytest.mark.parametrize("keeping", Keeping)
def test_a_night_with_very_many_changes_of_one_agreement_is_confirmed_whole(keeping: Keeping) -> None:
    night = with_many_links(keeping)
    assert night.customer(night.run()).state is CustomerState.DONE
    assert len(load_record(night.store, tenant(1)).bindings) == len(night.psa.lines("a1")) == MANY
    night.next_day()
    assert night.customer(night.run()).changes == 0
