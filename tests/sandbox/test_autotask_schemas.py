"""Every kind of answer, and every request that the adapter sends, fits the published field lists; the vendor's own where it is at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from sandbox.autotask import AutotaskSimulator, schemas
from sandbox.autotask.access import Access
from sandbox.autotask.schemas import Schema
from sandbox.environment import ROOT
from sandbox.web import Request, serve
from sync_core.model.agreements import Shift, Terms
from sync_core.model.plans import Change, ChangeKind, Verdict
from tests.conformance.autotask_subject import autotask, autotask_books, send
from tests.conformance.subjects import APRIL, TODAY
from tests.conformance.whole import whole_agreement
from tests.sandbox.autotask_psa import Psa

VENDOR = ROOT.parent / "shared" / "specs" / "autotask_swagger_v1.json"
MODELS = {
    "Companies": "CompanyModel",
    "Currencies": "CurrencyModel",
    "Contacts": "ContactModel",
    "Services": "ServiceModel",
    "Contracts": "ContractModel",
    "ContractServices": "ContractServiceModel",
    "ContractServiceUnits": "ContractServiceUnitModel",
}
TYPES = {"integer": int, "string": str, "number": (int, float), "boolean": bool}


def check(schema: Schema, value: Any) -> None:
    """Raises when ``value`` does not fit."""
    fastjsonschema.validate(schema, value)


@pytest.fixture
def psa() -> Psa:
    psa = Psa()
    psa.ledger.contact(psa.company, "billing@contoso.example")
    return psa


@pytest.mark.parametrize("entity", schemas.ENTITIES)
def test_records_fit_in_pages_and_alone(psa: Psa, entity: str) -> None:
    page = psa.query(entity).json()
    assert page["items"]
    check(schemas.page(schemas.ENTITIES[entity]), page)
    check(schemas.ENTITIES[entity], psa.call("GET", f"/{entity}/{page['items'][0]['id']}").json()["item"])


def test_everything_else_is_answered_as_described(psa: Psa) -> None:
    check(schemas.ZONE, psa.simulator(Request("GET", "/atservicesrest/v1.0/zoneInformation", {"user": psa.access.user})).json())
    check(schemas.THRESHOLD, psa.call("GET", "/ThresholdInformation").json())
    check(schemas.ENTITY_INFORMATION, psa.call("GET", "/Contracts/entityInformation").json())
    check(schemas.FIELDS, psa.call("GET", "/Contracts/entityInformation/fields").json())
    check(schemas.CREATED, psa.add().json())
    check(schemas.ERROR, psa.add(serviceID=9).json())


@pytest.fixture(scope="module")
def sent() -> list[Request]:
    """Every request of the adapter while it reads all there is, and adds, changes and ends a line."""
    requests: list[Request] = []
    simulator = AutotaskSimulator(autotask_books(), Access())

    def listening(request: Request) -> Any:
        requests.append(request)
        return simulator(request)

    with serve(listening) as server:
        psa = autotask(server.url, simulator.access, {"price_field": "adjusted"})
        (head,) = psa.read_headers(None)
        first, second, third, *_ = psa.read_lines(head, TODAY)
        rise = Shift(date(2026, 4, 17), third.quantity, third.quantity + 2)
        for read in (psa.health, psa.companies, psa.products, lambda: psa.company_agreements("1"), lambda: whole_agreement(psa, "1", TODAY)):
            read()
        common: dict[str, Any] = {"product": "M365-1", "verdict": Verdict.SAFE, "reasons": (), "effective": APRIL}
        place = ("link", "sku", "Item", psa.connection, "1")
        changes = [
            Change("a", *place, kind=ChangeKind.ADD, product_id="3", after=first.quantity, marker="M365-a-1", **common),
            Change("b", *place, kind=ChangeKind.SET_QUANTITY, line_id=first.line_id, before=first.quantity, after=second.quantity, **common),
            Change("c", *place, kind=ChangeKind.END, line_id=second.line_id, before=second.quantity, **common),
            Change("d", *place, kind=ChangeKind.SET_TEXT, line_id=third.line_id, terms=Terms(text="As agreed"), **common),
            Change("e", *place, kind=ChangeKind.SET_PRICE, line_id=third.line_id, terms=Terms(unit_price=Decimal("11.75")), **common),
            Change(
                "f", *place, kind=ChangeKind.SET_QUANTITY, line_id=third.line_id, shifts=(rise,), before=third.quantity, after=rise.after, **common
            ),
        ]
        for step in psa.steps_for(head, changes, "plan"):
            send(psa, step)
    return requests


def bodies(sent: list[Request], ending: str, method: str = "POST") -> list[Any]:
    return [request.json() for request in sent if request.method == method and request.path.endswith(ending)]


def test_every_query_of_the_adapter_fits(sent: list[Request]) -> None:
    queries = bodies(sent, "/query")
    assert len(queries) > 10
    for query in queries:
        check(schemas.QUERY, query)


def test_every_write_of_the_adapter_fits(sent: list[Request]) -> None:
    services, adjustments = bodies(sent, "/Services"), bodies(sent, "/ServiceAdjustments")
    assert (len(services), len(adjustments)) == (1, 4)
    check(schemas.SERVICE_POST, services[0])
    updates = bodies(sent, "/Services", "PATCH")
    assert len(updates) == 2
    for update in updates:
        check(schemas.SERVICE_PATCH, update)
    for adjustment in adjustments:
        check(schemas.ADJUSTMENT_POST, adjustment)


@pytest.fixture(scope="module")
def vendor() -> Mapping[str, Any]:
    """The vendor's own description, which is not part of the project."""
    if not VENDOR.exists():
        pytest.skip("the vendor's description is not at hand")
    described: Mapping[str, Any] = json.loads(Path(VENDOR).read_text(encoding="utf-8-sig"))
    return described


def misfits(described: Mapping[str, Any], model: str, value: Mapping[str, Any]) -> Iterator[str]:
    """The members that the vendor's model does not have, or has with another type; it writes names with a capital."""
    properties = {name.lower(): kind for name, kind in described["definitions"][model]["properties"].items()}
    for name, each in value.items():
        kind = properties.get(name.lower())
        if kind is None or (each is not None and not isinstance(each, TYPES.get(kind.get("type"), object))):  # type: ignore[arg-type]  # a type or a tuple of types
            yield name


@pytest.mark.parametrize("entity", MODELS)
def test_records_have_the_vendors_members_and_types(vendor: Mapping[str, Any], psa: Psa, entity: str) -> None:
    for item in psa.query(entity).json()["items"]:
        assert list(misfits(vendor, MODELS[entity], item)) == []


def test_what_the_adapter_writes_has_the_vendors_members_and_types(vendor: Mapping[str, Any], sent: list[Request]) -> None:
    for ending, model in (("/Services", "ContractServiceModel"), ("/ServiceAdjustments", "ContractServiceAdjustmentModel"), ("/query", "QueryModel")):
        for body in (*bodies(sent, ending), *bodies(sent, ending, "PATCH")):
            assert list(misfits(vendor, model, body)) == []


def test_every_address_that_the_adapter_calls_is_the_vendors(vendor: Mapping[str, Any], sent: list[Request]) -> None:
    paths = {path.lower() for path in vendor["paths"]}
    for request in sent:
        called = request.path.lower().partition("/atservicesrest")[2].replace("/contracts/1/", "/contracts/{parentid}/")
        assert called.removesuffix("/next") in paths
