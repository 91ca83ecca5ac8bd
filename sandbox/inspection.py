"""What another process may see and do inside a running simulator, under ``/_sandbox/`` on the simulator's own port.

``GET /_sandbox/requests`` lists the requests so far, ``POST /_sandbox/faults`` adds a fault rule, ``POST /_sandbox/clear``
forgets rules and list, every extra name is a view of the simulator's state, and every command changes it. No vendor has
these paths.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.faults import Fault, Faults
from sandbox.web import Application, Dropped, Request, Response

PREFIX = "/_sandbox/"

View = Callable[[Request], Any]
Command = Callable[[Request], object]


def inspected(
    application: Application,
    faults: Faults,
    extra: Mapping[str, View] | None = None,
    describe: Callable[[Request], Mapping[str, Any]] | None = None,
    commands: Mapping[str, Command] | None = None,
) -> Application:
    """Puts the inspection paths and a request log around ``application``, which ``faults`` is normally already part of.

    ``extra`` maps a name to the JSON value that ``GET /_sandbox/<name>`` answers. ``describe`` adds members to a request's
    entry in the log, such as its tenant. ``commands`` maps a name to what ``POST /_sandbox/<name>`` does; one that raises
    ``LookupError``, ``TypeError`` or ``ValueError`` is answered with 400. Headers and bodies are never logged, so no token can
    be read back.
    """
    return _Inspected(application, faults, extra or {}, describe or (lambda request: {}), commands or {})


class _Inspected:
    def __init__(
        self,
        application: Application,
        faults: Faults,
        views: Mapping[str, View],
        describe: Callable[[Request], Mapping[str, Any]],
        commands: Mapping[str, Command],
    ) -> None:
        self._application = application
        self._faults = faults
        self._describe = describe
        self._views: dict[str, View] = {"requests": lambda request: list(self._log), **views}
        self._commands: dict[str, Command] = {"faults": self._add_fault, "clear": self._clear, **commands}
        self._log: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return self._inspect(request, request.path.removeprefix(PREFIX))
        entry = {"method": request.method, "path": request.path, "query": dict(request.query), **self._describe(request), "status": None}
        with self._lock:
            self._log.append(entry)
        try:
            response = self._application(request)
        except Dropped:
            entry["status"] = "dropped"
            raise
        entry["status"] = response.status
        return response

    def _inspect(self, request: Request, name: str) -> Response:
        match request.method, name:
            case "GET", _ if name in self._views:
                return Response.of_json(self._views[name](request))
            case "POST", _ if name in self._commands:
                return _carry_out(self._commands[name], request)
        return Response.of_json({"error": f"no such inspection: {request.method} {request.path}"}, 404)

    def _add_fault(self, request: Request) -> None:
        self._faults.add(Fault.from_json(request.json()))

    def _clear(self, request: Request) -> None:
        self._faults.clear()
        with self._lock:
            self._log.clear()


def _carry_out(command: Command, request: Request) -> Response:
    try:
        command(request)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return Response.of_json({"error": f"{type(error).__name__}: {error}"}, 400)
    return Response(204)


def plain(value: Any) -> Any:
    """A record's values as JSON: money as text, days and times in ISO form."""
    match value:
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
    return value
