"""Graph's JSON batching: up to twenty requests in one, each with its own answer, in no particular order.

Rules follow Microsoft Learn, "Combine multiple HTTP requests using JSON batching".
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.microsoft.graph_call import Call, bad_request
from sandbox.web import Request, Response

LARGEST_BATCH = 20
_PART_MEMBERS = frozenset({"id", "method", "url", "headers", "body", "dependsOn"})
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_INVALID = "Invalid batch payload format."

Part = dict[str, Any]


def run_batch(call: Call, answer: Callable[[Call], Response], shuffle: random.Random) -> Response:
    """Answers every part on its own; raises ``GraphError`` for a batch that is malformed as a whole."""
    responses: list[Part] = []
    statuses: dict[str, int] = {}
    for part in _checked_parts(call):
        response = _answer_part(call, part, statuses, answer)
        statuses[part["id"]] = response.status
        responses.append(_part_response(part["id"], response))
    shuffle.shuffle(responses)
    return Response.of_json({"responses": responses})


def part_lines(request: Request) -> list[str]:
    """``GET /subscribedSkus`` and so on for the request log; empty when the body is no batch."""
    try:
        parts = request.json()["requests"]
        return [f"{part['method']} {part['url']}" for part in parts]
    except (KeyError, TypeError, ValueError):
        return []


def _checked_parts(call: Call) -> list[Part]:
    parts = _parts(call)
    if len(parts) > LARGEST_BATCH:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {LARGEST_BATCH}.")
    seen: set[str] = set()
    for part in parts:
        _check_part(part, seen)
        seen.add(part["id"])
    return parts


def _parts(call: Call) -> list[Any]:
    if not call.headers.get("content-type", "").startswith("application/json"):
        raise bad_request(_INVALID)
    try:
        body = call.json()
    except ValueError as error:
        raise bad_request(_INVALID) from error
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts or set(body) != {"requests"}:
        raise bad_request(_INVALID)
    return parts


def _check_part(part: Any, seen: set[str]) -> None:
    if not isinstance(part, dict) or not set(part) <= _PART_MEMBERS:
        raise bad_request(_INVALID)
    if not all(isinstance(part.get(name), str) and part[name] for name in ("id", "method", "url")):
        raise bad_request(_INVALID)
    if part["id"] in seen:
        raise bad_request(f"The request id '{part['id']}' is not unique in the batch.")
    if part["method"].upper() not in _METHODS or urlsplit(part["url"]).scheme or urlsplit(part["url"]).netloc:
        raise bad_request(_INVALID)
    if not set(part.get("dependsOn", ())) <= seen:
        raise bad_request("A request depends on an id that does not come before it.")
    if "body" in part and "content-type" not in _headers(part):
        raise bad_request("A request with a body needs a Content-Type header.")


def _answer_part(call: Call, part: Part, statuses: dict[str, int], answer: Callable[[Call], Response]) -> Response:
    if any(statuses[name] >= 400 for name in part.get("dependsOn", ())):
        return Response.of_json({"error": {"code": "FailedDependency", "message": "A request that this one depends on failed."}}, 424)
    address = urlsplit(part["url"])
    return answer(
        replace(
            call,
            method=part["method"].upper(),
            path="/" + unquote(address.path).lstrip("/"),
            query=dict(reversed(parse_qsl(address.query, keep_blank_values=True))),
            headers={**_headers(part), "authorization": call.headers["authorization"]},
            body=json.dumps(part["body"]).encode() if "body" in part else b"",
        )
    )


def _headers(part: Part) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in part.get("headers", {}).items()}


def _part_response(part_id: str, response: Response) -> Part:
    answer: Part = {"id": part_id, "status": response.status, "headers": dict(response.headers)}
    return {**answer, "body": response.json()} if response.body else answer
