"""Moving over at every PSA: lines of people end on the chosen day, are followed by one of ours or taken over, and the others stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.clock import SystemClock
from sync_core.errors import Rejected
from sync_core.model.agreements import Line
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink, CustomerConfiguration
from sync_core.model.customers import Customer
from sync_core.model.cutovers import Cutover, CutoverLine, LineState, Wanted, What
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.pipeline.cutover.confirming import resume_cutover
from sync_core.ports import Psa, Receipt
from tests.conformance.subjects import APRIL, LINES, Subject
from tests.pipeline.moving import WHO, carry_out, find, is_over, lines_in, prepare, take_back, worked
from tests.pipeline.night import ROOMY, SKU, Night, tenant

END_OF_APRIL, MAY = date(2026, 4, 30), date(2026, 5, 1)
END_OF_MARCH = date(2026, 3, 31)


class InTime:
    """A PSA whose last moments to send are those of the real clock, while the night around it has one of its own."""

    def __init__(self, psa: Psa) -> None:
        self._psa = psa
        self.refuses_adds = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._psa, name)

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        if self.refuses_adds and not step.line_id and step.marker:
            raise Rejected("The product is on the agreement already")
        return self._psa.execute(step, SystemClock().monotonic() + 60)


class Moving:
    """A subject's company, whose customer has a link that bills ``M365-3`` and no line yet."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.psa = subject, subject.psa
        self.night = Night(0)
        self.night.adapters.psas = {subject.psa.connection: InTime(subject.psa)}
        self.night.microsoft.bought[tenant(1)] = {SKU: 3}
        place = AgreementChoice(AgreementBy.ID, subject.agreement_id)
        profile = BillingProfile("three", "M365-3")
        link = ConfiguredLink(f"{SKU}~{self.psa.connection}~1", SKU, profile, self.psa.connection, subject.company_id, place)
        self.night.configure(CustomerConfiguration(Customer(tenant(1), "Contoso"), (link,), guard_rails=ROOMY))

    def psa_refuses_adds(self, refuses: bool = True) -> None:
        """From here on the PSA takes no new line, or takes them again."""
        self.night.adapters.psas[self.psa.connection].refuses_adds = refuses  # type: ignore[attr-defined]  # it is in time

    @property
    def counts_only(self) -> bool:
        """Whether lines of this connection count and are not billed, so that none is ended."""
        return bool(self.psa.read_headers([self.subject.agreement_id])[0].counted)

    def lines(self, on: date = MAY) -> dict[str, list[Line]]:
        """The agreement's lines by product."""
        found: dict[str, list[Line]] = {}
        for line in self.psa.read_lines(self.psa.read_headers([self.subject.agreement_id])[0], on):
            found.setdefault(line.product, []).append(line)
        return found

    def found(self) -> tuple[Cutover, dict[str, CutoverLine]]:
        """All lines that are billed and that no link manages, by product."""
        cutover = find(self.night, Wanted(products=("M365-*",)))
        return cutover, {line.product: line for line in lines_in(self.night, cutover)}

    def cut(self, what: What, products: Sequence[str], last: date = END_OF_APRIL) -> Cutover:
        """The whole way for the lines of these products."""
        cutover, lines = self.found()
        return carry_out(self.night, prepare(self.night, cutover, what, last, [lines[product].name for product in products]))


@pytest.fixture
def moving(subject: Subject) -> Moving:
    return Moving(subject)


def test_only_lines_that_are_still_billed_are_found(moving: Moving) -> None:
    _, lines = moving.found()
    assert sorted(lines) == [f"M365-{number}" for number in range(1, LINES)]
    assert [int(lines[f"M365-{number}"].quantity) for number in range(1, LINES)] == list(range(1, LINES))


@pytest.mark.parametrize("last", [END_OF_MARCH, END_OF_APRIL])
def test_chosen_lines_end_on_their_day_and_no_other_line_is_changed(moving: Moving, last: date) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    before = moving.lines()
    assert is_over(moving.cut(What.END, ["M365-2", "M365-5"], last))
    after = moving.lines()
    assert {product: [line.ends for line in after[product]] for product in ("M365-2", "M365-5")} == {"M365-2": [last], "M365-5": [last]}
    assert {name: lines for name, lines in after.items() if name not in ("M365-2", "M365-5")} == {
        name: lines for name, lines in before.items() if name not in ("M365-2", "M365-5")
    }


def test_a_slip_in_the_year_takes_back_nothing_that_is_invoiced(moving: Moving) -> None:
    cutover, lines = moving.found()
    shown = prepare(moving.night, cutover, What.END, date(2016, 4, 30), [lines["M365-2"].name])
    assert (shown.tally.count(LineState.REFUSED), shown.tally.count(LineState.CHOSEN)) == (1, 0)


def test_a_line_that_was_ended_is_not_ended_a_second_time(moving: Moving) -> None:
    """Some PSAs show no end before its day, and two of them there would take away more than was there."""
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    moving.cut(What.END, ["M365-3"])
    moving.night.clock.advance(60)
    written, (cutover, lines) = moving.subject.count_writes(), moving.found()
    again = prepare(moving.night, cutover, What.END, END_OF_APRIL, [lines["M365-3"].name])
    assert again.tally.count(LineState.REFUSED) == 1
    [line] = [line for line in lines_in(moving.night, again) if line.what]
    assert f"It ends on {END_OF_APRIL} already" in line.why
    assert moving.subject.count_writes() == written


