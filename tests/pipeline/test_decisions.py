"""A person's word on changes: what may be decided, how long it holds, and what dev.py plan and stop make of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commands.plan import parser, perform
from sandbox.commands.stop import turn_switch
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue
from sandbox.memory.store import MemoryStore
from sandbox.terminal import Terminal
from sync_core.configuration.versions import save_version
from sync_core.errors import Rejected
from sync_core.model.configuration import Configuration, Connection, CustomerConfiguration, Partner
from sync_core.model.customers import Customer, Mode
from sync_core.model.people import Who
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Plan, PlanState, Unlinked, Verdict
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.customers import load_live, load_record, move_live, store_plan
from sync_core.pipeline.decisions import ALL, SAFE, decide, list_plans, show_plan
from sync_core.pipeline.messages import SYNC_CUSTOMER
from sync_core.pipeline.permission import decided, standing
from sync_core.settings import Settings
from tests.pipeline.night import Night, tenant

CONTOSO, FABRIKAM, OBSERVED = (f"{number}0000000-0000-0000-0000-000000000000" for number in (1, 2, 3))
WHO = Who("a clerk")
NAME = "a clerk (unverified)"


def change(change_id: str, verdict: Verdict = Verdict.SAFE, after: int = 15, kind: ChangeKind = ChangeKind.SET_QUANTITY) -> Change:
    """A change of a line from 12 units."""
    return Change(
        change_id=change_id,
        link_key=change_id,
        item_id="sku",
        item="Microsoft 365 E3",
        connection="psa",
        agreement_id="7",
        product="M365-E3",
        kind=kind,
        verdict=verdict,
        reasons=("15 bought.",),
        line_id="4711",
        before=Decimal(12),
        after=Decimal(after),
        unit_price=Decimal("22.00"),
        money=Decimal(22) * (after - 12),
        currency="EUR",
    )


SAFE_ONE = change("safe1")
LARGE = change("large", Verdict.NEEDS_APPROVAL, 400)
HELD = change("held1", Verdict.HELD)
QUESTION = change("quest", Verdict.HELD, kind=ChangeKind.NONE)


@pytest.fixture
def context() -> Context:
    """A configuration of three customers, one in each mode but automatic, and no plan yet."""
    clock = ManualClock()
    settings = Settings.from_environment({"SYNC_INSTALLATION": "mspa1"})
    no_adapters: Any = None  # deciding asks no vendor for anything
    context = Context(settings, clock, MemoryStore(), MemoryQueue(clock), MemoryBlobs(), no_adapters)
    names = {CONTOSO: "Contoso", FABRIKAM: "Fabrikam", OBSERVED: "Proseware"}
    modes = {OBSERVED: Mode.OBSERVE}
    customers = [CustomerConfiguration(Customer(key, name, mode=modes.get(key, Mode.APPROVE))) for key, name in names.items()]
    configuration = Configuration(Partner(CONTOSO, CONTOSO), (Connection("psa", "connectwise", "https://psa.example"),), tuple(customers))
    save_version(context.store, configuration, "a clerk", clock.now())
    return context


def plan(context: Context, tenant_id: str = CONTOSO, *changes: Change, plan_id: str = "000001-abc", mode: Mode = Mode.APPROVE) -> Plan:
    """The customer's newest plan, stored as the reading stage stores it."""
    stood = tuple(replace(item, result=standing(item, mode)) for item in changes or (SAFE_ONE, LARGE, HELD, QUESTION))
    unlinked = (Unlinked("s", "Visio", 3, None, "No billing profile is linked"),)
    made = Plan(plan_id, tenant_id, "daily-1", context.clock.now(), mode, 1, {}, stood, unlinked, ("2 seats of another seller",))
    store_plan(context.store, load_record(context.store, tenant_id), made)
    return made


def planned_anew(context: Context, *changes: Change) -> list[ChangeResult]:
    """Where the next plan's changes stand, by what was said."""
    said = load_record(context.store, CONTOSO).said
    return [item.result for item in decided(changes, said, Mode.APPROVE, context.clock.now())]


def test_the_list_names_customers_with_something_to_decide_or_answer(context: Context) -> None:
    plan(context)
    plan(context, FABRIKAM, QUESTION)
    plan(context, OBSERVED, replace(SAFE_ONE, decision=Decision.REJECTED), mode=Mode.OBSERVE)
    assert [(shown.customer, len(shown.undecided), len(shown.asking)) for shown in list_plans(context)] == [("Contoso", 2, 2), ("Fabrikam", 0, 1)]


def test_an_approval_lets_exactly_this_change_through_when_it_is_planned_again(context: Context) -> None:
    plan(context)
    decide(context, CONTOSO, ["large"], Decision.APPROVED, WHO, "a new branch")
    other = replace(LARGE, after=Decimal(401))
    assert planned_anew(context, LARGE, other, SAFE_ONE) == [ChangeResult.PLANNED, ChangeResult.WAITING, ChangeResult.WAITING]


