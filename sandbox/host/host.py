"""The host itself: loads the app, starts a listener for each trigger, stops them in order."""

import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox import web
from sandbox.host import runtime, timers
from sandbox.host.configuration import ConfigurationError, HostOptions, connection_string, resolve
from sandbox.host.http import HttpListener
from sandbox.host.keys import Keys
from sandbox.host.queues import LEASE, QueueListener
from sandbox.host.timers import TimerListener

STORAGE = "AzureWebJobsStorage"
HOST_ID = "AzureFunctionsWebHost__hostid"
# The SDK would wait 15 seconds and more between tries; the storage of development is near, and the listeners try again themselves.
SHORT_RETRIES: Mapping[str, Any] = {"initial_backoff": 1, "increment_base": 1, "retry_total": 2}

log = logging.getLogger(__name__)


class Host:
    """Runs the app of one folder in this process. The app settings become environment variables, and win over those that are there.

    Args:
        app: folder of ``function_app.py`` and ``host.json``.
        settings: the app settings; ``AzureWebJobsStorage`` has to be a connection string.
        port: where HTTP functions listen on the loopback address; 0 takes a free port.
        lease: how long a message is leased; see ``QueueListener``.

    Raises:
        ConfigurationError, runtime.IndexingError: the real host would not start with this either.
    """

    def __init__(self, app: Path, settings: Mapping[str, str], port: int = 0, lease: timedelta = LEASE) -> None:
        options = HostOptions.read(app, settings)
        self._settings = settings
        self._host_id = settings.get(HOST_ID, "local")
        self._blobs = BlobServiceClient.from_connection_string(connection_string(STORAGE, settings), **SHORT_RETRIES)
        os.environ.update(settings)
        self._app = runtime.load(app)
        _refuse_what_is_left_out(self._app)
        timers.create_container(self._blobs, timers.CONTAINER)
        self.keys = Keys.read_or_make(self._blobs, self._host_id, [function.name for function in self._app.functions])
        self._queues = [self._queue_listener(function, options, lease) for function in self._triggered_by("queueTrigger")]
        self._timers = {function.name: self._timer_listener(function) for function in self._triggered_by("timerTrigger")}
        self._server = web.serve(HttpListener(self._app, options.route_prefix, self.keys, self._timers, self.status), port)
        self._listeners: list[QueueListener | TimerListener] = [*self._timers.values(), *self._queues]
        for listener in self._listeners:
            listener.start()

    @property
    def url(self) -> str:
        """The base URL of the HTTP functions, without their prefix."""
        return self._server.url

    def fire_timer(self, name: str, past_due: bool = False) -> None:
        """Run a timer function now and wait for its end.

        Raises:
            RuntimeError: the function failed.
        """
        outcome = self._timers[name].fire(past_due)
        if not outcome.ok:
            raise RuntimeError(outcome.error)

    def status(self) -> Mapping[str, Any]:
        """What ``/admin/host/status`` says: the functions, and how many queue messages are being worked on."""
        running = sum(listener.running for listener in self._queues)
        return {"id": self._host_id, "state": "Running", "functions": [function.name for function in self._app.functions], "running": running}

    def stop(self) -> None:
        """Stop listening; functions that run are waited for."""
        self._server.close()
        for listener in self._listeners:
            listener.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _triggered_by(self, kind: str) -> list[runtime.Function]:
        return [function for function in self._app.functions if function.trigger["type"] == kind]

    def _queue_listener(self, function: runtime.Function, options: HostOptions, lease: timedelta) -> QueueListener:
        connection = connection_string(str(function.trigger.get("connection") or STORAGE), self._settings)
        service = QueueServiceClient.from_connection_string(connection, **SHORT_RETRIES)
        name = resolve(str(function.trigger["queueName"]), self._settings)
        queue, poison = service.get_queue_client(name), service.get_queue_client(f"{name}-poison")
        return QueueListener(self._app, function, queue, poison, options.queues, lease)

    def _timer_listener(self, function: runtime.Function) -> TimerListener:
        schedule = resolve(str(function.trigger["schedule"]), self._settings)
        return TimerListener(self._app, function, schedule, self._blobs, self._host_id)


def _refuse_what_is_left_out(app: runtime.Runtime) -> None:
    known = {"queueTrigger", "timerTrigger", "httpTrigger", "http"}
    for function in app.functions:
        if unknown := {binding["type"] for binding in function.bindings} - known:
            raise ConfigurationError(f"Function {function.name} uses {', '.join(sorted(unknown))}, which this development host leaves out.")
