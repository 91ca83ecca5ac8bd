"""The wire format of Autotask as JSON Schemas, written from the published field lists and not from the simulator's code.

Answers may hold members that are not listed, as the vendor's newer versions do; requests may not.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": required.split()}


def _text(longest: int) -> Schema:
    return {"type": ["string", "null"], "maxLength": longest}


_ID: Schema = {"type": "integer", "minimum": 1}
_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_URL: Schema = {"type": ["string", "null"]}
_DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$"}
_NO_DATE: Schema = {**_DATE, "type": ["string", "null"]}

ZONE = _object("zoneName url webUrl ci", zoneName={"type": "string"}, url={"type": "string", "pattern": "/ATServicesRest/$"}, ci=_INTEGER)
THRESHOLD = _object(
    "externalRequestThreshold requestThresholdTimeframe currentTimeframeRequestCount",
    externalRequestThreshold=_INTEGER,
    requestThresholdTimeframe=_INTEGER,
    currentTimeframeRequestCount=_INTEGER,
)
ENTITY_INFORMATION = _object(
    "info",
    info=_object("name canCreate canQuery userAccessForCreate userAccessForQuery", canCreate=_FLAG, canQuery=_FLAG, userAccessForQuery=_text(20)),
)
FIELDS = _object(
    "fields",
    fields={
        "type": "array",
        "items": _object(
            "name dataType length isPickList picklistValues",
            isPickList=_FLAG,
            picklistValues={"type": ["array", "null"], "items": _object("value label", value={"type": "string"}, label={"type": "string"})},
        ),
    },
)
COMPANIES = _object("id companyName isActive", id=_ID, companyName=_text(100), webAddress=_text(255), isActive=_FLAG, currencyID=_ID)
CURRENCIES = _object("id name isInternalCurrency", id=_ID, name=_text(3), description=_text(100), isActive=_FLAG, isInternalCurrency=_FLAG)
_EMAIL = _text(254)
CONTACTS = _object("id companyID", id=_ID, companyID=_ID, emailAddress=_EMAIL, emailAddress2=_EMAIL, emailAddress3=_EMAIL, isActive=_INTEGER)
SERVICES = _object(
    "id name isActive",
    id=_ID,
    name=_text(150),
    description=_text(400),
    invoiceDescription=_text(1000),
    unitPrice=_NUMBER,
    unitCost={"type": ["number", "null"]},
    isActive=_FLAG,
)
CONTRACTS = _object(
    "id companyID contractName contractType contractPeriodType status startDate endDate",
    id=_ID,
    companyID=_ID,
    contractName=_text(100),
    contractType=_INTEGER,
    contractPeriodType=_INTEGER,
    contractCategory=_INTEGER,
    status=_INTEGER,
    startDate=_DATE,
    endDate=_DATE,
)
CONTRACT_SERVICES = _object(
    "id contractID serviceID",
    id=_ID,
    contractID=_ID,
    serviceID=_ID,
    unitPrice=_NUMBER,
    unitCost=_NUMBER,
    internalDescription=_text(100),
    invoiceDescription=_text(1000),
)
CONTRACT_SERVICE_UNITS = _object(
    "id contractID contractServiceID serviceID startDate endDate units",
    id=_ID,
    contractID=_ID,
    contractServiceID=_ID,
    serviceID=_ID,
    startDate=_DATE,
    endDate=_DATE,
    units=_INTEGER,
    price=_NUMBER,
    approveAndPostDate=_NO_DATE,
)
CREATED = _object("itemId", itemId={"type": ["integer", "null"]})
ERROR = _object("errors", errors={"type": "array", "items": {"type": "string"}, "minItems": 1})

ENTITIES: dict[str, Schema] = {
    "Companies": COMPANIES,
    "Currencies": CURRENCIES,
    "Contacts": CONTACTS,
    "Services": SERVICES,
    "Contracts": CONTRACTS,
    "ContractServices": CONTRACT_SERVICES,
    "ContractServiceUnits": CONTRACT_SERVICE_UNITS,
}

QUERY: Schema = {
    "type": "object",
    "properties": {
        "MaxRecords": {"type": "integer", "minimum": 1, "maximum": 500},
        "IncludeFields": {"type": "array", "items": {"type": "string"}, "contains": {"const": "id"}},
        "Filter": {"type": "array", "minItems": 1, "items": _object("op", op={"type": "string"})},
    },
    "required": ["MaxRecords", "IncludeFields", "Filter"],
    "additionalProperties": False,
}
SERVICE_POST: Schema = {
    "type": "object",
    "properties": {"contractID": _ID, "serviceID": _ID, "internalDescription": _text(100), "invoiceDescription": _text(1000), "unitPrice": _NUMBER},
    "required": ["contractID", "serviceID"],
    "additionalProperties": False,
}
SERVICE_PATCH: Schema = {
    "type": "object",
    "properties": {"id": _ID, "invoiceDescription": _text(1000), "internalCurrencyAdjustedPrice": _NUMBER},
    "required": ["id"],
    "minProperties": 2,
    "additionalProperties": False,
}
"""An update of a contract service: its text or its price, and nothing else can be written."""
ADJUSTMENT_POST: Schema = {
    "type": "object",
    "properties": {
        "contractID": _ID,
        "contractServiceID": _ID,
        "unitChange": {"type": "integer", "not": {"const": 0}},
        "effectiveDate": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT(06|12):00:00$"},
    },
    "required": ["contractServiceID", "unitChange", "effectiveDate"],
    "additionalProperties": False,
}
"""What a careful client sends: never without the id of the service, and noon, or six in the morning for sites far in the east."""

_TICKET: dict[str, Schema] = {
    **dict.fromkeys(("companyID", "queueID", "priority", "status", "ticketType", "source"), _INTEGER),
    "title": _text(255),
    "description": _text(8000),
    "externalID": _text(50),
    "dueDateTime": _DATE,
}
TICKET = _object("id title", id=_ID, **_TICKET)
TICKET_POST: Schema = {**_object("companyID title priority status dueDateTime queueID", **_TICKET), "additionalProperties": False}
NOTE_POST: Schema = {
    **_object("title description noteType publish", title=_text(250), description=_text(32_000), noteType=_INTEGER, publish=_INTEGER),
    "additionalProperties": False,
}


def page(items: Schema) -> Schema:
    """A page of a query."""
    details = _object("count requestCount prevPageUrl nextPageUrl", count=_INTEGER, requestCount=_INTEGER, prevPageUrl=_URL, nextPageUrl=_URL)
    return _object("items pageDetails", items={"type": "array", "items": items}, pageDetails=details)
