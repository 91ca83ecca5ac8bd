"""A night against simulators that are as slow and as strict as the real ones: how long it takes, and how far from the vendors' limits it stays.

Several hosts of the function app share one storage, as instances in Azure do. Every answer of Microsoft and of the PSA takes 0.4 s.
The first night takes the lines over, at full speed; the second one, in which nothing has changed, is measured. What a change costs on top is
counted in ``psa_calls``.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from adapters.azure.connection import StorageConnection
from adapters.azure.tables import AzureTables
from sandbox.azurite import Azurite
from sandbox.bench.figures import Figure, Section
from sandbox.bench.scale import NIGHT_SETTINGS, STORAGE, plain_customers, run_told
from sandbox.environment import DATA, ROOT
from sandbox.host.process import HostProcess
from sandbox.world import ServedWorld, seeded_world
from sandbox.world.books import KINDS, SHOWN, AutotaskBooks, Books, ConnectWiseBooks
from sandbox.world.customers import FIRST_CUSTOMERS
from sync_core.configuration.versions import save_version
from sync_core.ports import Store

LATENCY = 0.4
HOSTS = 4
CONNECTWISE_A_MINUTE = 1000
"""From about here on ConnectWise throttles (its developer guide)."""
HALOPSA_A_MINUTE = 60
"""Halo publishes no limit; this is what the app keeps to by itself."""
AUTOTASK_SHARE = 4.0
"""Percent of the 10,000 calls an hour that all tools of an Autotask database share."""
_LOOK_EVERY = 0.5
_REQUEST_SECONDS = 600


@dataclass(frozen=True)
class Measured:
    """One night: wall time until its notice was out, and the load that the PSA saw in it."""

    seconds: float
    load: Mapping[str, Any]


def measure_real_limits(customers: int) -> list[Section]:
    """Plays both nights at each PSA."""
    sections = []
    for kind in KINDS:
        print(f"  {SHOWN[kind]}, {customers} customers, {LATENCY} s for each answer ...", file=sys.stderr, flush=True)
        sections.append(_section(kind, customers, measure_night(kind, customers)))
    return sections


def measure_night(kind: str, customers: int) -> Measured:
    """The night that is measured at one PSA."""
    world = seeded_world(len(FIRST_CUSTOMERS) + customers, psa=kind)
    log = DATA / "logs" / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opening:
        served = opening.enter_context(ServedWorld(world))
        settings = {**NIGHT_SETTINGS, **served.settings, STORAGE: opening.enter_context(Azurite()).connection_string}
        store = AzureTables(StorageConnection(settings))
        _configure(store, served.configuration_yaml)
        hosts = [opening.enter_context(HostProcess(ROOT, settings, log=log)) for _ in range(HOSTS)]
        _run(store, hosts[0])
        _configure(store, re.sub(r"\n *calls_per_minute:.*", "", served.configuration_yaml))  # from here on the app keeps to its own limits
        for url in (served.urls.login, served.urls.graph, served.urls.psa):
            requests.post(f"{url}/_sandbox/faults", json={"effect": "delay", "times": 0, "seconds": LATENCY}, timeout=60).raise_for_status()
        before = _begin(world.books[0])
        started = time.monotonic()
        _run(store, hosts[0])
        return Measured(time.monotonic() - started, _load(world.books[0], before))


def _configure(store: Store, yaml: str) -> None:
    save_version(store, plain_customers(yaml), "bench", datetime.now(UTC))


def _run(store: Store, host: HostProcess) -> None:
    answer = requests.post(f"{host.url}/api/runs", headers={"x-functions-key": host.host_key}, timeout=_REQUEST_SECONDS)
    answer.raise_for_status()
    while not run_told(store, str(answer.json()["run"])):
        time.sleep(_LOOK_EVERY)


def _begin(books: Books) -> int:
    """Sets the vendor's limits, and forgets the load so far; returns the calls so far where they are counted by the hour."""
    if isinstance(books, AutotaskBooks):
        return int(books.simulator.limits.used)
    books.simulator.limits.forget()
    if isinstance(books, ConnectWiseBooks):
        books.simulator.limits.calls = CONNECTWISE_A_MINUTE
    return 0


def _load(books: Books, before: int) -> Mapping[str, Any]:
    seen = dict(books.simulator.limits.seen())
    return {**seen, "used": seen.get("used", 0) - before}


def _section(kind: str, customers: int, measured: Measured) -> Section:
    load = measured.load
    figures = [Figure("minutes", measured.seconds / 60)]
    if kind == "autotask":
        figures += [Figure("share of the hour's calls", 100 * load["used"] / 10_000, "%", most=AUTOTASK_SHARE)]
        figures += [Figure("requests at once to one kind of object", load["highest_parallel"], most=3)]
    else:
        most = CONNECTWISE_A_MINUTE if kind == "connectwise" else HALOPSA_A_MINUTE
        figures += [Figure("most calls in a minute", load["highest_rate"], most=most)]
    figures += [Figure("calls that were refused", load["refused"], most=0)]
    what = f"{customers} customers, nothing changed; {HOSTS} hosts; every answer of Microsoft and the PSA takes {LATENCY} s."
    return Section(f"A night at {SHOWN[kind]} with its real limits", tuple(figures), (what,))
