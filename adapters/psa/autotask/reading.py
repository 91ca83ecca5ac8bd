"""Autotask's records as our model. Pure; members we do not know are passed over, and none is trusted to be there.

    Contract of the type Recurring Service  ->  agreement
    ContractService                         ->  line; its units are in rows of their own, see ``units``

A contract service has no start, no end and no marker of its own. Those that we add carry marker and start in their internal
description, which Autotask takes on create and never changes; of all others no start is told. A line is over when it has no units left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from adapters.psa.autotask.settings import AutotaskSettings, NextInvoice
from adapters.psa.autotask.units import ONE_DAY, Holding, UnitRow
from adapters.psa.domains import mail_domain, website_domain
from adapters.psa.records import Record, amount, day, identifier, member, text
from sync_core.billing.periods import period_of
from sync_core.model.agreements import Agreement, AgreementStatus, Company, Line, Product

RECURRING_SERVICE = 7
"""``contractType`` of the contracts that bill services (Autotask developer help)."""

CONTRACT_FIELDS = ("id", "companyID", "contractName", "contractPeriodType", "contractCategory", "status", "startDate", "endDate")
LINE_FIELDS = ("id", "contractID", "serviceID", "unitPrice", "unitCost", "internalDescription", "invoiceDescription")
PRODUCT_FIELDS = ("id", "name", "description", "invoiceDescription", "unitPrice", "unitCost", "isActive")
COMPANY_FIELDS = ("id", "companyName", "webAddress")
CONTACT_FIELDS = ("id", "companyID", "emailAddress", "emailAddress2", "emailAddress3")

LONGEST_TEXT = 1000
"""Characters that ``invoiceDescription`` takes (Autotask developer help, ContractServices)."""
_ACTIVE_VALUE = "1"
"""The value of *Active* in a tenant whose labels are in another language (seen in every tenant, not documented)."""
_LATE_PERIODS = 3
"""A contract whose first open period is so many periods back is not billed by posting."""
_MONTHS = {"monthly": 1, "bimonthly": 2, "quarterly": 3, "semiannual": 6, "semiannually": 6, "yearly": 12, "annual": 12, "annually": 12}
_DESCRIPTION = re.compile(r"(?P<marker>\S.{0,49}) from (?P<starts>\d{4}-\d\d-\d\d)")


@dataclass(frozen=True)
class Labels:
    """The picklists of contracts, by value."""

    periods: Mapping[str, str]
    categories: Mapping[str, str]
    statuses: Mapping[str, str]

    @property
    def active(self) -> str:
        """The value of the status in which a contract bills."""
        return next((value for value, label in self.statuses.items() if label.casefold() == "active"), _ACTIVE_VALUE)


def labels(picklists: Mapping[str, Mapping[str, str]]) -> Labels:
    """The picklists of contracts that matter here."""
    return Labels(picklists.get("contractPeriodType", {}), picklists.get("contractCategory", {}), picklists.get("status", {}))


def contract(record: Record, names: Labels, settings: AutotaskSettings, today: date, currency: str) -> Agreement:
    """The head of a contract without its next invoice; raises ``ValueError`` when it has no id, company or start."""
    start, end = day(record, "startDate"), day(record, "endDate")
    if start is None:
        raise ValueError("startDate is missing")
    cycle = names.periods.get(text(record, "contractPeriodType"), text(record, "contractPeriodType"))
    over = end is not None and end < today
    active = AgreementStatus.EXPIRED if over else AgreementStatus.ACTIVE
    return Agreement(
        connection=settings.name,
        agreement_id=identifier(record, "id"),
        company_id=identifier(record, "companyID"),
        name=text(record, "contractName"),
        type_name=names.categories.get(text(record, "contractCategory"), ""),
        status=active if text(record, "status") == names.active else AgreementStatus.INACTIVE,
        start=start,
        end=end,
        period_months=_months(cycle, settings),
        anchor=start,
        next_invoice=None,
        prorates=True,
        currency=currency,
        cycle=cycle,
        abilities=settings.abilities,
        text_limit=LONGEST_TEXT,
    )


def with_next_invoice(head: Agreement, rows: Iterable[UnitRow], today: date, rule: NextInvoice) -> Agreement:
    """The head with the first day that nothing is posted for yet.

    ``rows`` hold at least the contract's open rows (with units, not posted, begun by today), the posted ones that end on or
    after the first of these, and the posted ones that begin after today. Nothing open up to today means that today's period is
    invoiced. A period that is posted in part counts as invoiced. A contract that lies periods behind is billed elsewhere, and
    nothing is said of it.
    """
    if not head.period_months:
        return head
    current = period_of(head, max(today, head.start))
    rows = tuple(rows) if rule is NextInvoice.POSTED else ()
    begun = min((row.first for row in rows if not row.posted and row.units and row.first <= today), default=None)
    posted = max((row.last for row in rows if row.posted), default=date.min)
    if begun is None:
        untouched = head.start > today
        return replace(head, next_invoice=head.start if untouched else max(posted, current.last) + ONE_DAY)
    opens = posted + ONE_DAY if posted >= begun else period_of(head, begun).first
    behind = (current.first.year - opens.year) * 12 + current.first.month - opens.month
    return replace(head, next_invoice=opens if behind < _LATE_PERIODS * head.period_months else None)


def line(record: Record, held: Holding, names: Mapping[str, str]) -> Line:
    """A contract service with what it holds; ``names`` are those of the services by id. Raises ``ValueError`` when it cannot be read whole."""
    service_id = identifier(record, "serviceID")
    if service_id not in names:
        raise ValueError(f"service {service_id} is not in the catalogue")
    marker, starts = marked(text(record, "internalDescription"))
    return Line(
        line_id=identifier(record, "id"),
        product_id=service_id,
        product=names[service_id],
        quantity=Decimal(held.units),
        unit_price=amount(record, "unitPrice", Decimal(0)),
        starts=starts or held.begins,
        ends=starts - ONE_DAY if starts and held.ends and not held.units else held.ends,
        text=text(record, "invoiceDescription"),
        marker=marker,
        unit_cost=_cost(record),
    )


def described(marker: str, starts: date) -> str:
    """The internal description of a line that we add."""
    return f"{marker} from {starts.isoformat()}"


def marked(description: str) -> tuple[str, date | None]:
    """Marker and start out of an internal description; a text of somebody else's counts as a marker of theirs."""
    found = _DESCRIPTION.fullmatch(description.strip())
    try:
        return (found["marker"], date.fromisoformat(found["starts"])) if found else (description.strip(), None)
    except ValueError:
        return description.strip(), None


