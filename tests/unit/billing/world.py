"""A small billing world for the tests: one customer, its company's agreements, and a PSA that does what a plan says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sync_core.billing import ReconcileInput, carried_on, judge, marker, moves, reconcile, with_line_beside, without_line_beside
from sync_core.counting import commitments_after, count
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Line, Product, SelfEnding
from sync_core.model.billing import BillingProfile, Binding, Link, Move, Question
from sync_core.model.configuration import GuardRails, Partner
from sync_core.model.licences import PrepaidUnits, Sku, Source, Subscription, SubscriptionStatus, UsageSnapshot, User
from sync_core.model.plans import Change, ChangeKind, Verdict
from sync_core.model.terms import Commitment

TODAY = date(2025, 4, 17)
US, SOMEBODY_ELSE = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
CUSTOMER = "33333333-3333-3333-3333-333333333333"
SKU = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
NAME = "Microsoft 365 Business Premium"
PARTNER = Partner(US, "app")
HOME, COMPANY = ("cw", "7"), ("cw", "250")
OURS = marker("ab12", "plan-0", "k")
FULL = SubscriptionStatus.ENABLED
CAUTIOUS = GuardRails()
PRODUCT = Product("900", "M365-BP", NAME, Decimal("20.00"))


def agreement(**facts: Any) -> Agreement:
    """Monthly from 1 January, April invoiced."""
    start = date(2025, 1, 1)
    usual = Agreement(
        "cw", "7", "250", "Contoso cloud", "Microsoft 365", AgreementStatus.ACTIVE, start, None, 1, start, date(2025, 5, 1), False, "USD"
    )
    return replace(usual, **facts)


def line(line_id: str, quantity: int, **facts: Any) -> Line:
    """A line at 20.00 that began with the agreement."""
    usual = Line(line_id, "900", "M365-BP", Decimal(quantity), Decimal("20.00"), starts=date(2025, 1, 1))
    return replace(usual, **facts)


def ours(line_id: str, quantity: int, **facts: Any) -> Line:
    """A line that we added."""
    return line(line_id, quantity, **{"marker": OURS, **facts})


def binding(of: Line, **facts: Any) -> Binding:
    """What we last confirmed of a line: exactly what it is, unless told otherwise."""
    usual = Binding("k", "cw", "7", of.line_id, of.product_id, of.quantity, of.charge, of.starts, of.ends, of.marker)
    return replace(usual, **facts)


def link(**facts: Any) -> Link:
    """The SKU, billed by what was bought, on agreement 7."""
    return replace(Link("k", SKU, BillingProfile("Business Premium", "M365-BP"), "cw", "250", "7"), **facts)


def subscription(seats: int, status: SubscriptionStatus = FULL, owner: str | None = US, sku_id: str = SKU, **facts: Any) -> Subscription:
    """One purchase of the SKU, sold by us unless told otherwise."""
    return Subscription(f"{sku_id}-{seats}-{status}-{owner}", sku_id, status, seats, owner_tenant_id=owner, **facts)


def snapshot(rows: Iterable[Subscription], assigned: int = 0, failed: Mapping[Source, str] | None = None, on: date = TODAY) -> UsageSnapshot:
    """A snapshot whose SKU totals agree with its subscriptions."""
    held = tuple(rows)
    seats = {state: sum(row.seats for row in held if row.status is state) for state in SubscriptionStatus}
    units = PrepaidUnits(seats[FULL], seats[SubscriptionStatus.WARNING], seats[SubscriptionStatus.SUSPENDED], seats[SubscriptionStatus.LOCKED_OUT])
    skus = tuple(Sku(sku_id, "SPB", NAME, units, assigned) for sku_id in {row.sku_id for row in held})
    return UsageSnapshot(CUSTOMER, datetime(on.year, on.month, on.day, 2, tzinfo=UTC), skus, held, failed=failed or {})


@dataclass(frozen=True)
class World:
    """One customer with one link. What a person may change between two nights is a member."""

    rows: tuple[Subscription, ...] = ()
    assigned: int = 0
    lines: tuple[Line, ...] = ()
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    links: tuple[Link, ...] = (link(),)
    questions: tuple[Question, ...] = ()
    home: Agreement = field(default_factory=agreement)
    others: tuple[AgreementLines, ...] = ()
    rails: GuardRails = CAUTIOUS
    today: date = TODAY
    first_zeros: Mapping[str, date] = field(default_factory=dict)
    failed: Mapping[Source, str] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    known_markers: frozenset[str] = frozenset({OURS})
    product: Product | None = PRODUCT
    catalogue: Mapping[str, Product] = field(default_factory=dict)
    """What is sold under other identifiers."""
    plan_id: str = "plan-1"
    moves: Mapping[str, Move] = field(default_factory=dict)
    """What earlier days left of counts that moved."""
    people: tuple[User, ...] | None = None
    """Who holds the SKU, if that was read."""
    private: bool = False
    commitments: Mapping[str, Commitment] = field(default_factory=dict)
    """What earlier days left of units that are committed."""

    @property
    def committed(self) -> Mapping[str, Commitment]:
        """What is committed after this day's read."""
        return commitments_after(self._snapshot, PARTNER, self.commitments)

    @property
    def _snapshot(self) -> UsageSnapshot:
        return snapshot(self.rows, self.assigned, self.failed, self.today)

    @property
    def inputs(self) -> ReconcileInput:
        """All that was read, and since when counts have moved."""
        read = self._read
        return replace(read, moves=moves(read))

    @property
    def _read(self) -> ReconcileInput:
        items = count(self._snapshot, PARTNER, self.excluded, {SKU: NAME}, self.committed)
        agreements = {
            (held.agreement.connection, held.agreement.agreement_id): held for held in (AgreementLines(self.home, self.lines), *self.others)
        }
        return ReconcileInput(
            CUSTOMER,
            self.plan_id,
            "ab12",
            {"cw": self.today},
            self.links,
            self.questions,
            {item.item_id: item for item in items},
            agreements,
            self.bindings,
            self.failed,
            self.known_markers,
            self.first_zeros,
            self.rails,
            {SKU: NAME},
            company_lines={COMPANY: tuple(agreements.values())},
            products={("cw", item.profile.product): self.catalogue.get(item.profile.product, self.product) for item in self.links},
            moves=self.moves,
            people={} if self.people is None else {SKU: self.people},
            private=self.private,
        )

    def propose(self) -> tuple[Change, ...]:
        """What would change, before the guard rails."""
        return reconcile(self.inputs)

    def plan(self) -> tuple[Change, ...]:
        """What would change, with verdicts."""
        return judge(self.propose(), self.inputs).changes

    def after(self, changes: Iterable[Change]) -> World:
        """The world once a person has approved all that can be approved, and the PSA has done it."""
        world = self
        for number, change in enumerate(changes):
            if change.verdict is not Verdict.HELD:
                world = world._done(change, f"{world.plan_id}.{number}")
        return replace(world, plan_id=f"{self.plan_id}'")

    def _done(self, change: Change, new_id: str) -> World:
        world = self._main_line_done(change, new_id) if change.kind is ChangeKind.ADD else self
        if change.is_double and change.self_ending:
            bound = without_line_beside(self.bindings[change.link_key], change)
            return replace(self._main_line_done(change, new_id), bindings={**self.bindings, change.link_key: bound})
        for number, each in enumerate(change.self_ending):
            world = world._added_beside(change, each, f"{new_id}-{number}")
        if change.kind in (ChangeKind.SET_QUANTITY, ChangeKind.SET_PRICE, ChangeKind.SET_TEXT, ChangeKind.END, ChangeKind.ADOPT):
            world = world._main_line_done(change, new_id)
        return world

    def _added_beside(self, change: Change, each: SelfEnding, new_id: str) -> World:
        price = change.unit_price if change.terms.unit_price is None else change.terms.unit_price
        facts: dict[str, Any] = {"quantity": each.units, "starts": each.first, "ends": each.last, "marker": each.marker, "unit_price": price}
        made = replace(line(new_id, 0, product_id=change.product_id, product=change.product), **facts)
        bound = with_line_beside(self.bindings[change.link_key], change, each, new_id)
        return replace(self, lines=(*self.lines, made), bindings={**self.bindings, change.link_key: bound})

    def _main_line_done(self, change: Change, new_id: str) -> World:
        if change.kind is ChangeKind.ADD:
            facts: dict[str, Any] = {
                "product_id": change.product_id,
                "product": change.product,
                "starts": change.line_from or change.effective,
                "marker": change.marker,
                "text": change.terms.text,
            }
            price = change.unit_price if change.terms.unit_price is None else change.terms.unit_price
            made = line(new_id, int(change.after or 0), unit_price=price, charge=change.terms.charge, **facts)
        else:
            made = next(item for item in self.lines if item.line_id == change.line_id)
        if change.kind is ChangeKind.SET_QUANTITY:
            made = replace(made, quantity=change.after or Decimal(0))
        if change.kind is ChangeKind.SET_PRICE:
            made = replace(made, unit_price=change.terms.unit_price or Decimal(0))
        if change.kind is ChangeKind.SET_TEXT:
            made = replace(made, text=change.terms.text)
        if change.kind is ChangeKind.END:
            made = replace(made, ends=change.effective)
        lines = (*(item for item in self.lines if item.line_id != made.line_id), made)
        if change.is_double:
            return replace(self, lines=lines)
        ended = change.effective if change.kind is ChangeKind.END else None
        follows = binding(made, link_key=change.link_key, ended=ended, overruled=change.overrules)
        follows = carried_on(self.bindings.get(change.link_key), change, made, follows)
        return replace(self, lines=lines, bindings={**self.bindings, change.link_key: follows}, known_markers=self.known_markers | {made.marker})


def running(seats: int, billed: int, **facts: Any) -> World:
    """A link that has been running: ``seats`` bought, ``billed`` on our line 101."""
    held = ours("101", billed)
    return replace(World(rows=(subscription(seats),) if seats else (), lines=(held,), bindings={"k": binding(held)}), **facts)


def kinds(changes: Iterable[Change]) -> list[ChangeKind]:
    """The kinds of the changes, in their order."""
    return [change.kind for change in changes]


def words(changes: Iterable[Change]) -> str:
    """All reasons, as one text."""
    return " ".join(reason for change in changes for reason in change.reasons)
