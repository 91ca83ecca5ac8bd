"""Notices in nights in which everything happens at once: each thing is told by one mail and stands in one ticket, whoever is killed or slow."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from sandbox.memory.psa import Mishap
from sandbox.memory.tickets import MemoryTickets
from sync_core.model.notices import NoticeKind, Route, TicketRoute
from sync_core.model.runs import RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.resync import resync
from sync_core.pipeline.runs import load_run, recent_runs
from sync_core.ports import Row, RowWrite, Store, Write
from tests.pipeline.night import Night, tenant
from tests.pipeline.scenes import Scene
from tests.pipeline.storm import Storm

SEEDS = int(os.environ.get("STORM_SEEDS", "320")) // 4
GROUPS = 4
SALES = ("sales@msp.example",)
ROUTES = {NoticeKind.UNASSIGNED: Route(SALES, ticket=TicketRoute("memory", "msp", at_customer=True)), NoticeKind.WAITING: Route(SALES, repeat=False)}
CUSTOMERS = (1, 2)


def prepared(**options: Any) -> Night:
    """Two customers with seats that nobody holds, and the tickets' answers lost now and then."""
    night = Night(0, **options)
    night.notices = replace(night.notices, routes=ROUTES)
    night.configure(*(night.add_customer(number, seats=10) for number in CUSTOMERS))
    night.microsoft.assigned = {tenant(number): 10 - number for number in CUSTOMERS}
    chance: Random = options["chance"]
    for _ in range(chance.randrange(4)):
        tickets(night).fail_next_write(chance.choice((Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.THROTTLE)))
    night.mail.lost_answers = chance.randrange(2)
    return night


def together(night: Night) -> None:
    """The daily run and a customer's resync, at the same moment."""
    night.start()
    resync(night.context, tenant(1))


def tickets(night: Night) -> MemoryTickets:
    """The PSA's tickets."""
    return night.adapters.psa_tickets.setdefault("memory", MemoryTickets(night.clock))


def fault(seed: int, mutation: Any = lambda context: context) -> str:
    """What the notices of a seed's night did wrong; empty where nothing was."""
    storm = Storm(seed, mutation, {"notices": Scene(prepared, {"a1": [10], "a2": [10]}, begin=together)})
    night = storm.play()
    runs = [load_run(night.store, entry.run_id) for entry in recent_runs(night.store)]
    if any(run is None or run.value.state is not RunState.TOLD for run in runs):
        return f"seed {seed}: a run was never told"
    for number in CUSTOMERS:
        telling = [mail for mail in night.mail.mails if f"Customer {number}, unassigned" in mail.text]
        opened = [ticket for ticket in tickets(night).tickets.values() if ticket.company_id == f"c{number}"]
        if len({mail.message_id for mail in telling}) != 1 or len(opened) != 1:
            told = [mail.subject for mail in telling]
            return f"seed {seed}: customer {number} is told of in {told} and {len(opened)} tickets\n" + "\n".join(storm.trace[-300:])
    return ""


@pytest.mark.parametrize("group", range(GROUPS))
def test_each_thing_is_told_by_one_mail_and_stands_in_one_ticket(group: int) -> None:
    for seed in range(group, SEEDS, GROUPS):
        assert not (found := fault(seed)), found


class _Careless:
    """A store that overwrites what somebody else changed meanwhile in the table of notices."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transact(self, table: str, writes: list[RowWrite]) -> None:
        """See ``Store.transact``."""
        if table == "notices":
            writes = [RowWrite(Write.UPSERT, Row(each.row.partition, each.row.key, each.row.values)) for each in writes]
        self._store.transact(table, writes)


def careless(context: Context) -> Context:
    """A context without ETags on what is remembered of notices."""
    store: Any = _Careless(context.store)
    return replace(context, store=store)


def test_the_storms_notice_a_claim_without_its_etag() -> None:
    assert any(fault(seed, careless) for seed in range(200))
