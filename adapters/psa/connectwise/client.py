"""ConnectWise PSA's REST interface, as far as it is the same for every resource: address, headers, paging, refusals.

Sources: ConnectWise developer guide and OpenAPI description. Unverified: that the last page of a forward-only listing has an
empty ``Link`` header; where it has not, a listing costs one more request and is complete all the same.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from adapters.http import Answer, Http
from adapters.psa.connectwise.refusals import refused, write_refused
from adapters.psa.connectwise.settings import ConnectWiseSettings
from adapters.psa.records import Record
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater
from sync_core.ports import Secrets

ROUTER_CODEBASE = "v4_6_release"
"""Leads to whatever codebase the company has at present."""

_CODEBASE = re.compile(r"[A-Za-z0-9_]{1,40}")


class Client:
    """Calls one ConnectWise company. Safe to share between threads."""

    def __init__(self, settings: ConnectWiseSettings, secrets: Secrets, http: Http, write_deadline: float) -> None:
        self._settings = settings
        self._secrets = secrets
        self._http = http
        self._write_deadline = write_deadline
        self._where = f"PSA connection {settings.name}"
        self._codebase = settings.codebase
        self._authorization = ""

    def records(self, path: str, fields: str, conditions: str = "") -> Iterator[Record]:
        """All records of a collection, by ascending id; raises ``RetryLater``, ``StopRun`` or ``Rejected``.

        Each page starts after the last id of the one before, so rows that come or go meanwhile shift nothing. It ends with an
        empty page, or with a short one that names no next: a page may be short because the server takes smaller ones.
        """
        size = self._settings.page_size
        last_id = 0
        while True:
            query = {"fields": fields, "conditions": conditions, "pageSize": str(size), "pageId": str(last_id) if last_id else ""}
            answer = self._read(path, query, {"pagination-type": "forward-only"})
            rows = self._rows(answer, path)
            self._must_move_on(last_id, rows, path)
            yield from rows
            if not rows or (len(rows) < size and 'rel="next"' not in answer.headers.get("link", "")):
                return
            last_id = max(row["id"] for row in rows)

    def first(self, path: str, fields: str, conditions: str, order: str) -> Record | None:
        """The first record of a collection in an order such as ``date desc``, in one call; ``None`` where there is none."""
        query = {"fields": fields, "conditions": conditions, "orderBy": order, "page": "1", "pageSize": "1"}
        rows = self._rows(self._read(path, query), path)
        return rows[0] if rows else None

    def count(self, path: str) -> int:
        """How many records a collection has; the cheapest read that checks key, clientId and role together."""
        body = self._json(self._read(f"{path}/count", {}), path)
        if not isinstance(body, Mapping) or not isinstance(body.get("count"), int):
            raise self._unexpected(path)
        return int(body["count"])

    def one(self, path: str, fields: str) -> Record | None:
        """One record by its path, or ``None`` when it does not exist."""
        answer = self._answer(path, {"fields": fields})
        if answer.status == 404:
            return None
        body = self._json(self._accepted(answer), path)
        if not isinstance(body, Mapping):
            raise self._unexpected(path)
        return body

    def ask(self, path: str, body: Any) -> Any:
        """The answer to a POST that changes nothing; sent again where that helps, as every read is."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        answer = self._http.read("POST", self._url(path), headers=headers, body=json.dumps(body).encode())
        return self._json(self._accepted(answer), path)

    def write(self, method: str, path: str, body: Any, send_until: float) -> Record:
        """Sends one write and answers with the record as it is afterwards.

        Raises:
            Rejected: refused, nothing was written.
            Throttled: not sent, or refused before processing.
            OutcomeUnknown: sent, and nobody knows.
        """
        headers = {**self._headers(), "Content-Type": "application/json"}
        content = json.dumps(body).encode()
        answer = self._http.write(method, self._url(path), send_until=send_until, headers=headers, body=content, deadline=self._write_deadline)
        if not answer.ok:
            self._forget(answer)
            raise write_refused(answer, f"{self._where} {method} {path}")
        try:
            record = answer.json()
        except ValueError:
            record = None
        if not isinstance(record, Mapping):
            raise OutcomeUnknown("ConnectWise took the write and answers with something unreadable", where=f"{self._where} {method} {path}")
        return record

    def _read(self, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        return self._accepted(self._answer(path, query, headers))

    def _answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Reads; once more after a 404 where the company has moved to another codebase, and after a 401 where the keys were changed."""
        query = {name: value for name, value in query.items() if value}
        used = self._codebase
        answer = self._http.read("GET", self._url(path), headers={**self._headers(), **(headers or {})}, query=query)
        if answer.status == 401 and self._changed_keys():
            answer = self._http.read("GET", self._url(path), headers={**self._headers(), **(headers or {})}, query=query)
        if answer.status == 404 and used and not self._settings.codebase and self._discovered() != used:
            answer = self._http.read("GET", self._url(path), headers={**self._headers(), **(headers or {})}, query=query)
        return answer

    def _accepted(self, answer: Answer) -> Answer:
        if not answer.ok:
            self._forget(answer)
            raise refused(answer, self._where)
        return answer

    def _forget(self, answer: Answer) -> None:
        """Keys that are refused are read anew next time: they may have been changed."""
        if answer.status == 401:
            self._authorization = ""

    def _url(self, path: str) -> str:
        return f"{self._settings.url}/{self._codebase or self._discovered()}/apis/3.0{path}"

    def _discovered(self) -> str:
        """Asks for the company's codebase and remembers it; without an answer the router codebase serves."""
        answer = self._http.read("GET", f"{self._settings.url}/login/companyinfo/{quote(self._settings.company, safe='')}")
        body = self._json(answer, "companyinfo") if answer.ok else {}
        if body is None:
            fix = "Use the company id that members type when they log in"
            raise InvalidConfiguration(f"ConnectWise knows no company '{self._settings.company}'", where=self._where, fix=fix)
        codebase = str(body.get("Codebase", "")).strip("/") if isinstance(body, Mapping) else ""
        self._codebase = codebase if _CODEBASE.fullmatch(codebase) else ROUTER_CODEBASE
        return self._codebase

    def _headers(self) -> dict[str, str]:
        if not self._authorization:
            self._authorization = self._authorized()
        return {
            "Authorization": self._authorization,
            "clientId": self._settings.client_id,
            "Accept": f"application/vnd.connectwise.com+json; version={self._settings.api_version}",
        }

    def _authorized(self, fresh: bool = False) -> str:
        public, private = (self._secrets.get(name, fresh) for name in (self._settings.public_key, self._settings.private_key))
        return f"Basic {base64.b64encode(f'{self._settings.company}+{public}:{private}'.encode()).decode()}"

    def _changed_keys(self) -> bool:
        """Whether other keys are stored by now than those that were refused; from here on they are used."""
        refused_keys, self._authorization = self._authorization, self._authorized(fresh=True)
        return self._authorization != refused_keys

    def _rows(self, answer: Answer, path: str) -> list[Record]:
        rows = self._json(answer, path)
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and isinstance(row.get("id"), int) for row in rows):
            raise self._unexpected(path)
        return rows

    def _must_move_on(self, last_id: int, rows: list[Record], path: str) -> None:
        """A page that gives rows again would be read for ever, or count lines twice."""
        if any(row["id"] <= last_id for row in rows):
            raise Rejected("ConnectWise gives the same page again", code="paging-loop", where=f"{self._where} {path}")

    def _json(self, answer: Answer, path: str) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._unexpected(path) from None

    def _unexpected(self, path: str) -> RetryLater:
        return RetryLater("ConnectWise answers with something else than expected", delay=300.0, code="unreadable", where=f"{self._where} {path}")
