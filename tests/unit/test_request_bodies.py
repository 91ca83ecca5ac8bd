"""What is refused of a request for people: the sentence names the member, what was sent for it, and what would do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest

from adapters.functions.bodies import Body, id_of
from adapters.functions.cutovers import day_of
from sync_core.errors import Rejected


def request(content: bytes, **route: str) -> func.HttpRequest:
    return func.HttpRequest("POST", "https://app.example/api/cutovers", body=content, route_params=route)


def body(**members: Any) -> Body:
    return Body.of(request(json.dumps(members).encode()), "why", "days", "changes", "last", "prepared")


@pytest.mark.parametrize(
    ("content", "says", "fix"),
    [
        (b"{", "no JSON", "Send a JSON object"),
        (b"[1]", "The body is [1] and no JSON object", "with why"),
        (b'{"companys": []}', 'a member "companys", which is not understood', "with why"),
        (b'{"why": "' + b"x" * 20_000 + b'"}', "too long: 20011 bytes", "at most 16384"),
    ],
)
def test_a_body_that_is_not_understood_is_named(content: bytes, says: str, fix: str) -> None:
    with pytest.raises(Rejected) as caught:
        Body.of(request(content), "why")
    assert says in caught.value.what and fix in caught.value.fix


def test_a_member_is_named_with_what_was_sent_for_it() -> None:
    refusals: dict[str, Callable[[], object]] = {
        "The member days is 0": lambda: body(days=0).days,
        'The member changes is "all of them"': lambda: body(changes="all of them").chosen,
        "The member why is 5": lambda: body(why=5).why,
        "The member prepared is missing": lambda: body().text("prepared", needed=True),
        'The member last is "31.12.2026" and no day': lambda: day_of(body(last="31.12.2026")),
        'The id "../x" in the address': lambda: id_of(request(b"", cutoverId="../x"), "cutoverId"),
    }
    for says, ask in refusals.items():
        with pytest.raises(Rejected) as caught:
            ask()
        assert says in caught.value.what


def test_a_long_text_is_cut_and_written_in_plain_letters() -> None:
    with pytest.raises(Rejected) as caught:
        body(why=["\u202e" * 500]).why  # noqa: B018 - it is read to be refused
    assert caught.value.what.isascii() and len(caught.value.what) < 120
