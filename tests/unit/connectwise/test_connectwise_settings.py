"""The settings of a ConnectWise connection, its filters, and its refusals in words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from adapters.http import Answer
from adapters.psa import KINDS, kind_named
from adapters.psa.connectwise.conditions import all_of, equal, is_plain, literal, one_of
from adapters.psa.connectwise.refusals import explained, refused
from adapters.psa.connectwise.settings import REQUIRED, SECRETS, SETTINGS, ConnectWiseSettings, api_address, limits, parse
from sync_core.errors import InvalidConfiguration, Rejected, StopRun
from sync_core.model.configuration import Connection


def connection(url: str = "https://psa.example/", **settings: str) -> Connection:
    given = {"company": "contoso", "client_id": "client", **settings}
    return Connection("psa one", "connectwise", url, settings=given, secrets={"public_key": "a", "private_key": "b"})


def test_every_setting_is_described_and_every_described_one_is_read() -> None:
    budget = {"parallel", "calls_per_minute"}
    fields = {item.name for item in dataclasses.fields(ConnectWiseSettings)} - {"name", "url"}
    assert fields == (set(SETTINGS) | set(SECRETS)) - budget


def test_defaults_hold_where_nothing_is_said() -> None:
    settings = parse(connection())
    assert (settings.url, settings.codebase, settings.settle_seconds, settings.page_size) == ("https://psa.example", "", 120, 1000)
    assert (limits(connection()).parallel, limits(connection()).calls) == (8, 800)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_setting_is_named_and_explained(name: str) -> None:
    given = connection()
    given = dataclasses.replace(
        given,
        settings={key: value for key, value in given.settings.items() if key != name},
        secrets={key: value for key, value in given.secrets.items() if key != name},
    )
    with pytest.raises(InvalidConfiguration, match=f"'{name}' is missing"):
        parse(given)


@pytest.mark.parametrize(
    "settings",
    [
        {"cancelled_date": "sometimes"},
        {"next_invoice_date": "soon"},
        {"compare_invoices": "sometimes"},
        {"page_size": "1001"},
        {"settle_seconds": "long"},
        {"billing_cycles": "Monatlich"},
        {"billing_cycles": "Monatlich=13"},
        {"colour": "blue"},
    ],
)
def test_a_wrong_setting_is_refused_by_name(settings: dict[str, str]) -> None:
    with pytest.raises(InvalidConfiguration, match=next(iter(settings))):
        parse(connection(**settings))


def test_names_of_billing_cycles_may_be_given() -> None:
    assert parse(connection(billing_cycles="Monatlich=1, Halbes Jahr = 6")).billing_cycles == {"monatlich": 1, "halbes jahr": 6}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://na.myconnectwise.net/", "https://api-na.myconnectwise.net"),
        ("https://api-eu.myconnectwise.net", "https://api-eu.myconnectwise.net"),
        ("https://psa.contoso.example/cw", "https://psa.contoso.example/cw"),
    ],
)
def test_the_cloud_is_called_by_its_api_host(url: str, address: str) -> None:
    assert api_address(url) == address


def test_an_unknown_kind_of_psa_is_refused_with_those_there_are() -> None:
    assert "connectwise" in KINDS
    with pytest.raises(InvalidConfiguration, match="connectwise"):
        kind_named("abacus")


def test_conditions_are_written_with_their_literals_escaped() -> None:
    assert equal("company/id", 250) == "company/id = 250"
    assert equal("cancelledFlag", False) == "cancelledFlag = False"
    assert one_of("identifier", ["a b", "c"]) == 'identifier in ("a b", "c")'
    assert literal('5" \\ disk') == '"5\\" \\\\ disk"'
    assert all_of("a = 1", "", "b = 2") == "a = 1 and b = 2"


@pytest.mark.parametrize(("text", "plain"), [("O365-E3 (NCE)", True), ('5" disk', False), ("a*", False), ("[x]", False), ("50%", False), ("", False)])
def test_texts_that_do_not_mean_themselves_inside_quotes_are_known(text: str, plain: bool) -> None:
    assert is_plain(text) is plain


def answer(status: int, body: Any) -> Answer:
    return Answer(status, {}, (body if isinstance(body, str) else json.dumps(body)).encode())


def test_a_refusal_names_every_field() -> None:
    errors = [{"code": "OutOfRange", "message": "too many", "resource": "addition", "field": "quantity"}, {"code": "Required", "field": "product"}]
    body = {"code": "InvalidObject", "message": "addition object is invalid", "errors": errors}
    assert explained(answer(400, body)) == "addition object is invalid; addition.quantity: too many; product: Required"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "ConnectWiseAPI", "message": "Too many requests."}, "Too many requests."),
        ({"code": "ApiFindCondition", "message": "x is not a recognized name.", "errors": None}, "x is not a recognized name."),
        ("<h1>Bad\ngateway</h1>", "<h1>Bad gateway</h1>"),
        ([], ""),
        ({"message": 5, "errors": ["odd"]}, ""),
    ],
)
def test_a_refusal_of_any_shape_is_put_into_words(body: Any, words: str) -> None:
    assert explained(answer(400, body)) == words


@pytest.mark.parametrize(("status", "kind"), [(401, StopRun), (403, StopRun), (404, StopRun), (400, Rejected), (409, Rejected)])
def test_a_refused_read_stops_the_run_only_where_a_person_has_to_act_first(status: int, kind: type[Exception]) -> None:
    assert type(refused(answer(status, {}), "psa one")) is kind
