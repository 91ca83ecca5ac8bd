"""A night against simulators that are as slow and as strict as the real ones: how long it takes, and how far from the vendors' limits it stays.

Several hosts of the function app share one storage, as instances in Azure do. Every answer of Microsoft and of the PSA takes 0.4 s.
The first night, which takes the lines over, is played in memory, and what it leaves is copied into the storage. Two are measured: one in which
nothing has changed, and one before which one customer in a hundred bought a seat.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from adapters.azure.blobs import AzureBlobs
from adapters.azure.connection import StorageConnection
from adapters.azure.tables import AzureTables
from adapters.environment_secrets import EnvironmentSecrets
from adapters.wiring import EVIDENCE, assemble
from sandbox.azurite import Azurite
from sandbox.bench.figures import Figure, Section
from sandbox.bench.psa_calls import buy_seats, calls_so_far, play_night
from sandbox.bench.scale import NIGHT_SETTINGS, STORAGE, plain_customers, run_told
from sandbox.environment import DATA, ROOT
from sandbox.host.process import HostProcess
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue
from sandbox.memory.store import MemoryStore
from sandbox.world import ServedWorld, seeded_world
from sandbox.world.books import KINDS, SHOWN, AutotaskBooks, Books, ConnectWiseBooks
from sandbox.world.customers import FIRST_CUSTOMERS
from sandbox.world.world import World
from sync_core.configuration.versions import save_version
from sync_core.ports import Blobs, Store
from sync_core.rows import upsert
from sync_core.settings import Settings

LATENCY = 0.4
HOSTS = 4
CONNECTWISE_A_MINUTE = 1000
"""From about here on ConnectWise throttles (its developer guide)."""
HALOPSA_A_MINUTE = 60
"""Halo publishes no limit; this is what the app keeps to by itself."""
AUTOTASK_AN_HOUR = 10_000
"""The calls that all tools of an Autotask database share (its developer help)."""
AUTOTASK_SHARE = 4.0
"""Percent of them that a night may take."""
CHANGED_ONE_IN = 100
"""One of so many customers buys a seat before the second night that is measured."""
_MINUTE = 60.0
_LONG_BEFORE = timedelta(hours=2)
"""The first night is over when the second one begins, whatever it waited for on its own clock."""
_ROWS_AT_ONCE = 90
_LOOK_EVERY = 0.5
_REQUEST_SECONDS = 600


@dataclass(frozen=True)
class Measured:
    """One night: wall time until its notice was out, the calls to the PSA, and the load that it saw."""

    seconds: float
    calls: int
    load: Mapping[str, Any]


@dataclass(frozen=True)
class Nights:
    """A night with nothing changed, and one in which so many customers had ``changed``."""

    unchanged: Measured
    changed: Measured
    customers: int


def measure_real_limits(customers: int, kinds: Iterable[str] = KINDS) -> list[Section]:
    """Plays the nights at each PSA."""
    sections = []
    for kind in kinds:
        print(f"  {SHOWN[kind]}, {customers} customers, {LATENCY} s for each answer ...", file=sys.stderr, flush=True)
        nights = measure_nights(kind, customers)
        sections += [_section(kind, customers, nights, "nothing changed"), _section(kind, customers, nights, f"{nights.customers} changed")]
    return sections


def measure_nights(kind: str, customers: int) -> Nights:
    """The nights that are measured at one PSA."""
    world = seeded_world(len(FIRST_CUSTOMERS) + customers, psa=kind)
    log = DATA / "logs" / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opening:
        served = opening.enter_context(ServedWorld(world))
        settings = {**NIGHT_SETTINGS, **served.settings, STORAGE: opening.enter_context(Azurite()).connection_string}
        connection = StorageConnection(settings)
        store = AzureTables(connection)
        _lift_limits(world.books[0])
        _take_over(served, world, store, AzureBlobs(connection, EVIDENCE))
        hosts = [opening.enter_context(HostProcess(ROOT, settings, log=log)) for _ in range(HOSTS)]
        yaml = re.sub(r"\n *calls_per_minute:.*", "", served.configuration_yaml)  # from here on the app keeps to its own limits
        for url in (served.urls.login, served.urls.graph, served.urls.psa):
            requests.post(f"{url}/_sandbox/faults", json={"effect": "delay", "times": 0, "seconds": LATENCY}, timeout=60).raise_for_status()
        time.sleep(_MINUTE)  # what came at full speed is past when the limits begin
        unchanged = _night(world, store, hosts[0], yaml)
        changed = buy_seats(world.accounts[len(FIRST_CUSTOMERS) :], CHANGED_ONE_IN)
        return Nights(unchanged, _night(world, store, hosts[0], yaml), changed)


def _take_over(served: ServedWorld, world: World, store: Store, blobs: Blobs) -> None:
    """The first night: one process on one thread, which waits for nobody."""
    clock = ManualClock(datetime.now(UTC) - _LONG_BEFORE)
    rows, queue, evidence = MemoryStore(), MemoryQueue(clock), MemoryBlobs()
    _configure(rows, served.configuration_yaml)
    process = assemble(Settings.from_environment(served.settings), clock, rows, queue, evidence, EnvironmentSecrets(served.settings))
    play_night(process, clock, queue, [account.tenant.tenant_id for account in world.accounts[len(FIRST_CUSTOMERS) :]])
    for (table, _), held in rows.held.items():
        for start in range(0, len(held), _ROWS_AT_ONCE):
            store.transact(table, [upsert(row) for row in held[start : start + _ROWS_AT_ONCE]])
    for name in evidence.held:
        blobs.put(name, evidence.get(name) or b"")


def _night(world: World, store: Store, host: HostProcess, yaml: str) -> Measured:
    """One night in which no host knows anything of the PSA yet, as at night in Azure: with a new version of the configuration all begin anew."""
    books = world.books[0]
    _configure(store, yaml)
    _begin(books)
    before, started = calls_so_far(world), time.monotonic()
    _run(store, host)
    measured = Measured(time.monotonic() - started, calls_so_far(world) - before, dict(books.simulator.limits.seen()))
    print(f"    {measured.seconds / 60:.1f} minutes, {measured.calls} calls to the PSA", file=sys.stderr, flush=True)
    return measured


def _configure(store: Store, yaml: str) -> None:
    save_version(store, plain_customers(yaml), "bench", datetime.now(UTC))


def _run(store: Store, host: HostProcess) -> None:
    answer = requests.post(f"{host.url}/api/runs", headers={"x-functions-key": host.host_key}, timeout=_REQUEST_SECONDS)
    answer.raise_for_status()
    while not run_told(store, str(answer.json()["run"])):
        time.sleep(_LOOK_EVERY)


def _lift_limits(books: Books) -> None:
    """The night that takes the lines over is no part of what is measured."""
    if isinstance(books, AutotaskBooks):
        books.simulator.limits.threshold = sys.maxsize


def _begin(books: Books) -> None:
    """Sets the vendor's limits, and forgets the load so far."""
    books.simulator.limits.forget()
    if isinstance(books, ConnectWiseBooks):
        books.simulator.limits.calls = CONNECTWISE_A_MINUTE
    if isinstance(books, AutotaskBooks):
        books.simulator.limits.threshold = AUTOTASK_AN_HOUR


def _section(kind: str, customers: int, nights: Nights, what: str) -> Section:
    is_unchanged = what == "nothing changed"
    measured = nights.unchanged if is_unchanged else nights.changed
    load = measured.load
    figures = [Figure("minutes", measured.seconds / 60), Figure("calls to the PSA", measured.calls)]
    if not is_unchanged:
        figures.append(Figure("for a changed customer, on top", (measured.calls - nights.unchanged.calls) / nights.customers))
    if kind == "autotask":
        figures += [Figure("share of the hour's calls", 100 * load["used"] / AUTOTASK_AN_HOUR, "%", most=AUTOTASK_SHARE)]
        figures += [Figure("requests at once to one kind of object", load["highest_parallel"], most=3)]
    else:
        most = CONNECTWISE_A_MINUTE if kind == "connectwise" else HALOPSA_A_MINUTE
        figures += [Figure("most calls in a minute", load["highest_rate"], most=most)]
    figures += [Figure("calls that were refused", load["refused"], most=0)]
    note = f"{customers} customers; {HOSTS} hosts; every answer of Microsoft and the PSA takes {LATENCY} s."
    return Section(f"A night at {SHOWN[kind]} with its real limits, {what}", tuple(figures), (note,))
