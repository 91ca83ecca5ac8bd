"""Notices as tickets in the PSA: one for the same thing, whatever answers are lost and processes die, and closed with a note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.memory.psa import Mishap
from sandbox.memory.tickets import MemoryTickets
from sync_core.documents import dumps
from sync_core.errors import SkipCustomer
from sync_core.model.licences import User
from sync_core.model.notices import NoticeKind, Route, Silence, TicketRoute
from sync_core.model.runs import RunState
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from sync_core.pipeline.history import records
from sync_core.pipeline.messages import SEND_NOTICES, Message
from sync_core.pipeline.poison import poison
from sync_core.pipeline.runs import RUNS, load_run, recent_runs
from tests.pipeline.faults import Death
from tests.pipeline.night import SKU, Night, tenant

TICKET = TicketRoute("memory", "msp", settings={"board": "12"})
ROUTE = Route(mail=False, ticket=TICKET)


def night_with(route: Route = ROUTE, kind: NoticeKind = NoticeKind.UNASSIGNED, customers: int = 2) -> Night:
    """A night whose customers have three seats that nobody holds."""
    night = Night(0)
    night.notices = replace(night.notices, routes={kind: route})
    night.configure(*(night.add_customer(number, seats=10) for number in range(1, customers + 1)))
    night.microsoft.assigned = {tenant(number): 7 for number in range(1, customers + 1)}
    return night


def tickets(night: Night) -> MemoryTickets:
    """The PSA's tickets."""
    return night.adapters.psa_tickets.setdefault("memory", MemoryTickets(night.clock))


def another_night(night: Night) -> None:
    """The next night, as a whole."""
    night.next_day()
    night.run()


def test_all_customers_are_one_ticket_of_a_kind_and_it_is_opened_once() -> None:
    night = night_with()
    night.run()
    another_night(night)
    (ticket,) = tickets(night).tickets.values()
    assert (ticket.company_id, ticket.settings, ticket.title) == ("msp", {"board": "12"}, "Microsoft 365 licences: unassigned")
    assert ticket.text.splitlines() == [f"- Customer {number}: Product {SKU[:8]}: 3 of 10 bought are assigned to nobody" for number in (1, 2)]
    assert ticket.marker.startswith("M365-test1-")


def test_a_customers_own_company_gets_its_own_ticket_where_that_is_asked_for() -> None:
    night = night_with(replace(ROUTE, ticket=replace(TICKET, at_customer=True)))
    night.run()
    assert [
        (ticket.company_id, ticket.title.rpartition(", ")[2]) for ticket in sorted(tickets(night).tickets.values(), key=lambda each: each.company_id)
    ] == [
        ("c1", "Customer 1"),
        ("c2", "Customer 2"),
    ]


def test_only_what_stands_in_no_ticket_yet_gets_a_new_one() -> None:
    night = night_with()
    night.microsoft.assigned[tenant(2)] = 10
    night.run()
    night.microsoft.assigned[tenant(2)] = 4
    another_night(night)
    assert ["Customer 2" in ticket.text for ticket in tickets(night).tickets.values()] == [False, True]


def test_a_ticket_is_closed_with_a_note_once_all_of_it_is_solved() -> None:
    night = night_with()
    night.run()
    notes = []
    for first, second in ((10, 7), (10, 10), (10, 10)):
        night.microsoft.assigned = {tenant(1): first, tenant(2): second}
        another_night(night)
        notes.append(len(tickets(night).notes.get("1", [])))
    assert notes == [0, 1, 1]
    night.microsoft.assigned[tenant(1)] = 5
    another_night(night)
    assert len(tickets(night).tickets) == 2


def test_what_is_off_or_gets_mail_only_makes_no_ticket() -> None:
    night = night_with(Route())
    night.run()
    silent = night_with()
    silent.configure(*(replace(item, silence=Silence(frozenset({NoticeKind.UNASSIGNED}))) for item in silent.configuration.customers))
    silent.run()
    assert not tickets(night).tickets and not tickets(silent).tickets


def test_a_ticket_names_people_by_their_ids_only() -> None:
    night = night_with(kind=NoticeKind.DISABLED_USERS)
    night.microsoft.users[tenant(1)] = (User("u1", frozenset({SKU}), user_principal_name="left@contoso.example", display_name="Left", enabled=False),)
    night.run()
    (ticket,) = tickets(night).tickets.values()
    assert "user u1" in ticket.text
    assert "left" not in ticket.text.casefold()


def test_a_customer_that_fails_is_a_ticket_until_it_can_be_read_again() -> None:
    night = night_with(kind=NoticeKind.FAILED, customers=1)
    skus = night.microsoft.bought.pop(tenant(1))
    night.microsoft.always[tenant(1)] = SkipCustomer("The relationship has expired", code="no-relationship", fix="Ask for a new one")
    night.run()
    another_night(night)
    (ticket,) = tickets(night).tickets.values()
    assert "The relationship has expired" in ticket.text
    night.microsoft.always.clear()
    night.microsoft.bought[tenant(1)] = skus
    another_night(night)
    assert len(tickets(night).notes["1"]) == 1


