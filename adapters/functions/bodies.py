"""What comes in with a request for people: ids in the address, and a JSON object whose members are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from sync_core.errors import Rejected
from sync_core.hostile_text import clean
from sync_core.pipeline.decisions import ALL, SAFE, VALID_DAYS

LONGEST_BODY = 16 * 1024
"""Bytes of a request body: some hundred change ids."""
_MOST_CHANGES = 500
_LONGEST_WHY = 500
_LONGEST_ID = 100
_MOST_SHOWN = 60


def sent(value: object) -> str:
    """What a caller sent, short and in plain letters, for the sentence that refuses it."""
    text = json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def id_of(request: func.HttpRequest, name: str) -> str:
    """An id in the address; raises ``Rejected`` for what is none of ours."""
    text = str(request.route_params.get(name, ""))
    if not text or len(text) > _LONGEST_ID or not all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in text):
        raise Rejected(f"The id {sent(text)} in the address is not one of ours", fix="GET /api/runs, /api/plans and /api/cutovers name them")
    return text


@dataclass(frozen=True)
class Body:
    """A request's body: a JSON object with known members; none is an empty one."""

    members: dict[str, Any]

    @classmethod
    def of(cls, request: func.HttpRequest, *names: str, longest: int = LONGEST_BODY) -> Body:
        """The body with members of these names; raises ``Rejected`` for anything else."""
        written = request.get_body()
        if len(written) > longest:
            raise Rejected(f"The body is too long: {len(written)} bytes", fix=f"Send at most {longest} bytes")
        try:
            members = json.loads(written) if written else {}
        except (ValueError, RecursionError) as error:
            raise Rejected("The body is no JSON", fix="Send a JSON object") from error
        fix = f"Send a JSON object with {', '.join(names) or 'no member'}"
        if not isinstance(members, dict):
            raise Rejected(f"The body is {sent(members)} and no JSON object", fix=fix)
        if unknown := sorted(set(members) - set(names)):
            raise Rejected(f"The body has a member {sent(unknown[0])}, which is not understood", fix=fix)
        return cls(members)

    @property
    def why(self) -> str:
        """The person's reason; empty where none is given."""
        return self.text("why")

    @property
    def days(self) -> int:
        """How long the word holds."""
        days = self.members.get("days", VALID_DAYS)
        if type(days) is not int or not 1 <= days <= 90:
            raise Rejected(f"The member days is {sent(days)}", fix="Send a whole number from 1 to 90")
        return days

    @property
    def ids(self) -> list[str]:
        """The ids of changes; none where none are given."""
        found = self.members.get("changes", [])
        if not isinstance(found, list) or len(found) > _MOST_CHANGES or not all(isinstance(item, str) and len(item) <= _LONGEST_ID for item in found):
            raise Rejected(f"The member changes is {sent(found)}", fix="Send a list of change ids")
        return found

    @property
    def chosen(self) -> list[str] | str:
        """The changes that are meant: ids, or all safe ones, or all."""
        return self.members["changes"] if self.members.get("changes") in (SAFE, ALL) else self.ids

    def text(self, name: str, *, needed: bool = False) -> str:
        """A text, on one line."""
        text = self.members.get(name, "")
        if not isinstance(text, str) or len(text) > _LONGEST_WHY or (needed and not text.strip()):
            raise Rejected(f"The member {name} is {sent(text) if text else 'missing'}", fix=f"Send a text of at most {_LONGEST_WHY} characters")
        return clean(text, _LONGEST_WHY)
