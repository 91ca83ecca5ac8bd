"""Cut-overs: what is found, shown and confirmed is carried out once, line by line, and nothing else is touched."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping, Mishap
from sync_core.configuration.versions import save_version
from sync_core.errors import Rejected
from sync_core.model.agreements import Ability
from sync_core.model.billing import LineChoice
from sync_core.model.configuration import Approvals
from sync_core.model.customers import Mode
from sync_core.model.cutovers import Choice, CutoverState, LineState, Wanted, What
from sync_core.model.people import Who
from sync_core.model.plans import ChangeKind
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.cutover.confirming import confirm, drop_cutover, resume_cutover, stop_cutover
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import load_cutover
from sync_core.pipeline.cutover.search import search_on, start_search
from sync_core.pipeline.cutover.stage import ask_for_work
from sync_core.pipeline.undo import written_by
from tests.pipeline.moving import (
    END_OF_MAY,
    TOOL,
    WHO,
    carry_out,
    cut,
    ends,
    find,
    is_over,
    line_of,
    lines_in,
    moving,
    prepare,
    prorating,
    stranger,
    take_back,
    worked,
)
from tests.pipeline.night import PRODUCTS, SKU, agreement, tenant

FIRST_OF_JUNE = date(2026, 6, 1)


def test_lines_are_found_by_their_marker_and_shown_with_company_units_and_price() -> None:
    night = moving(2)
    cutover = find(night)
    lines = lines_in(night, cutover)
    assert cutover.state is CutoverState.FOUND
    assert [(line.agreement_id, line.product, line.marker, int(line.quantity)) for line in lines] == [
        ("a1", "M365-BP", TOOL, 10),
        ("a2", "M365-BP", TOOL, 10),
    ]
    assert cutover.tally.money == {} and {line.state for line in lines} == {LineState.FOUND}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(blank=True), ["BACKUP", "BACKUP"]),
        (Wanted(markers=("cloud*",), blank=True), ["M365-BP", "BACKUP", "M365-BP", "BACKUP"]),
        (Wanted(products=("backup",), companies=("customer 2 ltd",)), ["BACKUP"]),
        (Wanted(agreements=("a1",)), ["M365-BP", "BACKUP"]),
        (Wanted(agreements=("Cloud",), companies=("c2",), markers=(TOOL,)), ["M365-BP"]),
        (Wanted(connections=("memory",), products=("nothing",)), []),
    ],
)
def test_lines_are_found_by_company_product_marker_and_agreement(wanted: Wanted, found: list[str]) -> None:
    night = moving(2)
    assert sorted(line.product for line in lines_in(night, find(night, wanted))) == sorted(found)


def test_only_agreements_of_linked_companies_are_looked_at_where_that_is_asked_for() -> None:
    night = moving()
    stranger(night)
    assert {line.agreement_id for line in lines_in(night, find(night, Wanted(markers=(TOOL,), linked=True)))} == {"a1"}


def test_a_line_that_a_link_manages_is_not_listed() -> None:
    night = moving(lines=0)
    night.run()
    assert "M365-BP" not in {line.product for line in lines_in(night, find(night, Wanted()))}


@pytest.mark.parametrize("keeping", Keeping)
def test_chosen_lines_end_on_the_day_and_no_other_line_is_touched(keeping: Keeping) -> None:
    night = moving(2, keeping=keeping)
    cutover = cut(night)
    assert is_over(cutover)
    assert (ends(night, "a1"), ends(night, "a2")) == ([END_OF_MAY, None], [END_OF_MAY, None])
    assert {line.state for line in lines_in(night, cutover)} == {LineState.DONE}
    assert len(night.psa.writes) == 2


def test_only_the_lines_that_were_named_are_touched() -> None:
    night = moving(lines=3)
    found = find(night)
    names = [line.name for line in lines_in(night, found)][1:2]
    cutover = carry_out(night, prepare(night, found, names=names))
    assert ends(night) == [None, END_OF_MAY, None, None]
    assert cutover.tally.lines == {LineState.FOUND: 2, LineState.DONE: 1}


def test_a_company_without_a_configured_customer_is_cut_over_too() -> None:
    night = moving()
    stranger(night)
    assert is_over(cut(night))
    assert ends(night, "a90") == [END_OF_MAY, END_OF_MAY]


def test_the_preview_says_what_it_comes_to_and_writes_nothing() -> None:
    night = moving()
    cutover = prepare(night, find(night))
    [line] = lines_in(night, cutover)
    assert cutover.tally.money == {"USD": Decimal("-206.00")}
    assert line.shown == ("The invoice of 2026-06-01 is the first one without it.", "Last billed day 2026-05-31.")
    assert night.psa.writes == []


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (date(2026, 3, 20), "It is invoiced up to 2026-03-31, and no invoice is changed."),
        (date(2026, 5, 20), "The agreement does not bill parts of a period, and 2026-05-20 lies in the one from 2026-05-01 to 2026-05-31."),
    ],
)
def test_a_day_that_would_bill_twice_or_leave_a_gap_is_refused_in_words(last: date, why: str) -> None:
    night = moving()
    cutover = prepare(night, find(night), last=last)
    [line] = lines_in(night, cutover)
    assert line.state is LineState.REFUSED
    assert why in line.why
    with pytest.raises(Rejected, match="nothing to decide"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")


def test_an_agreement_that_prorates_ends_a_line_in_the_middle_of_a_period_and_says_for_how_much() -> None:
    night = moving()
    prorating(night)
    [line] = lines_in(night, prepare(night, find(night), last=date(2026, 5, 20)))
    assert "bills 20 of 31 days of its last period, 132.90 of 206.00 USD" in line.shown[0]


@pytest.mark.parametrize("keeping", Keeping)
def test_a_replaced_line_is_followed_by_one_of_the_link_on_the_next_day(keeping: Keeping) -> None:
    night = moving(keeping=keeping)
    assert is_over(cut(night, What.REPLACE))
    old, _, new = night.psa.lines("a1")
    assert (old.ends, new.starts, int(new.quantity), new.ends) == (END_OF_MAY, FIRST_OF_JUNE, 10, None)
    assert load_record(night.store, tenant(1)).bindings[f"{SKU}~memory~c1"].line_id == new.line_id
    night.next_day()
    night.run()
    assert [int(line.quantity) for line in night.psa.lines("a1")] == [10, 7, 12]


def test_several_lines_are_followed_by_one_line_with_their_units_together() -> None:
    night = moving(lines=3)
    cut(night, What.REPLACE)
    assert [int(line.quantity) for line in night.psa.lines("a1") if line.starts == FIRST_OF_JUNE] == [30]


def test_nothing_is_ended_where_no_line_could_follow() -> None:
    night = moving()
    del night.psa._products[0]
    cutover = prepare(night, find(night), What.REPLACE)
    assert "is not in the PSA's catalogue" in lines_in(night, cutover)[0].why


def test_nothing_is_ended_where_the_psa_has_no_write_for_the_line_that_follows() -> None:
    night = moving(lines=3)
    night.psa.most_units = Decimal(20)
    cutover = prepare(night, find(night), What.REPLACE)
    assert {line.state for line in lines_in(night, cutover)} == {LineState.REFUSED}
    assert "More than 20 units are to move at once" in lines_in(night, cutover)[0].why


def test_a_line_that_nobody_links_is_not_replaced() -> None:
    night = moving()
    cutover = prepare(night, find(night, Wanted(products=("BACKUP",))), What.REPLACE)
    assert "No link bills its product that has no line yet" in lines_in(night, cutover)[0].why


def test_a_line_that_was_not_chosen_and_goes_on_keeps_the_new_one_from_being_made() -> None:
    night = moving(lines=2)
    found = find(night)
    cutover = prepare(night, found, What.REPLACE, names=[lines_in(night, found)[0].name])
    assert "Existing line 2" in lines_in(night, cutover)[0].why


def test_a_line_is_taken_over_as_it_is_and_the_next_night_sets_what_is_counted() -> None:
    night = moving()
    assert is_over(cut(night, What.TAKE_OVER))
    assert night.psa.writes == []
    night.next_day()
    night.run()
    assert night.quantities() == [12, 7]


def test_of_two_customers_at_one_company_each_takes_over_the_line_that_its_link_names() -> None:
    night = moving(lines=2)
    [link] = night.configuration.customers[0].links
    customers = []
    for number, line_id in ((1, "1"), (2, "2")):
        own = replace(link, choice=LineChoice.ADOPT, adopt_line_id=line_id)
        customers.append(replace(night.add_customer(number, billed=0), links=(own,)))
    night.configure(*customers)
    assert cut(night, What.TAKE_OVER, None).tally.count(LineState.DONE) == 2
    taken = {number: [binding.line_id for binding in load_record(night.store, tenant(number)).bindings.values()] for number in (1, 2)}
    assert taken == {1: ["1"], 2: ["2"]}


def test_a_day_that_is_years_ahead_is_taken_for_a_slip() -> None:
    night = moving()
    with pytest.raises(Rejected, match="The last billed day 2206-05-31 is years ahead"):
        prepare(night, find(night), last=date(2206, 5, 31))


def test_the_line_that_follows_is_named_as_the_product_where_nobody_named_the_sku() -> None:
    night = moving()
    cut(night, What.REPLACE)
    added = [item.change for item in written_by(night.store, tenant(1)) if item.change.kind is ChangeKind.ADD]
    assert [change.item for change in added] == ["M365-BP"]


def test_a_line_that_changed_since_it_was_shown_is_held_and_the_others_go_on() -> None:
    night = moving(2)
    cutover = prepare(night, find(night))
    night.psa.edit("1", quantity=Decimal(11))
    cutover = carry_out(night, cutover)
    first, second = lines_in(night, cutover)
    assert (first.state, second.state) == (LineState.HELD, LineState.DONE)
    assert first.why == "It was changed since it was shown: quantity 10 → 11."
    assert (ends(night, "a1")[0], ends(night, "a2")[0]) == (None, END_OF_MAY)


def test_a_search_that_is_interrupted_reads_on_where_it_was() -> None:
    night = moving(5)
    cutover = start_search(night.context, Wanted(markers=(TOOL,)), "a clerk")
    halfway = search_on(night.context, cutover.cutover_id, 1e9, most=2).value
    assert (halfway.state, halfway.done, halfway.total) == (CutoverState.SEARCHING, 2, 5)
    night.context = night.another_process()
    assert worked(night, cutover.cutover_id).tally.lines == {LineState.FOUND: 5}


def test_a_stopped_cutover_writes_nothing_more_until_it_goes_on() -> None:
    night = moving(3)
    cutover = prepare(night, find(night))
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    set_stop_switch(night.store, StopSwitch(True, "an audit", "somebody"))
    cutover = worked(night, cutover.cutover_id)
    assert night.psa.writes == []
    assert {line.state for line in lines_in(night, cutover)} == {LineState.HELD}
    assert "an audit" in lines_in(night, cutover)[0].why
    set_stop_switch(night.store, StopSwitch())
    night.clock.advance(60)
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert is_over(worked(night, cutover.cutover_id))
    assert [ends(night, f"a{number}")[0] for number in (1, 2, 3)] == [END_OF_MAY] * 3


def test_a_person_stops_a_cutover_and_lets_it_go_on() -> None:
    night = moving(2)
    cutover = prepare(night, find(night))
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    stopped = stop_cutover(night.context, cutover.cutover_id, WHO, "a doubt")
    assert worked(night, cutover.cutover_id).state is CutoverState.STOPPED
    assert "a doubt" in stopped.trouble and night.psa.writes == []
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert is_over(worked(night, cutover.cutover_id))
    assert len(night.psa.writes) == 2


@pytest.mark.parametrize("mishap", [Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.THROTTLE])
def test_an_answer_that_is_lost_ends_a_line_once(mishap: Mishap) -> None:
    night = moving(2)
    cutover = prepare(night, find(night), What.REPLACE)
    night.psa.fail_next_write(mishap)
    assert is_over(carry_out(night, cutover))
    assert [len(night.psa.lines(place)) for place in ("a1", "a2")] == [3, 3]
    assert len(night.psa.writes) == 4


def test_a_line_that_the_psa_refuses_is_told_and_tried_again_when_asked() -> None:
    night = moving()
    cutover = prepare(night, find(night))
    night.psa.fail_next_write(Mishap.REJECT)
    cutover = carry_out(night, cutover)
    assert lines_in(night, cutover)[0].state is LineState.FAILED
    assert "The PSA refuses the write" in lines_in(night, cutover)[0].why
    night.clock.advance(60)
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert worked(night, cutover.cutover_id).tally.lines == {LineState.DONE: 1}


def test_an_end_is_undone_by_a_new_line_at_the_price_it_had_also_at_a_company_without_a_customer() -> None:
    night = moving()
    stranger(night, lines=0)
    night.psa.add_agreement(replace(agreement("a90", "c90"), abilities=frozenset({Ability.PRICES})))
    night.psa.add_line("a90", replace(line_of(PRODUCTS[SKU], 4), unit_price=Decimal("18.50")))
    take_back(night, cut(night))
    old, new = night.psa.lines("a90")
    assert (old.ends, new.starts, int(new.quantity), new.unit_price) == (END_OF_MAY, FIRST_OF_JUNE, 4, Decimal("18.50"))
    assert [(line.starts, line.ends) for line in night.psa.lines("a1")][-1] == (FIRST_OF_JUNE, None)


def test_a_replacement_is_undone_and_no_night_makes_it_again() -> None:
    night = moving()
    take_back(night, cut(night, What.REPLACE))
    night.next_day()
    night.run()
    billed_in_june = [line for line in night.psa.lines("a1") if line.product == "M365-BP" and line.active_on(FIRST_OF_JUNE)]
    assert [int(line.quantity) for line in billed_in_june] == [10]


def test_what_was_shown_is_confirmed_and_nothing_else() -> None:
    night = moving()
    first = prepare(night, find(night))
    second = prepare(night, first, last=date(2026, 6, 30))
    with pytest.raises(Rejected, match="prepared anew"):
        confirm(night.context, first.cutover_id, first.prepared, WHO, "")
    night.clock.advance(8 * 24 * 3600)
    with pytest.raises(Rejected, match="older than a week"):
        confirm(night.context, second.cutover_id, second.prepared, WHO, "")


def test_four_eyes_are_two_verified_people_who_did_not_import_the_configuration() -> None:
    night = moving()
    configuration = replace(night.configuration, approvals=Approvals(four_eyes=True))
    save_version(night.store, configuration, "importer", night.clock.now())
    cutover = prepare(night, find(night))
    one, two = Who("one@msp.example", "1"), Who("two@msp.example", "2")
    for nobody in (WHO, Who("importer@msp.example", "3")):
        with pytest.raises(Rejected):
            confirm(night.context, cutover.cutover_id, cutover.prepared, nobody, "")
    assert confirm(night.context, cutover.cutover_id, cutover.prepared, one, "").state is CutoverState.PREPARED
    with pytest.raises(Rejected, match="another person"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, one, "")
    assert night.psa.writes == []
    assert is_over(carry_out(night, load_cutover(night.store, cutover.cutover_id).value, two))
    [written] = [item.change for item in written_by(night.store, tenant(1))]
    assert written.decided_by == "one@msp.example and two@msp.example"


def test_an_app_that_only_observes_confirms_nothing() -> None:
    night = moving()
    night.settings = replace(night.settings, mode_ceiling=Mode.OBSERVE)
    night.context = night.another_process()
    cutover = prepare(night, find(night))
    with pytest.raises(Rejected, match="observe"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")


def test_a_cutover_is_dropped_before_it_was_begun_and_not_afterwards() -> None:
    night = moving()
    assert drop_cutover(night.context, prepare(night, find(night)).cutover_id, WHO).state is CutoverState.DROPPED
    night.clock.advance(60)
    with pytest.raises(Rejected, match="begun"):
        drop_cutover(night.context, cut(night).cutover_id, WHO)


def test_a_name_that_was_not_found_is_refused() -> None:
    night = moving()
    found = find(night)
    with pytest.raises(Rejected, match="1 named line cannot be found in this cut-over, such as memory/a1/99"):
        start_preparing(night.context, found.cutover_id, Choice(What.END, END_OF_MAY), ["memory/a1/99"])


def test_more_lines_than_fit_into_one_plan_are_ended_by_one_run_after_the_other() -> None:
    night = moving(lines=0)
    for _ in range(150):
        night.psa.add_line("a1", line_of(PRODUCTS[SKU]))
    cutover = cut(night)
    assert (len(cutover.runs), cutover.tally.lines) == (3, {LineState.DONE: 150})
    assert len(night.psa.writes) == 150


def test_of_twenty_thousand_lines_only_the_chosen_ones_end_however_often_it_is_stopped() -> None:
    """500 companies with 40 lines each: each agreement is read once a look, and what is held in memory is a company's worth."""
    night = moving(0)
    for number in range(1, 501):
        stranger(night, number, lines=40)
    calls: Counter[str] = Counter()
    night.watch(lambda call, done: calls.update([call] if done else []))
    found = find(night)
    assert (found.done, found.total, found.tally.lines) == (500, 500, {LineState.FOUND: 20_000})
    assert (calls["psa.read_headers"], calls["psa.read_lines"], calls["psa.companies"]) == (1, 500, 1)
    night.watch(None)
    names = [line.name for line in lines_in(night, found)][::200]
    cutover = prepare(night, found, names=names)
    assert cutover.tally.lines == {LineState.FOUND: 19_900, LineState.CHOSEN: 100}
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    ask_for_work(night.context, cutover.cutover_id)
    for stops in range(1, 4):
        while len(night.psa.writes) < 25 * stops:
            night.clock.move_to(night.queue.next_visible() or night.clock.now())
            night.take()
        stop_cutover(night.context, cutover.cutover_id, WHO, "lunch")
        stopped = worked(night, cutover.cutover_id)
        assert stopped.tally.count(LineState.DONE) == len(night.psa.writes) == 25 * stops
        night.clock.advance(60)
        resume_cutover(night.context, cutover.cutover_id, WHO)
        ask_for_work(night.context, cutover.cutover_id)
    assert is_over(worked(night, cutover.cutover_id))
    ended = {f"memory/a{number}/{line.line_id}" for number in range(1, 501) for line in night.psa.lines(f"a{number}") if line.ends}
    assert (ended, len(night.psa.writes)) == (set(names), 100)
