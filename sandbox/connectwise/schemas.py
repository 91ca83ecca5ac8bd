"""The wire format of ConnectWise PSA as JSON Schemas, written from the published field lists and not from the simulator's code.

The simulator's answers are checked against them, and any client's requests can be: ``ADDITION_POST`` and ``ADDITION_PATCH``
are what may be sent. Answers may hold members that are not listed, as the vendor's newer versions do.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": required.split()}


def _text(longest: int) -> Schema:
    return {"type": ["string", "null"], "maxLength": longest}


_INTEGER: Schema = {"type": "integer", "minimum": 1}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_NO_DATE: Schema = {**_DATE, "type": ["string", "null"]}
_REFERENCE = _object("id", id=_INTEGER)
_NO_REFERENCE: Schema = {**_REFERENCE, "type": ["object", "null"]}
_COMPANY_REFERENCE = _object("id identifier name", id=_INTEGER, identifier=_text(25), name=_text(50))
_BILL_CUSTOMER: Schema = {"enum": ["Billable", "DoNotBill", "NoCharge"]}
_CUSTOM_FIELDS: Schema = {"type": "array", "items": _object("id", id=_INTEGER)}
_INFO = _object("lastUpdated updatedBy", lastUpdated=_DATE, updatedBy={"type": "string"})

COMPANY_INFO = _object(
    "CompanyName Codebase VersionCode VersionNumber CompanyID IsCloud",
    Codebase={"type": "string", "pattern": "^[^/]+/$"},
    IsCloud={"enum": ["True", "False"]},
)
COMPANY = _object(
    "id identifier name deletedFlag status _info",
    id=_INTEGER,
    identifier=_text(25),
    name=_text(50),
    website={"type": ["string", "null"]},
    deletedFlag=_FLAG,
    _info=_INFO,
)
CONTACT = _object(
    "id firstName lastName company communicationItems _info",
    id=_INTEGER,
    company=_COMPANY_REFERENCE,
    inactiveFlag=_FLAG,
    communicationItems={
        "type": "array",
        "items": _object(
            "id type value communicationType", id=_INTEGER, type=_REFERENCE, value=_text(250), communicationType={"enum": ["Email", "Fax", "Phone"]}
        ),
    },
    _info=_INFO,
)
AGREEMENT_TYPE = _object("id name inactiveFlag prorateFlag", id=_INTEGER, name=_text(50), inactiveFlag=_FLAG, prorateFlag=_FLAG)
PRODUCT = _object(
    "id identifier description customerDescription productClass price cost",
    id=_INTEGER,
    identifier=_text(60),
    description=_text(60),
    customerDescription=_text(6000),
    productClass={"enum": ["Agreement", "Bundle", "Inventory", "NonInventory", "Service"]},
    price=_NUMBER,
    cost=_NUMBER,
    inactiveFlag=_FLAG,
    taxableFlag=_FLAG,
)
AGREEMENT = _object(
    "id name type company startDate agreementStatus cancelledFlag billingCycle periodType nextInvoiceDate prorateFlag currency _info",
    id=_INTEGER,
    name=_text(100),
    type=_object("id name", id=_INTEGER, name=_text(50)),
    company=_COMPANY_REFERENCE,
    parentAgreement=_NO_REFERENCE,
    startDate=_DATE,
    endDate=_NO_DATE,
    noEndingDateFlag=_FLAG,
    cancelledFlag=_FLAG,
    dateCancelled=_NO_DATE,
    agreementStatus={"enum": ["Active", "Cancelled", "Expired", "Inactive"]},
    billingCycle=_REFERENCE,
    invoicingCycle={"enum": ["ContractYear", "CalendarYear"]},
    periodType={"enum": ["Current", "Future", "Both", "Undefined"]},
    billStartDate=_NO_DATE,
    nextInvoiceDate={"type": "string"},
    prorateFlag=_FLAG,
    currency=_REFERENCE,
    _info=_INFO,
)
INVOICE = _object(
    "id invoiceNumber type applyToType applyToId date total company",
    id=_INTEGER,
    type={"enum": ["Agreement", "CreditMemo", "DownPayment", "Miscellaneous", "Progress", "Standard"]},
    applyToId=_INTEGER,
    date=_DATE,
    total=_NUMBER,
    company=_COMPANY_REFERENCE,
    _info=_INFO,
)

_WRITABLE: dict[str, Schema] = {
    "quantity": _NUMBER,
    "lessIncluded": _NUMBER,
    "unitPrice": _NUMBER,
    "unitCost": _NUMBER,
    "billCustomer": _BILL_CUSTOMER,
    "effectiveDate": _DATE,
    "cancelledDate": _NO_DATE,
    "taxableFlag": _FLAG,
    "purchaseItemFlag": _FLAG,
    "specialOrderFlag": _FLAG,
    "serialNumber": _text(50),
    "invoiceDescription": _text(6000),
    "sequenceNumber": _NUMBER,
    "prorateCurrentPeriodFlag": _FLAG,
    "opportunity": _NO_REFERENCE,
    "invoiceGrouping": _NO_REFERENCE,
    "customFields": _CUSTOM_FIELDS,
}
_COMPUTED: dict[str, Schema] = {
    "agreementId": _INTEGER,
    "description": _text(60),
    "uom": {"type": ["string", "null"]},
    "agreementStatus": {"enum": ["Active", "Cancelled", "Expired", "Inactive"]},
    "_info": _INFO,
    **dict.fromkeys("billedQuantity extPrice extCost margin prorateCost proratePrice extendedProrateCost extendedProratePrice".split(), _NUMBER),  # noqa: SIM905 - read as a list of words
}
ADDITION: Schema = {
    "type": "object",
    "properties": {"id": _INTEGER, "product": _object("id identifier", id=_INTEGER, identifier=_text(60)), **_WRITABLE, **_COMPUTED},
    "required": ["id", "product", *_WRITABLE, *_COMPUTED],
}
ADDITION_POST: Schema = {
    "type": "object",
    "properties": {"product": {"type": "object", "minProperties": 1, "maxProperties": 1}, **_WRITABLE},
    "required": ["product", "billCustomer"],
    "additionalProperties": False,
}
ADDITION_PATCH: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {"op": {"enum": ["add", "replace", "remove"]}, "path": {"enum": [*_WRITABLE]}, "value": {}},
        "required": ["op", "path"],
        "additionalProperties": False,
    },
}
ERROR = _object(
    "code message errors",
    code={"type": "string"},
    message={"type": "string"},
    errors={"type": ["array", "null"], "items": _object("code message resource field")},
)
THROTTLED: Schema = {**_object("error message", error={"const": "ConnectWiseAPI"}), "not": {"required": ["code"]}}
COUNT = _object("count", count={"type": "integer", "minimum": 0})

BUNDLE: Schema = {
    **_object(
        "requests",
        requests={
            "type": "array",
            "minItems": 1,
            "items": {
                **_object(
                    "version sequenceNumber resourceType apiRequest",
                    version={"type": "string", "pattern": r"^\d{4}\.\d+$"},
                    sequenceNumber=_INTEGER,
                    resourceType={"type": "string", "minLength": 1},
                    apiRequest={
                        **_object(
                            "parentId filters page fields",
                            parentId=_INTEGER,
                            filters=_object("conditions", conditions={"type": "string"}),
                            page=_object("page pageSize", page=_INTEGER, pageSize={"type": "integer", "minimum": 1, "maximum": 1000}),
                            fields={"type": "string"},
                        ),
                        "additionalProperties": False,
                    },
                ),
                "additionalProperties": False,
            },
        },
    ),
    "additionalProperties": False,
}
"""Bundled requests, in the form that the vendor's page shows."""
BUNDLE_ANSWER = _object(
    "results",
    results={
        "type": "array",
        "items": _object(
            "sequenceNumber resourceType entities count success statusCode error",
            sequenceNumber=_INTEGER,
            entities={"type": ["array", "null"], "items": _object("id", id=_INTEGER)},
            count={"type": "integer", "minimum": 0},
            success=_FLAG,
            statusCode={"type": "integer"},
        ),
    },
)

_NAMED: Schema = {"type": "object", "properties": {"id": _INTEGER, "name": _text(50)}, "minProperties": 1, "additionalProperties": False}
_TICKET: dict[str, Schema] = {
    "summary": {**_text(100), "type": "string", "minLength": 1},
    "externalXRef": _text(100),
    "initialDescription": {"type": "string"},
}
_TICKET |= dict.fromkeys(("board", "status", "priority", "type"), _NAMED)
TICKET = _object("id summary company", id=_INTEGER, company=_COMPANY_REFERENCE, **_TICKET)
TICKET_POST: Schema = {**_object("summary company board", company=_NAMED, **_TICKET), "additionalProperties": False}
"""A ticket and its note. Unverified, like all that the adapter knows of the service desk."""
_NOTE: dict[str, Schema] = {"text": {"type": "string", "minLength": 1}}
_NOTE |= dict.fromkeys(("detailDescriptionFlag", "internalAnalysisFlag", "resolutionFlag"), _FLAG)
NOTE = _object("id ticketId text", id=_INTEGER, ticketId=_INTEGER, **_NOTE)
NOTE_POST: Schema = {**_object("text", **_NOTE), "additionalProperties": False}
