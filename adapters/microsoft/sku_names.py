"""Names of SKUs for people. Best first: the operator's own, Microsoft's current table, a short built-in list, the part number.

Microsoft publishes the table as a CSV ("Product names and service plan identifiers for licensing", Microsoft Learn, CC BY 4.0)
and never quite completely. It is fetched weekly; the last good copy stays in the blobs, and a download that looks wrong never
replaces it. ``sku_names.csv`` beside this file holds the common rows of the same table, so names are there without any network.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from adapters.http import Http
from adapters.redaction import shown
from sync_core.errors import Rejected, SyncError
from sync_core.ports import Blobs, Clock

SKU_NAMES_URL = (
    "https://download.microsoft.com/download/e/3/e/e3e9faf2-f28b-490a-9ada-c6089a1fc5b0/"
    "Product%20names%20and%20service%20plan%20identifiers%20for%20licensing.csv"
)
"""Microsoft's table. The path changes now and then, so it is a setting; the Learn page links the present one."""

BLOB = "sku-names/microsoft.json"
REFRESH_AFTER = timedelta(days=7)
TRY_AGAIN_AFTER = timedelta(hours=12)

_NAME, _ID = "Product_Display_Name", "GUID"
_LONGEST_NAME = 200
_FEWEST_ROWS = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """A copy of Microsoft's table: names by lower-case SKU id, and when it was fetched (``None``: never)."""

    names: Mapping[str, str] = field(default_factory=dict)
    fetched: datetime | None = None

    def replaceable_by(self, names: Mapping[str, str]) -> bool:
        """Whether a download looks like a newer one of the same table: not a stub, and not shrunk to less than half."""
        return len(names) >= max(_FEWEST_ROWS, len(self.names) // 2)

    def to_json(self) -> bytes:
        """The copy as it is kept."""
        return json.dumps({"fetched": self.fetched and self.fetched.isoformat(), "names": dict(self.names)}, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, content: bytes | None) -> Table:
        """The kept copy; an empty table when there is none or it cannot be read."""
        try:
            kept = json.loads(content or b"{}")
            return cls(kept["names"], datetime.fromisoformat(kept["fetched"]))
        except (KeyError, TypeError, ValueError):
            return cls()


def parse(content: bytes) -> dict[str, str]:
    """Reads the CSV: one row per SKU and service plan, so rows repeat; where a SKU has two names, the last is the current one.

    Older copies start with a byte order mark or with question marks in its place.

    Raises:
        ValueError: it is not this table.
    """
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace").lstrip("?\ufeff\ufffd")))
    if not {_NAME, _ID} <= set(rows.fieldnames or ()):
        raise ValueError("the columns are not those of Microsoft's table of product names")
    found = ((_guid(row[_ID]), shown(row[_NAME] or "", _LONGEST_NAME)) for row in rows)
    return {sku_id: name for sku_id, name in found if sku_id and name}


def download(http: Http, url: str) -> bytes:
    """Fetches the CSV; raises ``SyncError`` when it cannot be had."""
    answer = http.read("GET", url, headers={"Accept": "text/csv"})
    if not answer.ok:
        raise Rejected(f"The table of product names answers with status {answer.status}", where="SKU names", fix="Correct its address")
    return answer.body


def built_in() -> dict[str, str]:
    """The common SKUs, the free and viral ones among them."""
    return parse(Path(__file__).with_name("sku_names.csv").read_bytes())


class SkuNames:
    """Names by SKU id. Safe for threads; refreshes itself at most once a week, and one caller at a time waits for that."""

    def __init__(self, blobs: Blobs, clock: Clock, download: Callable[[], bytes], overrides: Mapping[str, str] | None = None) -> None:
        """``download`` fetches the CSV and raises ``SyncError`` when it cannot; ``overrides`` are the operator's names by SKU id."""
        self._blobs = blobs
        self._clock = clock
        self._download = download
        self._overrides = {sku_id.lower(): name for sku_id, name in (overrides or {}).items()}
        self._built_in: dict[str, str] = {}
        self._table = Table()
        self._next_look: datetime | None = None
        self._looking = threading.Lock()

    def name_of(self, sku_id: str, part_number: str = "") -> str:
        """The best name there is for a SKU; its part number, or at last its id, when nobody knows it."""
        self._look()
        for names in (self._overrides, self._table.names, self._built_in):
            if name := names.get(sku_id.lower()):
                return name
        return part_number or sku_id

    def _look(self) -> None:
        now = self._clock.now()
        if self._next_look is not None and now < self._next_look:
            return
        if not self._looking.acquire(blocking=self._next_look is None):
            return  # Somebody is refreshing; the names at hand are good enough until then.
        try:
            if self._next_look is None or now >= self._next_look:
                self._refresh(now)
        finally:
            self._looking.release()

    def _refresh(self, now: datetime) -> None:
        self._built_in = self._built_in or built_in()
        self._next_look = now + TRY_AGAIN_AFTER
        try:
            self._table = Table.from_json(self._blobs.get(BLOB))
            if self._table.fetched is None or now - self._table.fetched >= REFRESH_AFTER:
                self._fetch(now)
        except (SyncError, ValueError, csv.Error) as error:
            log.warning("The table of product names could not be refreshed; the names at hand stay. %s", error)

    def _fetch(self, now: datetime) -> None:
        names = parse(self._download())
        if not self._table.replaceable_by(names):
            raise ValueError(f"the download has only {len(names)} names")
        self._table = Table(names, now)
        self._blobs.put(BLOB, self._table.to_json())


def _guid(text: str | None) -> str:
    try:
        return str(UUID((text or "").strip()))
    except ValueError:
        return ""
