"""One HTTP exchange on ``requests``' connection pool, held to a deadline from connect to last byte.

``requests`` itself cannot do this: its read timeout starts anew with every packet, so a slow answer lasts for ever. Here the
socket gets what is left of the deadline before every single receive. The connection also knows whether a first byte was sent,
so "was it sent?" is a fact and never guessed from an exception's type.

The ``Session`` of ``requests`` is left out on purpose: it would follow redirects, keep cookies of one tenant for the next, and
replace our Authorization header by a ``.netrc`` entry. Its adapter with the pool is safe to share between threads.

Imported on the first call only: ``requests`` is heavy.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

FAILURES = (requests.RequestException, HTTPError, OSError, ValueError)
"""What an exchange may raise: everything that is wrong with address, network or answer."""

CHUNK = 65536
DEFAULT_HEADERS = {"User-Agent": "m365-psa-sync", "Accept-Encoding": "gzip"}


class NotSentInTime(Exception):
    """The connection was ready only after the last moment to send; nothing was sent."""


class TooLarge(ValueError):
    """The answer is larger than the caller takes."""


@dataclass
class Exchange:
    """One request under way. Times are of the monotonic clock ``monotonic``, in seconds."""

    monotonic: Callable[[], float]
    ends: float
    send_until: float
    sent: bool = False

    def seconds_left(self) -> float:
        """What is left of the deadline; raises ``TimeoutError`` when nothing is."""
        left = self.ends - self.monotonic()
        if left <= 0:
            raise TimeoutError("the total deadline is over")
        return left

    def start_sending(self) -> None:
        """Called with an open connection right before the first byte; raises ``NotSentInTime``."""
        if not self.sent and self.monotonic() > self.send_until:
            raise NotSentInTime
        self.sent = True


_thread = threading.local()


class _DeadlinedReader(io.RawIOBase):
    def __init__(self, raw: Any, sock: Any, exchange: Exchange) -> None:
        self._raw = raw
        self._sock = sock
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._exchange.seconds_left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlinedResponse(HTTPResponse):
    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_DeadlinedReader(self.fp.detach(), sock, _thread.exchange), CHUNK)


class _Guarded:
    """What the plain and the TLS connection have in common; ``send`` is the one way out for bytes."""

    sock: Any

    def send(self, data: Any) -> None:
        exchange: Exchange = _thread.exchange
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]  # from the connection class beside this one
        exchange.start_sending()
        self.sock.settimeout(exchange.seconds_left())
        super().send(data)  # type: ignore[misc]  # from the connection class beside this one


class _PlainConnection(_Guarded, HTTPConnection):
    response_class = _DeadlinedResponse


class _TlsConnection(_Guarded, HTTPSConnection):
    response_class = _DeadlinedResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        found = super().proxy_manager_for(*arguments, **options)
        found.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        return found


@dataclass(frozen=True)
class Call:
    """One request as it goes over the wire, and what its answer may be: ``connect`` in seconds, ``largest`` in bytes."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None
    connect: float
    largest: int
    proxies: bool
    """Whether a proxy of the environment is used."""


@dataclass(frozen=True)
class Received:
    """Status, headers with lower-case names, and the decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """The pool of connections. One for the whole process; safe to use from many threads."""

    def __init__(self, connections: int = 32) -> None:
        self._adapter = _Adapter(max_retries=0, pool_maxsize=connections)

    def exchange(self, exchange: Exchange, call: Call) -> Received:
        """Sends the call once and reads its answer; raises one of ``FAILURES``, ``NotSentInTime`` or ``TooLarge``."""
        request = _prepared(call)
        _thread.exchange = exchange
        left = exchange.seconds_left()
        response = self._adapter.send(
            request,
            stream=True,
            timeout=(min(call.connect, left), left),
            verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
            proxies=dict(get_environ_proxies(request.url or "")) if call.proxies else {},
        )
        try:
            body = _body(response, call.largest)
        except BaseException:
            response.raw.close()
            raise
        response.raw.release_conn()
        return Received(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


def _prepared(call: Call) -> requests.PreparedRequest:
    return requests.Request(call.method, call.url, headers={**DEFAULT_HEADERS, **call.headers}, params=dict(call.query), data=call.body).prepare()


def _body(response: requests.Response, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.raw.stream(CHUNK, decode_content=True):
        size += len(part)
        if size > largest:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)