def product(record: Record) -> Product:
    """A service of the catalogue, known by its name; raises ``ValueError`` when it has no id or name."""
    name = identifier(record, "name")
    return Product(
        product_id=identifier(record, "id"),
        identifier=name,
        name=text(record, "description") or name,
        price=amount(record, "unitPrice", Decimal(0)),
        active=member(record, "isActive") is not False,
        cost=_cost(record),
        text=text(record, "invoiceDescription"),
    )


def companies(records: Iterable[Record], contacts: Iterable[Record]) -> list[Company]:
    """The companies with the domains of their websites and of their contacts' e-mail addresses; of a contact nothing else is kept."""
    by_company: dict[str, set[str]] = {}
    for contact in contacts:
        mails = (text(contact, name) for name in ("emailAddress", "emailAddress2", "emailAddress3"))
        domains = {domain for mail in mails for domain in mail_domain(mail)}
        by_company.setdefault(text(contact, "companyID"), set()).update(domains)
    found = []
    for record in records:
        company_id = identifier(record, "id")
        domains = by_company.get(company_id, set()) | website_domain(text(record, "webAddress"))
        found.append(Company(company_id, text(record, "companyName"), frozenset(domains)))
    return found


def _cost(record: Record) -> Decimal | None:
    return amount(record, "unitCost") if member(record, "unitCost") is not None else None


def _months(cycle: str, settings: AutotaskSettings) -> int:
    plain = "".join(character for character in cycle.casefold() if character.isalpha())
    return settings.billing_cycles.get(cycle.casefold(), _MONTHS.get(plain, 0))
