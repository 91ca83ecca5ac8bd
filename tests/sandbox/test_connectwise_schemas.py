"""Every kind of answer, and every request that is accepted, fits the vendor's published field lists."""

from datetime import date
from typing import Any

import fastjsonschema
import pytest

from sandbox.connectwise import schemas
from sandbox.connectwise.schemas import Schema
from sandbox.web import Request
from tests.sandbox.connectwise_psa import AGREEMENTS, LINES, Psa

COLLECTIONS = {
    "/company/companies": schemas.COMPANY,
    "/company/contacts": schemas.CONTACT,
    "/procurement/catalog": schemas.PRODUCT,
    "/finance/agreements/types": schemas.AGREEMENT_TYPE,
    "/finance/agreements": schemas.AGREEMENT,
    "/finance/invoices": schemas.INVOICE,
    LINES: schemas.ADDITION,
}
FULL_LINE: dict[str, Any] = {
    "product": {"id": 1},
    "billCustomer": "Billable",
    "quantity": 2.5,
    "lessIncluded": 1,
    "unitPrice": 12.34,
    "unitCost": 10,
    "effectiveDate": "2026-03-17T00:00:00Z",
    "cancelledDate": "2026-03-31T00:00:00Z",
    "taxableFlag": True,
    "purchaseItemFlag": False,
    "specialOrderFlag": False,
    "serialNumber": "M365:1",
    "invoiceDescription": "Business Premium",
    "sequenceNumber": 1.5,
    "prorateCurrentPeriodFlag": False,
    "opportunity": {"id": 3},
    "invoiceGrouping": {"id": 4},
    "customFields": [{"id": 1, "caption": "Source", "value": 2.5}],
}


def check(schema: Schema, value: Any) -> None:
    """Raises when ``value`` does not fit."""
    fastjsonschema.validate(schema, value)


@pytest.fixture
def psa() -> Psa:
    """A PSA with a record of every kind, and an agreement with every optional field."""
    psa = Psa(prorate=True)
    contact = psa.ledger.contact(psa.company, "billing@contoso.example")
    psa.line(10)
    psa.ledger.run_invoices(date(2026, 4, 1))
    psa.ledger.agreement(psa.company, "Child", date(2026, 1, 1), parent_id=1, contact_id=contact.id, end=date(2026, 12, 31))
    return psa


@pytest.mark.parametrize("path", COLLECTIONS)
def test_records_fit_in_lists_and_alone(psa: Psa, path: str) -> None:
    rows = psa.get(path)
    assert rows
    for row in rows:
        check(COLLECTIONS[path], row)
        check(COLLECTIONS[path], psa.get(f"{path}/{row['id']}"))


def test_a_full_line_is_accepted_and_answered_as_described(psa: Psa) -> None:
    check(schemas.ADDITION_POST, FULL_LINE)
    line = psa.post(**FULL_LINE).json()
    check(schemas.ADDITION, line)
    assert {name: line[name] for name in FULL_LINE if name != "product"} == {name: value for name, value in FULL_LINE.items() if name != "product"}


@pytest.mark.parametrize("path", [name for name in FULL_LINE if name != "product"])
def test_every_writable_field_can_be_patched(psa: Psa, path: str) -> None:
    check(schemas.ADDITION_PATCH, [{"op": "replace", "path": path, "value": FULL_LINE[path]}])
    answer = psa.patch(1, **{path: FULL_LINE[path]})
    assert answer.status == 200
    check(schemas.ADDITION, answer.json())


@pytest.mark.parametrize("body", [{}, {**FULL_LINE, "poNumber": "1"}, {**FULL_LINE, "extPrice": 1}, {**FULL_LINE, "serialNumber": "x" * 51}])
def test_what_the_schema_forbids_the_simulator_refuses_with_a_described_error(psa: Psa, body: dict[str, Any]) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        check(schemas.ADDITION_POST, body)
    refusal = psa.call("POST", LINES, body)
    assert refusal.status == 400
    check(schemas.ERROR, refusal.json())


def test_discovery_and_errors_are_as_described(psa: Psa) -> None:
    check(schemas.COMPANY_INFO, psa.simulator(Request("GET", "/login/companyinfo/contoso")).json())
    check(schemas.ERROR, psa.get("/nothing"))
    check(schemas.ERROR, psa.get(AGREEMENTS, headers={"authorization": ""}))
    check(schemas.ERROR, psa.get(AGREEMENTS, conditions="nothing = 1"))
    psa.simulator.limits.calls = 0
    check(schemas.THROTTLED, psa.get(AGREEMENTS))
