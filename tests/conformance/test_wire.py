"""What listens to the wire hears what is wrong, the routes it knows are the vendors' own, and a look at a tenant keeps to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from adapters.psa import KINDS
from sandbox.autotask.routes import ROUTES as AUTOTASK
from sandbox.halopsa.routes import ROUTES as HALOPSA
from sandbox.web import Request, Response
from sandbox.wire import Route
from tests.conformance.conftest import ALL
from tests.conformance.wire import Wire
from tests.sandbox.halopsa_swagger import needs_swagger, swagger
from tests.sandbox.test_autotask_schemas import MODELS as ENTITIES
from tests.sandbox.test_autotask_schemas import vendor

__all__ = ["vendor"]

MODELS = {**ENTITIES, "Tickets": "TicketModel"}
NUMBERED = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
NAMED = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
ROUTES = (
    Route("GET", r"/lines/\d+", NUMBERED, frozenset({"fields"}), fields=frozenset({"id", "product"})),
    Route("POST", "/lines", NUMBERED, body=NAMED),
    Route("POST", "/query", NUMBERED, body={"type": "object"}, fields=frozenset({"id"})),
)


def heard(request: Request, status: int = 200, **answer: Any) -> list[str]:
    """What is heard of one request and its answer."""
    wire = Wire(ROUTES)
    wire.listening(lambda _: Response.of_json(answer or {"id": 1}, status))(request)
    return wire.misfits


def post(path: str, **body: Any) -> Request:
    return Request("POST", path, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/lines/1"),
        Request("GET", "/lines/1", {"fields": "id,product/id"}),
        post("/lines", name="E3"),
        post("/query", IncludeFields=["id"], Filter=[{"op": "gt", "field": "id", "value": 0}]),
    ],
)
def test_what_is_described_is_not_remarked_on(request_: Request) -> None:
    assert heard(request_) == []


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request("DELETE", "/lines/1"), "no route"),
        (Request("GET", "/lines/1/notes"), "no route"),
        (Request("GET", "/lines/1", {"expand": "all"}), "there is no parameter expand"),
        (Request("GET", "/lines/1", {"fields": "id,poNumber"}), "there is no field poNumber"),
        (post("/lines", name="E3", poNumber=7), "must not contain"),
        (post("/query", IncludeFields=["name"]), "there is no field name"),
        (post("/query", Filter=[{"op": "eq", "field": "name"}]), "there is no field name"),
    ],
)
def test_a_request_that_is_not_described_is_told_with_what_is_wrong_of_it(request_: Request, told: str) -> None:
    (found,) = heard(request_)
    assert told in found
    assert found.startswith(f"{request_.method} {request_.path}")


def test_an_answer_that_is_not_described_is_told() -> None:
    (found,) = heard(Request("GET", "/lines/1"), id="one")
    assert "its answer: data.id must be integer" in found


def test_of_what_was_refused_neither_body_nor_answer_is_compared() -> None:
    assert heard(post("/lines", name=7), 400, message="name is a text") == []


@needs_swagger
def test_every_route_and_parameter_of_halo_is_in_its_own_description() -> None:
    paths = swagger()["paths"]
    for route in HALOPSA:
        name = route.path.removeprefix("/api").replace(r"/-?\d+", "/{id}").replace(r"/\d+", "/{id}")
        if route.path in ("/api/authinfo", "/auth/token"):
            continue  # they are no part of the interface that is described
        operation = paths[name][route.method.lower()]
        assert route.query <= {each["name"] for each in operation.get("parameters", [])}, route.path


def test_every_route_and_field_of_autotask_is_in_its_own_description(vendor: Mapping[str, Any]) -> None:
    paths = {re.sub(r"\{\w+\}", "{id}", path.lower()): methods for path, methods in vendor["paths"].items()}
    for route in AUTOTASK:
        name = route.path.lower().partition(r"v1\.0)")[2].replace(r"/\d+", "/{id}").removesuffix("/next")
        if name:
            assert route.method.lower() in paths[f"/v1.0{name}"], route.path
        if route.fields:
            model = vendor["definitions"][MODELS[route.path.partition(r"v1\.0)/")[2].partition("/")[0]]]
            assert {each.lower() for each in route.fields} <= {each.lower() for each in model["properties"]}, route.path


@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith("memory")])
def test_a_look_at_what_is_assumed_calls_only_what_is_described_and_writes_nothing(name: str) -> None:
    subject, look = ALL[name](), KINDS[name.partition("-")[0]].look
    assert look is not None
    assert look(subject.psa, [subject.agreement_id])
    subject.close()
    assert subject.wire is not None
    assert (subject.wire.misfits, subject.count_writes()) == ([], 0)
    assert subject.wire.called
