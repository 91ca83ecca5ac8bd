"""Whole nights over a served world: the real stages and adapters on sockets, with storage in memory and one clock for both sides."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from adapters.environment_secrets import EnvironmentSecrets
from adapters.wiring import assemble
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue
from sandbox.memory.store import MemoryStore
from sandbox.world import ServedWorld, seeded_world
from sync_core.configuration.versions import save_version
from sync_core.model.configuration import Configuration
from sync_core.model.reports import CustomerReport
from sync_core.model.runs import Run
from sync_core.pipeline import apply_plan, sync_customer
from sync_core.pipeline import messages as queues
from sync_core.pipeline.report import run_report
from sync_core.pipeline.start_run import start_daily_run
from sync_core.settings import Settings

_STAGES = {queues.SYNC_CUSTOMER: sync_customer.sync_customer, queues.APPLY_PLAN: apply_plan.apply_plan}


class WorldNights:
    """Serves a world, imports its configuration, and lets nights go over it."""

    def __init__(self, customers: int = 12, seed: int = 0, psa: str = "connectwise") -> None:
        self.clock = ManualClock()
        self.world = seeded_world(customers, seed, now=self.clock.now, psa=psa)
        for account in self.world.accounts:
            for refusal in account.tenant.conditions.refusals:
                refusal.retry_after = "0"  # what is waited for is shown elsewhere; here it would only be time
        self.served = ServedWorld(self.world)
        self.queue = MemoryQueue(self.clock)
        settings = self.served.settings
        self.context = assemble(
            Settings.from_environment(settings), self.clock, MemoryStore(), self.queue, MemoryBlobs(), EnvironmentSecrets(settings)
        )
        save_version(self.context.store, self.configuration(), "a test", self.clock.now())

    def configuration(self) -> Configuration:
        """The world's configuration as the app reads it."""
        return read_text(self.served.configuration_yaml, known_skus(), "configuration.yaml").configuration

    def night(self) -> list[CustomerReport]:
        """One daily run from the timer to the last write; the notice is not sent."""
        run = start_daily_run(self.context).run
        while (due := self.queue.next_visible()) is not None:
            self.clock.move_to(due)
            if message := self.queue.receive():
                if message.queue in _STAGES:
                    _STAGES[message.queue](self.context, queues.Message.read(message.body))
                self.queue.delete(message)
        return self._report(run)

    def next_day(self) -> None:
        """A day goes by."""
        self.clock.advance(24 * 3600)

    def _report(self, run: Run) -> list[CustomerReport]:
        report = run_report(self.context, run.run_id)
        assert report is not None
        return list(report.customers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.served.close()
