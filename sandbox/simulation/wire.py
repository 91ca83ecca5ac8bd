"""The way of the calls to a PSA: the simulator is called directly, and each request meets its fate."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.simulation.calls import Calls
from sandbox.simulation.sites.site import ServedSite
from sandbox.simulation.troubles import Fate, fate
from sandbox.web import Request, Response

if TYPE_CHECKING:
    from adapters.transport import Call, Exchange, Received

T = TypeVar("T")

_ASKED = (2, 30, 90)
"""Seconds that a PSA asks to wait."""


class Lost(Exception):
    """Nobody hears what became of the request."""


class Refusal(Exception):
    """The PSA answers with an error that the fate chose; ``seconds`` is the wait that it asks for."""

    def __init__(self, status: int, seconds: int = 0) -> None:
        super().__init__(status)
        self.status = status
        self.seconds = seconds


class Later(Protocol):
    """Lets something happen after some seconds."""

    def __call__(self, seconds: float, action: Callable[[], object]) -> None: ...


class Fates:
    """Decides what becomes of each request, and makes it so. ``settle_seconds`` is how late a write may still be carried out."""

    def __init__(self, calls: Calls, chance: Random, later: Later, settle_seconds: float) -> None:
        self._calls = calls
        self._chance = chance
        self._later = later
        self._settle_seconds = settle_seconds

    def meet(self, writes: bool, carry_out: Callable[[], T], patience: float) -> T:
        """The answer; raises ``Lost`` or ``Refusal``. ``patience`` is how many seconds the caller waits for an answer."""
        chosen = fate(self._chance, self._calls.rates.write if writes else self._calls.rates.read, writes)
        if chosen is not Fate.ANSWERED:
            self._calls.told(f"{'write' if writes else 'read'}: {chosen}")
        match chosen:
            case Fate.THROTTLED:
                raise Refusal(429, self._chance.choice(_ASKED))
            case Fate.BUSY:
                raise Refusal(503)
            case Fate.REFUSED:
                raise Refusal(400)
            case Fate.ANSWER_LOST:
                carry_out()
            case Fate.ERROR_HIDES_SUCCESS:
                carry_out()
                raise Refusal(502)
            case Fate.LATE:
                latest = patience + self._settle_seconds
                self._later(latest * max(self._chance.random(), self._chance.random()), carry_out)
        if chosen is Fate.ANSWERED:
            return carry_out()
        self._calls.sleep(patience * self._chance.choice((0.0, 0.5, 1.0)))
        raise Lost


class Wire:
    """A ``Carrier`` without sockets. ``carried_out`` is told each write in the moment in which the PSA carries it out."""

    def __init__(self, site: ServedSite, calls: Calls, fates: Fates, writing: Callable[[Request], Callable[[], None]]) -> None:
        self._site = site
        self._calls = calls
        self._fates = fates
        self._writing = writing

    def exchange(self, exchange: Exchange, call: Call) -> Received:
        """See ``Transport.exchange``."""
        request = _request(call)
        name = f"psa {self._site.named(request)}"
        writes = self._site.is_write(request)
        self._calls.before(name)
        left = exchange.seconds_left()
        exchange.start_sending()
        carried_out = self._writing(request) if writes else _nothing

        def carry_out() -> Response:
            answered = self._site.answer(request)
            if answered.status < 300:
                carried_out()
            return answered

        try:
            response = self._fates.meet(writes, carry_out, left)
        except Lost:
            raise ConnectionError from None
        except Refusal as refusal:
            response = self._site.refusal(refusal.status, refusal.seconds)
        self._calls.after(name)
        return _received(response)


class Direct:
    """A ``Carrier`` that calls the simulator, and nothing else happens."""

    def __init__(self, site: ServedSite) -> None:
        self._site = site

    def exchange(self, exchange: Exchange, call: Call) -> Received:
        """See ``Transport.exchange``."""
        return _received(self._site.answer(_request(call)))


def _nothing() -> None:
    """What a read carries out."""


def _request(call: Call) -> Request:
    address = urlsplit(call.url)
    query = {**(dict(parse_qsl(address.query, keep_blank_values=True)) if address.query else {}), **call.query}
    headers = {name.lower(): value for name, value in call.headers.items()} | {"host": address.netloc}
    return Request(call.method, unquote(address.path), query, headers, call.body or b"")


def _received(response: Response) -> Received:
    from adapters.transport import Received

    return Received(response.status, {name.lower(): value for name, value in response.headers.items()}, response.body)