def test_an_approval_has_the_customer_read_anew(context: Context) -> None:
    plan(context)
    started = decide(context, CONTOSO, ["large"], Decision.APPROVED, WHO, "").run
    assert started is not None
    assert (started.run.only, started.run.asked_by) == ((CONTOSO,), NAME)
    assert len(context.queue.waiting(SYNC_CUSTOMER)) == 1  # type: ignore[attr-defined]  # the queue is the one in memory


def test_an_approved_change_is_applied_and_one_that_moved_on_waits_again() -> None:
    night = Night(2, mode=Mode.APPROVE)
    night.run()
    night.buy(14, number=2)
    for number in (1, 2):
        decide(night.context, tenant(number), ALL, Decision.APPROVED, WHO, "")
    night.work()
    assert (night.quantities(1), night.quantities(2)) == ([12], [10])


def test_an_approval_falls_when_the_same_units_come_to_other_money() -> None:
    """Somebody includes 11 units on the line meanwhile, so that 10 → 12 bills one more in place of two."""
    night = Night(mode=Mode.APPROVE)
    night.run()
    [asked] = show_plan(night.context, tenant(1)).undecided[1:]
    night.psa.edit("1", included=Decimal(11))
    decide(night.context, tenant(1), ALL, Decision.APPROVED, WHO, "")
    night.work()
    [again] = show_plan(night.context, tenant(1)).undecided
    assert (night.quantities(), asked.after, again.after) == ([10], Decimal(12), Decimal(12))
    assert (asked.money, again.money) == (Decimal("41.20"), Decimal("20.60"))


def test_a_rejection_holds_until_its_days_are_over(context: Context) -> None:
    plan(context)
    assert decide(context, CONTOSO, ["large"], Decision.REJECTED, WHO, "a typing error", days=7).run is None
    assert planned_anew(context, LARGE) == [ChangeResult.REJECTED]
    context.clock.advance(timedelta(days=7).total_seconds())  # type: ignore[attr-defined]  # the clock is the one of the tests
    assert planned_anew(context, LARGE) == [ChangeResult.WAITING]


def test_an_approval_holds_until_its_days_are_over(context: Context) -> None:
    plan(context)
    decide(context, CONTOSO, ["large"], Decision.APPROVED, WHO, "ordered", days=3)
    context.clock.advance(timedelta(days=3).total_seconds() - 1)  # type: ignore[attr-defined]  # the clock is the one of the tests
    assert planned_anew(context, LARGE) == [ChangeResult.PLANNED]
    context.clock.advance(1)  # type: ignore[attr-defined]  # the clock is the one of the tests
    assert planned_anew(context, LARGE) == [ChangeResult.WAITING]


def test_what_was_said_is_shown_at_once(context: Context) -> None:
    plan(context)
    decide(context, CONTOSO, ["large"], Decision.REJECTED, WHO, "a typing error")
    shown = show_plan(context, CONTOSO)
    assert [item.change_id for item in shown.undecided] == ["safe1"]
    assert (shown.said["large"].by, shown.said["large"].why) == (NAME, "a typing error")


@pytest.mark.parametrize(("chosen", "meant"), [(SAFE, ["safe1"]), (ALL, ["safe1", "large"]), ("large", ["large"])])
def test_changes_are_chosen_by_id_or_all_at_once(context: Context, chosen: str, meant: list[str]) -> None:
    plan(context)
    assert [item.change_id for item in decide(context, CONTOSO, chosen, Decision.APPROVED, WHO, "").changes] == meant


def test_all_never_takes_back_a_rejection(context: Context) -> None:
    plan(context)
    decide(context, CONTOSO, ["large"], Decision.REJECTED, WHO, "")
    assert [item.change_id for item in decide(context, CONTOSO, ALL, Decision.APPROVED, WHO, "").changes] == ["safe1"]
    assert [item.change_id for item in decide(context, CONTOSO, ["large"], Decision.APPROVED, WHO, "").changes] == ["large"]


@pytest.mark.parametrize(
    ("change_id", "words"),
    [("held1", "held until its cause is gone"), ("quest", "It is a question"), ("other", "not in plan 000001-abc"), ("", "not in plan")],
)
@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.REJECTED])
def test_what_cannot_be_decided_is_refused_in_words_and_nothing_is_stored(context: Context, change_id: str, words: str, decision: Decision) -> None:
    plan(context)
    with pytest.raises(Rejected, match=words):
        decide(context, CONTOSO, ["safe1", change_id], decision, WHO, "")
    assert load_record(context.store, CONTOSO).said == {}


def test_what_is_applied_cannot_be_decided_on_any_more(context: Context) -> None:
    made = plan(context, CONTOSO, SAFE_ONE)
    applied = replace(made, plan_id="000002-abc", changes=(replace(SAFE_ONE, result=ChangeResult.APPLIED),))
    store_plan(context.store, load_record(context.store, CONTOSO), applied)
    with pytest.raises(Rejected, match="It is applied already"):
        decide(context, CONTOSO, ["safe1"], Decision.REJECTED, WHO, "")


