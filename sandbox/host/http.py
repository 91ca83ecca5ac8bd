"""HTTP triggers: routes, methods and keys as the real host has them, and the part of its ``/admin`` API that development needs."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

from sandbox.host import runtime
from sandbox.host.keys import Keys
from sandbox.host.timers import TimerListener
from sandbox.web import Request, Response

log = logging.getLogger(__name__)
METHODS = ("GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """One HTTP function and the paths that lead to it."""

    function: runtime.Function
    methods: Sequence[str]
    path: re.Pattern[str]
    parameters: int

    @classmethod
    def of(cls, function: runtime.Function, prefix: str) -> Self:
        """From its trigger; without a route its path is its name, without methods it takes all."""
        route = str(function.trigger.get("route") or function.name).strip("/")
        template = "/".join(filter(None, (prefix, route)))
        methods = [str(method).upper() for method in function.trigger.get("methods") or METHODS]
        return cls(function, methods, re.compile(_pattern(template), re.IGNORECASE), template.count("{"))


def _pattern(template: str) -> str:
    """A route template (``{name}``, ``{name:int}``, ``{name:guid}``, ``{name?}`` for what may be missing) as a regular expression."""
    kinds = {"int": r"-?\d+", "guid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"}
    pattern = ""
    for segment in template.split("/"):
        match = re.fullmatch(r"\{(\w+)(?::(\w+))?(\?)?\}", segment)
        if match is None:
            pattern += "/" + re.escape(segment)
        else:
            name, kind, optional = match.groups()
            value = f"/(?P<{name}>{kinds.get(kind, '[^/]+')})"
            pattern += f"(?:{value})?" if optional else value
    return pattern


class HttpListener:
    """Answers requests: an application for ``sandbox.web``."""

    def __init__(
        self, app: runtime.Runtime, prefix: str, keys: Keys, timers: Mapping[str, TimerListener], status: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._app = app
        self._keys = keys
        self._timers = timers
        self._status = status
        http_functions = [function for function in app.functions if function.trigger["type"] == "httpTrigger"]
        # A route of fixed words goes before one with parameters.
        self.routes = sorted((Route.of(function, prefix) for function in http_functions), key=lambda route: route.parameters)

    def __call__(self, request: Request) -> Response:
        """Find the function, check its key, run it."""
        if request.path.startswith("/admin/"):
            return self._administer(request)
        for route in self.routes:
            match = route.path.fullmatch(request.path)
            if match and request.method in route.methods:
                return self._answer(route.function, request, {name: value for name, value in match.groupdict().items() if value is not None})
        return Response(404)

    def _answer(self, function: runtime.Function, request: Request, parameters: Mapping[str, str]) -> Response:
        if not self._keys.open(function.name, str(function.trigger.get("authLevel", "function")), _key(request)):
            return Response(401)
        outcome = self._app.invoke(function, runtime.http(_http_data(request, parameters))).result()
        if not outcome.ok:
            log.error("Executed 'Functions.%s' (Failed): %s\n%s", function.name, outcome.error, outcome.trace)
            return Response(500)
        return _response(outcome.value)

    def _administer(self, request: Request) -> Response:
        if not self._keys.open("", "admin", _key(request)):
            return Response(401)
        if request.path == "/admin/host/status":
            return Response.of_json(self._status())
        name = request.path.removeprefix("/admin/functions/")
        if request.method != "POST" or name not in self._timers:
            return Response(404)
        outcome = self._timers[name].fire(past_due=request.query.get("pastDue") == "true")
        return Response(202) if outcome.ok else Response(500, outcome.error.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query.get("code", "")


def _http_data(request: Request, parameters: Mapping[str, str]) -> dict[str, Any]:
    query = f"?{urlencode(request.query)}" if request.query else ""
    return {
        "method": runtime.string(request.method),
        "url": runtime.string(f"http://{request.headers.get('host', 'localhost')}{quote(request.path)}{query}"),
        "headers": _strings(request.headers),
        "query": _strings(request.query),
        "params": _strings(parameters),
        "body": runtime.binary(request.body),
    }


def _strings(values: Mapping[str, str]) -> dict[str, Any]:
    return {name: runtime.string(value) for name, value in values.items()}


def _response(value: Any) -> Response:
    if value is None:
        return Response(204)
    if value.type != "http":
        body = value.value if isinstance(value.value, bytes) else str(value.value).encode()
        return Response(200, body, {"Content-Type": "text/plain; charset=utf-8"})
    answer = value.value
    headers = {name: header.value for name, header in answer["headers"].items()}
    return Response(int(answer["status_code"].value), answer["body"].value, headers)
