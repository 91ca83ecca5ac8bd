"""A word on many customers at once, and four eyes: who has to say yes, and what it takes for it to count."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.commands.plan import parser, perform
from sandbox.terminal import Terminal
from sync_core.configuration.versions import save_version
from sync_core.errors import Rejected
from sync_core.model.configuration import Approvals, GuardRails
from sync_core.model.customers import Mode
from sync_core.model.people import Role, Who
from sync_core.model.plans import ChangeKind, ChangeResult, Decision
from sync_core.model.runs import Run
from sync_core.pipeline.decisions import ALL, decide, show_plan
from sync_core.pipeline.together import approve_safe, decide_held_run
from tests.pipeline.night import ROOMY, Night, tenant

APPROVER = frozenset({Role.APPROVER})
ONE = Who("one@msp.example", "id-1", APPROVER)
OTHER = Who("other@msp.example", "id-2", APPROVER)
UNVERIFIED = Who("a clerk")


def held() -> tuple[Night, Run]:
    """A night whose run was held because too much money would move."""
    night = Night(3)
    night.configure(*night.configuration.customers, rails=replace(ROOMY, run_money=Decimal(1)))
    run = night.run()
    assert run.held
    return night, run


def with_four_eyes(importer: str = "an importer") -> Night:
    """A night in which a change waits for two people."""
    night = Night(mode=Mode.APPROVE)
    eyes = replace(night.configuration, approvals=Approvals(four_eyes=True))
    night.configuration = save_version(night.store, eyes, importer, night.clock.now())
    night.run()
    return night


def test_a_held_run_keeps_the_totals_it_was_judged_by() -> None:
    _, run = held()
    assert run.totals
    assert (run.totals.changed, run.totals.money) == (3, {"USD": Decimal("123.60")})


def test_a_held_run_is_released_as_a_whole() -> None:
    night, run = held()
    decided = decide_held_run(night.context, run.run_id, Decision.APPROVED, ONE, "the new price list")
    night.work()
    assert (len(decided.customers), [night.quantities(number) for number in (1, 2, 3)]) == (3, [[12]] * 3)
    assert night.reload(run).settled == "released by one@msp.example"


def test_what_looks_different_when_it_is_read_anew_is_not_released() -> None:
    night, run = held()
    night.buy(14, number=2)
    decide_held_run(night.context, run.run_id, Decision.APPROVED, ONE, "")
    night.work()
    assert [night.quantities(number) for number in (1, 2, 3)] == [[12], [10], [12]]


def test_a_dropped_run_is_not_applied_by_the_next_one() -> None:
    night, run = held()
    decide_held_run(night.context, run.run_id, Decision.REJECTED, ONE, "wrong counts")
    night.configure(*night.configuration.customers)
    night.next_day()
    after = night.run()
    assert {change.result for change in night.report(after).changes} == {ChangeResult.REJECTED}
    assert night.quantities() == [10]


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.REJECTED])
def test_a_held_run_is_settled_once(decision: Decision) -> None:
    night, run = held()
    decide_held_run(night.context, run.run_id, Decision.REJECTED, ONE, "")
    with pytest.raises(Rejected, match="dropped by one"):
        decide_held_run(night.context, run.run_id, decision, ONE, "")


def test_a_run_that_is_not_held_is_not_released() -> None:
    night = Night()
    run = night.run()
    with pytest.raises(Rejected, match="not held"):
        decide_held_run(night.context, run.run_id, Decision.APPROVED, ONE, "")


def test_customers_that_were_planned_anew_since_are_left_out_and_named() -> None:
    night, run = held()
    night.next_day()
    night.configure(*night.configuration.customers, rails=replace(ROOMY, run_money=Decimal(1)))
    night.run()
    with pytest.raises(Rejected, match="nothing to decide on"):
        decide_held_run(night.context, run.run_id, Decision.APPROVED, ONE, "")


def test_the_command_shows_the_totals_and_asks() -> None:
    night, run = held()
    output = io.StringIO()
    assert perform(parser().parse_args(["release", run.run_id]), night.context, Terminal(output, {}), lambda question: "") == 1
    assert perform(parser().parse_args(["release", run.run_id]), night.context, Terminal(output, {}), lambda question: "y") == 0
    night.work()
    assert "3 of 3 customers change, 123.60 USD moves a period" in output.getvalue()
    assert night.quantities() == [12]


def test_all_that_is_safe_is_approved_at_once_and_the_rest_waits() -> None:
    night = Night(2, mode=Mode.APPROVE)
    customers = [replace(item, guard_rails=GuardRails(line_units=1)) if number else item for number, item in enumerate(night.configuration.customers)]
    night.buy(20, number=2)
    night.configure(*customers)
    night.run()
    approve_safe(night.context, ONE, "")
    night.work()
    assert (night.quantities(1), night.quantities(2)) == ([12], [10])


def test_the_command_shows_all_that_is_safe_and_asks_once() -> None:
    night = Night(2, mode=Mode.APPROVE)
    night.run()
    output = io.StringIO()
    assert perform(parser().parse_args(["approve-safe"]), night.context, Terminal(output, {}), lambda question: "") == 1
    assert perform(parser().parse_args(["approve-safe"]), night.context, Terminal(output, {}), lambda question: "y") == 0
    night.work()
    assert "Approved: 4 changes of 2 customers." in output.getvalue()
    assert (night.quantities(1), night.quantities(2)) == ([12], [12])


def test_one_of_four_eyes_applies_nothing_and_says_who_is_missing() -> None:
    night = with_four_eyes()
    decided = decide(night.context, tenant(1), ALL, Decision.APPROVED, ONE, "")
    night.work()
    assert (decided.complete, decided.run, night.quantities()) == (False, None, [10])
    assert "another person has to approve it too" in show_plan(night.context, tenant(1)).undecided[0].result_reason


def test_a_second_person_makes_four_eyes() -> None:
    night = with_four_eyes()
    decide(night.context, tenant(1), ALL, Decision.APPROVED, ONE, "")
    assert decide(night.context, tenant(1), ALL, Decision.APPROVED, OTHER, "").complete
    night.work()
    assert night.quantities() == [12]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (ONE, ONE, "You approved it already"),
        (ONE, replace(ONE, name="another name"), "You approved it already"),
        (ONE, UNVERIFIED, "nobody checked who this is"),
    ],
)
def test_the_same_person_twice_or_an_unverified_one_is_not_four_eyes(first: Who, second: Who, words: str) -> None:
    night = with_four_eyes()
    decide(night.context, tenant(1), ALL, Decision.APPROVED, first, "")
    with pytest.raises(Rejected, match=words):
        decide(night.context, tenant(1), ALL, Decision.APPROVED, second, "")


@pytest.mark.parametrize("importer", ["one@msp.example", "ONE@msp.example", "one"])
def test_who_imported_the_configuration_is_none_of_the_four_eyes(importer: str) -> None:
    with pytest.raises(Rejected, match="Who imported the configuration"):
        decide(with_four_eyes(importer).context, tenant(1), ALL, Decision.APPROVED, ONE, "")


def test_a_no_needs_one_person_only() -> None:
    night = with_four_eyes()
    decide(night.context, tenant(1), ALL, Decision.REJECTED, ONE, "")
    assert not show_plan(night.context, tenant(1)).undecided


def test_a_no_in_between_starts_the_four_eyes_anew() -> None:
    night = with_four_eyes()
    [change] = [item.change_id for item in show_plan(night.context, tenant(1)).plan.changes if item.kind == "set quantity"]
    for who, decision in ((ONE, Decision.APPROVED), (OTHER, Decision.REJECTED), (OTHER, Decision.APPROVED)):
        decided = decide(night.context, tenant(1), [change], decision, who, "")
    assert not decided.complete


def test_a_held_run_is_released_by_two_people_under_four_eyes() -> None:
    night, _ = held()
    eyes = replace(night.configuration, approvals=Approvals(four_eyes=True))
    night.configuration = save_version(night.store, eyes, "an importer", night.clock.now())
    night.next_day()
    run = night.run()
    assert decide_held_run(night.context, run.run_id, Decision.APPROVED, ONE, "").run is None
    assert decide_held_run(night.context, run.run_id, Decision.APPROVED, OTHER, "").run
    night.work()
    assert night.quantities() == [12]


def under(approvals: Approvals, *, mode: Mode = Mode.APPROVE, seats: int = 12, billed: int = 10) -> Night:
    """A night after its run, in which the only customer needs this word."""
    night = Night(mode=mode, seats=seats, billed=billed)
    night.configure(*(replace(item, approvals=approvals) for item in night.configuration.customers))
    night.run()
    return night


@pytest.mark.parametrize(
    ("approvals", "seats", "held"),
    [
        (Approvals(within_units=2), 12, 12),
        (Approvals(within_units=2), 8, 8),
        (Approvals(within_units=1), 12, 10),
        (Approvals(within_share=Decimal("0.2")), 12, 12),
        (Approvals(within_share=Decimal("0.19")), 12, 10),
        (Approvals(within_units=2, kinds={ChangeKind.SET_QUANTITY: Mode.OBSERVE}), 12, 10),
    ],
)
def test_a_small_move_of_a_quantity_needs_no_person(approvals: Approvals, seats: int, held: int) -> None:
    assert under(approvals, seats=seats).quantities() == [held]


def test_a_new_line_is_never_small() -> None:
    assert under(Approvals(within_units=5), seats=2, billed=0).quantities() == []


def test_what_a_guard_rail_objects_to_is_never_small() -> None:
    """It moves by 20 units, more than 5 and more than a quarter."""
    assert under(Approvals(within_units=50), seats=30).quantities() == [10]


@pytest.mark.parametrize(("kind", "held"), [(ChangeKind.SET_QUANTITY, 10), (ChangeKind.ADD, 12)])
def test_a_kind_of_change_goes_less_far_than_its_customer(kind: ChangeKind, held: int) -> None:
    assert under(Approvals(kinds={kind: Mode.APPROVE}), mode=Mode.AUTOMATIC).quantities() == [held]


def test_a_kind_of_change_never_goes_further_than_its_customer() -> None:
    assert under(Approvals(kinds={ChangeKind.SET_QUANTITY: Mode.AUTOMATIC})).quantities() == [10]


def test_a_kind_that_is_only_observed_cannot_be_approved() -> None:
    night = under(Approvals(kinds={ChangeKind.SET_QUANTITY: Mode.OBSERVE}))
    shown = show_plan(night.context, tenant(1))
    [change] = [item for item in shown.plan.changes if item.kind is ChangeKind.SET_QUANTITY]
    assert (change.result, change in shown.undecided) == (ChangeResult.OBSERVED, False)
    with pytest.raises(Rejected) as refused:
        decide(night.context, tenant(1), [change.change_id], Decision.APPROVED, ONE, "")
    assert "only observed" in refused.value.why
