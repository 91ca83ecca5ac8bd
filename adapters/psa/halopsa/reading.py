"""Halo's records as our model. Pure; members we do not know are passed over, and none is trusted to be there.

A recurring invoice is the agreement, and the lines of the next invoices are its lines. Source of the members: Halo's Swagger
description, which says nothing about what they mean; what is assumed is marked unverified where it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from adapters.psa.domains import mail_domain
from adapters.psa.halopsa.settings import Covers, HaloPsaSettings, LineEnd, Writes
from adapters.psa.records import Record, amount, identifier, member, text
from adapters.psa.records import day as plain_day
from sync_core.billing.periods import period_of
from sync_core.model.agreements import Ability, Agreement, AgreementStatus, Charge, Company, Line, Product

ONE_DAY = timedelta(days=1)
UNKNOWN_START = date(1970, 1, 1)
FIRST_REAL_YEAR = 1950
"""Halo writes dates of 1899 or 1900 where there is none."""

COUNTED = (
    "Halo bills what the licence counts when it makes the invoice, once a line of the recurring invoice counts it; "
    "whether it bills parts of a period is set on that line."
)
"""What a plan says of units that are written as licence counts."""

QUANTITY_RULES = ("quantity_users", "quantity_assets", "quantity_licences", "quantity_subscriptions")

_PERIODS = {"monthly": 1, "2monthly": 2, "quarterly": 3, "3monthly": 3, "6monthly": 6, "halfyearly": 6, "yearly": 12, "annually": 12, "12monthly": 12}


def agreement(record: Record, settings: HaloPsaSettings) -> Agreement:
    """The head of a recurring invoice; raises ``ValueError`` when it has no id or client, or a date that is none.

    It prorates only by rows that we add (see ``proration``): what a line holds shows on the next invoice that is created, whole.
    Unverified: that ``disabled`` means that
    no invoices are created, and that periods begin on creation dates.
    """
    start = _scheduled(record, "startdate")
    created = _scheduled(record, "nextcreationdate")
    cycle = _cycle(record)
    counts_only = settings.writes is Writes.LICENCE_COUNTS
    head = Agreement(
        connection=settings.name,
        agreement_id=identifier(record, "id"),
        company_id=identifier(record, "client_id"),
        name=text(record, "reference") or text(record, "contract_ref") or f"Recurring invoice {text(record, 'id')}",
        type_name=text(record, "contract_ref"),
        status=AgreementStatus.INACTIVE if _disabled(record) else AgreementStatus.ACTIVE,
        start=start or UNKNOWN_START,
        end=_scheduled(record, "enddate", "end_date"),
        period_months=settings.billing_periods.get(cycle.casefold(), _PERIODS.get(_plain_name(cycle), 0)),
        anchor=start or created or UNKNOWN_START,
        next_invoice=None,
        prorates=Ability.SELF_ENDING_LINES in settings.abilities,
        currency=text(record, "currency_code_name") or text(record, "currency") or settings.currency,
        cycle=cycle,
        abilities=settings.abilities,
        text_limit=0 if counts_only else settings.text_limit,
        counted=COUNTED if counts_only else "",
    )
    return _with_next_invoice(head, created, settings.next_invoice_covers)


def line(record: Record, items: Mapping[str, Product], line_end: LineEnd) -> Line:
    """A line; its quantity is the same on every day of its life. A line without an item of the catalogue has its own text as its product.

    Raises ``ValueError`` when it cannot be read whole: without one of its lines an agreement would be billed wrongly.
    """
    item_id = text(record, "_itemid")
    item = items.get(item_id)
    ends = day(record, "enddate")
    return Line(
        line_id=identifier(record, "id"),
        product_id=item_id if item_id != "0" else "",
        product=item.identifier if item else text(record, "item_shortdescription"),
        quantity=amount(record, "qty_order", Decimal(0) if member(record, "isgroupdesc") is True else None),
        unit_price=amount(record, "unit_price", Decimal(0)),
        charge=Charge.DO_NOT_BILL if member(record, "isinactive") is True else Charge.BILLABLE,
        starts=day(record, "startdate"),
        ends=ends - ONE_DAY if ends and line_end is LineEnd.EXCLUSIVE else ends,
        text=text(record, "item_longdescription"),
        marker=text(record, "item_internal_reference"),
        left_alone=f"Halo computes the quantity of line {identifier(record, 'id')} itself." if is_computed(record) else "",
        unit_cost=_cost(record, "unit_cost"),
    )


def line_records(record: Record) -> list[Record]:
    """The lines as Halo gave them; raises ``ValueError`` when there is no list of them."""
    found = member(record, "lines")
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ValueError("lines is no list")
    return found


def is_computed(record: Record) -> bool:
    """Whether Halo computes the line's quantity itself, from licences, users, assets or subscriptions.

    Unverified: that a quantity type other than 0 says so on its own.
    """
    has_rule = any(member(record, name) for name in QUANTITY_RULES)
    return has_rule or member(record, "_is_calculated_line") is True or text(record, "recurring_invoice_quantity_type") not in ("", "0")


def has_computed_price(record: Record) -> bool:
    """Whether Halo computes the line's price itself. Unverified: that a price type other than 0 says so on its own."""
    computed = (member(record, f"calculate_price_from_{source}") is True for source in ("users", "assets"))
    return any(computed) or text(record, "recurring_invoice_price_type") not in ("", "0")


