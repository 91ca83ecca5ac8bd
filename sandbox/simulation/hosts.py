"""One process of the app: the real stages' context over watched ports, with the real adapters, and what the auditor knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.wiring import ConfiguredAdapters
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.simulation.auditor import Auditor
from sandbox.simulation.calls import Calls, HostClock
from sandbox.simulation.link import Link
from sandbox.simulation.process import Process
from sandbox.simulation.sites.memory import MemorySite
from sandbox.simulation.sites.site import ServedSite
from sandbox.simulation.surroundings import Licences, Mailbox
from sandbox.simulation.wire import Fates
from sync_core.budget import Budget, Limits
from sync_core.model.configuration import Configuration, Connection
from sync_core.model.customers import Customer
from sync_core.model.licences import UsageSnapshot
from sync_core.model.plans import Step, StepState
from sync_core.model.reports import RunReport
from sync_core.pipeline.context import Context
from sync_core.ports import NOTHING_MORE, Mail, Mailer, Microsoft, Psa, Receipt, Row, RowWrite, UsageNeeds
from sync_core.settings import Settings

_MANY = 30
"""So many messages at once are more than a story's customers have any need for."""

_AMPLE = Limits(parallel=1000, calls=1_000_000, seconds=7 * 24 * 3600.0, block=100_000)
"""What a process asks for once, and never again in a story."""

AnySite = ServedSite | MemorySite


@dataclass(frozen=True)
class World:
    """What all processes share."""

    site: AnySite
    settings: Settings
    clock: ManualClock
    calls: Calls
    store: MemoryStore
    queue: MemoryQueue
    blobs: MemoryBlobs
    secrets: MemorySecrets
    licences: Licences
    mailbox: Mailbox
    auditor: Auditor
    fates: Fates
    counts_calls: bool
    """Whether the processes count together what they ask of the PSA: a row that they read and write around its calls."""


class Host(Process):
    """A process with the app in it; it remembers what a process remembers."""

    def __init__(self, world: World, name: str, is_desk: bool = False) -> None:
        super().__init__(name, is_desk)
        self.context = self._context(world)

    def _context(self, world: World) -> Context:
        calls = world.calls
        store, blobs = _Store(world.store, calls, world.auditor, self), _Calls(world.blobs, "blobs", calls)
        secrets, clock = _Calls(world.secrets, "secrets", calls), HostClock(world.clock, calls)
        adapters = _Adapters(world, self, clock, store, blobs, secrets)
        return Context(world.settings, clock, store, _Queue(world.queue, calls), blobs, adapters)


class _Store:
    """The store, watched."""

    def __init__(self, store: MemoryStore, calls: Calls, auditor: Auditor, host: Process) -> None:
        self._store, self._calls, self._auditor, self._host = store, calls, auditor, host

    def get(self, table: str, partition: str, key: str) -> Row | None:
        self._calls.before(f"store.get {table}")
        row = self._store.get(table, partition, key)
        self._auditor.looked_up(self._host, table, row)
        self._calls.after(f"store.get {table}")
        return row

    def query(self, table: str, partition: str, prefix: str = "", after: str = "") -> Iterator[Row]:
        self._calls.before(f"store.query {table}")
        rows = list(self._store.query(table, partition, prefix, after))
        self._calls.after(f"store.query {table}")
        return iter(rows)

    def partitions(self, table: str) -> Iterator[str]:
        self._calls.before(f"store.partitions {table}")
        found = list(self._store.partitions(table))
        self._calls.after(f"store.partitions {table}")
        return iter(found)

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        self._calls.before(f"store.transact {table}")
        self._store.transact(table, writes)
        self._auditor.stored(self._host, table, writes)
        if self._calls.worker and any(write.row.values.get("state") == StepState.SENDING for write in writes):
            self._calls.worker.writing = True
        self._calls.after(f"store.transact {table}")


