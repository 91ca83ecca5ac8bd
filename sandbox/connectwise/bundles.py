"""Bundled requests: several reads in one POST, each answered as a part of its own, as the vendor's page shows them.

Which resource types there are, how many parts a bundle takes and what a part holds is not known, so each is a switch. Strict all the
same: an unknown member, a wrong version or a part without a number refuses the whole bundle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sandbox.connectwise import rendering
from sandbox.connectwise.errors import Refused, bad_request, no_such_resource
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.rendering import Json
from sandbox.web import Request, Response

_PART = frozenset({"version", "sequenceNumber", "resourceType", "apiRequest"})
_ASKED = frozenset({"parentId", "filters", "page", "fields"})


@dataclass
class BundleSwitches:
    """What nobody knows of bundles: whether they are there, the name of additions in them, how many parts they take.

    ``failing`` are agreements whose part does not succeed, ``left_out`` those whose part is missing; ``on_rows`` is what a bundle
    makes of the rows of a part, where it shows them otherwise than a plain read does.
    """

    offered: bool = True
    resource_type: str = "addition"
    most_parts: int = 20
    failing: set[int] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)
    on_rows: Callable[[list[Json]], list[Json]] = lambda rows: rows


class Bundles:
    """The endpoint, over the books that plain reads show."""

    def __init__(self, ledger: Ledger) -> None:
        self.switches = BundleSwitches()
        self._ledger = ledger

    def __call__(self, request: Request) -> Response:
        """Answers every part of a bundle."""
        if not self.switches.offered:
            raise no_such_resource()
        parts = _parts(request.body)
        if len(parts) > self.switches.most_parts:
            raise bad_request(f"A bundle takes {self.switches.most_parts} requests.")
        answered = [self._result(part) for part in parts if part["apiRequest"].get("parentId") not in self.switches.left_out]
        return Response.of_json({"results": answered})

    def _result(self, part: Mapping[str, Any]) -> Json:
        head = {"sequenceNumber": part["sequenceNumber"], "resourceType": part["resourceType"]}
        try:
            rows = self._rows(part)
        except Refused as refusal:
            error = {"code": refusal.code, "message": refusal.message}
            return {**head, "entities": None, "count": 0, "success": False, "statusCode": refusal.status, "error": error}
        return {**head, "entities": rows, "count": len(rows), "success": True, "statusCode": 200, "error": None}

    def _rows(self, part: Mapping[str, Any]) -> list[Json]:
        asked = part["apiRequest"]
        if part["resourceType"] != self.switches.resource_type:
            raise bad_request(f"{part['resourceType']} is not a recognized resource type.")
        agreement_id = asked.get("parentId")
        if agreement_id in self.switches.failing:
            raise Refused(500, "Timeout", "The request has timed out.")
        if agreement_id not in self._ledger.agreements:
            raise Refused(404, "NotFound", f"Agreement {agreement_id} not found")
        size = int(asked.get("page", {}).get("pageSize", 25))
        query = {"fields": str(asked.get("fields", "")), "pageSize": str(size)}
        shown = map(partial(rendering.addition, self._ledger), self._ledger.additions_of(agreement_id))
        page = rendering.ADDITIONS.page(Request("GET", "/", query), "", shown)
        return self.switches.on_rows(page.json())


def _parts(body: bytes) -> list[dict[str, Any]]:
    try:
        bundle = json.loads(body)
    except ValueError:
        raise bad_request("The request body is not valid JSON.") from None
    parts = bundle.get("requests") if isinstance(bundle, dict) else None
    if not isinstance(parts, list) or bundle.keys() != {"requests"}:
        raise bad_request("A bundle has requests, and nothing else.")
    for part in parts:
        if not isinstance(part, dict) or part.keys() != _PART or not isinstance(part["apiRequest"], dict):
            raise bad_request(f"A part has {', '.join(sorted(_PART))}.")
        for name in part["apiRequest"].keys() - _ASKED:
            raise bad_request(f"Could not find member '{name}' on object of type 'ApiRequest'.")
    return parts
