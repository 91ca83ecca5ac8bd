"""Records as the answers show them, and which of their fields may be filtered, ordered and chosen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sandbox.connectwise.billing import first_period_price
from sandbox.connectwise.conditions import kinds
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.listing import Listing
from sandbox.connectwise.records import Addition, Agreement, AgreementType, Company, Contact, Invoice, Product, Stamp

Json = dict[str, Any]

_INFO = kinds(text="_info/updatedBy _info/enteredBy", date="_info/lastUpdated _info/dateEntered")

COMPANIES = Listing(
    kinds(number="id status/id", text="identifier name status/name website accountNumber", flag="deletedFlag") | _INFO,
    frozenset({"customFields"}),
)
CONTACTS = Listing(
    kinds(number="id company/id", text="firstName lastName company/identifier company/name", flag="inactiveFlag defaultFlag") | _INFO,
    frozenset({"communicationItems", "customFields"}),
    "communicationItems",
    kinds(
        number="communicationItems/id",
        text="communicationItems/value communicationItems/communicationType communicationItems/type/name",
        flag="communicationItems/defaultFlag",
    ),
)
AGREEMENT_TYPES = Listing(kinds(number="id", text="name", flag="inactiveFlag prorateFlag") | _INFO)
AGREEMENTS = Listing(
    kinds(
        number="id type/id company/id contact/id parentAgreement/id billingCycle/id currency/id billAmount",
        text="name type/name company/identifier company/name contact/name parentAgreement/name agreementStatus billingCycle/name "
        "invoicingCycle periodType currency/currencyCode reasonCancelled customerPO",
        flag="noEndingDateFlag cancelledFlag prorateFlag taxable autoInvoiceFlag",
        date="startDate endDate dateCancelled billStartDate nextInvoiceDate",
    )
    | _INFO,
    frozenset({"customFields"}),
)
ADDITIONS = Listing(
    kinds(
        number="id product/id agreementId quantity lessIncluded unitPrice unitCost sequenceNumber billedQuantity extPrice extCost margin prorateCost "
        "proratePrice extendedProrateCost extendedProratePrice opportunity/id invoiceGrouping/id",
        text="product/identifier billCustomer serialNumber invoiceDescription description uom agreementStatus",
        flag="product/serializedFlag taxableFlag purchaseItemFlag specialOrderFlag prorateCurrentPeriodFlag",
        date="effectiveDate cancelledDate",
    )
    | _INFO,
    frozenset({"customFields"}),
)
PRODUCTS = Listing(
    kinds(
        number="id price cost unitOfMeasure/id",
        text="identifier description customerDescription productClass unitOfMeasure/name vendorSku",
        flag="taxableFlag inactiveFlag serializedFlag recurringFlag",
    )
    | _INFO,
    frozenset({"customFields"}),
)
INVOICES = Listing(
    kinds(
        number="id agreement/id company/id applyToId total currency/id",
        text="invoiceNumber type applyToType agreement/name company/identifier company/name status/name currency/currencyCode",
        date="date",
    )
    | _INFO
)


def company(record: Company) -> Json:
    """A company as ``/company/companies`` answers it."""
    return {
        "id": record.id,
        "identifier": record.identifier,
        "name": record.name,
        "status": {"id": 1 if record.status == "Active" else 2, "name": record.status},
        "website": record.website,
        "accountNumber": record.account_number,
        "deletedFlag": record.deleted,
        "customFields": [],
        "_info": _info(record.stamp),
    }


def contact(ledger: Ledger, record: Contact) -> Json:
    """A contact as ``/company/contacts`` answers it."""
    return {
        "id": record.id,
        "firstName": record.first_name,
        "lastName": record.last_name,
        "company": _company_reference(ledger, record.company_id),
        "inactiveFlag": record.inactive,
        "defaultFlag": record.default,
        "communicationItems": [
            {
                "id": item.id,
                "type": {"id": 1, "name": item.type},
                "value": item.value,
                "defaultFlag": item.default,
                "communicationType": item.type,
                "domain": item.value.partition("@")[2] or None,
            }
            for item in record.communications
        ],
        "customFields": [],
        "_info": _info(record.stamp),
    }


def agreement_type(record: AgreementType) -> Json:
    """An agreement type as ``/finance/agreements/types`` answers it."""
    return {"id": record.id, "name": record.name, "inactiveFlag": record.inactive, "prorateFlag": record.prorate, "_info": _info(record.stamp)}


def product(record: Product) -> Json:
    """A product as ``/procurement/catalog`` answers it."""
    return {
        "id": record.id,
        "identifier": record.identifier,
        "description": record.description,
        "customerDescription": record.customer_description,
        "productClass": record.product_class,
        "unitOfMeasure": {"id": 1, "name": record.unit_of_measure},
        "price": number(record.price),
        "cost": number(record.cost),
        "taxableFlag": record.taxable,
        "inactiveFlag": record.inactive,
        "serializedFlag": record.serialized,
        "recurringFlag": True,
        "vendorSku": record.vendor_sku,
        "customFields": [],
        "_info": _info(record.stamp),
    }


def agreement(ledger: Ledger, record: Agreement) -> Json:
    """An agreement as ``/finance/agreements`` answers it."""
    parent = ledger.agreements.get(record.parent_id or 0)
    contact = ledger.contacts.get(record.contact_id or 0)
    return {
        "id": record.id,
        "name": record.name,
        "type": {"id": record.type_id, "name": ledger.agreement_types[record.type_id].name},
        "company": _company_reference(ledger, record.company_id),
        "contact": contact and {"id": contact.id, "name": f"{contact.first_name} {contact.last_name}"},
        "parentAgreement": parent and {"id": parent.id, "name": parent.name},
        "startDate": day(record.start),
        "endDate": day(record.end),
        "noEndingDateFlag": record.end is None,
        "cancelledFlag": record.cancelled,
        "dateCancelled": day(record.cancelled_on),
        "reasonCancelled": None,
        "agreementStatus": record.status(ledger.today),
        "billingCycle": {"id": record.cycle.months, "name": record.cycle},
        "invoicingCycle": record.invoicing_cycle,
        "periodType": record.period_type,
        "billStartDate": day(record.first_day),
        "nextInvoiceDate": day(record.next_invoice),
        "prorateFlag": record.prorate,
        "billAmount": 0,
        "taxable": True,
        "autoInvoiceFlag": False,
        "customerPO": None,
        "currency": _currency(record.currency),
        "customFields": [],
        "_info": _info(record.stamp),
    }


def addition(ledger: Ledger, record: Addition) -> Json:
    """An addition with its computed fields.

    Unverified: that ``extPrice`` leaves the included units out; it is the unit price x ``billedQuantity`` here.
    """
    above, item = ledger.agreements[record.agreement_id], ledger.products[record.product_id]
    price, cost = record.unit_price * record.billed_quantity, record.unit_cost * record.billed_quantity
    return {
        "id": record.id,
        "product": {"id": item.id, "identifier": item.identifier, "serializedFlag": item.serialized},
        "quantity": number(record.quantity),
        "lessIncluded": number(record.less_included),
        "unitPrice": number(record.unit_price),
        "unitCost": number(record.unit_cost),
        "billCustomer": record.bill_customer,
        "effectiveDate": day(record.effective),
        "cancelledDate": day(record.cancelled),
        "taxableFlag": record.taxable,
        "serialNumber": record.serial_number,
        "invoiceDescription": record.invoice_description,
        "purchaseItemFlag": record.purchase_item,
        "specialOrderFlag": record.special_order,
        "agreementId": record.agreement_id,
        "description": item.description,
        "billedQuantity": number(record.billed_quantity),
        "uom": item.unit_of_measure,
        "extPrice": number(price),
        "extCost": number(cost),
        "sequenceNumber": number(record.sequence_number),
        "margin": number(price - cost),
        "prorateCost": number(first_period_price(above, record, record.unit_cost)),
        "proratePrice": number(first_period_price(above, record, record.unit_price)),
        "extendedProrateCost": number(first_period_price(above, record, cost)),
        "extendedProratePrice": number(first_period_price(above, record, price)),
        "prorateCurrentPeriodFlag": record.prorate_current_period,
        "opportunity": record.opportunity_id and {"id": record.opportunity_id},
        "invoiceGrouping": record.invoice_grouping_id and {"id": record.invoice_grouping_id},
        "agreementStatus": record.status(above, ledger.today),
        "customFields": list(record.custom_fields),
        "_info": _info(record.stamp),
    }


def invoice(ledger: Ledger, record: Invoice) -> Json:
    """An agreement invoice as ``/finance/invoices`` answers it: without lines, as the vendor's."""
    above = {"id": record.agreement_id, "name": ledger.agreements[record.agreement_id].name}
    return {
        "id": record.id,
        "invoiceNumber": f"{record.id:06}",
        "type": "Agreement",
        "applyToType": "Agreement",
        "applyToId": record.agreement_id,
        "agreement": above,
        "company": _company_reference(ledger, record.company_id),
        "status": {"id": 1, "name": "New"},
        "date": day(record.dated),
        "total": number(record.total),
        "currency": _currency(record.currency),
        "_info": _info(record.stamp) if record.stamp else None,
    }


def number(value: Decimal) -> int | float:
    """A decimal as the JSON number that the vendor's doubles become."""
    return int(value) if value == value.to_integral_value() else float(value)


def day(value: date | None) -> str | None:
    """A PSA date, which travels as midnight UTC."""
    return f"{value.isoformat()}T00:00:00Z" if value else None


def _info(stamp: Stamp) -> Json:
    return {
        "lastUpdated": _second(stamp.updated_at),
        "updatedBy": stamp.updated_by,
        "dateEntered": _second(stamp.entered_at),
        "enteredBy": stamp.entered_by,
    }


@cache
def _second(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _company_reference(ledger: Ledger, company_id: int) -> Json:
    record = ledger.companies[company_id]
    return {"id": record.id, "identifier": record.identifier, "name": record.name}


def _currency(code: str) -> Json:
    return {"id": int.from_bytes(code.encode()), "currencyCode": code, "name": code}
