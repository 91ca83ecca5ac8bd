"""Microsoft Graph of one tenant: reads, paged collections and batches, every answer judged and every link kept on its host."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.addresses import is_loopback, same_origin
from adapters.http import Answer, Http
from adapters.microsoft import batch
from adapters.microsoft.batch import PartAnswer
from adapters.microsoft.reading import Row, Unreadable, rows_of
from adapters.microsoft.refusals import Refusal, error_of, graph_refusal
from adapters.microsoft.sign_in import SignIns
from adapters.microsoft.tokens import Token, TokenKey
from adapters.retry import asked_wait
from sync_core.errors import Rejected, RetryLater, SkipCustomer, SyncError
from sync_core.events import tally
from sync_core.model.customers import SignIn
from sync_core.ports import Clock

PUBLIC_GRAPH_URL = "https://graph.microsoft.com"
VERSION = "/v1.0"
MOST_PAGES = 10_000
BATCH_TRIES = 3
LONGEST_WAIT = 5.0
"""Seconds that a failed part of a batch is waited for; a longer wait belongs to the queue."""

_PRIORITY = {"x-ms-throttle-priority": "low"}
"""A nightly read gives way to people (Microsoft Graph throttling guidance)."""


@dataclass(frozen=True)
class GraphService:
    """What all tenants' Graphs share. ``url`` is Graph's base address without version; ``sleep`` waits between tries of a batch."""

    http: Http
    sign_ins: SignIns
    clock: Clock
    url: str = PUBLIC_GRAPH_URL
    sleep: Callable[[float], None] = time.sleep

    @property
    def root(self) -> str:
        """The address that paths are appended to."""
        return f"{self.url.rstrip('/')}{VERSION}"

    @property
    def resource(self) -> str:
        """The service that tokens are asked for: a national cloud's own, and the public one for an address on this machine."""
        return self.url.rstrip("/") if self.url.startswith("https:") else PUBLIC_GRAPH_URL

    def tenant(self, tenant_id: str, sign_in: SignIn, at_partner: bool = False) -> Graph:
        """Graph of one tenant. ``at_partner``: it is asked for the partner's own sake, so that a refusal stops everything."""
        return Graph(self, TokenKey(tenant_id, sign_in, self.resource), at_partner)


