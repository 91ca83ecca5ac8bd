"""Additions of many agreements in one request: ``POST /system/bundles``, an optional fast path of planning.

The vendor's page and description show the form of a bundle. Unverified: the resource type of additions, whether the parts page, how many
parts a bundle takes, and whether each counts for the limit. So nothing is believed of a part but what shows in it: that it succeeded, that
its rows are whole, and that they are rows of the agreement it was asked about. What fails in that is read plainly. The first bundle of a
process is compared with a plain read of its longest part; where they differ, or the request is refused, the process reads plainly from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from adapters.psa.connectwise.client import Client
from adapters.psa.connectwise.reading import LINE_FIELDS
from adapters.psa.connectwise.settings import ConnectWiseSettings
from adapters.psa.read_ahead import ReadAhead
from adapters.psa.records import Record, member, text
from sync_core.errors import Rejected, RetryLater, StopRun, SyncError
from sync_core.ports import Clock

PATH = "/system/bundles"
MOST_PARTS = 20
MOST_ROWS = 1000
"""A part is to hold all lines of an agreement, so it asks for the largest page there is, and one that fills it may not be whole."""

_log = logging.getLogger(__name__)


class Bundles:
    """The additions of the agreements that a run goes through, read many at a time. Safe to share between threads.

    Args:
        plainly: the additions of one agreement, read by themselves.
        heads: the ids of all agreements that bill.
    """

    def __init__(
        self,
        settings: ConnectWiseSettings,
        client: Client,
        clock: Clock,
        plainly: Callable[[str], Iterable[Record]],
        heads: Callable[[], Iterable[str]],
    ) -> None:
        self._settings = settings
        self._client = client
        self._plainly = plainly
        self._usable = bool(settings.bundled_reads)
        self._compared = False
        self._ahead: ReadAhead[Sequence[Record]] = ReadAhead(clock, MOST_PARTS, self._load, heads)

    def expect(self, ids: Iterable[str]) -> None:
        """The agreements that a run is about to go through."""
        if self._usable:
            self._ahead.expect(ids)

    def by_id(self, ids: Iterable[str]) -> None:
        """Agreements that are to be read anew, and plainly."""
        if self._usable:
            self._ahead.by_id(ids)

    def take(self, agreement_id: str) -> Sequence[Record] | None:
        """The agreement's additions out of a bundle; ``None`` when they are to be read plainly."""
        return self._ahead.take(agreement_id) if self._usable else None

    def _load(self, ids: list[str]) -> Mapping[str, Sequence[Record]]:
        try:
            answer = self._client.ask(PATH, {"requests": [self._part(number, each) for number, each in enumerate(ids, 1)]})
            parts = _by_number(answer)
            found = {each: rows for number, each in enumerate(ids, 1) if (rows := self._rows(parts.get(number), each)) is not None}
            return found if self._agree(found) else {}
        except (Rejected, StopRun) as error:
            return self._give_up(error)
        except RetryLater as error:
            if not error.code.startswith("http-5") and error.code != "unreadable":
                raise
            return self._give_up(error)

    def _part(self, number: int, agreement_id: str) -> Record:
        asked = {
            "parentId": int(agreement_id),
            "filters": {"conditions": ""},
            "page": {"page": 1, "pageSize": MOST_ROWS},
            "fields": f"agreementId,{LINE_FIELDS}",
        }
        return {
            "version": self._settings.api_version,
            "sequenceNumber": number,
            "resourceType": self._settings.bundled_reads,
            "apiRequest": asked,
        }

    def _rows(self, part: Record | None, agreement_id: str) -> Sequence[Record] | None:
        """The rows of a part that can be believed, by ascending id; otherwise ``None``."""
        rows = member(part or {}, "entities")
        if part is None or part.get("success") is not True or not isinstance(rows, list) or len(rows) >= MOST_ROWS:
            return None
        if not all(isinstance(row, Mapping) and isinstance(row.get("id"), int) and text(row, "agreementId") == agreement_id for row in rows):
            return None
        numbers = {row["id"] for row in rows}
        whole = len(numbers) == len(rows) and part.get("count") in (None, len(rows))
        return sorted(rows, key=lambda row: int(row["id"])) if whole else None

    def _agree(self, found: Mapping[str, Sequence[Record]]) -> bool:
        """Whether a plain read of the longest part says the same; asked once a process."""
        number = max(found, key=lambda each: len(found[each]), default="")
        if self._compared or not number:
            return True
        plain = sorted(self._plainly(number), key=lambda row: int(row["id"]))
        self._compared = True
        if list(map(_facts, plain)) == list(map(_facts, found[number])):
            return True
        self._usable = False
        _log.warning(
            "PSA connection %s: a bundle shows agreement %s otherwise than a plain read, so lines are read plainly", self._settings.name, number
        )
        return False

    def _give_up(self, error: SyncError) -> Mapping[str, Sequence[Record]]:
        self._usable = False
        _log.warning("PSA connection %s: bundled reads do not work (%s), so lines are read plainly", self._settings.name, error.code)
        return {}


def _facts(row: Record) -> Record:
    """What a line is read from; who edited it last is left out, as its form may differ."""
    return {name: row.get(name) for name in LINE_FIELDS.split(",") if name != "_info"}


def _by_number(answer: Any) -> Mapping[int, Record]:
    results = answer.get("results") if isinstance(answer, Mapping) else None
    parts = [part for part in results if isinstance(part, Mapping)] if isinstance(results, list) else []
    numbers = [part.get("sequenceNumber") for part in parts]
    return {number: part for number, part in zip(numbers, parts, strict=True) if isinstance(number, int) and numbers.count(number) == 1}
