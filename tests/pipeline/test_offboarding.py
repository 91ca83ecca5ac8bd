"""Offboarding: final counts, lines that end on a day, nights that leave the customer alone, and what nobody has answered is asked about."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pytest

from sandbox.commands.cutover import parser as cutover_parser
from sandbox.commands.cutover import perform as perform_cutover
from sandbox.commands.offboard import parser, perform
from sandbox.memory.psa import Keeping, Mishap
from sandbox.terminal import Terminal
from sync_core.configuration.removals import still_billed
from sync_core.errors import Rejected, SkipCustomer
from sync_core.model.cutovers import LineState, Wanted, What
from sync_core.model.notices import NoticeKind
from sync_core.model.people import Who
from sync_core.model.plans import Decision
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerState, Run
from sync_core.pipeline.bulletins import edition_of
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.cutover.confirming import resume_cutover, undo_of_cutover
from sync_core.pipeline.cutover.rows import load_cutover, recent_cutovers
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.leaving import note_unmanaged, unmanaged
from sync_core.pipeline.undo import customers_to_undo, start_undo
from tests.pipeline.moving import carry_out, find, lines_in, prepare, worked
from tests.pipeline.night import Night, tenant

END_OF_APRIL = date(2026, 4, 30)


def run(night: Night, *arguments: str, answer: str = "y") -> tuple[int, str]:
    """The exit code of ``dev.py offboard``, and what it printed."""
    output = io.StringIO()
    code = perform(parser().parse_args(arguments), night.context, Terminal(output, {}), lambda question: answer)
    return code, output.getvalue()


def managed(**options: object) -> Night:
    """A customer whose line of 12 units is managed."""
    night = Night(**options)  # type: ignore[arg-type]  # the options of a night
    night.run()
    assert night.quantities() == [12]
    night.next_day()
    return night


def offboarded(night: Night) -> str:
    """The customer goes at the end of April; returns the id of the cut-over."""
    code, said = run(night, "Customer 1", "--on", "2026-04-30", "--why", "moves to another partner")
    assert code == 0, said
    cutover_id = next(recent_cutovers(night.store)).cutover_id
    worked(night, cutover_id)
    return cutover_id


def asked(night: Night) -> list[str]:
    """What the newest run of all customers asks about what is left behind."""
    night.next_day()
    return [each.text for each in told(night, night.run()).found if each.kind is NoticeKind.LEFT_BEHIND]


def told(night: Night, run_of_night: Run) -> RunReport:
    """What the mail of a run is about."""
    [bulletin] = edition_of(night.context, run_of_night).bulletins
    return bulletin.report


def test_the_final_counts_and_what_would_end_are_shown_and_nothing_is_written() -> None:
    night = managed()
    code, said = run(night, "Customer 1", "--on", "2026-04-30", answer="")
    assert code == 1
    assert "Final counts of Customer 1" in said
    assert re.search(r"12 \| +\S+ \| +12", said)
    assert "Last billed day 2026-04-30" in said and "Credits are not written" in said
    assert night.psa.lines("a1")[0].ends is None
    assert load_record(night.store, tenant(1)).leaving is None


@pytest.mark.parametrize("keeping", Keeping)
def test_the_lines_end_and_the_nights_leave_the_customer_alone(keeping: Keeping) -> None:
    night = managed(keeping=keeping)
    offboarded(night)
    assert night.psa.lines("a1")[0].ends == END_OF_APRIL
    night.buy(99)
    night.next_day()
    customer = night.customer(night.run())
    assert (customer.state, customer.changes) == (CustomerState.DONE, 0)
    assert "its lines are billed until 2026-04-30" in customer.reason
    assert len(night.psa.lines("a1")) == 1


def test_a_customer_that_has_left_is_asked_out_of_the_configuration() -> None:
    night = managed()
    offboarded(night)
    night.clock.advance(50 * 24 * 3600)
    assert "It has left: its lines were billed until 2026-04-30" in night.customer(night.run()).reason


def test_final_counts_are_those_of_the_last_read_where_nobody_is_let_in_any_more() -> None:
    night = managed()
    night.microsoft.always[tenant(1)] = SkipCustomer("No access", code="no-gdap-access")
    _, said = run(night, "Customer 1", "--on", "2026-04-30", answer="")
    assert "read 2026-03-17 02:00 UTC" in said


def test_a_line_that_could_not_end_is_asked_about_by_every_night() -> None:
    night = managed()
    night.psa.fail_next_write(Mishap.REJECT)
    cutover_id = offboarded(night)
    assert load_cutover(night.store, cutover_id).value.tally.count(LineState.FAILED) == 1
    night.next_day()
    customer = night.customer(night.run())
    assert customer.state is CustomerState.HELD
    assert f"1 of its lines have no end yet: a1/1. See cut-over {cutover_id}" in customer.reason


def test_an_offboarding_is_undone_and_the_nights_go_on() -> None:
    night = managed()
    cutover_id = offboarded(night)
    night.clock.advance(60)
    options = cutover_parser().parse_args(["undo", cutover_id, "--yes"])
    assert perform_cutover(options, night.context, Terminal(io.StringIO(), {}), lambda question: "y") == 0
    night.work()
    old, new = night.psa.lines("a1")
    assert (old.ends, new.starts, int(new.quantity)) == (END_OF_APRIL, date(2026, 5, 1), 12)
    night.next_day()
    assert night.customer(night.run()).state is CustomerState.DONE
    assert [int(line.quantity) for line in night.psa.lines("a1")] == [12, 12]


def test_a_customer_that_is_kept_is_neither_read_nor_changed_until_it_comes_back() -> None:
    night = managed()
    assert run(night, "Customer 1", "--keep", "--why", "billed by hand from now on")[0] == 0
    night.buy(15)
    assert "Left as it is" in night.customer(night.run()).reason
    assert night.quantities() == [12]
    run(night, "Customer 1", "--back")
    night.next_day()
    night.run()
    assert night.quantities() == [15]


def test_an_offboarding_whose_undo_nobody_approves_leaves_the_customer_alone() -> None:
    night = managed()
    cutover_id = offboarded(night)
    night.clock.advance(60)
    wanted = undo_of_cutover(night.context, cutover_id, "a mistake")
    start_undo(night.context, wanted, customers_to_undo(night.context, wanted.run_id, *wanted.beside), "a clerk")
    night.work()
    assert load_record(night.store, tenant(1)).leaving is not None
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a clerk"), "")
    assert load_record(night.store, tenant(1)).leaving is None
    night.work()
    assert [line.starts for line in night.psa.lines("a1")][1:] == [date(2026, 5, 1)]


def test_an_offboarding_that_goes_on_after_the_customer_came_back_keeps_the_nights_away_again() -> None:
    night = managed()
    night.psa.fail_next_write(Mishap.REJECT)
    cutover_id = offboarded(night)
    assert run(night, "Customer 1", "--back")[0] == 0
    night.clock.advance(60)
    resume_cutover(night.context, cutover_id, Who("a clerk"))
    worked(night, cutover_id)
    assert night.psa.lines("a1")[0].ends == END_OF_APRIL
    night.next_day()
    assert "It leaves" in night.customer(night.run()).reason
    assert len(night.psa.lines("a1")) == 1


def without_links(night: Night) -> None:
    """The customer's link is taken out of the configuration, with a person's word, as ``dev.py config import`` does it."""
    old, [item] = night.configuration, night.configuration.customers
    night.configure(replace(item, links=()))
    left = still_billed(old, night.configuration, lambda tenant_id: load_record(night.store, tenant_id).bindings.values())
    note_unmanaged(night.store, ((line.tenant_id, line.customer, line.binding) for line in left), night.clock.now())


def test_a_line_whose_link_was_taken_out_is_frozen_and_asked_about_every_night() -> None:
    night = managed()
    without_links(night)
    for _ in range(2):
        [text] = asked(night)
        assert text == "Line 1 of agreement a1 on memory, 12 units, is still billed, and no link manages it since 2026-03-18"
    assert night.quantities() == [12]
    assert "Line 1 of agreement a1" in run(night)[1]


def test_a_line_whose_link_was_taken_out_is_ended_alone_and_asked_about_no_more() -> None:
    night = managed()
    without_links(night)
    cutover = carry_out(night, prepare(night, find(night, Wanted(agreements=("a1",))), What.END, END_OF_APRIL))
    assert cutover.tally.lines == {LineState.DONE: 1}
    assert night.psa.lines("a1")[0].ends == END_OF_APRIL
    assert asked(night) == []


def test_a_line_that_nobody_manages_is_left_as_it_is_where_a_person_says_so() -> None:
    night = managed()
    without_links(night)
    with pytest.raises(Rejected, match="asked about"):
        run(night, "--keep-line", "memory/a1/9")
    assert run(night, "--keep-line", "memory/a1/1", "--why", "billed by hand")[0] == 0
    assert asked(night) == []
    assert night.psa.lines("a1")[0].ends is None


def test_a_customer_that_was_taken_out_is_offboarded_by_its_tenant_id() -> None:
    night = managed(customers=2)
    old = night.configuration
    night.configure(old.customers[1])
    left = still_billed(old, night.configuration, lambda tenant_id: load_record(night.store, tenant_id).bindings.values())
    note_unmanaged(night.store, ((line.tenant_id, line.customer, line.binding) for line in left), night.clock.now())
    assert run(night, tenant(1), "--on", "2026-04-30")[0] == 0
    worked(night, next(recent_cutovers(night.store)).cutover_id)
    assert [night.psa.lines(place)[0].ends for place in ("a1", "a2")] == [END_OF_APRIL, None]
    assert asked(night) == []


def test_a_link_that_is_configured_again_is_no_question_any_more() -> None:
    night = managed()
    before = night.configuration
    without_links(night)
    night.configure(*before.customers)
    assert list(unmanaged(night.store, night.configuration)) == []


def test_a_tenant_without_a_relationship_is_frozen_and_named_until_somebody_answers() -> None:
    night = managed(customers=2)
    night.microsoft.related = [tenant(2)]
    night.buy(20)
    run_of_night = night.run()
    assert night.quantities() == [12]
    [change] = night.report(run_of_night).changes
    assert "offboard CUSTOMER --on DATE ends them" in change.reasons[-1]
    assert told(night, run_of_night).gone == ("Customer 1",)
    assert "Customer 1: there is no active relationship" in run(night)[1]
    run(night, "Customer 1", "--keep")
    night.next_day()
    assert told(night, night.run()).gone == ()


def test_a_customer_without_lines_has_nothing_to_end() -> None:
    with pytest.raises(Rejected, match="No line"):
        run(Night(), "Customer 1", "--on", "2026-04-30")


def test_a_day_inside_a_period_is_refused_with_the_days_that_do() -> None:
    night = managed()
    with pytest.raises(Rejected, match="nothing to decide"):
        run(night, "Customer 1", "--on", "2026-04-15")
    [line] = lines_in(night, next(recent_cutovers(night.store)))
    assert "Choose 2026-03-31 or 2026-04-30." in line.why
