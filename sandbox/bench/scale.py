"""Whole nights of growing size through the local host: is the time linear, and the memory of the app's process flat?

The app runs in its own process on Azurite, the simulators in another. The first day takes lines over and changes one customer in
twenty; the second day, in a new process as in Azure, changes nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import requests

from adapters.azure.connection import StorageConnection
from adapters.azure.tables import AzureTables
from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from sandbox.azurite import Azurite
from sandbox.bench.figures import Figure, Section
from sandbox.environment import DATA, ROOT
from sandbox.host.process import HostProcess
from sandbox.world import WorldProcess
from sandbox.world.customers import FIRST_CUSTOMERS
from sync_core.configuration.versions import save_version
from sync_core.model.configuration import Configuration
from sync_core.model.runs import RunState
from sync_core.pipeline.runs import load_run
from sync_core.ports import Store

MOST_GROWTH = 1.25
"""Up to this a value per customer counts as the same, and memory as flat: the machine is not ours alone."""
STORAGE = "AzureWebJobsStorage"
NIGHT_SETTINGS = {
    "SYNC_SCHEDULE": "0 0 2 * * *",
    "SYNC_SWEEP_SCHEDULE": "0 */5 * * * *",
    "SYNC_ACCESS_SCHEDULE": "0 20 * * * *",
    "SYNC_RETENTION_SCHEDULE": "0 40 3 * * *",
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
}
"""The queues are looked at every second, so that the fixed part of a night is short and the sizes can be compared."""
_LOOK_EVERY = 0.5
_REQUEST_SECONDS = 600


@dataclass(frozen=True)
class Day:
    """One run: wall time until the notice was out, and the app process's peak memory (MiB) and CPU time, where the system tells."""

    seconds: float
    peak_mib: float | None
    cpu_seconds: float | None


@dataclass(frozen=True)
class Size:
    """Both days with so many customers."""

    customers: int
    first: Day
    second: Day


def measure_scale(sizes: Sequence[int]) -> list[Section]:
    """Plays two days for each size, smallest first."""
    return [_section([_size(customers) for customers in sorted(sizes)])]


def _size(customers: int) -> Size:
    print(f"  {customers} customers ...", file=sys.stderr, flush=True)
    log = DATA / "logs" / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with Azurite() as azurite, WorldProcess(len(FIRST_CUSTOMERS) + customers, log=log) as world:
        settings = {**NIGHT_SETTINGS, **world.settings, STORAGE: azurite.connection_string}
        store = AzureTables(StorageConnection(settings))
        save_version(store, plain_customers(world.configuration_yaml), "bench", datetime.now(UTC))
        return Size(customers, _day(settings, store, log), _day(settings, store, log))


def plain_customers(yaml: str) -> Configuration:
    """The world's configuration without its first customers, who show what goes wrong and let a night wait."""
    configuration = read_text(yaml, known_skus(), "bench.yaml").configuration
    return replace(configuration, customers=configuration.customers[len(FIRST_CUSTOMERS) :])


def _day(settings: dict[str, str], store: Store, log: Path) -> Day:
    """One run in a new process of the app; raises ``HTTPError`` when the app refuses it."""
    with HostProcess(ROOT, settings, log=log) as host:
        before = time.monotonic()
        answer = requests.post(f"{host.url}/api/runs", headers={"x-functions-key": host.host_key}, timeout=_REQUEST_SECONDS)
        answer.raise_for_status()
        run_id = str(answer.json()["run"])
        while not run_told(store, run_id):
            time.sleep(_LOOK_EVERY)
        return Day(time.monotonic() - before, peak_mib(host.pid), cpu_seconds(host.pid))


def run_told(store: Store, run_id: str) -> bool:
    """Looks at the run alone: a look at each customer would be work that grows with the square of their number."""
    run = load_run(store, run_id)
    return run is not None and run.value.state is RunState.TOLD


def peak_mib(pid: int) -> float | None:
    """The most memory (MiB) that a process has held so far; only Linux tells."""
    if sys.platform != "linux":
        return None
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def cpu_seconds(pid: int) -> float | None:
    """The CPU time that a process has spent so far; only Linux tells."""
    if sys.platform != "linux":
        return None
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _section(sizes: list[Size]) -> Section:
    figures = [figure for size in sizes for figure in _figures(size)]
    notes = ["App and local host are one process here, and the simulators and Azurite take their part of the same cores."]
    if sizes[0].second.peak_mib is None:
        notes.append("This system does not tell a process's peak memory and CPU time, so they are left out.")
    return Section("Whole nights of plain customers, through the local host on Azurite", (*figures, *_growth(sizes[0], sizes[-1])), tuple(notes))


def _figures(size: Size) -> list[Figure]:
    name, second = f"{size.customers} customers,", size.second
    return [
        Figure(f"{name} first day", size.first.seconds, "s"),
        Figure(f"{name} second day", second.seconds, "s"),
        Figure(f"{name} second day, for each", _each(size, second.seconds), "ms"),
        Figure(f"{name} second day, CPU time of the app for each", _each(size, second.cpu_seconds), "ms"),
        Figure(f"{name} second day, peak memory of the app", second.peak_mib, "MiB"),
    ]


def _growth(smallest: Size, largest: Size) -> list[Figure]:
    """The second day of the largest size beside that of the smallest."""
    name, one, other = f"{largest.customers} to {smallest.customers} customers:", largest.second, smallest.second
    time_for_each = _ratio(_each(largest, one.seconds), _each(smallest, other.seconds))
    cpu_for_each = _ratio(_each(largest, one.cpu_seconds), _each(smallest, other.cpu_seconds))
    return [
        Figure(f"{name} time for each", time_for_each, most=MOST_GROWTH),
        Figure(f"{name} CPU time of the app for each", cpu_for_each, most=MOST_GROWTH),
        Figure(f"{name} peak memory", _ratio(one.peak_mib, other.peak_mib), most=MOST_GROWTH),
    ]


def _each(size: Size, seconds: float | None) -> float | None:
    """Milliseconds per customer."""
    return None if seconds is None else 1000 * seconds / size.customers


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None
