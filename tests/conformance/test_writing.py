"""What every PSA adapter writes, and how it finds out what became of a write whose answer was lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.clock import SystemClock
from sync_core.documents import dumps, loads
from sync_core.errors import OutcomeUnknown, Rejected, Throttled
from sync_core.model.agreements import Ability, Agreement, Line, SelfEnding, Shift, Terms
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.ports import Probe, Receipt
from tests.conformance.subjects import APRIL, LINES, TODAY, Subject

RISE = date(2026, 3, 17)
END_OF_MARCH = date(2026, 3, 31)
MARKER = "SYNC-7f3a-0001"


Steps = tuple[Step, ...]
"""All writes of one change, in order: most PSAs need one, and some make a line first and give it units then."""


class Case:
    """A subject with its agreement, and one change of each kind ready to be made."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.psa = subject.psa
        self.agreement: Agreement = subject.psa.read_headers(None)[0]
        self.first, self.second, self.third = self.lines()[:3]

    def lines(self, on: date = APRIL) -> tuple[Line, ...]:
        return self.psa.read_lines(self.agreement, on)

    def line(self, line_id: str) -> Line:
        return next(line for line in self.lines() if line.line_id == line_id)

    def add(self, quantity: str = "5") -> Steps:
        product = self.psa.products(["M365-3"])[0]
        return self.steps(ChangeKind.ADD, product_id=product.product_id, after=Decimal(quantity), effective=APRIL, marker=MARKER)

    def set_quantity(self, quantity: str = "12") -> Steps:
        return self.steps(ChangeKind.SET_QUANTITY, line_id=self.first.line_id, before=self.first.quantity, after=Decimal(quantity), effective=APRIL)

    def lower(self) -> Steps:
        line = self.third
        return self.steps(ChangeKind.SET_QUANTITY, line_id=line.line_id, before=line.quantity, after=Decimal(2), effective=APRIL)

    def prorate(self) -> Steps:
        """Two units more from 17 March on, in the way in which the PSA bills them by their days."""
        line, abilities = self.first, self.agreement.abilities
        found: dict[str, Any] = {"line_id": line.line_id, "product_id": line.product_id, "before": line.quantity, "after": line.quantity + 2}
        if Ability.DATED_QUANTITIES in abilities:
            return self.steps(ChangeKind.SET_QUANTITY, effective=RISE, shifts=(Shift(RISE, line.quantity, line.quantity + 2),), **found)
        if Ability.SELF_ENDING_LINES not in abilities:
            pytest.skip("It does not prorate")
        beside, terms = SelfEnding(Decimal(2), RISE, END_OF_MARCH, "SYNC-7f3a-beside"), Terms(unit_price=line.unit_price)
        return self.steps(ChangeKind.SET_QUANTITY, effective=RISE, line_from=APRIL, self_ending=(beside,), terms=terms, **found)

    def set_price(self) -> Steps:
        if Ability.PRICES not in self.agreement.abilities:
            pytest.skip("It writes no prices")
        return self.steps(ChangeKind.SET_PRICE, line_id=self.first.line_id, terms=Terms(unit_price=Decimal("11.75")), effective=APRIL)

    def end(self) -> Steps:
        before = self.second.quantity
        return self.steps(ChangeKind.END, line_id=self.second.line_id, before=before, after=Decimal(0), effective=END_OF_MARCH)

    def set_text(self, text: str = "As agreed | Users: Buyer") -> Steps:
        if not self.agreement.text_limit:
            pytest.skip("It writes no texts")
        return self.steps(ChangeKind.SET_TEXT, line_id=self.first.line_id, terms=Terms(text=text))

    def steps(self, kind: ChangeKind, **members: Any) -> Steps:
        if kind is ChangeKind.END and self.agreement.counted:
            pytest.skip("Its lines are only counted, and go to 0 instead of being ended")
        steps = tuple(self.psa.steps_for(self.agreement, [self.change(kind, **members)], "plan-1"))
        assert steps
        assert all(step.change_ids == ("change-1",) for step in steps)
        return steps

    def change(self, kind: ChangeKind, change_id: str = "change-1", **members: Any) -> Change:
        given: dict[str, Any] = {"change_id": change_id, "product": "M365-3", "kind": kind, **members}
        return Change(
            link_key="link",
            item_id="sku",
            item="Item",
            connection=self.psa.connection,
            agreement_id=self.agreement.agreement_id,
            verdict=Verdict.SAFE,
            reasons=(),
            **given,
        )

    def send(self, step: Step, seconds: float = 60.0) -> Receipt:
        return self.psa.execute(step, SystemClock().monotonic() + seconds)

    def send_all(self, steps: Steps) -> Receipt:
        return [self.send(step) for step in steps][-1]

    def send_without_answer(self, step: Step) -> None:
        with pytest.raises(OutcomeUnknown):
            self.send(step)


