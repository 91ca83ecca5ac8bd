"""The one HTTP client for every vendor: deadlines, retries of reads, writes sent once, throttling, and errors that show no secret.

- ``read`` may be sent again and is retried; it may be a POST (a token, a ``$batch``). ``write`` is sent once, whatever happens.
- Both answer with statuses 200 to 499 as they are, except 408, 429 and redirects, for the vendor's own adapter to judge. No redirect is followed.
  An adapter may ask to judge others too: some vendors refuse with 500 and say why in the body.
- Plain http goes to loopback only. Certificate checks cannot be turned off.
- A ``Gate`` stands before every single request, so that a limit shared by all processes counts retries too.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from adapters.addresses import is_loopback, require_safe
from adapters.redaction import shown, shown_url
from adapters.retry import REQUEST_TIMEOUT, RETRIED_STATUSES, Failure, Policy, asked_wait, wait_before_retry
from sync_core.errors import OutcomeUnknown, Rejected, RetryLater, Throttled
from sync_core.events import tally
from sync_core.ports import Clock

if TYPE_CHECKING:
    from adapters.transport import Call, Exchange, Received

MEBIBYTE = 1024 * 1024
DEFAULT_WAIT = 30.0
"""Seconds to wait when a vendor throttles without naming a time."""


class Gate(Protocol):
    """Lets requests pass one by one; the shared budget of a PSA connection is one."""

    def call(self) -> AbstractContextManager[object]:
        """Held while one request is under way; raises ``Throttled`` when there is no room for it soon."""
        ...

    def patient(self) -> AbstractContextManager[object]:
        """Within it room is waited for longer: for a long reading that would have to begin anew."""
        ...

    def throttled(self, seconds: float) -> None:
        """The vendor asked everybody to wait."""
        ...


class OpenGate:
    """A gate that lets everything pass."""

    def call(self) -> AbstractContextManager[object]:
        """No limit."""
        return nullcontext()

    def patient(self) -> AbstractContextManager[object]:
        """Nothing to wait for."""
        return nullcontext()

    def throttled(self, seconds: float) -> None:
        """Nobody to tell."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers with lower-case names, and the decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, never failing."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON, fractions as exact ``Decimal``; raises ``ValueError`` when it is none."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass(frozen=True)
class Limits:
    """Bounds of one call, in seconds and bytes. ``deadline`` counts from connect to last byte, over all tries of a read."""

    deadline: float = 60.0
    connect: float = 10.0
    largest_body: int = 64 * MEBIBYTE


