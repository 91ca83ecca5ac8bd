"""Recurring invoices and their lines out of two of Halo's reports: an optional fast path of planning, and what it must show to be believed.

``POST /Report`` with ``_loadreportonly`` runs a SELECT and answers with its rows; it needs the right to reports. Integrators have seen that
Halo takes one statement without ``--``, ``;`` at its end and ``DECLARE``. Unverified: most names of columns, so the statements are
settings, and their columns are named as the interface names the members. What they show is compared with what the interface shows: the
number of recurring invoices and the one with the most lines each time, and all of them on one day in ``report_compared_days``. Where
anything differs, the process reads the list from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Set
from typing import Any

from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.settings import HaloPsaSettings
from adapters.psa.halopsa.steps import RESOURCE
from adapters.psa.records import Record, text
from adapters.redaction import shown
from sync_core.errors import Rejected, RetryLater, StopRun
from sync_core.ports import Clock

_TEXTS = ("item_shortdescription", "item_longdescription", "item_internal_reference")
_DATES = frozenset({"startdate", "enddate"})
HEAD_COLUMNS = _DATES | {"id", "client_id", "disabled", "nextcreationdate", "currency_code_name", "reference", "contract_ref"}
LINE_COLUMNS = _DATES | {"id", "ihid", "_itemid", "qty_order", "unit_price", "unit_cost", "isinactive", *_TEXTS}
"""What a row has to have: a line whose end is not asked for would look as if it went on."""
_PERIOD = frozenset({"period", "periodname"})
_COMPUTED = frozenset({"_is_calculated_line", "recurring_invoice_quantity_type"})
"""Either shows that Halo computes a line's quantity itself."""

_log = logging.getLogger(__name__)


class Reports:
    """The recurring invoices of one site by its reports, for as long as they tell the truth. Safe to share between threads."""

    def __init__(self, settings: HaloPsaSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._usable = bool(settings.report_heads and settings.report_lines)

    def records(self) -> list[Record] | None:
        """All recurring invoices with their lines, as a list shows them; ``None`` when the list is to be read."""
        if not self._usable:
            return None
        try:
            found = _joined(*(rows_of(self._client.report(each)) for each in (self._settings.report_heads, self._settings.report_lines)))
            counted = self._client.count(RESOURCE)
        except (Rejected, StopRun, RetryLater) as error:
            if isinstance(error, RetryLater) and not error.code.startswith("http-5") and error.code != "unreadable":
                raise
            self.give_up(f"{error.what} {error.why}".strip())
            return None
        except ValueError as error:
            self.give_up(str(error))
            return None
        if len(found) != counted:
            self.give_up(f"they show {len(found)} recurring invoices, and the list {counted}")
        return found if self._usable else None

    def compare_all_today(self) -> bool:
        """Whether the whole list is read beside the reports, and compared, on this day (UTC)."""
        return self._clock.now().toordinal() % self._settings.report_compared_days == 0

    def give_up(self, why: str) -> None:
        """Reports are not used again by this process."""
        self._usable = False
        _log.warning("PSA connection %s: reports are not used (%s), so the list of recurring invoices is read", self._settings.name, shown(why))


def _joined(heads: list[Record], lines: list[Record]) -> list[Record]:
    """The heads with their lines. Raises ``ValueError`` for a line without its head, a head without an id, ids that come twice, a missing column."""
    _must_have(heads, "heads", HEAD_COLUMNS, _PERIOD)
    _must_have(lines, "lines", LINE_COLUMNS, _COMPUTED)
    found: dict[str, dict[str, Any]] = {}
    for head in heads:
        number = text(head, "id")
        if not number or number in found:
            raise ValueError(f"a row of the heads has the id {number or 'none'}, which is none or comes twice")
        found[number] = {**head, "lines": []}
    for line in lines:
        above = found.get(text(line, "ihid"))
        if above is None:
            raise ValueError(f"line {text(line, 'id')} is of a recurring invoice that is not among the heads")
        above["lines"].append(line)
    return list(found.values())


def _must_have(rows: Iterable[Record], what: str, columns: Set[str], *one_of: Set[str]) -> None:
    for row in rows:
        missing = sorted(columns - row.keys()) + [" or ".join(sorted(names)) for names in one_of if not names & row.keys()]
        if missing:
            raise ValueError(f"the rows of the {what} have no {', '.join(missing)}")


def rows_of(answer: Any) -> list[Record]:
    """The rows of a report's answer; raises ``ValueError`` when it was not loaded."""
    profile = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    report = profile.get("report") if isinstance(profile, Mapping) else None
    if not isinstance(report, Mapping):
        raise ValueError("the answer holds no report")
    if report.get("loaded") is False or report.get("load_error"):
        raise ValueError(f"Halo could not load it: {report.get('load_error') or 'it says no more'}")
    rows = report.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError("its rows cannot be read")
    return rows