@pytest.fixture
def case(subject: Subject) -> Case:
    return Case(subject)


CHANGES = pytest.mark.parametrize(
    "make",
    [Case.add, Case.set_quantity, Case.lower, Case.prorate, Case.set_price, Case.set_text, Case.end],
    ids=["add", "set-quantity", "lower", "prorate", "set-price", "set-text", "end"],
)
MAKERS = pytest.mark.parametrize(
    "make",
    [
        lambda case: case.add()[0],
        lambda case: completing(case, case.add()),
        lambda case: case.set_quantity()[0],
        lambda case: case.lower()[0],
        lambda case: case.prorate()[0],
        lambda case: completing(case, case.prorate()),
        lambda case: case.set_price()[0],
        lambda case: case.set_text()[0],
        lambda case: case.end()[0],
    ],
    ids=["add", "completed-add", "set-quantity", "lower", "prorate", "completed-prorate", "set-price", "set-text", "end"],
)
"""The step under test. What has to be written before it is written."""


def apart_from_how_it_was_read(line: Line) -> Line:
    """The line without what the PSA says of its last writer, and without the days that were read of it."""
    return replace(line, edited_by="", edited_at="", held=())


def completing(case: Case, steps: Steps) -> Step:
    """The last step of a change, after the ones before it."""
    for step in steps[:-1]:
        case.send(step)
    return steps[-1]


def test_an_added_line_is_there_with_what_was_asked(case: Case) -> None:
    receipt = case.send_all(case.add())
    line = case.line(receipt.line_id)
    assert (line.product, line.quantity, line.starts, line.ends, line.marker) == ("M365-3", Decimal(5), APRIL, None, MARKER)
    assert len(case.lines()) == LINES + 1


def test_a_set_quantity_holds_and_moves_nothing_else(case: Case) -> None:
    assert case.send_all(case.set_quantity()).line_id == case.first.line_id
    line = case.line(case.first.line_id)
    assert (line.quantity, line.starts, line.ends, line.unit_price) == (Decimal(12), case.first.starts, None, case.first.unit_price)


def test_fewer_units_are_set_as_more_are(case: Case) -> None:
    case.send_all(case.lower())
    line = case.line(case.third.line_id)
    assert (line.quantity, line.ends) == (Decimal(2), None)


def test_a_line_is_read_as_it_is_on_the_day_that_is_asked_for(case: Case) -> None:
    """Only a PSA with dated quantities knows of another number before the day from which it counts."""
    case.send_all(case.set_quantity())
    dated = Ability.DATED_QUANTITIES in case.agreement.abilities
    quantities = [next(line.quantity for line in case.lines(day) if line.line_id == case.first.line_id) for day in (TODAY, APRIL)]
    assert quantities == [Decimal(1 if dated else 12), Decimal(12)]


@CHANGES
def test_a_write_leaves_all_other_lines_as_they_were(case: Case, make: Callable[[Case], Steps]) -> None:
    """Lines that no change names are other people's: they are read, and never written."""
    steps = make(case)
    named, before = {step.line_id for step in steps}, {line.line_id: apart_from_how_it_was_read(line) for line in case.lines()}
    case.send_all(steps)
    after = {line.line_id: apart_from_how_it_was_read(line) for line in case.lines()}
    assert {line_id: line for line_id, line in before.items() if line_id not in named}.items() <= after.items()


def test_a_line_that_a_person_made_is_taken_over_as_it_is(case: Case) -> None:
    """Adopting writes nothing, and what follows writes that line and makes no other."""
    adopted, changed = (
        case.change(ChangeKind.ADOPT, "one", line_id=case.first.line_id),
        case.change(ChangeKind.SET_QUANTITY, "two", line_id=case.first.line_id, before=case.first.quantity, after=Decimal(4), effective=APRIL),
    )
    for step in case.psa.steps_for(case.agreement, [adopted, changed], "plan-1"):
        case.send(step)
    assert (case.line(case.first.line_id).quantity, case.line(case.first.line_id).marker, len(case.lines())) == (Decimal(4), "", LINES)


