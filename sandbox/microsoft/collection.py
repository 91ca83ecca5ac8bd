"""One collection of Graph: who may read it, which query options a request may carry, and its pages."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.microsoft import equipment_resources as equipment
from sandbox.microsoft.graph_call import Call, GraphError, bad_request, denied, not_simulated, unsupported_query
from sandbox.microsoft.resources import Item
from sandbox.microsoft.tokens import base64url_json
from sandbox.web import Response

_ODATA_OPTIONS = frozenset({"$select", "$top", "$skip", "$filter", "$orderby", "$count", "$expand", "$search", "$format", "$skiptoken"})
_SIGN_IN_PAGE = 500
"""With ``signInActivity`` a page of users is never larger, whatever is asked for."""
_EQUALS = re.compile(r"(\w+) eq '([^']*)'")


@dataclass(frozen=True)
class Collection:
    """One readable collection. ``page`` 0 means that it comes whole; ``real_options`` exist in Graph and not in the sandbox."""

    path: str
    type_name: str
    items: Callable[[Call], list[Item]]
    members: frozenset[str]
    permissions: frozenset[str]
    cost: int = 1
    options: frozenset[str] = frozenset({"$select"})
    real_options: frozenset[str] = frozenset()
    defaults: tuple[str, ...] = ()
    page: int = 0
    largest_page: int = 0
    partner_only: bool = False
    filters: frozenset[str] = frozenset()
    """The members that may be compared with a text in ``$filter``."""
    requires: Callable[[Call], None] = lambda call: None
    """Raises what Graph answers a tenant that lacks the licence for this."""

    def allow(self, call: Call) -> None:
        """Raises the 403 of a caller without permission, or outside the partner's tenant where only the partner may ask."""
        if not call.token.permissions & self.permissions:
            raise denied()
        if self.partner_only and call.tenant is not call.directory.partner:
            raise denied()
        self.requires(call)

    def units(self, call: Call) -> int:
        """What the call costs in resource units: selecting and asking for little are cheaper."""
        small = call.query.get("$top", "").isdecimal() and int(call.query["$top"]) < 20
        return max(1, self.cost - ("$select" in call.query) - small)

    def answer(self, call: Call) -> Response:
        """One page; raises ``GraphError`` for a query that Graph refuses."""
        self._check_options(call)
        select = self._select(call)
        items = self._filtered(call, self.items(call))
        size = self._page_size(call)
        skipped, empty = self._position(call) if size else (0, 0)
        last = skipped + (size or len(items))
        page = [] if empty else items[skipped:last]
        body: Item = {"@odata.context": f"{call.base}/$metadata#{call.path.strip('/')}{_selection(select)}"}
        if call.query.get("$count") == "true" and call.headers.get("consistencylevel", "").lower() == "eventual":
            body["@odata.count"] = len(items)
        if empty:
            body["@odata.nextLink"] = self._next_link(call, skipped, empty - 1)
        elif last < len(items):
            body["@odata.nextLink"] = self._next_link(call, last, 0)
        body["value"] = [_strange(call, _selected(item, select or self.defaults)) for item in page]
        return Response.of_json(body)

    def _check_options(self, call: Call) -> None:
        for name in call.query:
            if not name.startswith("$") or name in self.options or (self.page and name == "$skiptoken"):
                continue
            if name in self.real_options:
                raise not_simulated(f"{name} on {self.path}")
            if name in _ODATA_OPTIONS:
                raise unsupported_query()
            raise bad_request(f"The query parameter '{name}' is not recognized.")

    def _select(self, call: Call) -> tuple[str, ...]:
        if "$select" not in call.query:
            return ()
        names = tuple(name.strip() for name in call.query["$select"].split(","))
        for name in names:
            if name not in self.members:
                raise bad_request(
                    f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.{self.type_name}'."
                )
        return names

    def _filtered(self, call: Call, items: list[Item]) -> list[Item]:
        if "$filter" not in call.query:
            return items
        found = _EQUALS.fullmatch(call.query["$filter"].strip())
        if found is None or found[1] not in self.filters:
            raise not_simulated(f"this $filter on {self.path}; only {' or '.join(sorted(self.filters))} eq '...' is")
        return [item for item in items if item[found[1]] == found[2]]

    def _page_size(self, call: Call) -> int:
        text = call.query.get("$top")
        if text is None:
            return self.page
        cap = _SIGN_IN_PAGE if equipment.SIGN_INS in call.query.get("$select", "") else self.largest_page
        if not text.isdecimal():
            raise bad_request(f"Invalid value '{text}' for $top query option found. The $top query option requires a non-negative integer value.")
        if not 1 <= int(text) <= self.largest_page:
            raise unsupported_query(f"Invalid page size specified: '{text}'. Must be between 1 and {self.largest_page} inclusive.")
        return min(int(text), cap)

    def _position(self, call: Call) -> tuple[int, int]:
        """How many items came before, and how many empty pages are still to come."""
        token = call.query.get("$skiptoken")
        if token is None:
            return 0, call.tenant.conditions.empty_pages
        try:
            place = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            if place["of"] != call.path + call.tenant.tenant_id:
                raise ValueError("the token belongs to another collection")
            return int(place["skipped"]), int(place["empty"])
        except (KeyError, TypeError, ValueError) as error:
            message = "The specified page token value has expired and can no longer be included in your request."
            raise GraphError(400, "Directory_ExpiredPageToken", message) from error

    def _next_link(self, call: Call, skipped: int, empty: int) -> str:
        token = base64url_json({"of": call.path + call.tenant.tenant_id, "skipped": skipped, "empty": empty})
        return f"{call.base}{call.path}?{urlencode({**call.query, '$skiptoken': token}, safe='$,')}"


def _selection(select: tuple[str, ...]) -> str:
    return f"({','.join(select)})" if select else ""


def _selected(item: Item, names: tuple[str, ...]) -> Item:
    return {name: value for name, value in item.items() if name in names or name.startswith("@")} if names else item


def _strange(call: Call, item: Item) -> Item:
    return {**item, "futureMember": {"addedIn": "a later version"}} if call.tenant.conditions.unknown_members else item
