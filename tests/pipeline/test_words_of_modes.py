"""What waits for a person and what is only observed: a run's row, its mail, the command and the list of plans say the same in every mode."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from adapters.functions.plan_documents import summary_document
from adapters.mail.digest import render
from sandbox.commands.plan import parser, perform
from sandbox.run_tables import summary
from sandbox.terminal import Terminal
from sync_core.errors import Rejected
from sync_core.model.configuration import Approvals, GuardRails
from sync_core.model.customers import Mode
from sync_core.model.people import Who
from sync_core.model.plans import ChangeKind
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerState
from sync_core.pipeline.decisions import list_plans
from sync_core.pipeline.report import run_report
from sync_core.pipeline.resync import run_all_now
from sync_core.pipeline.together import approve_safe
from tests.pipeline.night import OTHER_SKU, ROOMY, Night

UNWATCHED = Approvals(kinds={ChangeKind.SET_QUANTITY: Mode.OBSERVE})
CASES = [
    pytest.param(Mode.OBSERVE, Mode.AUTOMATIC, Approvals(), (0, 2, 0, 1), id="a customer that is observed"),
    pytest.param(Mode.AUTOMATIC, Mode.OBSERVE, Approvals(), (0, 2, 0, 1), id="a run that observes"),
    pytest.param(Mode.APPROVE, Mode.OBSERVE, Approvals(), (0, 2, 0, 1), id="a run that observes a customer in mode approve"),
    pytest.param(Mode.APPROVE, Mode.AUTOMATIC, Approvals(), (0, 0, 2, 1), id="a customer in mode approve"),
    pytest.param(Mode.AUTOMATIC, Mode.AUTOMATIC, Approvals(), (2, 0, 0, 1), id="a customer in mode automatic"),
    pytest.param(Mode.AUTOMATIC, Mode.AUTOMATIC, UNWATCHED, (1, 1, 0, 1), id="a kind of change that is observed"),
]
"""A customer's mode, how far the run goes, its approvals; how many changes were applied, observed, wait, and ask."""


def ran(mode: Mode, ceiling: Mode = Mode.AUTOMATIC, approvals: Approvals | None = None, rails: GuardRails = ROOMY) -> tuple[Night, RunReport]:
    """A run over a customer with a line to take over and to set to its units, and with an item whose product the PSA does not have."""
    night = Night(0)
    item = night.add_customer(1, mode)
    asked = night.link(1, "a1", seats=3, sku=OTHER_SKU)
    links = (*item.links, replace(asked, profile=replace(asked.profile, product="M365-GONE")))
    night.configure(replace(item, links=links, approvals=approvals or Approvals()), rails=rails)
    run = run_all_now(night.context, ceiling).run
    night.work()
    report = run_report(night.context, run.run_id)
    assert report is not None
    return night, report


@pytest.mark.parametrize(("mode", "ceiling", "approvals", "numbers"), CASES)
def test_the_command_and_the_list_say_what_waits_and_what_is_only_observed(
    mode: Mode, ceiling: Mode, approvals: Approvals, numbers: tuple[int, int, int, int]
) -> None:
    night, report = ran(mode, ceiling, approvals)
    applied, observed, waits, asks = numbers
    seen = f", {observed} only observed" if observed else ""
    changes = "1 change" if applied == 1 else f"{applied} changes"
    assert summary(report).endswith(f"{changes} applied{seen}. For a person: {waits} to decide, {asks} held or asking.")
    (listed,) = map(summary_document, list_plans(night.context))
    assert (listed["observed"], listed["toDecide"], listed["asking"]) == (observed, waits, asks)


@pytest.mark.parametrize(("mode", "ceiling", "approvals", "numbers"), CASES)
def test_the_run_counts_what_asks_for_a_person_apart_from_what_is_only_observed(
    mode: Mode, ceiling: Mode, approvals: Approvals, numbers: tuple[int, int, int, int]
) -> None:
    _, report = ran(mode, ceiling, approvals)
    (item,) = report.customers
    _, observed, waits, asks = numbers
    assert (item.customer.changes, item.customer.observed, item.customer.waiting) == (sum(numbers), observed, waits + asks)


@pytest.mark.parametrize(("mode", "ceiling", "approvals", "numbers"), CASES)
def test_the_mail_has_people_approve_only_what_waits(mode: Mode, ceiling: Mode, approvals: Approvals, numbers: tuple[int, int, int, int]) -> None:
    _, report = ran(mode, ceiling, approvals)
    text = render(report).text
    _, observed, waits, _ = numbers
    assert ("Waiting for your approval" in text) == bool(waits)
    assert ("Observed only" in text) == ("nobody has to decide" in text) == ("1 would change" in text) == bool(observed)


def test_a_run_that_was_held_asks_about_what_it_would_have_written_and_not_about_what_is_observed() -> None:
    tight = replace(ROOMY, run_customers=1, run_customers_share=ROOMY.run_customers_share, run_money=ROOMY.run_money / 10**6)
    night, report = ran(Mode.AUTOMATIC, approvals=Approvals(kinds={ChangeKind.ADOPT: Mode.OBSERVE}), rails=tight)
    (item,) = report.customers
    assert (report.run.held != "", item.customer.state) == (True, CustomerState.HELD)
    assert (item.customer.waiting, item.customer.observed) == (2, 1)
    assert summary(report).endswith("0 changes applied, 1 only observed. For a person: 1 to decide, 1 held or asking.")
    (listed,) = map(summary_document, list_plans(night.context))
    assert (listed["observed"], listed["toDecide"], listed["asking"]) == (1, 1, 1)


def test_what_is_only_observed_is_shown_as_a_plan_that_nobody_has_to_decide_on() -> None:
    night, _ = ran(Mode.OBSERVE)
    output = io.StringIO()
    assert perform(parser().parse_args(["show", "Customer 1"]), night.context, Terminal(output, {}), lambda question: "y") == 0
    text = output.getvalue()
    assert "Only observed: 2 changes, +41.20 USD a period" in text
    assert "Nobody has to decide: the customer is in mode observe" in text
    assert "To decide" not in text
    assert "plan approve" not in text


def test_what_is_safe_at_a_customer_that_is_only_observed_is_not_approved_with_the_rest() -> None:
    night, _ = ran(Mode.OBSERVE)
    with pytest.raises(Rejected, match="nothing to decide on"):
        approve_safe(night.context, Who("a clerk"), "")
    output = io.StringIO()
    with pytest.raises(Rejected, match="nothing to decide on"):
        perform(parser().parse_args(["approve-safe"]), night.context, Terminal(output, {}), lambda question: "y")
    assert "Customer 1" not in output.getvalue()
    assert night.quantities() == [10]


def test_what_was_observed_can_be_approved_once_the_customer_goes_further() -> None:
    night, _ = ran(Mode.OBSERVE)
    (item,) = night.configuration.customers
    night.configure(replace(item, customer=replace(item.customer, mode=Mode.APPROVE)))
    approve_safe(night.context, Who("a clerk"), "")
    night.work()
    assert night.quantities() == [12]