def test_a_text_up_to_the_limit_is_kept_whole_and_moves_nothing_else(case: Case) -> None:
    text = "Ä" * case.agreement.text_limit
    case.send_all(case.set_text(text))
    assert apart_from_how_it_was_read(replace(case.line(case.first.line_id), text=case.first.text)) == apart_from_how_it_was_read(case.first)
    assert case.line(case.first.line_id).text == text


def test_a_text_beyond_the_limit_is_refused_and_not_cut(case: Case) -> None:
    (step,) = case.set_text("x" * (case.agreement.text_limit + 1))
    with pytest.raises(Rejected):
        case.send(step)
    assert case.line(case.first.line_id).text == case.first.text


def test_a_new_line_has_the_text_it_is_given(case: Case) -> None:
    if not case.agreement.text_limit:
        pytest.skip("It writes no texts")
    product = case.psa.products(["M365-3"])[0]
    steps = case.steps(
        ChangeKind.ADD, product_id=product.product_id, after=Decimal(5), effective=APRIL, marker=MARKER, terms=Terms(text="Cloud | Users: Buyer")
    )
    assert case.line(case.send_all(steps).line_id).text == "Cloud | Users: Buyer"


def test_a_text_names_nobody_in_what_a_step_says_of_itself(case: Case) -> None:
    assert not any("Buyer" in step.describes for step in case.set_text())


def test_a_fraction_of_a_unit_survives_or_is_refused_before_it_is_sent(case: Case) -> None:
    if not case.subject.fractions:
        with pytest.raises(Rejected):
            case.set_quantity("2.5")
        return
    case.send_all(case.set_quantity("2.5"))
    assert case.line(case.first.line_id).quantity == Decimal("2.5")


def test_an_ended_line_keeps_its_quantity_to_its_last_billed_day(case: Case) -> None:
    case.send_all(case.end())
    line = case.line(case.second.line_id)
    assert (line.quantity, line.ends) == (case.second.quantity, END_OF_MARCH)


def test_a_line_that_has_not_begun_can_be_ended_and_is_never_billed(case: Case) -> None:
    if case.agreement.counted:
        pytest.skip("Its lines are never ended")
    added = case.line(case.send_all(case.add()).line_id)
    found = {"line_id": added.line_id, "before": added.quantity, "rests_on": {"line starts": str(added.starts)}}
    case.send_all(case.steps(ChangeKind.END, after=Decimal(0), effective=END_OF_MARCH, **found))
    line = case.line(added.line_id)
    assert line.billed == 0 or not line.active_on(APRIL)


def test_changes_that_write_nothing_have_no_steps(case: Case) -> None:
    changes = [case.change(ChangeKind.ADOPT, line_id="1"), case.change(ChangeKind.NONE)]
    assert list(case.psa.steps_for(case.agreement, changes, "plan-1")) == []


def test_all_changes_are_carried_by_steps_in_their_order(case: Case) -> None:
    if case.agreement.counted:
        pytest.skip("Its lines are never ended")
    changes = [
        case.change(ChangeKind.END, "one", line_id=case.second.line_id, before=Decimal(2), after=Decimal(0), effective=END_OF_MARCH),
        case.change(ChangeKind.SET_QUANTITY, "two", line_id=case.first.line_id, before=Decimal(1), after=Decimal(3), effective=APRIL),
    ]
    steps = case.psa.steps_for(case.agreement, changes, "plan-1")
    assert [change_id for step in steps for change_id in step.change_ids] == ["one", "two"]
    for step in steps:
        case.send(step)
    assert (case.line(case.first.line_id).quantity, case.line(case.second.line_id).ends) == (Decimal(3), END_OF_MARCH)


@CHANGES
def test_steps_are_the_same_each_time_they_are_computed(case: Case, make: Callable[[Case], Steps]) -> None:
    assert make(case) == make(case)


