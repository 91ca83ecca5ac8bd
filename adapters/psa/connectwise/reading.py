"""ConnectWise's records as our model. Pure; members we do not know are passed over, and none is trusted to be there.

A line that cannot be read whole is an error: without one of its lines an agreement would be billed wrongly. An agreement that
cannot be read whole is shown with what is missing, and without the facts that planning needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from adapters.psa.connectwise.settings import CancelledDate, ConnectWiseSettings, NextInvoiceDate
from adapters.psa.domains import mail_domain, website_domain
from adapters.psa.records import Record, amount, day, identifier, member, text
from sync_core.billing.periods import period_of
from sync_core.model.agreements import Agreement, AgreementStatus, Charge, Company, Line, Product

AGREEMENT_FIELDS = (
    "id,name,type,company,agreementStatus,cancelledFlag,startDate,endDate,noEndingDateFlag,billingCycle,invoicingCycle,"
    "periodType,billStartDate,nextInvoiceDate,prorateFlag,currency,parentAgreement"
)
LINE_FIELDS = (
    "id,product,quantity,lessIncluded,unitPrice,unitCost,billCustomer,effectiveDate,cancelledDate,serialNumber,invoiceDescription,"
    "taxableFlag,invoiceGrouping,_info"
)
COMPANY_FIELDS = "id,name,website"
CONTACT_FIELDS = "id,company,communicationItems"
PRODUCT_FIELDS = "id,identifier,description,customerDescription,price,cost,inactiveFlag,productClass"

LONGEST_TEXT = 6000
"""Characters that ``invoiceDescription`` takes (ConnectWise OpenAPI description)."""

ONE_DAY = timedelta(days=1)
UNKNOWN_START = date(1970, 1, 1)

_CHARGES = {"Billable": Charge.BILLABLE, "DoNotBill": Charge.DO_NOT_BILL, "NoCharge": Charge.NO_CHARGE}
BILL_CUSTOMER = {charge: name for name, charge in _CHARGES.items()}
_CYCLES = {"monthly": 1, "bimonthly": 2, "quarterly": 3, "semiannual": 6, "semiannually": 6, "yearly": 12, "annual": 12, "annually": 12}


def agreement(record: Record, settings: ConnectWiseSettings) -> Agreement:
    """The head of an agreement; raises ``ValueError`` when it has no id or company, or a date that is none.

    Unverified: that periods count from 1 January where the invoicing cycle is CalendarYear, and from the bill start otherwise;
    and what a billing cycle's name says about its length, which ``billing_cycles`` of the settings can correct.
    """
    start = day(record, "startDate")
    anchor = day(record, "billStartDate") or start or UNKNOWN_START
    cycle = text(record, "billingCycle/name")
    head = Agreement(
        connection=settings.name,
        agreement_id=identifier(record, "id"),
        company_id=identifier(record, "company/id"),
        name=text(record, "name"),
        type_name=text(record, "type/name"),
        status=_status(record),
        start=start or UNKNOWN_START,
        end=None if member(record, "noEndingDateFlag") is True else day(record, "endDate"),
        period_months=_months(cycle, settings),
        anchor=date(anchor.year, 1, 1) if text(record, "invoicingCycle") == "CalendarYear" else anchor,
        next_invoice=None,
        prorates=member(record, "prorateFlag") is True,
        currency=text(record, "currency/currencyCode") or settings.currency,
        cycle=cycle,
        parent_id=text(record, "parentAgreement/id") or None,
        abilities=settings.abilities,
        text_limit=LONGEST_TEXT,
    )
    return replace(head, next_invoice=_first_open_day(head, record, settings.next_invoice_date)) if start else head


def line(record: Record, cancelled: CancelledDate) -> Line:
    """An addition; raises ``ValueError`` when it cannot be read whole. Its quantity is the same on every day of its life."""
    bill_customer = text(record, "billCustomer")
    if bill_customer not in _CHARGES:
        raise ValueError(f"billCustomer is '{bill_customer}'")
    starts, ends = day(record, "effectiveDate"), day(record, "cancelledDate")
    never_billed = ends is not None and ends == starts and not amount(record, "quantity")  # how a line ends that has not begun
    return Line(
        line_id=identifier(record, "id"),
        product_id=identifier(record, "product/id"),
        product=text(record, "product/identifier"),
        quantity=amount(record, "quantity"),
        unit_price=amount(record, "unitPrice", Decimal(0)),
        included=amount(record, "lessIncluded", Decimal(0)),
        charge=_CHARGES[bill_customer],
        starts=starts,
        ends=ends - ONE_DAY if ends and (never_billed or cancelled is CancelledDate.EXCLUSIVE) else ends,
        text=text(record, "invoiceDescription"),
        marker=text(record, "serialNumber"),
        edited_by=text(record, "_info/updatedBy"),
        edited_at=text(record, "_info/lastUpdated"),
        unit_cost=None if member(record, "unitCost") is None else amount(record, "unitCost"),
        taxable=flag if isinstance(flag := member(record, "taxableFlag"), bool) else None,
        grouping=text(record, "invoiceGrouping/id"),
    )


def product(record: Record) -> Product:
    """A product of the catalog; raises ``ValueError`` when it has no id, identifier or price."""
    return Product(
        product_id=identifier(record, "id"),
        identifier=identifier(record, "identifier"),
        name=text(record, "description"),
        price=amount(record, "price", Decimal(0)),
        active=member(record, "inactiveFlag") is not True,
        cost=None if member(record, "cost") is None else amount(record, "cost"),
        text=text(record, "customerDescription"),
    )


def companies(records: Iterable[Record], contacts: Iterable[Record]) -> list[Company]:
    """The companies with the domains of their websites and of their contacts' e-mail addresses; of a contact nothing else is kept."""
    by_company: dict[str, set[str]] = {}
    for contact in contacts:
        by_company.setdefault(text(contact, "company/id"), set()).update(_mail_domains(contact))
    found = []
    for record in records:
        company_id = identifier(record, "id")
        domains = by_company.get(company_id, set()) | website_domain(text(record, "website"))
        found.append(Company(company_id, text(record, "name"), frozenset(domains)))
    return found


