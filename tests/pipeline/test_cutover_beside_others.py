"""Cut-overs beside what else goes on: lines of subscriptions, links that are taken out on the way, and a stop between two calls."""

from __future__ import annotations

from dataclasses import replace

from sync_core.model.billing import Per
from sync_core.model.cutovers import Wanted
from tests.pipeline.moving import find, lines_in
from tests.pipeline.night import PRODUCTS, SKU
from tests.pipeline.test_subscriptions import MONTHLY, Nights, held


def test_a_line_of_a_subscription_is_managed_and_not_listed() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    assert sorted(nights.billed) == [2, 10]
    assert lines_in(nights, find(nights, Wanted())) == []


def test_a_line_that_bills_what_lines_of_subscriptions_bill_already_is_offered_no_link() -> None:
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.SUBSCRIPTION)
    nights.nights(3)
    nights.psa.add_line("a1", replace(nights.psa.lines("a1")[0], line_id="", marker="Cloudconsole"))
    [line] = lines_in(nights, find(nights, Wanted(products=(PRODUCTS[SKU].identifier,))))
    assert (line.marker, line.link_key) == ("Cloudconsole", "")