def test_a_line_is_followed_by_one_of_the_link_without_a_gap_or_a_day_twice(moving: Moving) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    assert is_over(moving.cut(What.REPLACE, ["M365-3"]))
    old, new = sorted(moving.lines()["M365-3"], key=lambda line: line.marker)
    assert (old.ends, new.starts, new.quantity, new.ends) == (END_OF_APRIL, MAY, Decimal(3), None)
    written = moving.subject.count_writes()
    moving.night.next_day()
    moving.night.run()
    assert moving.subject.count_writes() == written


def test_where_a_line_ended_and_none_can_follow_it_says_from_when_on_nobody_bills_its_units(moving: Moving) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    cutover, lines = moving.found()
    shown = prepare(moving.night, cutover, What.REPLACE, END_OF_APRIL, [lines["M365-3"].name])
    moving.psa_refuses_adds()
    failed = carry_out(moving.night, shown)
    [line] = [line for line in lines_in(moving.night, failed) if line.what]
    assert line.state is LineState.FAILED
    assert f"It ends on {END_OF_APRIL}, and no line follows it yet: from {MAY} on nobody bills its 3 units." in line.why
    moving.psa_refuses_adds(refuses=False)
    moving.night.clock.advance(60)
    resume_cutover(moving.night.context, shown.cutover_id, WHO)
    assert worked(moving.night, shown.cutover_id).tally.count(LineState.DONE) == 1
    assert [line.quantity for line in moving.lines()["M365-3"] if line.active_on(MAY) and line.marker] == [Decimal(3)]


def test_a_line_is_taken_over_without_a_write(moving: Moving) -> None:
    before = moving.lines()
    assert is_over(moving.cut(What.TAKE_OVER, ["M365-3"]))
    assert (moving.lines(), moving.subject.count_writes()) == (before, 0)


def test_an_end_is_taken_back_by_a_line_from_the_next_day_on(moving: Moving) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    cutover = moving.cut(What.END, ["M365-3"])
    take_back(moving.night, cutover)
    old, new = sorted(moving.lines()["M365-3"], key=lambda line: line.marker)
    assert (old.ends, new.starts, new.quantity, new.ends) == (END_OF_APRIL, MAY, Decimal(3), None)


def test_a_replacement_is_taken_back_and_its_units_are_billed_once(moving: Moving) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    take_back(moving.night, moving.cut(What.REPLACE, ["M365-3"]))
    billed = [line for line in moving.lines()["M365-3"] if line.active_on(MAY)]
    assert [line.quantity for line in billed] == [Decimal(3)]


def test_a_line_that_was_taken_over_is_handed_back_without_a_write(moving: Moving) -> None:
    before = moving.lines()
    take_back(moving.night, moving.cut(What.TAKE_OVER, ["M365-3"]))
    assert (moving.lines(), moving.subject.count_writes()) == (before, 0)
    assert "M365-3" in moving.found()[1]


def test_an_end_whose_answer_is_lost_is_found_and_not_sent_again(moving: Moving) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    cutover, lines = moving.found()
    shown = prepare(moving.night, cutover, What.END, END_OF_APRIL, [lines["M365-4"].name])
    moving.subject.lose_next_answer()
    assert carry_out(moving.night, shown).tally.count(LineState.DONE) == 1
    assert moving.subject.count_writes() == 1


def test_an_end_that_came_after_all_is_seen_when_a_person_lets_it_go_on(moving: Moving) -> None:
    """The write was thought lost and given up, and the line has its end: it is not ended again."""
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    cutover, lines = moving.found()
    shown = prepare(moving.night, cutover, What.END, END_OF_APRIL, [lines["M365-4"].name])
    moving.subject.reject_next_write()
    failed = carry_out(moving.night, shown)
    assert failed.tally.count(LineState.FAILED) == 1
    [agreement] = moving.psa.read_headers([moving.subject.agreement_id])
    place = (moving.psa.connection, agreement.agreement_id, "M365-4")
    [line] = moving.lines(APRIL)["M365-4"]
    change = Change(
        "c", "link", "item", "Item", *place, ChangeKind.END, Verdict.SAFE, (), line_id=line.line_id, before=line.quantity, effective=END_OF_APRIL
    )
    for step in moving.psa.steps_for(agreement, [change], "by-hand"):
        moving.psa.execute(step, SystemClock().monotonic() + 60)
    moving.night.clock.advance(60)
    resume_cutover(moving.night.context, shown.cutover_id, WHO)
    assert worked(moving.night, shown.cutover_id).tally.count(LineState.DONE) == 1
    assert moving.subject.count_writes() == 1


def test_a_line_that_a_person_changed_meanwhile_is_left_alone(moving: Moving) -> None:
    if moving.counts_only:
        pytest.skip("its lines count, and are not billed")
    cutover, lines = moving.found()
    shown = prepare(moving.night, cutover, What.END, END_OF_APRIL, [lines["M365-4"].name])
    moving.subject.edit_quantity(lines["M365-4"].line_id, 9)
    before = moving.subject.count_writes()
    assert carry_out(moving.night, shown).tally.count(LineState.HELD) == 1
    assert moving.subject.count_writes() == before


def test_a_line_that_only_counts_is_refused_in_words(moving: Moving) -> None:
    if not moving.counts_only:
        pytest.skip("its lines are billed")
    cutover, lines = moving.found()
    [line] = [line for line in lines_in(moving.night, prepare(moving.night, cutover, What.END, END_OF_APRIL, [lines["M365-2"].name])) if line.what]
    assert (line.state, "not billed, they count" in line.why) == (LineState.REFUSED, True)
