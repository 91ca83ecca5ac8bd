"""Cut-overs: what is found, shown and confirmed is carried out once, line by line, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping
from sync_core.errors import Rejected
from sync_core.model.agreements import Ability
from sync_core.model.billing import LineChoice
from sync_core.model.cutovers import CutoverState, LineState, Wanted, What
from sync_core.model.plans import ChangeKind
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.cutover.confirming import confirm
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
