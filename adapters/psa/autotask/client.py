"""Autotask's REST interface, as far as it is the same for every entity: zone, headers, queries by pages, the hourly threshold, refusals.

Sources: Autotask developer help and its OpenAPI description; what is only seen by integrators is marked where it is used.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from adapters.addresses import same_origin
from adapters.http import Answer, Gate, Http
from adapters.psa.autotask.refusals import refused, write_refused
from adapters.psa.autotask.settings import AutotaskSettings
from adapters.psa.autotask.zone import Zone
from adapters.psa.records import Record, text
from sync_core.errors import OutcomeUnknown, Rejected, RetryLater, StopRun, Throttled
from sync_core.ports import Secrets

MOST_VALUES = 500
"""The values of ``in`` that a query takes (Autotask developer help: at most 500 *or* conditions)."""
WATCHED_EVERY, CLOSELY = 100, 25
"""How many calls of one process may pass between two looks at the hourly threshold; a look is a call too.

``CLOSELY`` before its first look, and while much of the hour is used: each process knows only of its own looks.
"""
PAUSE, LONG_PAUSE = 30.0, 300.0
"""Seconds that all processes wait between such looks from ``slow_down_from`` on, and half-way from there to the threshold."""

Filter = Mapping[str, Any]
T = TypeVar("T")

ALL: Filter = {"op": "gte", "field": "id", "value": 0}
"""A query has at least one filter; this one lets everything pass."""


@dataclass(frozen=True)
class Threshold:
    """How much of the hour's requests the whole database has used, all integrations together."""

    used: int
    limit: int

    @property
    def percent(self) -> float:
        """The share that is used."""
        return 100 * self.used / self.limit if self.limit else 0.0


