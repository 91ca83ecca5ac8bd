"""The whole chain on this machine: a served world, storage of its own, and as many hosts of the function app as a test starts.

Everything is real but Microsoft and the PSA: the Functions runtime in child processes, Azurite, HTTP over sockets. The world is
served from the test's own process, so that a test can look into it, and reach into the middle of a night.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from adapters.wiring import context_from
from sandbox.azurite import Azurite
from sandbox.environment import ROOT
from sandbox.faults import Effect, Fault
from sandbox.host.process import HostProcess
from sandbox.local_storage import STORAGE
from sandbox.web import Request
from sandbox.world import ServedWorld, seeded_world
from sync_core.configuration.versions import save_version
from sync_core.model.reports import CustomerReport, RunReport
from sync_core.model.runs import RunState
from sync_core.pipeline.report import run_report
from sync_core.pipeline.runs import load_run, recent_runs
from tests.eventually import eventually

ONE_LINE = r"/additions(/\d+)?$"
"""The PSA's paths that lines are written at."""
WRITING = ("POST", "PATCH")
_HOST = "AzureFunctionsJobHost__extensions__queues__"


@dataclass(frozen=True)
class Answer:
    """What a route answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class Chain:
    """A made-up MSP and an app whose daily schedule has just come due. ``settings`` win over the quick ones. Use it as a context manager.

    The hosts log into ``log``; a test that wants none of the time that Microsoft's throttling takes finds it taken out already.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, customers: int = 12, seed: int = 0) -> None:
        self.began = datetime.now(UTC)
        self.seed, self.world = seed, seeded_world(customers, seed)
        for account in self.world.accounts:
            for refusal in account.tenant.conditions.refusals:
                refusal.retry_after = "0"
        self.folder, self.log = folder, folder / "functions.log"
        with ExitStack() as opening:
            self.served = opening.enter_context(ServedWorld(self.world))
            self.azurite = opening.enter_context(Azurite())
            self._opened = opening.pop_all()
        self.settings = {STORAGE: self.azurite.connection_string, **self.served.settings, **quick_settings(self.began), **(settings or {})}
        self.context = context_from(self.settings)
        self.hosts: list[HostProcess] = []
        self._failed: list[Exception] = []

    def import_configuration(self, change: Callable[[str], str] = lambda text: text) -> None:
        """Makes the world's configuration the current version, as ``change`` makes it."""
        reading = read_text(change(self.served.configuration_yaml), known_skus(), "configuration.yaml")
        save_version(self.context.store, reading.configuration, "a test", datetime.now(UTC))

    def start_host(self, lease_seconds: float = 600) -> HostProcess:
        """One more host on the same storage."""
        host = self._opened.enter_context(HostProcess(ROOT, self.settings, self.log, lease_seconds=lease_seconds))
        self.hosts.append(host)
        return host

    def night(self) -> RunReport:
        """Fires the daily timer at the first host and waits until the run is told."""
        self.hosts[0].fire_timer("start_run")
        return self.follow(next(recent_runs(self.context.store)).run_id)

    def another_night(self) -> RunReport:
        """Asks for a run of all customers and waits until it is told."""
        answer = self.call("POST", "runs")
        assert answer.status == 202, answer.text
        return self.follow(answer.json["run"])

    def follow(self, run_id: str) -> RunReport:
        """Waits until a run is told."""
        eventually(lambda: (run := load_run(self.context.store, run_id)) is not None and run.value.state is RunState.TOLD, seconds=150)
        report = run_report(self.context, run_id)
        assert report is not None
        return report

    def call(self, method: str, path: str, body: str | dict[str, Any] = "", key: str | None = None, **more: str) -> Answer:
        """Calls a route of the first host, with its key unless another is given; no answer carries a secret, whatever was asked.

        ``more`` are headers, with ``_`` in place of ``-``.
        """
        host = self.hosts[0]
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"x-functions-key": host.host_key if key is None else key} | {name.replace("_", "-"): value for name, value in more.items()}
        answer = requests.request(method, f"{host.url}/api/{path}", data=content.encode(errors="surrogateescape"), headers=headers, timeout=60)
        assert not found_in(answer.text + json.dumps(dict(answer.headers)), self.secrets)
        return Answer(answer.status_code, answer.headers, answer.text)

    def customer(self, report: RunReport, name: str) -> CustomerReport:
        """One customer of a run by its name in the configuration."""
        tenant_id = self.tenant_id(name)
        return next(item for item in report.customers if item.customer.tenant_id == tenant_id)

    def tenant_id(self, name: str) -> str:
        """The tenant id of a customer by its name in the configuration."""
        return self.world.account(name).tenant.tenant_id

    @property
    def secrets(self) -> set[str]:
        """What nobody may read anywhere: the partner's secrets, the PSA's credentials and the hosts' keys."""
        authorization = self.world.connectwise.access.authorization
        return {*self.world.secrets.values(), authorization, authorization.split()[1], *(host.host_key for host in self.hosts)}

    @property
    def writes(self) -> int:
        """How many writes the PSA took."""
        return len(self.world.ledger.writes)

    @property
    def promised_writes(self) -> int:
        """How many writes the first night makes."""
        return sum(promise.writes for promise in self.world.promises)

    def at_write(self, number: int, act: Callable[[], object]) -> None:
        """Does something in the moment in which a write reaches the PSA, before it is carried out; 1 is the next one."""
        seen = iter(range(1, number + 1))

        def count(request: Request) -> None:
            if request.method in WRITING and next(seen, 0) == number:
                try:
                    act()
                except Exception as error:
                    self._failed.append(error)  # the simulator's thread would only drop the connection

        self.world.connectwise.faults.before(Fault(Effect.DELAY, path=ONE_LINE, times=0), count)

    def close(self) -> None:
        """Ends everything; raises what ``at_write`` met."""
        self._opened.close()
        if self._failed:
            raise self._failed[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def quick_settings(now: datetime) -> dict[str, str]:
    """App settings under which nothing is waited for that is not shown, and the daily schedule came due two minutes ago."""
    due = now - timedelta(minutes=2)
    return {
        "SYNC_SCHEDULE": f"0 {due.minute} {due.hour} * * *",
        "SYNC_SWEEP_SCHEDULE": "0 */5 * * * *",
        "SYNC_ACCESS_SCHEDULE": "0 20 * * * *",
        "SYNC_RETENTION_SCHEDULE": "0 40 3 * * *",
        "SYNC_RETRY_SECONDS": "1",
        "SYNC_SEND_WINDOW_SECONDS": "3",
        "SYNC_WRITE_DEADLINE_SECONDS": "3",
        "SYNC_SETTLE_SECONDS": "1",
        f"{_HOST}maxPollingInterval": "00:00:00.3",
        f"{_HOST}visibilityTimeout": "00:00:01",
    }


def one_at_a_time() -> dict[str, str]:
    """The setting under which a host works on one message of a queue at a time."""
    return {f"{_HOST}batchSize": "1", f"{_HOST}newBatchThreshold": "0"}


def found_in(text: str, secrets: set[str]) -> set[str]:
    """Which of the secrets a text holds."""
    return {secret for secret in secrets if secret in text}
