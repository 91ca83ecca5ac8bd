"""Microsoft Graph ``$batch``: several reads in one request, each with an answer of its own. Pure.

The answers come in any order, a 200 for the whole says nothing about the parts, and every part is throttled by itself
(Microsoft Graph, "Combine multiple HTTP requests using JSON batching").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_PARTS = 20

_PASSING = frozenset({408, 424, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class PartAnswer:
    """One part's answer. Status 0: the batch's answer did not have this part. Header names are lower case."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the part has what was asked for."""
        return self.status == 200

    @property
    def passing(self) -> bool:
        """Whether asking again may help."""
        return self.status == 0 or self.status in _PASSING


def request_body(parts: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    """The body that asks for these paths (relative to the version root) under their names; raises ``ValueError`` above 20."""
    if len(parts) > MOST_PARTS:
        raise ValueError(f"a batch has at most {MOST_PARTS} parts, not {len(parts)}")
    return {"requests": [{"id": name, "method": "GET", "url": path, "headers": dict(headers)} for name, path in parts.items()]}


def answers(body: Any, names: Iterable[str]) -> dict[str, PartAnswer]:
    """The answers by name; a part that is missing or answered twice is one that has to be asked again."""
    responses = body.get("responses") if isinstance(body, Mapping) else None
    found: dict[str, list[PartAnswer]] = {}
    for response in responses if isinstance(responses, list) else ():
        if isinstance(response, Mapping):
            found.setdefault(str(response.get("id")), []).append(_answer(response))
    return {name: found[name][0] if len(found.get(name, ())) == 1 else PartAnswer(0) for name in names}


def _answer(response: Mapping[str, Any]) -> PartAnswer:
    headers = response.get("headers") or {}
    status = response.get("status")
    return PartAnswer(
        status=status if isinstance(status, int) else 0,
        body=response.get("body"),
        headers={str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {},
    )
