"""Cut-overs beside what else goes on: lines of subscriptions, links that are taken out on the way, and a stop between two calls."""

from __future__ import annotations

from dataclasses import replace

from sync_core.model.billing import Per
from sync_core.model.cutovers import LineState, Wanted, What
from sync_core.pipeline.cutover.confirming import confirm
from sync_core.pipeline.cutover.stage import ask_for_work
from tests.pipeline.moving import WHO, ends, find, lines_in, moving, prepare, worked
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


def test_a_line_that_ended_and_whose_link_is_gone_before_the_next_one_is_made_is_held_and_told() -> None:
    night = moving()
    cutover = prepare(night, find(night), What.REPLACE)
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    ask_for_work(night.context, cutover.cutover_id)
    while ends(night)[0] is None:
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.take()
    night.configure(replace(night.configuration.customers[0], links=()))
    cutover = worked(night, cutover.cutover_id)
    [line] = [line for line in lines_in(night, cutover) if line.what]
    assert (line.state, line.ended) == (LineState.HELD, True)
    assert "not configured any more" in line.why
