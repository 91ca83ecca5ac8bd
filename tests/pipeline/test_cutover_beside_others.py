"""Cut-overs beside what else goes on: lines of subscriptions, links that are taken out on the way, and a stop between two calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.errors import Rejected
from sync_core.model.billing import Per
from sync_core.model.cutovers import CutoverState, LineState, Wanted, What
from sync_core.model.notices import NoticeKind, Route, TicketRoute
from sync_core.pipeline.cutover.confirming import confirm, resume_cutover, stop_cutover
from sync_core.pipeline.cutover.rows import change_cutover, load_cutover
from sync_core.pipeline.cutover.stage import ask_for_work
from sync_core.pipeline.runs import load_run
from tests.pipeline.moving import END_OF_MAY, WHO, carry_out, cut, ends, find, is_over, lines_in, moving, prepare, worked
from tests.pipeline.night import OTHER_SKU, PRODUCTS, SKU
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


def test_a_cutover_that_is_stopped_before_its_run_is_made_writes_nothing_until_it_goes_on() -> None:
    night = moving()
    cutover = prepare(night, find(night))
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    named = f"{cutover.cutover_id}-001"
    change_cutover(night.context, load_cutover(night.store, cutover.cutover_id), run_id=named, runs=(named,))  # and then the worker died
    stop_cutover(night.context, cutover.cutover_id, WHO, "a doubt")
    for _ in range(4):
        night.clock.advance(16 * 60)
        night.sweep()
        night.work()
    assert load_cutover(night.store, cutover.cutover_id).value.state is CutoverState.STOPPED
    assert night.psa.writes == []
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert is_over(worked(night, cutover.cutover_id))
    assert ends(night)[0] == END_OF_MAY


def test_a_cutover_that_is_stopped_while_its_run_is_being_made_writes_nothing() -> None:
    night = moving()
    cutover = prepare(night, find(night))
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    quiet = night.context

    def stop_in_between(call: str, done: bool) -> None:
        now = load_cutover(night.store, cutover.cutover_id).value
        making = call == "store.transact runs" and not done and now.run_id
        if making and now.state is CutoverState.RUNNING and load_run(night.store, now.run_id) is None:
            stop_cutover(quiet, cutover.cutover_id, WHO, "a doubt")

    night.watch(stop_in_between)
    assert worked(night, cutover.cutover_id).state is CutoverState.STOPPED
    assert night.psa.writes == []
    night.watch(None)
    night.clock.advance(60)
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert is_over(worked(night, cutover.cutover_id))
    assert ends(night)[0] == END_OF_MAY


def test_a_cutover_says_nothing_of_what_else_stands_at_its_customer() -> None:
    night = moving()
    ticket = TicketRoute("memory", "msp", settings={"board": "12"})
    night.notices = replace(night.notices, routes={NoticeKind.NOT_LINKED: Route(mail=False, ticket=ticket)})
    night.buy(3, sku=OTHER_SKU)
    night.configure(*night.configuration.customers)
    night.run()
    tickets = night.adapters.psa_tickets["memory"]
    assert len(tickets.tickets) == 1
    assert is_over(cut(night))
    assert tickets.notes == {}
    night.next_day()
    night.run()
    assert len(tickets.tickets) == 1


def test_a_line_that_would_follow_under_another_configuration_than_was_shown_is_prepared_anew() -> None:
    night = moving()
    cutover = prepare(night, find(night), What.REPLACE)
    [item] = night.configuration.customers
    links = tuple(replace(link, profile=replace(link.profile, product=PRODUCTS[OTHER_SKU].identifier)) for link in item.links)
    night.configure(replace(item, links=links))
    with pytest.raises(Rejected, match="another configuration"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    anew = prepare(night, cutover, What.REPLACE)
    assert "first on the invoice of 2026-06-01" in lines_in(night, anew)[0].shown[-1]
    assert is_over(carry_out(night, anew))
    assert [line.product for line in night.psa.lines("a1") if line.ends is None] == ["BACKUP", PRODUCTS[OTHER_SKU].identifier]


def test_an_import_keeps_nobody_from_ending_lines_as_they_were_shown() -> None:
    night = moving()
    cutover = prepare(night, find(night))
    night.configure(*night.configuration.customers)
    assert is_over(carry_out(night, cutover))


@pytest.mark.parametrize("before_it_is_shown", [True, False])
def test_a_customer_that_is_taken_out_on_the_way_is_cut_over_as_a_company_is(before_it_is_shown: bool) -> None:
    night = moving(2)
    cutover = find(night)
    if before_it_is_shown:
        night.configure(night.configuration.customers[1])
    cutover = prepare(night, cutover)
    night.configure(night.configuration.customers[-1])
    cutover = carry_out(night, cutover)
    assert is_over(cutover) and len(cutover.runs) == 1
    assert (ends(night, "a1"), ends(night, "a2")) == ([END_OF_MAY, None], [END_OF_MAY, None])


@pytest.mark.parametrize("what", [What.END, What.REPLACE])
def test_a_line_that_a_link_took_over_since_it_was_found_is_held(what: What) -> None:
    night = moving()
    first = find(night)
    night.clock.advance(60)
    second = prepare(night, find(night), what)
    assert is_over(carry_out(night, prepare(night, first, What.TAKE_OVER)))
    second = carry_out(night, second)
    [line] = [line for line in lines_in(night, second) if line.what]
    assert line.state is LineState.HELD
    assert "A link manages it by now" in line.why
    assert (night.psa.writes, ends(night)[0]) == ([], None)
