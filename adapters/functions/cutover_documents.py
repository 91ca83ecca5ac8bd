"""Cut-overs and their lines as JSON. Money is text, net, a period of the line's agreement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sync_core.model.cutovers import Cutover, CutoverLine, Unit

_PAGE = 300
"""Lines after which a page ends, with its last company."""


def cutover_document(cutover: Cutover, progress: tuple[int, int, str], url: str) -> dict[str, Any]:
    """A cut-over without its lines."""
    done, total, what = progress
    return {
        "cutover": cutover.cutover_id,
        "url": url,
        "state": cutover.state,
        "progress": {"done": done, "total": total, "of": what},
        "lines": cutover.tally.lines,
        "money": cutover.tally.money,
        "wanted": cutover.wanted,
        "choice": {"what": cutover.choice.what, "last": cutover.choice.last} if cutover.choice else None,
        "prepared": cutover.prepared,
        "preparedAt": cutover.prepared_at,
        "confirmed": cutover.confirmed,
        "runs": cutover.runs,
        "trouble": cutover.trouble,
        "askedBy": cutover.asked_by,
        "started": cutover.started,
    }


def line_documents(units: Iterable[Unit], after: str, state: str) -> dict[str, Any]:
    """A page of lines that begins after the unit which the page before named."""
    lines: list[dict[str, Any]] = []
    key = ""
    for unit in units:
        if (place := f"{unit.partition}~{unit.connection}~{unit.company_id}~{unit.number:03d}") and len(lines) >= _PAGE:
            return {"lines": lines, "after": key}
        if after:
            after = "" if place == after else after
            continue
        key = place
        lines += [_line(unit, line) for line in unit.lines if state in ("", line.state)]
    return {"lines": lines, "after": ""}


def _line(unit: Unit, line: CutoverLine) -> dict[str, Any]:
    return {
        "line": line.name,
        "company": unit.company,
        "companyId": unit.company_id,
        "customer": unit.partition,
        "agreement": line.agreement,
        "product": line.product,
        "quantity": line.quantity,
        "unitPrice": line.unit_price,
        "currency": line.currency,
        "money": line.money,
        "marker": line.marker,
        "starts": line.starts,
        "ends": line.ends,
        "linked": bool(line.link_key),
        "state": line.state,
        "what": line.what,
        "last": line.last,
        "shown": line.shown,
        "why": line.why,
    }