class Client:
    """Calls one Autotask database. Safe to share between threads."""

    def __init__(self, settings: AutotaskSettings, secrets: Secrets, http: Http, gate: Gate, write_deadline: float) -> None:
        self._settings = settings
        self._secrets = secrets
        self._http = http
        self._gate = gate
        self._write_deadline = write_deadline
        self._zone = Zone(settings, http)
        self._where = f"PSA connection {settings.name}"
        self._keys: dict[str, str] = {}
        self._trusted: set[str] = set()
        self._unwatched = 0
        self._watched_after = CLOSELY
        self._lock = threading.Lock()

    def records(self, entity: str, fields: Sequence[str], *filters: Filter, may_be_empty: bool = False) -> Iterator[Record]:
        """All records of an entity that meet every filter; raises ``RetryLater``, ``StopRun`` or ``Rejected``.

        Pages are followed with the same body, on the same host, until none is named. Where nothing at all is found, the
        user's rights are looked at unless it ``may_be_empty``: a limited security level finds nothing instead of being refused.
        """
        body = {"MaxRecords": self._settings.page_size, "IncludeFields": list(fields), "Filter": list(filters) or [ALL]}
        content, path, seen, found = json.dumps(body).encode(), f"{entity}/query", set[str](), set[int]()
        while path:
            rows, following = self._page(self._read("POST", path, content), entity)
            if following in seen or not found.isdisjoint(row["id"] for row in rows):
                raise Rejected("Autotask gives the same page again", code="paging-loop", where=f"{self._where} {entity}")
            seen.add(following)
            found.update(row["id"] for row in rows)
            yield from rows
            path = following
        if not found and not may_be_empty:
            self._must_see(entity)

    def records_in(self, entity: str, fields: Sequence[str], name: str, values: Iterable[T], *filters: Filter) -> Iterator[Record]:
        """The records whose field ``name`` is one of the values, in as few queries as the interface takes."""
        for some in batches(list(dict.fromkeys(values)), MOST_VALUES):
            yield from self.records(entity, fields, {"op": "in", "field": name, "value": some}, *filters)

    def patient(self) -> AbstractContextManager[object]:
        """Within it room for a call is waited for longer: what was read of hundreds of contracts would otherwise be read again."""
        return self._gate.patient()

    def labels(self, entity: str) -> Mapping[str, Mapping[str, str]]:
        """The labels of an entity's picklists: by field, then by value. Values differ from tenant to tenant."""
        fields = self._object(self._read("GET", f"{entity}/entityInformation/fields"), "fields", list)
        return {
            text(field, "name"): {text(value, "value"): text(value, "label") for value in field.get("picklistValues") or []}
            for field in fields
            if isinstance(field, Mapping)
        }

    def rights(self, entity: str) -> Mapping[str, bool]:
        """Whether the API user may ``query`` and ``create`` an entity."""
        info = self._object(self._read("GET", f"{entity}/entityInformation"), "info", dict)
        return {right: _may(info, right) for right in ("query", "create")}

    def threshold(self) -> Threshold:
        """The state of the hourly threshold."""
        answer = self._read("GET", "ThresholdInformation")
        limit = self._object(answer, "externalRequestThreshold", int)
        return Threshold(self._object(answer, "currentTimeframeRequestCount", int), limit)

    def write(self, path: str, body: Mapping[str, Any], send_until: float, method: str = "POST") -> str:
        """Posts (or patches) one record and answers with its id, or with nothing where Autotask names none.

        Raises:
            Rejected: refused, nothing was written.
            Throttled: not sent, or refused before processing.
            OutcomeUnknown: sent, and nobody knows.
        """
        where = f"{self._where} {method} {path}"
        self._counted()
        url, headers, content = f"{self._zone.base()}/{path}", self._headers(), json.dumps(body).encode()
        answer = self._http.write(method, url, send_until=send_until, headers=headers, body=content, deadline=self._write_deadline)
        if not answer.ok:
            self._forget(answer)
            raise write_refused(answer, where)
        try:
            made = answer.json()
        except ValueError:
            made = None
        if not isinstance(made, Mapping):
            raise OutcomeUnknown("Autotask took the write and answers with something unreadable", where=where)
        return text(made, "itemId")

    def _read(self, method: str, path: str, content: bytes | None = None) -> Answer:
        """Reads; once more after a 401 only where the key was changed or the database has moved, because repeated refusals lock the user."""
        self._watch()
        answer = self._sent(method, path, content)
        if answer.status == 401 and (self._changed_keys() or ("://" not in path and self._zone.moved())):
            answer = self._sent(method, path, content)
        if not answer.ok:
            self._forget(answer)
            error = refused(answer, f"{self._where} {path.partition('?')[0]}")
            if isinstance(error, Throttled):
                self._gate.throttled(error.delay)
            raise error
        return answer

    def _sent(self, method: str, path: str, content: bytes | None) -> Answer:
        url = path if "://" in path else f"{self._zone.base()}/{path}"
        return self._http.read(method, url, headers=self._headers(), body=content)

    def _watch(self) -> None:
        """Slows all processes down where the database, which other tools share, has used much of its hour."""
        if self._counted() < self._watched_after:
            return
        self._unwatched = 0
        used, slow = self.threshold().percent, self._settings.slow_down_from
        much = used >= (slow + 100) / 2
        self._watched_after = CLOSELY if much else WATCHED_EVERY
        if used >= slow:
            self._gate.throttled(LONG_PAUSE if much else PAUSE)

    def _counted(self) -> int:
        """Counts a call that nobody looked at the hour for."""
        with self._lock:
            self._unwatched += 1
            return self._unwatched

    def _page(self, answer: Answer, entity: str) -> tuple[list[Record], str]:
        """The rows of a page and the address of the next one, empty at the end."""
        rows = self._object(answer, "items", list)
        if not all(isinstance(row, Mapping) and isinstance(row.get("id"), int) for row in rows):
            raise self._unexpected(entity)
        following = text(answer.json(), "pageDetails/nextPageUrl")
        return rows, same_origin(self._zone.base(), following) if following else ""

    def _must_see(self, entity: str) -> None:
        """Raises ``StopRun`` unless an empty answer of this entity means that there is nothing."""
        if entity not in self._trusted and not self.rights(entity)["query"]:
            fix = "Give the API user a security level that sees all of them"
            raise StopRun(f"The API user may not see {entity}, so none are found", code="autotask-hidden", where=self._where, fix=fix)
        self._trusted.add(entity)

    def _headers(self) -> dict[str, str]:
        keys = self._keys = self._keys or self._stored_keys()
        return {"UserName": self._settings.username, "Content-Type": "application/json", **keys}

    def _stored_keys(self, fresh: bool = False) -> dict[str, str]:
        return {
            "Secret": self._secrets.get(self._settings.secret, fresh),
            "ApiIntegrationCode": self._secrets.get(self._settings.integration_code, fresh),
        }

    def _changed_keys(self) -> bool:
        """Whether other keys are stored by now than those that were refused; from here on they are used."""
        refused_keys, self._keys = self._keys, self._stored_keys(fresh=True)
        return self._keys != refused_keys

    def _forget(self, answer: Answer) -> None:
        """Keys that are refused are read anew next time: they may have been changed."""
        if answer.status == 401:
            self._keys = {}

    def _object(self, answer: Answer, name: str, kind: type[T]) -> T:
        """A member of the answer that must be there, and of this type."""
        try:
            value = answer.json().get(name)
        except (AttributeError, ValueError):
            value = None
        if not isinstance(value, kind):
            raise self._unexpected(name)
        return value

    def _unexpected(self, what: str) -> RetryLater:
        return RetryLater("Autotask answers with something else than expected", delay=300.0, code="unreadable", where=f"{self._where} {what}")


def condition(name: str, op: str, value: Any = None) -> Filter:
    """One filter; *exist* and *notExist* take no value."""
    return {"op": op, "field": name} if value is None else {"op": op, "field": name, "value": value}


def all_of(*filters: Filter) -> Filter:
    """Filters that must all be met, as one."""
    return {"op": "and", "items": list(filters)}


def any_of(*filters: Filter) -> Filter:
    """Filters of which one must be met, as one."""
    return {"op": "or", "items": list(filters)}


def batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most ``size``."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def _may(info: Mapping[str, Any], right: str) -> bool:
    """The entity allows it, and the user's access to it is none of *None* and *Restricted* (the values are seen, not documented)."""
    can, access = f"can{right.capitalize()}", f"userAccessFor{right.capitalize()}"
    return info.get(can) is True and text(info, access) not in ("None", "Restricted")
