"""Reads a story: what happens to one agreement day by day, played against the simulated ConnectWise's own books and invoices.

Each day on which something happens is planned and carried out, and then planned once more, which must change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.records import Addition, BillCustomer, BillingCycle, PeriodType
from sandbox.connectwise.records import Agreement as Contract
from sync_core.model.agreements import Ability, Agreement, AgreementStatus, Charge, Line, Product
from sync_core.model.billing import BillingProfile, Decreases, PriceRange
from sync_core.model.configuration import GuardRails
from sync_core.model.licences import Subscription
from sync_core.model.plans import Change, ChangeKind
from tests.scenarios.billed import Billed, invoice_shown
from tests.scenarios.dated_books import DatedBooks, dated_books
from tests.scenarios.shown import shown
from tests.unit.billing.world import OURS, PRODUCT, World, binding, link, subscription

FOLDER = Path(__file__).parent
STORIES = re.compile(r"^## (?P<title>.+?)\n.*?```given\n(?P<given>.*?)```\n+```story\n(?P<story>.*?)```", re.MULTILINE | re.DOTALL)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:  (.+))?")
_CYCLES = {"monthly": BillingCycle.MONTHLY, "quarterly": BillingCycle.QUARTERLY, "yearly": BillingCycle.YEARLY}
_CHARGES = {BillCustomer.BILLABLE: Charge.BILLABLE, BillCustomer.DO_NOT_BILL: Charge.DO_NOT_BILL, BillCustomer.NO_CHARGE: Charge.NO_CHARGE}
_BILLS = {charge: bills for bills, charge in _CHARGES.items()}
ROOMY = GuardRails(line_units=1000, customer_money=Decimal(1_000_000))


@dataclass
class Books:
    """The PSA's own books: one agreement and one product."""

    ledger: Ledger
    agreement_id: int
    abilities: frozenset[Ability]
    today: date

    @property
    def head(self) -> Agreement:
        """The agreement as an adapter reads it."""
        kept = self.ledger.agreements[self.agreement_id]
        facts = (kept.cycle.months, kept.start, kept.next_invoice, kept.prorate, "USD")
        return Agreement("cw", "7", "250", kept.name, "Cloud", AgreementStatus.ACTIVE, kept.start, kept.end, *facts, abilities=self.abilities)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines as an adapter reads them."""
        return tuple(map(self._line, self.ledger.additions_of(self.agreement_id)))

    def _line(self, kept: Addition) -> Line:
        product = self.ledger.products[kept.product_id]
        return Line(
            line_id=str(kept.id),
            product_id="900",
            product=product.identifier,
            quantity=kept.quantity,
            unit_price=kept.unit_price,
            charge=_CHARGES[kept.bill_customer],
            starts=kept.effective,
            ends=kept.cancelled,
            marker=kept.serial_number or "",
            unit_cost=kept.unit_cost,
        )

    def send_invoice(self) -> tuple[Billed, ...]:
        """Makes the next invoice."""
        made = self.ledger.send_invoice(self.agreement_id)
        return tuple(Billed(each.first_day, each.last_day, each.quantity, each.unit_price, each.amount) for each in made.lines)

    def keep(self, lines: tuple[Line, ...], changes: tuple[Change, ...]) -> dict[str, str]:
        """Writes what a plan did; the ids of new lines become the books' own, by the id that the plan's world gave them."""
        names = {}
        for line in lines:
            if line.line_id.isdecimal() and int(line.line_id) in self.ledger.additions:
                kept = self.ledger.additions[int(line.line_id)]
                changed = replace(kept, quantity=line.quantity, unit_price=line.unit_price, cancelled=line.ends)
                self.ledger.additions.put(changed)
            else:
                names[line.line_id] = str(self._add(line).id)
        return names

    def _add(self, line: Line) -> Addition:
        assert line.starts, "a line that we add has a start"
        fields: dict[str, Any] = {"unit_price": line.unit_price, "effective": line.starts, "cancelled": line.ends, "serial_number": line.marker}
        made = self.ledger.addition(self.ledger.agreements[self.agreement_id], self.ledger.products[1], 0, **fields)
        return self.ledger.additions.put(replace(made, quantity=line.quantity, bill_customer=_BILLS[line.charge], invoiced_through=None))


AnyBooks = Books | DatedBooks


def told(given: str, story: str) -> str:
    """The story as it happens: after each of its days the plan, or the invoices, as text."""
    world, books = beginning(given)
    text = []
    for day, what in _days(story):
        books.today = day
        text.append(f"{day}  {what}".rstrip() + "\n")
        if what == "invoice":
            text += invoice_shown(books.send_invoice())
            continue
        world = happens(world, what)
        world, plan = carried_out(world, books)
        text.append(plan)
        again = carried_out(world, books)[1]
        assert again == QUIET or "question" in again, f"on {day} the second run wants more:\n{again}"
    return "".join(text)


QUIET = "    nothing to change\n"


def _days(story: str) -> Iterator[tuple[date, str]]:
    for line in story.splitlines():
        if match := _DAY.fullmatch(line):
            yield date.fromisoformat(match[1]), match[2] or ""


def happens(world: World, what: str) -> World:
    """The world after what happened on a day."""
    name, _, value = what.partition(" ")
    return replace(world, rows=tuple(map(_bought, value.split(", ")))) if name == "bought" else world


def _bought(text: str) -> Subscription:
    """A subscription in words: its seats, ``until`` it renews, ``since`` when it was bought, and ``as`` which of several it is."""
    seats, *words = text.split()
    said = dict(zip(words[::2], words[1::2], strict=True))
    days = {name: datetime.fromisoformat(said[name]).replace(tzinfo=UTC) for name in ("until", "since") if name in said}
    row = subscription(int(seats), next_lifecycle=days.get("until"), created=days.get("since"))
    return replace(row, subscription_id=said.get("as", "s"))


def carried_out(world: World, books: AnyBooks) -> tuple[World, str]:
    """One night: the plan made and carried out with every approval that can be given, and the plan as text."""
    world = replace(world, home=books.head, lines=books.lines, today=books.today, plan_id=f"{books.today}-{len(books.lines)}")
    world = replace(world, moves=world.inputs.moves, commitments=world.committed)
    changes = world.plan()
    zeros = {change.link_key: date.min for change in changes if change.kind is ChangeKind.END}
    if zeros and not world.first_zeros:
        return carried_out(replace(world, first_zeros=zeros), books)
    after = world.after(changes)
    names = books.keep(after.lines, changes)
    bound = {key: _renamed(each, names) for key, each in after.bindings.items()}
    return replace(after, bindings=bound), "".join(f"    {line}\n" for line in _shown_all(changes)) or QUIET


def _renamed(bound: Any, names: dict[str, str]) -> Any:
    beside = tuple(replace(each, line_id=names.get(each.line_id, each.line_id)) for each in bound.self_ending)
    return replace(bound, line_id=names.get(bound.line_id, bound.line_id), self_ending=beside)


def _shown_all(changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        yield from shown(change).splitlines()


def beginning(given: str) -> tuple[World, AnyBooks]:
    """The world and the books that the words describe."""
    words = dict(re.split(r"\s{2,}", entry.strip(), maxsplit=1) for entry in given.splitlines() if entry.strip())
    agreement = words.get("agreement", "monthly, from 2025-01-01, prorates, invoiced to 2025-03-31")
    quantity, price = (words.get("line") or "0 x 31.00").split(" x ")
    world = World(links=(_profiled(words.get("profile", "prorate")),), rails=ROOMY, product=_product(price, words.get("cost")))
    if "start" in words:
        world = replace(world, links=(replace(world.links[0], start=date.fromisoformat(words["start"])),))
    if "quantities" in words:
        return _dated(world, dated_books(agreement, words["quantities"], price, int(quantity)))
    books = _books(agreement, words.get("credits", ""))
    product = books.ledger.product("M365-BP", price=price, cost=words.get("cost", "0"))
    if quantity != "0":
        contract = books.ledger.agreements[books.agreement_id]
        made = books.ledger.addition(contract, product, quantity, serial_number=OURS)
        world = replace(world, rows=(subscription(int(quantity)),), bindings={"k": binding(books._line(made))})
    return world, books


def _dated(world: World, books: DatedBooks) -> tuple[World, DatedBooks]:
    for line in books.lines:
        world = replace(world, rows=(subscription(int(line.quantity)),), bindings={"k": binding(line)})
    return world, books


def _product(price: str, cost: str | None) -> Product:
    return replace(PRODUCT, price=Decimal(price), cost=Decimal(cost) if cost else None)


def _books(text: str, credits: str) -> Books:
    ledger = Ledger(now=lambda: datetime(2024, 1, 1, tzinfo=UTC))
    facts: dict[str, Any] = {"start": date(2025, 1, 1)}
    invoiced = date.min
    for part in text.split(", "):
        if part in _CYCLES:
            facts["cycle"] = _CYCLES[part]
        elif part == "prorates":
            facts["prorate"] = True
        elif part.startswith("from "):
            facts["start"] = date.fromisoformat(part[5:])
        elif part.startswith("invoiced to "):
            invoiced = date.fromisoformat(part[12:])
    start = facts.pop("start")
    contract: Contract = ledger.agreement(
        ledger.company("Contoso"), "Contoso cloud", start, next_invoice=start, period_type=PeriodType.CURRENT, **facts
    )
    while ledger.agreements[contract.id].next_invoice <= invoiced:
        ledger.send_invoice(contract.id)
    abilities = {Ability.SELF_ENDING_LINES, Ability.PRICES, Ability.TERMS} | ({Ability.CREDITS} if credits == "written" else set())
    return Books(ledger, contract.id, frozenset(abilities), start)


def _profiled(text: str) -> Any:
    facts: dict[str, Any] = {}
    prices: list[PriceRange] = []
    for part in text.split(", "):
        name, _, value = part.partition(" ")
        if name in ("prorate", "credits"):
            facts[name] = True
        elif name == "decreases":
            facts["decreases"] = Decreases(value)
        elif name == "price":
            amount, *days = value.split()
            prices.append(PriceRange(Decimal(amount), *_range(days)))
        elif name == "cost":
            facts["cost_plus"] = Decimal(value.removeprefix("plus "))
        elif part in set(Charge):
            facts["charge"] = Charge(part)
    return link(profile=replace(BillingProfile("Business Premium", "M365-BP"), prices=tuple(prices), **facts))


def _range(words: list[str]) -> tuple[date | None, date | None]:
    days = dict(zip(words[::2], map(date.fromisoformat, words[1::2]), strict=True))
    return days.get("from"), days.get("until")