def test_a_plan_that_was_superseded_is_not_decided_on(context: Context) -> None:
    """A change keeps its id from plan to plan while its numbers move: what the person saw has to be the newest plan."""
    plan(context)
    plan(context, CONTOSO, replace(LARGE, after=Decimal(4000)), plan_id="000002-abc")
    with pytest.raises(Rejected, match="not the customer's newest plan"):
        decide(context, CONTOSO, ["large"], Decision.APPROVED, WHO, "", plan_id="000001-abc")


def test_a_plan_that_is_being_applied_is_left_alone(context: Context) -> None:
    plan(context)
    move_live(context.store, CONTOSO, load_live(context.store, CONTOSO), PlanState.APPLYING)
    with pytest.raises(Rejected, match="being applied"):
        decide(context, CONTOSO, ALL, Decision.APPROVED, WHO, "")


def test_an_approval_in_observe_mode_is_refused_with_the_way_out(context: Context) -> None:
    plan(context, OBSERVED, mode=Mode.OBSERVE)
    with pytest.raises(Rejected, match="Set the customer's mode to approve"):
        decide(context, OBSERVED, SAFE, Decision.APPROVED, WHO, "")


@pytest.mark.parametrize(("tenant_id", "code"), [(FABRIKAM, "no-plan"), ("90000000-0000-0000-0000-000000000000", "unknown-customer")])
def test_a_customer_without_a_plan_is_refused(context: Context, tenant_id: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        decide(context, tenant_id, ALL, Decision.APPROVED, WHO, "")
    assert refused.value.code == code


@pytest.fixture
def dev_plan(context: Context) -> Callable[..., tuple[int, str]]:
    """``dev.py plan ...``: its exit code and what it prints. ``answer`` is what the person types when asked back."""

    def run(*arguments: str, answer: str = "y") -> tuple[int, str]:
        output = io.StringIO()
        code = perform(parser().parse_args(arguments), context, Terminal(output, {}), lambda question: answer)
        return code, output.getvalue()

    return run


def test_plan_show_reads_as_a_diff(context: Context, dev_plan: Callable[..., tuple[int, str]]) -> None:
    plan(context, CONTOSO, LARGE)
    code, text = dev_plan("show", "contoso")
    assert code == 0
    assert text.splitlines() == [
        "Contoso (10000000-0000-0000-0000-000000000000)",
        "Plan 000001-abc of run daily-1, made 2025-03-12 12:00 UTC in mode approve, live",
        "",
        "psa, agreement 7",
        "",
        "~ Microsoft 365 E3 (product M365-E3, line 4711) [large]",
        "    12 -> 400, at 22.00 EUR a unit, +8536.00 EUR a month",
        "    needs approval, waiting",
        "    15 bought.",
        "",
        "To decide: 1 change, +8536.00 EUR a period (net, estimated)",
        "Not linked to a billing profile",
        "    Visio: 3 bought, an unknown number assigned",
        "Also seen",
        "    2 seats of another seller",
        "Decide: python3 dev.py plan approve|reject 10000000-0000-0000-0000-000000000000 CHANGE ... (or --safe, or --all)",
    ]


def test_plan_list_is_a_table(context: Context, dev_plan: Callable[..., tuple[int, str]]) -> None:
    assert dev_plan("list") == (0, "No plan waits for a person.\n")
    plan(context)
    assert "Contoso" in dev_plan("list")[1]


def test_plan_approve_asks_back_and_does_nothing_without_a_yes(context: Context, dev_plan: Callable[..., tuple[int, str]]) -> None:
    plan(context)
    assert dev_plan("approve", "Contoso", "--safe", answer="")[0] == 1
    assert load_record(context.store, CONTOSO).said == {}


def test_plan_approve_decides_as_an_unverified_person(context: Context, dev_plan: Callable[..., tuple[int, str]]) -> None:
    plan(context)
    code, text = dev_plan("approve", CONTOSO, "--safe", "--why", "checked")
    (word,) = load_record(context.store, CONTOSO).said.values()
    assert code == 0
    assert word.by.endswith(" (unverified)")
    assert "Approved: 1 change." in text


@pytest.mark.parametrize("chosen", [(), ("safe1", "--all")])
def test_plan_approve_wants_to_know_which_changes_are_meant(
    context: Context, dev_plan: Callable[..., tuple[int, str]], chosen: tuple[str, ...]
) -> None:
    plan(context)
    with pytest.raises(Rejected, match="Give change ids"):
        dev_plan("approve", CONTOSO, *chosen)


def test_stop_stops_with_its_reason_and_go_lets_go(context: Context) -> None:
    output = io.StringIO()
    turn_switch(context.store, "wrong prices", NAME, context.clock.now(), Terminal(output, {}))
    assert (stop_switch(context.store).stopped, stop_switch(context.store).reason) == (True, "wrong prices")
    turn_switch(context.store, "", NAME, context.clock.now(), Terminal(output, {}))
    assert not stop_switch(context.store).stopped
    assert "wrong prices" in output.getvalue()