class Http:
    """Calls one vendor. ``where`` names it in errors. Safe to share between threads.

    Args:
        clock: the time, for deadlines and dated ``Retry-After`` headers.
        gate: what a request has to pass before it is sent.
        judged: statuses that are answered as they are although they would be errors here.
        sleep: waits between two tries of a read; the clock's own by default.
    """

    def __init__(
        self,
        where: str,
        clock: Clock,
        *,
        limits: Limits | None = None,
        policy: Policy | None = None,
        gate: Gate | None = None,
        judged: Collection[int] = (),
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._where = where
        self._clock = clock
        self._limits = limits or Limits()
        self._policy = policy or Policy()
        self._gate = gate or OpenGate()
        self._judged = frozenset(judged)
        self._sleep = sleep or clock.sleep

    def read(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
        redirects: bool = False,
    ) -> Answer:
        """Sends a request that changes nothing, again where that helps, and answers with a status of 200 to 499.

        A redirect is an answer only with ``redirects``, and is never followed.

        Raises:
            Throttled: the vendor asks for a longer wait than this call sleeps (429, or 503 with a ``Retry-After``).
            RetryLater: no connection, no answer in time, or a status of 500 or above.
            Rejected: a redirect that was not asked for, or an answer that is too large.
        """
        require_safe(url)
        ends = self._clock.monotonic() + (deadline or self._limits.deadline)
        attempt = 1
        while True:
            outcome = self._try_read(method, url, headers or {}, query, body, ends, redirects)
            if isinstance(outcome, Answer):
                return outcome
            left = ends - self._clock.monotonic()
            wait = wait_before_retry(outcome, attempt, left, random.random(), self._policy)
            if wait is None:
                raise self._gave_up(outcome, url)
            self._sleep(wait)
            attempt += 1

    def write(
        self,
        method: str,
        url: str,
        *,
        send_until: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
    ) -> Answer:
        """Sends a request that changes something, exactly once, and answers with a status of 200 to 499.

        ``send_until`` is compared with the monotonic clock on the open connection, right before the first byte.

        Raises:
            Throttled: nothing was written: not sent in time, no connection, or a 429.
            OutcomeUnknown: sent, and the answer is missing, unreadable, a redirect, or a status of 500 or above.
        """
        require_safe(url)
        exchange = self._exchange(self._clock.monotonic() + (deadline or self._limits.deadline), send_until)
        failure = ""
        try:
            answer = self._send(exchange, method, url, headers or {}, None, body)
        except Unanswered as error:
            failure = error.why
        if failure and not exchange.sent:
            raise Throttled("The write was not sent", delay=DEFAULT_WAIT, code="not-sent", where=self._place(url), why=failure)
        if failure:
            raise OutcomeUnknown("The write was sent and its answer is missing", where=self._place(url), why=failure)
        if answer.status == 429:
            asked = self._asked(answer)
            self._gate.throttled(DEFAULT_WAIT if asked is None else asked)
            raise self._throttled(url, asked)
        if answer.status in self._judged:
            return answer
        if answer.status >= 500 or 300 <= answer.status < 400 or answer.status == REQUEST_TIMEOUT:
            what = f"The write was answered with status {answer.status}"
            raise OutcomeUnknown(what, code=f"http-{answer.status}", where=self._place(url), why=shown(answer.text))
        return answer

    def _try_read(
        self, method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None, body: bytes | None, ends: float, redirects: bool
    ) -> Answer | Failure:
        try:
            answer = self._send(self._exchange(ends), method, url, headers, query, body)
        except Unanswered as error:
            if error.too_large:
                raise Rejected("The answer is larger than we take", where=self._place(url)) from None
            return Failure()
        if 300 <= answer.status < 400 and not redirects:
            raise Rejected(
                f"The address answers with a redirect (status {answer.status})", where=self._place(url), fix="Configure the address it leads to"
            )
        if answer.status in self._judged or (answer.status < 500 and answer.status not in RETRIED_STATUSES):
            return answer
        asked = self._asked(answer)
        if answer.status == 429:
            self._gate.throttled(DEFAULT_WAIT if asked is None else asked)
        return Failure(answer.status, asked)

    def _send(
        self, exchange: Exchange, method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None, body: bytes | None
    ) -> Answer:
        from adapters import transport

        try:
            call = transport.Call(method, url, headers, query or {}, body, self._limits.connect, self._limits.largest_body, not is_loopback(url))
            with self._gate.call():
                tally("calls", service=self._where)
                received = _carrier().exchange(exchange, call)
        except transport.NotSentInTime:
            raise Unanswered("the last moment to send had passed") from None
        except transport.TooLarge:
            raise Unanswered("the answer is too large", too_large=True) from None
        except transport.FAILURES as error:
            # Only the type: the texts of these exceptions hold whole addresses, and they chain each other.
            raise Unanswered(type(error).__name__) from None
        if received.status == 429:
            tally("throttles", service=self._where)
        return Answer(received.status, received.headers, received.body)

    def _exchange(self, ends: float, send_until: float = float("inf")) -> Exchange:
        from adapters.transport import Exchange

        return Exchange(self._clock.monotonic, ends, min(ends, send_until))

    def _asked(self, answer: Answer) -> float | None:
        return asked_wait(answer.headers.get("retry-after"), self._clock.now())

    def _gave_up(self, failure: Failure, url: str) -> RetryLater:
        if failure.status == 429 or (failure.status == 503 and failure.asked is not None):
            return self._throttled(url, failure.asked)
        if failure.status is None:
            return RetryLater("No answer", delay=60.0, code="no-answer", where=self._place(url))
        return RetryLater(f"Answered with status {failure.status}", delay=60.0, code=f"http-{failure.status}", where=self._place(url))

    def _throttled(self, url: str, asked: float | None) -> Throttled:
        return Throttled("Asks us to slow down", delay=DEFAULT_WAIT if asked is None else asked, code="http-429", where=self._place(url))

    def _place(self, url: str) -> str:
        return f"{self._where} {shown_url(url)}"


class Unanswered(Exception):
    """A try ended without a whole answer; ``why`` is fit to be shown."""

    def __init__(self, why: str, too_large: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.too_large = too_large


class Carrier(Protocol):
    """Takes one call to a vendor and brings its answer; see ``Transport.exchange``."""

    def exchange(self, exchange: Exchange, call: Call) -> Received:
        """Sends it and waits for the answer."""
        ...


_lock = threading.Lock()
_carriers: list[Carrier] = []


def _carrier() -> Carrier:
    with _lock:
        if not _carriers:
            from adapters.transport import Transport

            _carriers.append(Transport())
        return _carriers[-1]


@contextmanager
def carried_by(carrier: Carrier) -> Iterator[None]:
    """Every call of this process goes by ``carrier`` meanwhile, in place of a socket."""
    _carriers.append(carrier)
    try:
        yield
    finally:
        _carriers.remove(carrier)
