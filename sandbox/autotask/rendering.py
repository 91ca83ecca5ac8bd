"""The simulated PSA's records as Autotask answers them, and what it tells about their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sandbox.autotask.ledger import Ledger
from sandbox.autotask.records import CATEGORIES, CURRENCIES, PERIODS, STATUSES, TYPES, Company, Contact, Contract, Line, Service, UnitRow

Json = dict[str, Any]


@dataclass(frozen=True)
class Entity:
    """What there is to know of an entity: its fields in answers, the longest texts, the picklists, and the path of its creates."""

    name: str
    fields: tuple[str, ...]
    lengths: Mapping[str, int] = field(default_factory=dict)
    picklists: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    creates: str = ""

    def information(self, hidden: bool) -> Json:
        """The answer of ``entityInformation``."""
        seen, made = ("None" if hidden else "All"), ("All" if self.creates else "None")
        return {
            "info": {
                "name": self.name.removesuffix("s"),
                "canCreate": bool(self.creates),
                "canDelete": False,
                "canQuery": bool(self.fields),
                "canUpdate": self.name in ("Contracts", "ContractServices", "Services", "Companies", "Contacts"),
                "userAccessForCreate": made,
                "userAccessForDelete": "None",
                "userAccessForQuery": seen if self.fields else "None",
                "userAccessForUpdate": "None",
                "hasUserDefinedFields": False,
                "supportsWebhookCallouts": False,
            }
        }

    def describe_fields(self) -> Json:
        """The answer of ``entityInformation/fields``."""
        return {"fields": [self._describe(name) for name in self.fields]}

    def _describe(self, name: str) -> Json:
        values = [
            {"value": str(number), "label": label, "isDefaultValue": False, "sortOrder": place, "isActive": True, "isSystem": False}
            for place, (number, label) in enumerate(self.picklists.get(name, {}).items())
        ]
        return {
            "name": name,
            "dataType": "string" if name in self.lengths else "integer",
            "length": self.lengths.get(name, 0),
            "isRequired": False,
            "isReadOnly": False,
            "isQueryable": True,
            "isReference": name.endswith("ID"),
            "referenceEntityType": "",
            "isPickList": bool(values),
            "picklistValues": values or None,
        }


ENTITIES = {
    each.name: each
    for each in (
        Entity("Companies", ("id", "companyName", "webAddress", "isActive", "currencyID"), {"companyName": 100, "webAddress": 255}),
        Entity("Currencies", ("id", "name", "description", "isActive", "isInternalCurrency"), {"name": 3, "description": 100}),
        Entity("Contacts", ("id", "companyID", "emailAddress", "emailAddress2", "emailAddress3", "isActive"), {"emailAddress": 254}),
        Entity(
            "Services", ("id", "name", "description", "invoiceDescription", "unitPrice", "unitCost", "isActive"), {"name": 150, "description": 400}
        ),
        Entity(
            "Contracts",
            ("id", "companyID", "contractName", "contractType", "contractPeriodType", "contractCategory", "status", "startDate", "endDate"),
            {"contractName": 100},
            {"contractType": TYPES, "contractPeriodType": PERIODS, "contractCategory": CATEGORIES, "status": STATUSES},
        ),
        Entity(
            "ContractServices",
            ("id", "contractID", "serviceID", "unitPrice", "unitCost", "internalDescription", "invoiceDescription", "quoteItemID"),
            {"internalDescription": 100, "invoiceDescription": 1000},
            creates="Contracts/Services",
        ),
        Entity(
            "ContractServiceUnits",
            ("id", "contractID", "contractServiceID", "serviceID", "startDate", "endDate", "units", "price", "approveAndPostDate"),
        ),
        Entity("Tickets", ("id", "companyID", "title", "externalID", "status", "queueID"), {"title": 255, "externalID": 50}, creates="Tickets"),
        Entity("ContractServiceAdjustments", (), creates="Contracts/ServiceAdjustments"),
    )
}


def company(record: Company) -> Json:
    """A company."""
    number = next(number for number, code in CURRENCIES.items() if code == record.currency)
    return {"id": record.id, "companyName": record.name, "webAddress": record.web_address or None, "isActive": record.active, "currencyID": number}


def currency(number: int, code: str) -> Json:
    """A currency; the site's own is the first."""
    return {"id": number, "name": code, "description": code, "isActive": True, "isInternalCurrency": number == min(CURRENCIES)}


def contact(record: Contact) -> Json:
    """A contact; its flag is a number."""
    mails = {"emailAddress": record.email, "emailAddress2": None, "emailAddress3": None}
    return {"id": record.id, "companyID": record.company_id, **mails, "isActive": int(record.active)}


def service(record: Service) -> Json:
    """A service of the catalogue."""
    texts = {"name": record.name, "description": record.description or None, "invoiceDescription": record.name}
    return {"id": record.id, **texts, "unitPrice": float(record.price), "unitCost": float(record.cost), "isActive": record.active}


def contract(record: Contract) -> Json:
    """A contract."""
    return {
        "id": record.id,
        "companyID": record.company_id,
        "contractName": record.name,
        "contractType": record.type,
        "contractPeriodType": record.period_type,
        "contractCategory": record.category,
        "status": record.status,
        "startDate": midnight(record.start),
        "endDate": midnight(record.end),
    }


def line(record: Line) -> Json:
    """A contract service: no units."""
    return {
        "id": record.id,
        "contractID": record.contract_id,
        "serviceID": record.service_id,
        "unitPrice": float(record.unit_price),
        "unitCost": float(record.unit_cost),
        "internalDescription": record.internal_description,
        "invoiceDescription": record.invoice_description,
        "quoteItemID": None,
    }


def unit_row(record: UnitRow) -> Json:
    """A row of units."""
    return {
        "id": record.id,
        "contractID": record.line.contract_id,
        "contractServiceID": record.line.id,
        "serviceID": record.line.service_id,
        "startDate": midnight(record.first),
        "endDate": midnight(record.last),
        "units": record.units,
        "price": float(record.line.unit_price * record.units),
        "approveAndPostDate": f"{record.posted_on.isoformat()}T08:00:00Z" if record.posted_on else None,
    }


def midnight(day: date) -> str:
    """A date as Autotask answers it."""
    return f"{day.isoformat()}T00:00:00Z"


def rows(ledger: Ledger, entity: str, contract_ids: set[int] | None, first: date, last: date) -> list[Json]:
    """All records of an entity by id; of services and units only those of some contracts, and of units those that touch some days."""
    match entity:
        case "Companies":
            return [company(each) for each in ledger.companies.values()]
        case "Currencies":
            return [currency(*each) for each in CURRENCIES.items()]
        case "Contacts":
            return [contact(each) for each in ledger.contacts.values()]
        case "Services":
            return [service(each) for each in ledger.services.values()]
        case "Contracts":
            return [contract(each) for each in ledger.contracts.values()]
        case "Tickets":
            return [{name: each.get(name) for name in ENTITIES["Tickets"].fields} for each in ledger.tickets.values()]
    numbers = sorted(ledger.contracts if contract_ids is None else contract_ids & ledger.contracts.keys())
    if entity == "ContractServices":
        found = [line(each) for number in numbers for each in ledger.lines_of(number)]
    else:
        found = [unit_row(each) for number in numbers for each in ledger.unit_rows(number, first, last)]
    return sorted(found, key=lambda row: int(row["id"]))
