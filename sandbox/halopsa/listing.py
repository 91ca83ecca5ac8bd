"""How lists are read: numbered pages with their count, or a bare array; an unknown query parameter is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sandbox.halopsa.errors import bad_request
from sandbox.halopsa.ledger import Switches
from sandbox.web import Request, Response

PAGING = frozenset({"pageinate", "page_size", "page_no", "count", "order", "orderdesc"})
DEFAULT_PAGE_SIZE = 50

Row = dict[str, Any]


def listed(request: Request, plural: str, rows: Sequence[Row], filters: Collection[str], switches: Switches) -> Response:
    """One page of rows under the plural of their resource; without ``pageinate`` as many as ``count`` says."""
    for name in request.query:
        if name not in PAGING and name not in filters:
            raise bad_request(f"{name}: is not a parameter of this list.")
    key = request.query.get("order", "id")
    if key not in ("id", "name"):
        raise bad_request(f"order: cannot be {key}.")
    ordered = sorted(rows, key=lambda row: row[key], reverse=flag(request, "orderdesc"))
    page = _page(request, ordered, switches)
    return Response.of_json(page if switches.bare_lists else {"record_count": len(ordered), plural: page})


def flag(request: Request, name: str, default: bool = False) -> bool:
    """A parameter that is ``true`` or ``false``."""
    value = request.query.get(name, str(default)).lower()
    if value not in ("true", "false"):
        raise bad_request(f"{name}: is true or false.")
    return value == "true"


def whole(request: Request, name: str, default: int, least: int = 1) -> int:
    """A parameter that is a whole number."""
    value = request.query.get(name, str(default))
    if not value.lstrip("-").isdecimal() or int(value) < least:
        raise bad_request(f"{name}: is a whole number from {least}.")
    return int(value)


def _page(request: Request, rows: Sequence[Row], switches: Switches) -> list[Row]:
    if not flag(request, "pageinate"):
        return list(rows[: whole(request, "count", DEFAULT_PAGE_SIZE)])
    size = min(whole(request, "page_size", DEFAULT_PAGE_SIZE), switches.largest_page)
    first = (whole(request, "page_no", 1) - 1) * size
    return list(rows[first : first + size])
