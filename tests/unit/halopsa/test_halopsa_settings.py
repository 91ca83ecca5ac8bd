"""The settings of a HaloPSA connection, and its refusals in words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from adapters.http import Answer
from adapters.psa.halopsa.refusals import explained, refused
from adapters.psa.halopsa.settings import REQUIRED, SECRETS, SETTINGS, HaloPsaSettings, limits, parse, site_address
from sandbox.memory.clock import ManualClock
from sandbox.memory.store import MemoryStore
from sync_core.budget import Budget
from sync_core.errors import InvalidConfiguration, Rejected, StopRun
from sync_core.model.configuration import Connection


def connection(url: str = "https://halo.example/", **settings: str) -> Connection:
    return Connection("psa one", "halopsa", url, settings={"client_id": "client", **settings}, secrets={"client_secret": "halo-secret"})


def test_every_setting_is_described_and_every_described_one_is_read() -> None:
    budget = {"parallel", "calls_per_minute"}
    fields = {item.name for item in dataclasses.fields(HaloPsaSettings)} - {"name", "url"}
    assert fields == (set(SETTINGS) | set(SECRETS)) - budget


def test_defaults_hold_where_nothing_is_said() -> None:
    settings = parse(connection())
    assert (settings.scope, settings.page_size, settings.settle_seconds, settings.currency) == ("all", 100, 120, "USD")
    assert (settings.tenant, settings.auth_url) == ("", "")


def test_one_call_a_second_is_the_default_and_a_worker_outlasts_the_wait_for_the_next() -> None:
    """The budget gives up after five seconds; a list of many pages would never end if its slices were longer."""
    given = limits(connection())
    assert given.calls / given.seconds == 1.0
    assert given.slice_seconds < 5


def test_a_list_of_many_pages_is_read_to_its_end_at_the_default_pace() -> None:
    clock = ManualClock()
    budget = Budget(MemoryStore(), "psa one", limits(connection()), clock, sleep=clock.advance)
    sent = []
    for _ in range(100):
        with budget.call():
            sent.append(clock.monotonic())
    assert all(later - earlier >= 12 for earlier, later in zip(sent, sent[12:], strict=False))


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_setting_is_named_and_explained(name: str) -> None:
    given = dataclasses.replace(connection(), settings={}, secrets={})
    given = dataclasses.replace(given, settings={"client_id": "client"} if name == "client_secret" else {})
    with pytest.raises(InvalidConfiguration, match=f"'{name}' is missing"):
        parse(given)


@pytest.mark.parametrize(
    "settings",
    [
        {"next_invoice_covers": "soon"},
        {"line_end": "sometimes"},
        {"lines_in_list": "perhaps"},
        {"page_size": "101"},
        {"billing_periods": "Monatlich"},
        {"auth_url": "http://elsewhere.example/token"},
        {"colour": "blue"},
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(InvalidConfiguration):
        parse(connection(**settings))


@pytest.mark.parametrize("calls", ["0", "19", "many"])
def test_a_budget_too_small_to_work_with_is_refused(calls: str) -> None:
    with pytest.raises(InvalidConfiguration, match="calls_per_minute"):
        limits(connection(calls_per_minute=calls))


@pytest.mark.parametrize("url", ["https://halo.example", "https://halo.example/", "https://halo.example/api", "https://halo.example/api/"])
def test_the_site_is_found_with_and_without_its_api_path(url: str) -> None:
    assert site_address(url) == "https://halo.example"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"ClassName": "System.Exception", "Message": "qty_order: wrong"}, "qty_order: wrong"),
        ({"Message": "No"}, "No"),
        ({"error": "invalid_client", "error_description": "The secret is wrong"}, "The secret is wrong; invalid_client"),
        ({"resultCode": 3, "errorMessage": "Busy"}, "Busy"),
        ([{"Message": "In a list"}], "In a list"),
        ("A text", "A text"),
        (17, ""),
    ],
)
def test_every_shape_of_error_is_explained(body: Any, words: str) -> None:
    assert explained(Answer(400, {}, json.dumps(body).encode())) == words


def test_a_refusal_that_is_no_json_is_shown_as_it_is() -> None:
    assert explained(Answer(400, {}, b"<h1>Bad request</h1>")) == "<h1>Bad request</h1>"


@pytest.mark.parametrize(("status", "kind"), [(401, StopRun), (403, StopRun), (400, Rejected), (409, Rejected)])
def test_the_status_decides_what_the_caller_does(status: int, kind: type[Exception]) -> None:
    error = refused(Answer(status, {}, b"{}"), "psa one")
    assert type(error) is kind
    assert error.fix
