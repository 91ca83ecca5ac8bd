"""Every kind of answer fits the vendor's published members: our own short schemas always, Halo's Swagger description where it is at hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import fastjsonschema
import pytest

from sandbox.halopsa import schemas
from sandbox.halopsa.schemas import Schema
from tests.sandbox.halopsa_psa import RECURRING, Psa
from tests.sandbox.halopsa_swagger import described, needs_swagger, swagger

LISTS = {
    "/Client": schemas.CLIENTS,
    "/Users": schemas.USERS,
    "/Item": schemas.ITEMS,
    "/SoftwareLicence": schemas.LICENCES,
    RECURRING: schemas.RECURRING_INVOICES,
}
DESCRIBED = {
    "/Client": ("clients", "Area_List"),
    "/Users": ("users", "Users_List"),
    "/Item": ("items", "Item"),
    "/SoftwareLicence": ("licences", "Licence_List"),
    RECURRING: ("invoices", "InvoiceHeader"),
}


def check(schema: Schema, value: Any) -> None:
    """Raises when ``value`` does not fit."""
    fastjsonschema.validate(schema, value)


@pytest.fixture
def psa() -> Psa:
    """A PSA with a record of every kind, and lines with every optional member."""
    psa = Psa(end=date(2027, 12, 31))
    psa.ledger.user(psa.client, "billing@contoso.example")
    psa.line(10, internal_reference="marker", external_reference="theirs", ends=date(2026, 12, 31))
    psa.line(0, licence_id=psa.ledger.licence(psa.client, "Business Premium", 7).id)
    return psa


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_as_described(psa: Psa, path: str) -> None:
    check(LISTS[path], psa.get(path, pageinate="true"))


def test_a_recurring_invoice_is_as_described_alone_and_as_the_answer_to_a_post(psa: Psa) -> None:
    check(schemas.RECURRING_INVOICE, psa.shown())
    check(schemas.RECURRING_INVOICE, psa.save(psa.shown()["lines"]).json())


def test_what_is_read_may_be_posted(psa: Psa) -> None:
    check(schemas.SAVE, [{"id": psa.invoice.id, "lines": psa.shown()["lines"]}])


def test_a_licence_record_is_as_described_alone_and_may_be_posted(psa: Psa) -> None:
    shown = psa.get("/SoftwareLicence/1", includedetails="true")
    check(schemas.LICENCE, shown)
    check(schemas.SAVE_LICENCE, [shown])
    check(schemas.LICENCE, psa.call("POST", "/SoftwareLicence", [shown]).json())


@pytest.mark.parametrize(
    "record", [{"name": "E3", "count": 1}, {"client_id": 1, "name": "E3", "count": 1.5}, {"client_id": 1, "name": "E3", "count": -1}]
)
def test_a_licence_record_that_the_schema_forbids_the_simulator_refuses(psa: Psa, record: Any) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        check(schemas.SAVE_LICENCE, [record])
    refusal = psa.call("POST", "/SoftwareLicence", [record])
    assert refusal.status == 400
    check(schemas.ERROR, refusal.json())


@pytest.mark.parametrize("lines", [[{"_itemid": 1}], [{"qty_order": -1}], [{"qty_order": 1, "item_internal_reference": "x" * 51}]])
def test_what_the_schema_forbids_the_simulator_refuses_with_a_described_error(psa: Psa, lines: Any) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        check(schemas.SAVE, [{"id": psa.invoice.id, "lines": lines}])
    refusal = psa.save(lines)
    assert refusal.status == 400
    check(schemas.ERROR, refusal.json())


def test_sign_in_and_errors_are_as_described(psa: Psa) -> None:
    check(schemas.AUTH_INFO, psa.get("/authinfo"))
    check(schemas.TOKEN, psa.ask_token().json())
    check(schemas.TOKEN_ERROR, psa.ask_token(client_secret="wrong").json())
    check(schemas.ERROR, psa.get("/Nothing"))
    psa.simulator.limits.calls = 0
    check(schemas.ERROR, psa.get(RECURRING))


@needs_swagger
@pytest.mark.parametrize("path", DESCRIBED)
def test_every_member_is_in_the_vendors_own_description_with_its_type(psa: Psa, path: str) -> None:
    plural, name = DESCRIBED[path]
    query = {"includelines": "true"} if path == RECURRING else {}
    for row in psa.get(path, pageinate="true", **query)[plural]:
        check(described(name), row)


@needs_swagger
def test_every_parameter_is_in_the_vendors_own_description() -> None:
    for path, mine in {RECURRING: {"includelines", "client_id"}, "/Client": {"includeactive", "includeinactive"}, "/Item": {"includeactive"}}.items():
        parameters = {each["name"] for each in swagger()["paths"][path]["get"]["parameters"]}
        assert mine | {"pageinate", "page_size", "page_no", "order"} <= parameters