def _status(record: Record) -> AgreementStatus:
    if member(record, "cancelledFlag") is True:
        return AgreementStatus.CANCELLED
    status = text(record, "agreementStatus").lower()
    return AgreementStatus(status) if status in set(AgreementStatus) else AgreementStatus.INACTIVE


def _months(cycle: str, settings: ConnectWiseSettings) -> int:
    """The length of a billing cycle in months, by its name; 0 when that is not known."""
    plain = "".join(character for character in cycle.casefold() if character.isalpha())
    return settings.billing_cycles.get(cycle.casefold(), _CYCLES.get(plain, 0))


def _first_open_day(head: Agreement, record: Record, reading: NextInvoiceDate) -> date | None:
    """The start of the first period that no invoice covers yet, as far as the next invoice's date and period type say."""
    dated = day(record, "nextInvoiceDate")
    if dated is None or head.period_months <= 0:
        return None
    period = period_of(head, dated)
    period_type = text(record, "periodType")
    match reading:
        case NextInvoiceDate.CONTAINING:
            return period.first
        case NextInvoiceDate.FOLLOWING:
            return period.last + ONE_DAY
    if dated != period.first:
        return None
    return {"Current": period.first, "Undefined": period.first, "": period.first, "Future": period.last + ONE_DAY}.get(period_type)


def _mail_domains(contact: Record) -> set[str]:
    items = member(contact, "communicationItems")
    mails = [text(item, "value") for item in items if text(item, "communicationType") == "Email"] if isinstance(items, list) else []
    return {domain for mail in mails for domain in mail_domain(mail)}