class _Queue:
    """The queue, watched."""

    def __init__(self, queue: MemoryQueue, calls: Calls) -> None:
        self._queue, self._calls = queue, calls

    def send(self, queue: str, body: str, delay: float = 0.0) -> None:
        self._calls.before(f"queue.send {queue}")
        self._queue.send(queue, body, delay)
        if len(self._queue.waiting()) > _MANY:
            self._queue.stop_duplicates()  # copies of copies of what waits for somebody else would bury the story
        self._calls.after(f"queue.send {queue}")


class _Calls:
    """A port whose every call is watched."""

    def __init__(self, port: Any, name: str, calls: Calls) -> None:
        self._port, self._name, self._calls = port, name, calls

    def __getattr__(self, name: str) -> Any:
        method, call = getattr(self._port, name), f"{self._name}.{name}"

        def watched(*arguments: Any, **named: Any) -> Any:
            self._calls.before(call)
            answer = method(*arguments, **named)
            self._calls.after(call)
            return answer

        return watched


class _Microsoft(_Calls):
    """Microsoft, watched; whether a read was whole is known to the auditor."""

    def __init__(self, licences: Licences, calls: Calls, host: Process) -> None:
        super().__init__(licences, "microsoft", calls)
        self._host = host

    def read_usage(self, customer: Customer, needs: UsageNeeds = NOTHING_MORE) -> UsageSnapshot:
        self._calls.before("microsoft.read_usage")
        snapshot: UsageSnapshot = self._port.read_usage(customer, needs)
        self._host.read_whole = not snapshot.failed
        self._calls.after("microsoft.read_usage")
        return snapshot


class _Psa:
    """A PSA's adapter: what it is asked to write is known to the auditor. Its calls are watched where they leave the process."""

    def __init__(self, psa: Psa, calls: Calls, auditor: Auditor, host: Process) -> None:
        self._psa, self._calls, self._auditor, self._host = psa, calls, auditor, host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._psa, name)

    def read_lines(self, *arguments: Any) -> Any:
        lines = self._psa.read_lines(*arguments)
        self._host.looked = self._host.applying
        return lines

    def execute(self, step: Step, send_until: float) -> Receipt:
        self._auditor.executing(self._host, step)
        self._host.executing = step
        try:
            return self._psa.execute(step, send_until)
        finally:
            self._host.executing, self._host.looked = None, False
            if self._calls.worker:
                self._calls.worker.writing = False


class _Adapters(ConfiguredAdapters):
    """The real adapters of the PSAs, and the story's Microsoft and mailbox."""

    def __init__(self, world: World, host: Process, clock: HostClock, store: _Store, blobs: Any, secrets: Any) -> None:
        super().__init__(world.settings, clock, store, blobs, secrets)
        self._world, self._host = world, host
        self._microsoft: Any = _Microsoft(world.licences, world.calls, host)
        self._mailer: Any = _Calls(world.mailbox, "mailer", world.calls)

    def microsoft(self, configuration: Configuration) -> Microsoft:
        return self._microsoft  # type: ignore[no-any-return]  # stands before one

    def mailer(self, configuration: Configuration) -> Mailer:
        return self._mailer  # type: ignore[no-any-return]  # stands before one

    def psa(self, configuration: Configuration, connection: str) -> Psa:
        site = self._world.site
        made: Any = (
            Link(site.adapter, self._world.calls, self._world.fates, self._world.auditor.carried_out) if isinstance(site, MemorySite) else None
        )
        psa: Any = _Psa(made or super().psa(configuration, connection), self._world.calls, self._world.auditor, self._host)
        return psa  # type: ignore[no-any-return]  # stands before one

    def _budget(self, configured: Connection) -> Budget:
        if self._world.counts_calls:
            return super()._budget(configured)
        return Budget(MemoryStore(), configured.name, _AMPLE, self._clock)

    def render(self, report: RunReport) -> Mail:
        states = "\n".join(f"{item.customer.name}: {item.customer.state} {item.customer.reason}" for item in report.customers)
        return Mail("", "", (), f"{len(report.customers)} customers", "", states)
