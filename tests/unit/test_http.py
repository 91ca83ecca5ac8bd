"""The HTTP client against a real socket: reads are patient, writes are sent once, and nothing secret is ever shown."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapters.addresses import require_safe, same_origin
from adapters.clock import SystemClock
from adapters.http import MEBIBYTE, Http, Limits
from adapters.retry import Policy
from sandbox.faults import Effect, Fault, Faults
from sandbox.web import Request, Response, Server, serve
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater, Throttled
from sync_core.events import stage
from tests.pipeline.logbook import logbook


class Site:
    """A web site with faults that counts the requests it carried out, and a client for it whose waits are only written down."""

    def __init__(self) -> None:
        self.carried_out: list[Request] = []
        self.waits: list[float] = []
        self.response = Response.of_json({"fine": True})
        self.faults = Faults(self._answer)
        self.server: Server = serve(self.faults)

    def client(self, limits: Limits | None = None) -> Http:
        return Http("The site", SystemClock(), limits=limits, sleep=self.waits.append)

    def fail(self, effect: Effect = Effect.ANSWER, **members: object) -> None:
        self.faults.add(Fault.from_json({"effect": effect, **members}))

    def read(self, path: str = "/things?key=hush") -> object:
        return self.client().read("GET", self.server.url + path).json()

    def write(self, send_in: float = 10.0, limits: Limits | None = None) -> object:
        return self.client(limits).write("POST", f"{self.server.url}/things?key=hush", body=b"{}", send_until=time.monotonic() + send_in).json()

    def _answer(self, request: Request) -> Response:
        self.carried_out.append(request)
        return self.response


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.close()


def test_a_status_that_the_vendors_adapter_judges_is_answered_as_it_is(site: Site) -> None:
    """Some vendors refuse with 500 and say why in the body."""
    http = Http("The site", SystemClock(), judged={500})
    site.fail(status=500, body='{"errors": ["No"]}', times=2)
    url = f"{site.server.url}/things"
    assert http.read("GET", url).json() == http.write("POST", url, send_until=time.monotonic() + 10).json() == {"errors": ["No"]}


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_read_is_sent_again_after_a_passing_refusal(site: Site, status: int) -> None:
    site.fail(status=status, times=2)
    assert site.read() == {"fine": True}
    assert len(site.waits) == 2


def test_a_read_is_sent_again_after_a_lost_connection(site: Site) -> None:
    site.fail(Effect.DROP_BEFORE)
    assert site.read() == {"fine": True}


def test_a_read_gives_up_in_the_end(site: Site) -> None:
    site.fail(status=502, times=0)
    with pytest.raises(RetryLater):
        site.read()
    assert len(site.waits) == Policy().tries - 1


def test_a_read_that_the_vendor_cannot_answer_is_not_repeated_at_once(site: Site) -> None:
    site.fail(status=500)
    with pytest.raises(RetryLater):
        site.read()
    assert site.waits == []


def test_a_long_throttle_is_handed_to_the_caller_instead_of_slept(site: Site) -> None:
    site.fail(status=429, headers={"Retry-After": "120"})
    with pytest.raises(Throttled) as caught:
        site.read()
    assert (caught.value.delay, site.waits) == (120.0, [])


def test_a_short_throttle_is_waited_out_in_full(site: Site) -> None:
    site.fail(status=429, headers={"Retry-After": "1.5"})
    assert site.read() == {"fine": True}
    assert site.waits[0] >= 1.5


def test_an_answer_that_ends_too_early_is_no_answer(site: Site) -> None:
    site.response = Response(200, b"{}", {"Content-Length": "900"})
    with pytest.raises(OutcomeUnknown):
        site.client(Limits(deadline=0.5)).write("POST", site.server.url, send_until=time.monotonic() + 5)


def test_client_errors_are_answers_for_the_vendors_own_adapter(site: Site) -> None:
    site.fail(status=404)
    assert site.client().read("GET", site.server.url).status == 404


def test_no_redirect_is_followed_on_a_read_or_a_write(site: Site) -> None:
    site.fail(status=307, headers={"Location": "http://127.0.0.2/elsewhere"}, times=2)
    with pytest.raises(Rejected):
        site.read()
    with pytest.raises(OutcomeUnknown):
        site.write()


def test_compressed_answers_are_read(site: Site) -> None:
    site.response = Response(200, gzip.compress(b'{"n": 1.10}'), {"Content-Encoding": "gzip"})
    assert str(site.read()) == "{'n': Decimal('1.10')}"


def test_an_answer_beyond_the_limit_is_refused_even_when_it_travels_compressed(site: Site) -> None:
    site.response = Response(200, gzip.compress(b" " * (2 * MEBIBYTE)), {"Content-Encoding": "gzip"})
    with pytest.raises(Rejected):
        site.client(Limits(largest_body=MEBIBYTE)).read("GET", site.server.url)


def test_a_connection_is_used_again() -> None:
    """The server takes one connection only; a second one would wait for ever."""
    with single_connection_server() as url:
        client = Http("Single", SystemClock(), limits=Limits(deadline=5.0))
        assert [client.read("GET", url).body for _ in range(3)] == [b"1", b"2", b"3"]


def test_no_cookie_of_one_answer_goes_with_the_next_request(site: Site) -> None:
    """Requests of different tenants share the connections, and must share nothing else."""
    site.response = Response(200, b"{}", {"Set-Cookie": "session=of-tenant-one; Path=/"})
    for _ in range(2):
        site.read()
    assert "cookie" not in site.carried_out[1].headers


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_write_that_ends_in_a_server_error_has_an_unknown_outcome_and_is_not_repeated(site: Site, status: int) -> None:
    site.fail(status=status, times=1)
    with pytest.raises(OutcomeUnknown):
        site.write()
    assert site.carried_out == []


def test_a_write_whose_answer_is_lost_has_an_unknown_outcome_and_was_done_once(site: Site) -> None:
    site.fail(Effect.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        site.write()
    assert len(site.carried_out) == 1


def test_a_write_after_its_last_moment_is_not_sent(site: Site) -> None:
    with pytest.raises(Throttled):
        site.write(send_in=-0.001)
    assert site.carried_out == []


def test_a_write_that_finds_nobody_listening_was_surely_not_sent(site: Site) -> None:
    site.server.close()
    with pytest.raises(Throttled) as caught:
        site.write()
    assert caught.value.code == "not-sent"


def test_a_throttled_write_was_not_done(site: Site) -> None:
    site.fail(status=429, headers={"Retry-After": "7"})
    with pytest.raises(Throttled) as caught:
        site.write()
    assert (caught.value.delay, site.carried_out) == (7.0, [])


def test_a_drop_by_drop_answer_does_not_outlast_the_total_deadline() -> None:
    """Each packet comes within any read timeout; only the total deadline ends the wait."""
    with dripping_server() as url, pytest.raises(OutcomeUnknown):
        Http("Slow", SystemClock(), limits=Limits(deadline=0.3)).write("POST", url, send_until=time.monotonic() + 5)


def test_errors_show_neither_the_query_nor_anything_chained_to_them(site: Site) -> None:
    site.fail(Effect.DROP_AFTER, times=0)
    with pytest.raises(OutcomeUnknown) as caught:
        site.write()
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_vendors_words_on_a_failed_write_are_shown_without_secrets(site: Site) -> None:
    site.fail(status=500, body='{"message": "timeout, Authorization: Basic YWJjZGVmZ2g6aWprbA=="}')
    with pytest.raises(OutcomeUnknown) as caught:
        site.write()
    assert "timeout" in str(caught.value)
    assert "YWJj" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://psa.example", "http://10.0.0.1", "ftp://127.0.0.1", "https://user:pass@psa.example", "https:///x"])
def test_unsafe_addresses_are_never_called(url: str) -> None:
    with pytest.raises(InvalidConfiguration):
        require_safe(url)


@pytest.mark.parametrize("url", ["https://psa.example", "http://127.0.0.1:1", "http://localhost", "http://[::1]/"])
def test_https_and_this_machine_may_be_called(url: str) -> None:
    require_safe(url)


@pytest.mark.parametrize("link", ["https://other.example/x", "http://psa.example/x", "//other.example", "https://psa.example:444/"])
def test_a_link_that_leaves_its_host_is_refused(link: str) -> None:
    with pytest.raises(Rejected):
        same_origin("https://psa.example/base", link)


def test_a_link_on_its_host_is_followed_from_where_it_stands() -> None:
    assert same_origin("https://psa.example/base/a", "b?page=2") == "https://psa.example/base/b?page=2"
    assert same_origin("https://psa.example/base/a", "https://psa.example:443/c") == "https://psa.example:443/c"


@contextmanager
def dripping_server() -> Iterator[str]:
    """A server that begins an answer and sends another header now and then, for as long as the client stays."""
    over = threading.Event()

    def drip() -> None:
        connection = listener.accept()[0]
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            connection.sendall(b"X-Drop: 1\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()


@contextmanager
def single_connection_server() -> Iterator[str]:
    """A server that answers three requests on its first connection with 1, 2 and 3."""

    def answer() -> None:
        connection = listener.accept()[0]
        for number in (b"1", b"2", b"3"):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + number)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_stage_knows_how_often_each_vendor_was_called_and_asked_us_to_slow_down(site: Site) -> None:
    """Every try counts, since each takes from what the vendor allows."""
    site.fail(status=429, headers={"Retry-After": "0"}, times=2)
    with logbook(SystemClock()) as book, stage(SystemClock(), "sync-customer", "i1"):
        site.read()
    counted = {fields["name"]: (fields["value"], fields["service"]) for fields in book.events("metric") if "service" in fields}
    assert counted == {"calls": (3, "The site"), "throttles": (2, "The site")}