class Graph:
    """Graph with a token of one tenant; made by ``GraphService.tenant``."""

    def __init__(self, service: GraphService, key: TokenKey, at_partner: bool) -> None:
        self._service = service
        self._key = key
        self._at_partner = at_partner

    def get(self, path: str) -> Any:
        """The JSON answer of a path below the version root."""
        return self._json(self._read("GET", f"{self._service.root}{path}"))

    def rows(self, path: str) -> list[Row]:
        """All rows of a collection, all pages."""
        body = self.get(path)
        return [*rows_of(body), *self.further_rows(body)]

    def further_rows(self, body: Any) -> Iterator[Row]:
        """The rows of the pages that follow a first page, each page read when it is wanted. One may be empty and still have a next one."""
        seen: set[str] = set()
        while link := body.get("@odata.nextLink"):
            if link in seen or len(seen) >= MOST_PAGES:
                raise Unreadable("the pages of the answer lead in a circle")
            seen.add(link)
            body = self._json(self._read("GET", self._followed(link)))
            yield from rows_of(body)

    def report(self, path: str) -> str:
        """A report's text. Graph answers with an address on another host, good for minutes by itself; our token does not go there."""
        answer = self._read("GET", f"{self._service.root}{path}", redirects=True)
        address = answer.headers.get("location", "")
        if answer.status != 302 or not (address.startswith("https:") or is_loopback(self._service.url)):
            raise Unreadable("the report is not where Microsoft says that reports are")
        found = self._sent(lambda: self._service.http.read("GET", address))
        if not found.ok:
            raise self.error_of(found)
        return found.body.decode("utf-8-sig", "replace")

    def batch(self, parts: Mapping[str, str]) -> dict[str, PartAnswer]:
        """Reads these paths under their names, in one request if a batch holds so many; parts that failed in passing are asked again."""
        names = list(parts)
        done: dict[str, PartAnswer] = {}
        for first in range(0, len(names), batch.MOST_PARTS):
            done |= self._batch({name: parts[name] for name in names[first : first + batch.MOST_PARTS]})
        return done

    def _batch(self, parts: Mapping[str, str]) -> dict[str, PartAnswer]:
        done: dict[str, PartAnswer] = {}
        pending = dict(parts)
        for attempt in range(1, BATCH_TRIES + 1):
            done |= self._ask_batch(pending)
            pending = {name: path for name, path in parts.items() if done[name].passing}
            wait = max((self.wait_of(done[name], attempt) for name in pending), default=0.0)
            if not pending or attempt == BATCH_TRIES or wait > LONGEST_WAIT:
                break
            self._service.sleep(wait)
        return done

    def wait_of(self, part: PartAnswer, attempt: int = 1) -> float:
        """Seconds to wait before a failed part is asked again: what Graph asks for, or else a little more with every try."""
        asked = asked_wait(part.headers.get("retry-after"), self._service.clock.now())
        return 0.5 * 2.0**attempt if asked is None else asked

    def part_error(self, name: str, part: PartAnswer) -> SyncError:
        """The error that a failed part of a batch stands for."""
        delay = self.wait_of(part) if part.passing else None
        if part.status == 0:
            return RetryLater("The answer of a batch lacks a part", delay=delay or 0.0, code="service-busy", where=f"Microsoft Graph /{name}")
        return self._error(graph_refusal(part.status, part.body, delay), name)

    def post(self, path: str, body: Any, send_until: float) -> Answer:
        """Sends one write, once; raises what ``Http.write`` raises and otherwise answers for the caller to judge."""
        return self._service.http.write(
            "POST", f"{self._service.root}{path}", send_until=send_until, headers=self._headers(), body=json.dumps(body).encode()
        )

    def error_of(self, answer: Answer) -> SyncError:
        """The error that a refused request stands for."""
        try:
            body = answer.json()
        except ValueError:
            body = None
        return self._error(graph_refusal(answer.status, body, asked_wait(answer.headers.get("retry-after"), self._service.clock.now())))

    def sign_in(self) -> None:
        """Signs in to the tenant unless that is done; raises what ``SignIns.token`` raises."""
        self._service.sign_ins.token(self._key)

    def signed_in(self) -> Token:
        """The token that is used for the tenant; signs in for it unless that is done."""
        return Token(self._service.sign_ins.token(self._key), self._service.clock.now())

    def drop_token(self) -> None:
        """Forgets the tenant's token: it proved wrong."""
        self._service.sign_ins.forget(self._key)

    def _ask_batch(self, parts: Mapping[str, str]) -> dict[str, PartAnswer]:
        body = json.dumps(batch.request_body(parts, _PRIORITY)).encode()
        answer = self._json(self._read("POST", f"{self._service.root}/$batch", body))
        answers = batch.answers(answer, parts)
        for _ in [part for part in answers.values() if part.status == 429]:
            tally("throttles", service="Microsoft Graph")
        return answers

    def _read(self, method: str, url: str, body: bytes | None = None, redirects: bool = False) -> Answer:
        """One read. A token that Graph refuses is replaced once: it may have been revoked before its time."""
        answer = self._send(method, url, body, redirects)
        if answer.status == 401:
            self.drop_token()
            answer = self._send(method, url, body, redirects)
        if answer.status >= 400:
            raise self.error_of(answer)
        return answer

    def _send(self, method: str, url: str, body: bytes | None, redirects: bool) -> Answer:
        http = self._service.http
        return self._sent(lambda: http.read(method, url, headers=self._headers(), body=body, redirects=redirects))

    def _sent(self, read: Callable[[], Answer]) -> Answer:
        try:
            return read()
        except Rejected as error:
            raise SkipCustomer(error.what, code="request-refused", where=error.where, why=error.why, fix=error.fix) from error

    def _json(self, answer: Answer) -> Any:
        try:
            value = answer.json()
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise RetryLater("Graph answers with something unreadable", delay=60.0, code="service-busy", where="Microsoft Graph")
        return value

    def _headers(self) -> dict[str, str]:
        token = self._service.sign_ins.token(self._key)
        return {"Authorization": f"Bearer {token}", "Accept": "application/json", "Content-Type": "application/json", **_PRIORITY}

    def _followed(self, link: str) -> str:
        """The address of a next page, which must be on Graph's own host: our token goes there."""
        try:
            return same_origin(self._service.root, link)
        except Rejected as error:
            raise Unreadable(error.what) from error

    def _error(self, refusal: Refusal, part: str = "") -> SyncError:
        return error_of(refusal, f"Microsoft Graph /{part}" if part else "Microsoft Graph", self._at_partner)