@CHANGES
def test_a_stored_step_is_sent_as_it_was_shown(case: Case, make: Callable[[Case], Steps]) -> None:
    """The journal keeps steps as JSON; nothing of a request may be lost on the way there and back."""
    for step in make(case):
        assert loads(Step, dumps(step)) == step
        assert json.loads(json.dumps(step.request)) == step.request


@CHANGES
def test_every_step_has_an_id_of_its_own(case: Case, make: Callable[[Case], Steps]) -> None:
    assert len({step.step_id for step in make(case)}) == len(make(case))


def test_an_add_is_never_repeatable(case: Case) -> None:
    assert not any(step.repeatable for step in case.add())


@MAKERS
def test_a_step_that_was_not_sent_is_not_done(case: Case, make: Callable[[Case], Step]) -> None:
    assert case.psa.probe(make(case)).probe is Probe.NOT_DONE


@MAKERS
def test_a_step_whose_answer_was_lost_is_found_done(case: Case, make: Callable[[Case], Step]) -> None:
    step, writes = make(case), case.subject.count_writes()
    case.subject.lose_next_answer()
    case.send_without_answer(step)
    probed = case.psa.probe(step)
    assert probed.probe is Probe.DONE
    assert len(probed.lines) == len(step.change_ids)
    assert case.subject.count_writes() == writes + 1


@MAKERS
def test_a_step_that_is_committed_late_is_not_done_first_and_done_afterwards(case: Case, make: Callable[[Case], Step]) -> None:
    step = make(case)
    case.subject.commit_next_late()
    case.send_without_answer(step)
    before = case.psa.probe(step).probe
    case.subject.commit()
    assert (before, case.psa.probe(step).probe) == (Probe.NOT_DONE, Probe.DONE)


@MAKERS
def test_a_step_is_not_sent_after_its_last_moment(case: Case, make: Callable[[Case], Step]) -> None:
    step, writes = make(case), case.subject.count_writes()
    with pytest.raises(Throttled):
        case.send(step, seconds=-0.001)
    assert case.subject.count_writes() == writes


@MAKERS
def test_a_throttled_step_was_not_done(case: Case, make: Callable[[Case], Step]) -> None:
    step, writes = make(case), case.subject.count_writes()
    case.subject.throttle_next_write()
    with pytest.raises(Throttled) as caught:
        case.send(step)
    assert (caught.value.delay, case.subject.count_writes()) == (30.0, writes)


@MAKERS
def test_a_rejected_step_names_the_field_and_was_not_done(case: Case, make: Callable[[Case], Step]) -> None:
    step, writes = make(case), case.subject.count_writes()
    case.subject.reject_next_write()
    with pytest.raises(Rejected, match=r"quantity: must be something else"):
        case.send(step)
    assert case.subject.count_writes() == writes


@MAKERS
def test_a_step_that_says_it_may_be_sent_twice_changes_nothing_more_the_second_time(case: Case, make: Callable[[Case], Step]) -> None:
    step = make(case)
    case.send(step)
    once = case.lines()
    if not step.repeatable:
        return
    case.send(step)
    assert list(map(apart_from_how_it_was_read, case.lines())) == list(map(apart_from_how_it_was_read, once))


def test_a_person_who_changes_another_line_meanwhile_is_not_overwritten(case: Case) -> None:
    steps = case.set_quantity()
    case.subject.edit_quantity(case.second.line_id, 44)
    case.send_all(steps)
    assert (case.line(case.first.line_id).quantity, case.line(case.second.line_id).quantity) == (Decimal(12), Decimal(44))


def test_two_lines_with_one_marker_are_a_question_to_a_person(case: Case) -> None:
    step = case.add()[0]
    for _ in range(2):
        case.send(step)
    probed = case.psa.probe(step)
    assert probed.probe is Probe.CANNOT_TELL
    assert "same marker" in probed.why


def test_our_line_that_a_person_changed_meanwhile_is_a_question_to_a_person(case: Case) -> None:
    steps = case.add()
    receipt = case.send_all(steps)
    case.subject.edit_quantity(receipt.line_id, 77)
    assert case.psa.probe(steps[-1]).probe is Probe.CANNOT_TELL


def test_today_is_not_touched_by_a_line_that_starts_later(case: Case) -> None:
    before = {line.line_id: line.quantity for line in case.lines(TODAY)}
    case.send_all(case.add())
    after = {line.line_id: line.quantity for line in case.lines(TODAY)}
    assert before.items() <= after.items()
