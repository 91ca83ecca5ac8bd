"""The small HTTP layer under every simulator: an application is a function from request to response.

The same application is served over a socket (``serve``) for the demo and other clients, and called
directly by tests that want no sockets.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One HTTP request. ``path`` is percent-decoded, ``query`` keeps the first value of a name, header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; raises ``ValueError`` when it is none."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as ``application/x-www-form-urlencoded`` fields."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        """An answer with a JSON body."""
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def json(self) -> Any:
        """The body as JSON, for tests that call an application directly."""
        return json.loads(self.body)


Application = Callable[[Request], Response]
Handler = Callable[..., Response]


class Dropped(Exception):
    """The connection closes without an answer; a client sees a reset and cannot know whether its write was done."""


class Router:
    """Routes ``METHOD /path/{name}`` to handlers; a ``{name}`` matches one segment and arrives as a keyword argument."""

    def __init__(self, not_found: Handler, method_not_allowed: Handler | None = None) -> None:
        self._routes: dict[int, list[tuple[str, re.Pattern[str], Handler]]] = {}
        """By the number of their segments, since a PSA has many."""
        self._not_found = not_found
        self._method_not_allowed = method_not_allowed or not_found

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Registers the decorated handler for one method and path template."""
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))

        def register(handler: Handler) -> Handler:
            self._routes.setdefault(path.count("/"), []).append((method, pattern, handler))
            return handler

        return register

    def __call__(self, request: Request) -> Response:
        routes = self._routes.get(request.path.count("/"), ())
        matches = [(method, handler, found) for method, pattern, handler in routes if (found := pattern.fullmatch(request.path))]
        for method, handler, found in matches:
            if method == request.method:
                return handler(request, **found.groupdict())
        return self._method_not_allowed(request) if matches else self._not_found(request)


class Server:
    """An application served on a loopback port until closed."""

    def __init__(self, application: Application, port: int = 0) -> None:
        self._http = _QuietServer(("127.0.0.1", port), _handler_for(application))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stops listening; requests under way end with the process."""
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def serve(application: Application, port: int = 0) -> Server:
    """Serves ``application`` on ``127.0.0.1``; port 0 takes a free one."""
    return Server(application, port)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is part of the game."""


def _handler_for(application: Application) -> type[BaseHTTPRequestHandler]:
    class OneRequest(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            address = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=unquote(address.path),
                query=dict(reversed(parse_qsl(address.query, keep_blank_values=True))),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            try:
                response = application(request)
            except Dropped:
                self.close_connection = True
                return
            self._send(response)

        def _send(self, response: Response) -> None:
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if response.status != 204 and self.command != "HEAD":
                self.wfile.write(response.body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """The inspection endpoint shows what happened; the terminal belongs to the person."""

    return OneRequest