@pytest.mark.parametrize(
    ("mishaps", "notice"),
    [
        ([Mishap.LOSE_ANSWER], "sent"),
        ([Mishap.LOSE_REQUEST], "sent"),
        ([Mishap.LOSE_REQUEST, Mishap.LOSE_ANSWER], "sent"),
        ([Mishap.THROTTLE, Mishap.THROTTLE], "sent"),
        ([Mishap.LOSE_REQUEST] * 4, "failed: Not there after 4 attempts"),
    ],
)
def test_a_ticket_whose_answer_is_lost_is_looked_for_and_never_opened_twice(mishaps: list[Mishap], notice: str) -> None:
    night = night_with()
    for mishap in mishaps:
        tickets(night).fail_next_write(mishap)
    run = night.run()
    assert (run.state, run.notice) == (RunState.TOLD, notice)
    assert len(tickets(night).tickets) == (notice == "sent")
    another_night(night)
    assert len(tickets(night).tickets) == 1


def test_a_ticket_that_is_opened_late_is_waited_for() -> None:
    night = night_with()
    tickets(night).fail_next_write(Mishap.COMMIT_LATE)
    night.start()
    for _ in range(100):
        night.take() if night.queue.waiting() and night.queue.next_visible() <= night.clock.now() else night.clock.advance(10)  # type: ignore[operator]  # there is a message
        if tickets(night).late:
            night.clock.advance(60)
            tickets(night).commit_late_writes()
            break
    night.work()
    assert len(tickets(night).tickets) == 1


def test_a_ticket_that_is_refused_is_tried_again_by_the_next_run() -> None:
    night = night_with()
    tickets(night).refused = True
    run = night.run()
    assert run.notice.startswith("failed: tickets: The PSA refuses the ticket")
    tickets(night).refused = False
    another_night(night)
    assert len(tickets(night).tickets) == 1


def test_a_ticket_that_could_not_be_sent_in_time_is_opened_by_the_next_run() -> None:
    night = night_with()
    for _ in range(2000):
        tickets(night).fail_next_write(Mishap.THROTTLE)
    assert night.run().notice.startswith("failed")
    assert not tickets(night).tickets
    tickets(night).all_is_well()
    another_night(night)
    assert len(tickets(night).tickets) == 1


def test_a_ticket_of_a_poisoned_message_is_opened_by_the_next_run() -> None:
    night = night_with()
    tickets(night).fail_next_write(Mishap.THROTTLE)
    run = night.start()
    while night.reload(run).state is not RunState.FINISHED or tickets(night).troubled:
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.take()
    poison(night.context, SEND_NOTICES, dumps(Message(run.run_id)))
    night.work()
    assert not tickets(night).tickets
    another_night(night)
    assert len(tickets(night).tickets) == 1


def test_while_all_writes_are_stopped_no_ticket_is_opened() -> None:
    night = night_with()
    set_stop_switch(night.store, StopSwitch(True, "invoices are being made", "a person"))
    night.run()
    assert not tickets(night).tickets
    set_stop_switch(night.store, StopSwitch())
    another_night(night)
    assert len(tickets(night).tickets) == 1


def test_the_history_keeps_where_a_ticket_went() -> None:
    night = night_with()
    run = night.run()
    kept = [record.document for record in records(night.store, RUNS, run.run_id) if record.kind == "ticketed"]
    assert [each["state"] for each in kept] == ["sending", "open"]
    assert (kept[-1]["ticket"], kept[-1]["company"]) == ("1", "msp")


def play(death: Death, lost: bool) -> Night:
    """Two nights, the first of which dies once; then all is solved."""
    night = night_with()
    if lost:
        tickets(night).fail_next_write(Mishap.LOSE_ANSWER)
    night.watch(death)
    night.alive(night.start)
    night.work()
    night.watch(None)
    if not list(recent_runs(night.store)):
        night.run()
    another_night(night)
    night.microsoft.assigned = {tenant(1): 10, tenant(2): 10}
    another_night(night)
    return night


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_call_opens_one_ticket(after: bool, lost: bool) -> None:
    living = Death()
    play(living, lost)
    failures = []
    for at, call in enumerate(living.calls):
        night = play(Death(at, after), lost)
        told = [load_run(night.store, entry.run_id) for entry in recent_runs(night.store)]
        opened, notes = tickets(night).tickets, tickets(night).notes.get("1", [])
        if len(opened) != 1 or len(notes) != 1 or any(run is None or run.value.state is not RunState.TOLD for run in told):
            failures.append(f"{at} {call}: {len(opened)} tickets, {len(notes)} notes")
    assert not failures, "\n".join(failures)
