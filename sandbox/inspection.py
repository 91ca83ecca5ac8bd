"""What another process may see and do inside a running simulator, under ``/_sandbox/`` on the simulator's own port.

``GET /_sandbox/requests`` lists the requests so far, ``POST /_sandbox/faults`` adds a fault rule, ``POST /_sandbox/clear``
forgets rules and list, and every extra name is a view of the simulator's state. No vendor has these paths.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.faults import Fault, Faults
from sandbox.web import Application, Dropped, Request, Response

PREFIX = "/_sandbox/"

View = Callable[[Request], Any]


def inspected(
    application: Application,
    faults: Faults,
    extra: Mapping[str, View] | None = None,
    describe: Callable[[Request], Mapping[str, Any]] | None = None,
) -> Application:
    """Puts the inspection paths and a request log around ``application``, which ``faults`` is normally already part of.

    ``extra`` maps a name to the JSON value that ``GET /_sandbox/<name>`` answers. ``describe`` adds members to a request's
    entry in the log, such as its tenant. Headers and bodies are never logged, so no token can be read back.
    """
    return _Inspected(application, faults, dict(extra or {}), describe)


class _Inspected:
    def __init__(
        self, application: Application, faults: Faults, views: dict[str, View], describe: Callable[[Request], Mapping[str, Any]] | None
    ) -> None:
        self._application = application
        self._faults = faults
        self._views: dict[str, View] = {"requests": lambda request: list(self._log), **views}
        self._describe = describe or (lambda request: {})
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
            case "POST", "faults":
                return self._add_fault(request)
            case "POST", "clear":
                return self._clear()
        return Response.of_json({"error": f"no such inspection: {request.method} {request.path}"}, 404)

    def _add_fault(self, request: Request) -> Response:
        try:
            self._faults.add(Fault.from_json(request.json()))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return Response.of_json({"error": f"not a fault rule: {error}"}, 400)
        return Response(204)

    def _clear(self) -> Response:
        self._faults.clear()
        with self._lock:
            self._log.clear()
        return Response(204)