def items(records: Iterable[Record]) -> dict[str, Product]:
    """The items by id. An item is named by its name, which Halo does not keep unique: one that shares it has its id added.

    Unverified: that an item's recurring price, where it has one, is what a new line costs, and its recurring cost what that costs us.
    """
    named = [(identifier(record, "id"), text(record, "name"), record) for record in records]
    uses = Counter(name.casefold() for _, name, _ in named)
    found = {}
    for item_id, name, record in named:
        unique = name if uses[name.casefold()] == 1 else f"{name} #{item_id}"
        price = amount(record, "recurringprice", Decimal(0)) or amount(record, "baseprice", Decimal(0))
        found[item_id] = Product(item_id, unique, name, price, cost=_cost(record, "recurringcost") or _cost(record, "costprice"))
    return found


def companies(clients: Iterable[Record], users: Iterable[Record]) -> list[Company]:
    """The clients with the domains of their users' e-mail addresses; of a user nothing else is kept. The list of clients shows no website."""
    by_client: dict[str, set[str]] = {}
    for user in users:
        by_client.setdefault(text(user, "client_id"), set()).update(mail_domain(text(user, "emailaddress")))
    return [Company(identifier(each, "id"), text(each, "name"), frozenset(by_client.get(text(each, "id"), ()))) for each in clients]


def day(record: Record, path: str) -> date | None:
    """A date; ``None`` also for those that Halo writes where there is none."""
    found = plain_day(record, path)
    return found if found and found.year >= FIRST_REAL_YEAR else None


def _cost(record: Record, path: str) -> Decimal | None:
    """What a unit costs us; ``None`` where Halo has none, which it writes as 0: nothing is priced by that."""
    return amount(record, path, Decimal(0)) or None


def _scheduled(record: Record, *names: str) -> date | None:
    """A date of the invoice or of its schedule, whichever shows it."""
    places: Collection[str] = (names[0], *(f"schedule/{name}" for name in names))
    return next((found for found in (day(record, place) for place in places) if found), None)


def _disabled(record: Record) -> bool:
    return member(record, "disabled") is True or member(record, "schedule/disabled") is True


def _cycle(record: Record) -> str:
    """The name of the period, or its number: what the numbers mean is unverified, so ``billing_periods`` of the settings has to say it."""
    return text(record, "periodname") or text(record, "period") or text(record, "schedule/period")


def _plain_name(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _with_next_invoice(head: Agreement, created: date | None, covers: Covers) -> Agreement:
    """The head with the first day that no invoice covers yet; periods begin on the creation date, whatever day the start has."""
    if created is None or head.period_months <= 0:
        return head
    if period_of(head, created).first != created:
        head = replace(head, anchor=created)
    current = period_of(head, created)
    days = {Covers.CURRENT: current.first, Covers.FOLLOWING: current.last + ONE_DAY, Covers.PRECEDING: period_of(head, current.first - ONE_DAY).first}
    return replace(head, next_invoice=days[covers])
