"""HaloPSA's REST interface, as far as it is the same for every resource: token, both shapes of lists, paging, refusals.

Sources: Halo's Swagger description and integrators' modules. A list is ``{"record_count": n, "<plural>": [...]}`` or a bare
array; ``pageinate`` is spelt as Halo spells it, and without it ``page_size`` is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.http import Answer, Http
from adapters.psa.halopsa.login import Login
from adapters.psa.halopsa.refusals import refused, write_refused
from adapters.psa.halopsa.settings import HaloPsaSettings
from adapters.psa.records import Record, text
from sync_core.errors import OutcomeUnknown, Rejected, RetryLater

PLURALS: Mapping[str, str] = {
    "RecurringInvoice": "invoices",
    "Client": "clients",
    "Users": "users",
    "Item": "items",
    "SoftwareLicence": "licences",
    "Tickets": "tickets",
}
"""The resources we read, and the member that holds their rows."""


class Client:
    """Calls one Halo site. Safe to share between threads."""

    def __init__(self, settings: HaloPsaSettings, login: Login, http: Http, write_deadline: float) -> None:
        self._settings = settings
        self._login = login
        self._http = http
        self._write_deadline = write_deadline
        self._where = f"PSA connection {settings.name}"

    def records(self, resource: str, query: Mapping[str, str] | None = None) -> Iterator[Record]:
        """All rows of a list, by ascending id, page by page; raises ``RetryLater``, ``StopRun`` or ``Rejected``."""
        seen: set[str] = set()
        counted: int | None = None
        page = 0
        while True:
            page += 1
            rows, count = self._page(resource, {**(query or {}), "order": "id"}, page, self._settings.page_size)
            if page > 1 and count != counted:
                raise RetryLater("Rows came or went while Halo's list was read", delay=30.0, code="list-moved", where=self._at(resource))
            new = [row for row in rows if text(row, "id") not in seen]
            if rows and not new:
                raise Rejected("Halo gives the same page again", code="paging-loop", where=self._at(resource))
            yield from new
            seen.update(text(row, "id") for row in new)
            counted = count
            if not rows or (len(rows) < self._settings.page_size if count is None else len(seen) >= count):
                return

    def count(self, resource: str) -> int:
        """How many rows a list has, as far as Halo says; the cheapest read that shows whether the list may be read."""
        rows, count = self._page(resource, {}, 1, 1)
        return len(rows) if count is None else count

    def one(self, resource: str, number: str) -> Record | None:
        """One whole record, or ``None`` when it does not exist."""
        answer = self._answer(f"{resource}/{number}", {"includedetails": "true"})
        if answer.status == 404:
            return None
        body = self._json(self._accepted(answer, resource), resource)
        if body is None:
            return None
        if not isinstance(body, Mapping):
            raise self._unexpected(resource)
        return body if text(body, "id") == number else None

    def report(self, statement: str) -> Any:
        """The answer to a report that is loaded and not stored; it changes nothing, and is asked for again where that helps."""
        content = json.dumps([{"sql": statement, "_loadreportonly": True}]).encode()
        return self._json(self._accepted(self._answer("Report", {}, content), "Report"), "Report")

    def write(self, resource: str, body: Any, send_until: float) -> Record:
        """Sends one POST and answers with the record as Halo saved it.

        Raises:
            Rejected: refused, nothing was written.
            Throttled: not sent, or refused before processing.
            OutcomeUnknown: sent, and nobody knows.
        """
        authorization = self._login.authorization()
        headers = {"Authorization": authorization, "Accept": "application/json", "Content-Type": "application/json"}
        content = json.dumps(body, default=float).encode()
        answer = self._http.write("POST", self._url(resource), send_until=send_until, headers=headers, body=content, deadline=self._write_deadline)
        if not answer.ok:
            if answer.status == 401:
                self._login.forget(authorization)
            raise write_refused(answer, f"{self._at(resource)} POST")
        try:
            saved = answer.json()
        except ValueError:
            saved = None
        record = saved[0] if isinstance(saved, list) and len(saved) == 1 else saved
        if not isinstance(record, Mapping):
            raise OutcomeUnknown("Halo took the write and answers with something unreadable", where=f"{self._at(resource)} POST")
        return record

    def _page(self, resource: str, query: Mapping[str, str], page: int, size: int) -> tuple[list[Record], int | None]:
        """The rows of a page, and how many there are over all pages where the answer says it."""
        paging = {"pageinate": "true", "page_size": str(size), "page_no": str(page)}
        body = self._json(self._accepted(self._answer(resource, {**query, **paging}), resource), resource)
        count = body.get("record_count") if isinstance(body, Mapping) else None
        rows = body.get(PLURALS[resource]) if isinstance(body, Mapping) else body
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and isinstance(row.get("id"), int) for row in rows):
            raise self._unexpected(resource)
        return rows, count if isinstance(count, int) else None

    def _answer(self, path: str, query: Mapping[str, str], content: bytes | None = None) -> Answer:
        """Reads, with a POST where there is content; once more with a new token where the one in use was refused."""
        authorization = self._login.authorization()
        answer = self._read(path, query, content, authorization)
        if answer.status == 401:
            self._login.forget(authorization)
            answer = self._read(path, query, content, self._login.authorization())
        return answer

    def _read(self, path: str, query: Mapping[str, str], content: bytes | None, authorization: str) -> Answer:
        headers = {"Authorization": authorization, "Accept": "application/json"}
        if content is None:
            return self._http.read("GET", self._url(path), headers=headers, query=query)
        return self._http.read("POST", self._url(path), headers={**headers, "Content-Type": "application/json"}, body=content)

    def _accepted(self, answer: Answer, resource: str) -> Answer:
        if not answer.ok:
            raise refused(answer, self._at(resource))
        return answer

    def _json(self, answer: Answer, resource: str) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._unexpected(resource) from None

    def _url(self, path: str) -> str:
        return f"{self._settings.url}/api/{path}"

    def _at(self, resource: str) -> str:
        return f"{self._where} {resource}"

    def _unexpected(self, resource: str) -> RetryLater:
        return RetryLater("Halo answers with something else than expected", delay=300.0, code="unreadable", where=self._at(resource))
