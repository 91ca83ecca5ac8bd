"""A night in one process with everything recorded: the real stages and adapters, over Azurite, against simulators that are served here.

The host's part is small and done here: a message is received, handed to its stage, and deleted. So it is known to the
operation what each customer costs. Several processes are several contexts: each remembers only what it read itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from adapters.azure.blobs import AzureBlobs
from adapters.azure.connection import StorageConnection
from adapters.azure.queues import AzureQueues
from adapters.azure.tables import AzureTables
from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from adapters.wiring import EVIDENCE, assemble, secrets_from
from sandbox.azurite import Azurite
from sandbox.bench.recording import Recording
from sandbox.web import Application, serve
from sandbox.world import seeded_world
from sandbox.world.customers import FIRST_CUSTOMERS
from sandbox.world.serving import Urls
from sync_core.configuration.versions import save_version
from sync_core.model.runs import Run, RunKind, RunState
from sync_core.pipeline import apply_plan, send_notices, sync_customer
from sync_core.pipeline.context import Context
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER, Message
from sync_core.pipeline.runs import load_run
from sync_core.pipeline.start_run import run_stamp, start_run
from sync_core.settings import Settings

STORAGE = "AzureWebJobsStorage"
STAGES: dict[str, Callable[[Context, Message], None]] = {
    SYNC_CUSTOMER: sync_customer.sync_customer,
    APPLY_PLAN: apply_plan.apply_plan,
    SEND_NOTICES: send_notices.send_notices,
}
_EMPTY = 0.1
_LONGEST_NIGHT = 300.0


@dataclass(frozen=True)
class Handled:
    """One message that was handled: what it did, and the CPU seconds of the thread that handled it."""

    queue: str
    tenant_id: str
    did: Recording
    cpu_seconds: float


@dataclass(frozen=True)
class Night:
    """One run from start to notice. ``started`` is what starting it did, ``messages`` stand in the order they were handled in."""

    run: Run
    started: Recording
    messages: tuple[Handled, ...]

    @property
    def customers(self) -> list[Handled]:
        """The messages that read a customer."""
        return [message for message in self.messages if message.queue == SYNC_CUSTOMER]


@dataclass(frozen=True)
class _WorldClock:
    """The simulators' time for the app as well, so that a day goes by for both; deadlines keep the machine's time."""

    time: Callable[[], datetime]

    def now(self) -> datetime:
        return self.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Laboratory:
    """An MSP with ``customers`` plain customers, served and recorded. Use it as a context manager."""

    def __init__(self, customers: int, seed: int = 0) -> None:
        self.recording = Recording()
        self.world = seeded_world(len(FIRST_CUSTOMERS) + customers, seed)
        self.tenants = tuple(account.tenant.tenant_id for account in self.world.accounts[len(FIRST_CUSTOMERS) :])
        """The customers of the nights: generated ones, whose first night ends with nothing left to do."""
        self._clock = _WorldClock(self.world.clock)
        with ExitStack() as opening:
            self.urls = self._serve(opening)
            self._environment = {
                **self.urls.settings,
                **self.world.secrets,
                STORAGE: opening.enter_context(Azurite()).connection_string,
            }
            self._opened = opening.pop_all()
        self.connection = StorageConnection(self._environment)
        self._import_configuration()

    def process(self) -> Context:
        """A context that remembers nothing, as a process has that was just started."""
        settings = Settings.from_environment(self._environment)
        store, queue, blobs = AzureTables(self.connection), AzureQueues(self.connection), AzureBlobs(self.connection, EVIDENCE)
        record = self.recording
        secrets = secrets_from(settings, self._environment, self._clock)
        return assemble(settings, self._clock, record.store(store), record.queue(queue), record.blobs(blobs), secrets)

    def night(self, context: Context, after_each: Callable[[Handled], None] = lambda handled: None) -> Night:
        """Plays one run over the generated customers until it is told; ``after_each`` sees each message once it is deleted.

        Raises:
            RuntimeError: it does not end.
        """
        now = self._clock.now()
        self.recording.take()
        run = start_run(context, f"daily-{run_stamp(now)}", RunKind.DAILY, now, self.tenants).run
        started = self.recording.take()
        messages: list[Handled] = []
        ends = time.monotonic() + _LONGEST_NIGHT
        while not self._told(run):
            if time.monotonic() > ends:
                raise RuntimeError(f"Run {run.run_id} does not end")
            if not (handled := [message for queue in STAGES for message in self._deliver(context, queue, after_each)]):
                time.sleep(_EMPTY)
            messages += handled
        return Night(run, started, tuple(messages))

    def forward(self, time: timedelta) -> None:
        """So much time goes by, for the app and the simulators, in which nothing happens."""
        self.world.clock.forward(time)

    @property
    def partner_id(self) -> str:
        """The partner's own tenant id."""
        return self.world.directory.partner.tenant_id

    def close(self) -> None:
        """Stops everything that was started."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _serve(self, opening: ExitStack) -> Urls:
        microsoft = self.world.microsoft
        applications: dict[str, Application] = {"login": microsoft.login, "graph": microsoft.graph, "psa": self.world.books[0].application}
        urls = {name: opening.enter_context(serve(self.recording.application(name, each))).url for name, each in applications.items()}
        return Urls(**urls, partner_center="http://127.0.0.1:9", control="", psas={self.world.books[0].kind: urls["psa"]})

    def _import_configuration(self) -> None:
        text = self.world.configuration_yaml(self.urls.psas)
        reading = read_text(text, known_skus(), "bench.yaml")
        save_version(AzureTables(self.connection), reading.configuration, "bench", self._clock.now(), text)

    def _told(self, run: Run) -> bool:
        stored = load_run(AzureTables(self.connection), run.run_id)
        return stored is not None and stored.value.state is RunState.TOLD

    def _deliver(self, context: Context, queue: str, after_each: Callable[[Handled], None]) -> list[Handled]:
        from azure.core.exceptions import ResourceNotFoundError
        from azure.storage.queue import TextBase64DecodePolicy

        client = self.connection.queues.get_queue_client(queue, message_decode_policy=TextBase64DecodePolicy())
        try:
            received = list(client.receive_messages(messages_per_page=4, max_messages=4))
        except ResourceNotFoundError:  # nothing was ever sent to it
            return []
        handled = []
        for message in received:
            handled.append(self._handle(context, queue, message.content))
            client.delete_message(message)
            after_each(handled[-1])
        return handled

    def _handle(self, context: Context, queue: str, body: Any) -> Handled:
        message = Message.read(body)
        self.recording.take()
        before = time.thread_time()
        STAGES[queue](context, message)
        spent = time.thread_time() - before
        return Handled(queue, message.tenant_id, self.recording.take(), spent)
