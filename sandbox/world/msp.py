"""Builds a customer on both sides at once: what it holds at Microsoft, what the PSA bills for it, and what is configured for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.connectwise.periods import add_months
from sandbox.microsoft.directory import Directory, Tenant
from sandbox.world.books import Agreed, Billed, Books, Firm, Terms
from sandbox.world.offers import OFFERS, SERVICES, CustomOffer, Offer, Service
from sandbox.world.promises import Promise, PromisedChange
from sync_core.model.customers import Mode
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState

AGREEMENT_TYPE = "Microsoft 365"
"""The type of the agreements that licences go to by rule."""

_RESULT_OF_SAFE = {Mode.OBSERVE: ChangeResult.OBSERVED, Mode.APPROVE: ChangeResult.WAITING, Mode.AUTOMATIC: ChangeResult.APPLIED}


@dataclass(frozen=True)
class WrittenLink:
    """A link as the configuration file has it. ``line`` is empty, ``new`` or ``adopt`` and the line's id."""

    offer: Offer | CustomOffer
    line: str
    agreement_type: str = AGREEMENT_TYPE


@dataclass
class Account:
    """One customer. ``name`` is what the configuration calls it; the tenant and the company may be called differently."""

    msp: Msp
    name: str
    shows: str
    tenant: Tenant
    books: Books
    company: Firm
    agreement: Agreed
    mode: Mode
    links: list[WrittenLink] = field(default_factory=list)
    exclusions: list[str] = field(default_factory=list)
    changes: list[PromisedChange] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    fails_with: str = ""

    def manages(self, offer: Offer, billed: int, seats: int | None = None, agreement: Agreed | None = None, text: str = "") -> Billed:
        """A person's line of ``billed`` seats that the configuration takes over, and ``seats`` held; by default as many."""
        seats = billed if seats is None else seats
        self.holds(offer, seats)
        return self.takes_over(offer, self.bills(offer, billed, agreement, text), seats)

    def holds(self, offer: Offer, seats: int, assigned: int | None = None) -> None:
        """Seats sold by the MSP; nine of ten are assigned unless ``assigned`` says otherwise. New users come as they are needed."""
        self.tenant.buy(offer.sku, seats)
        assigned = seats - seats // 10 if assigned is None else assigned
        self.tenant.hire(max(assigned - len(self.tenant.users), 0))
        self.tenant.assign(offer.sku, assigned)

    def bills(self, item: Offer | Service, quantity: int, agreement: Agreed | None = None, text: str = "", marker: str = "") -> Billed:
        """A line that a person made in the PSA, or another tool that leaves a marker."""
        return self.books.bill(agreement or self.agreement, item.product, quantity, text, marker)

    def counts(self, offer: CustomOffer, billed: int) -> Billed:
        """A person's line of ``billed`` units that the configuration takes over and that goes to how many users are enabled and licensed now."""
        users = sum(user.account_enabled and bool(user.licences) and user.user_type != "Guest" for user in self.tenant.users)
        return self.takes_over(offer, self.bills(offer.service, billed), users)

    def takes_over(self, offer: Offer | CustomOffer, line: Billed, seats: int) -> Billed:
        """The configuration adopts the line, which then goes to ``seats``."""
        self.links.append(WrittenLink(offer, f"adopt {line.id}", line.agreement.type_name))
        self.promises(offer, ChangeKind.ADOPT, line.quantity, line.quantity)
        if seats != line.quantity:
            self.promises(offer, ChangeKind.SET_QUANTITY, line.quantity, seats)
        return line

    def adds(self, offer: Offer, seats: int) -> None:
        """Held and not billed yet; the configuration says ``line: new``."""
        self.holds(offer, seats)
        self.links.append(WrittenLink(offer, "new"))
        self.promises(offer, ChangeKind.ADD, None, seats)

    def promises(
        self, offer: Offer | CustomOffer, kind: ChangeKind, before: int | None, after: int | None, result: ChangeResult | None = None
    ) -> None:
        """A change of the first night; without a result that of a safe change in the customer's mode."""
        self.changes.append(PromisedChange(offer.item_id, offer.title, kind, result or _RESULT_OF_SAFE[self.mode], before, after))

    def asks(self, offer: Offer) -> None:
        """The first night has a question about the SKU and changes nothing."""
        self.promises(offer, ChangeKind.NONE, None, None, ChangeResult.HELD)

    def fails(self, code: str) -> None:
        """The customer cannot be read, so whatever was promised of its lines waits for another night."""
        self.fails_with = code
        self.changes.clear()

    @property
    def promise(self) -> Promise:
        """How the customer ends in the first night."""
        asking = any(change.result in (ChangeResult.WAITING, ChangeResult.HELD) for change in self.changes)
        state = CustomerState.FAILED if self.fails_with else CustomerState.HELD if asking else CustomerState.DONE
        writes = self.books.writes_of([change for change in self.changes if change.writes])
        return Promise(self.tenant.tenant_id, self.name, self.shows, state, self.fails_with, tuple(self.changes), tuple(self.unlinked), writes)


class Msp:
    """The partner with its PSAs, to which customers are added in turn. ``now`` (UTC) is the moment of the seeding."""

    def __init__(self, directory: Directory, books: Sequence[Books], now: datetime) -> None:
        self.directory = directory
        self.books = books
        self.now = now
        self.accounts: dict[str, Account] = {}
        for each in books:
            for item in (*OFFERS, *SERVICES):
                each.sell(item.product, item.sku.name if isinstance(item, Offer) else item.description, item.price, item.cost)

    def customer(
        self,
        name: str,
        shows: str,
        mode: Mode = Mode.AUTOMATIC,
        *,
        written_as: str = "",
        months: int = 14,
        terms: Terms = Terms(),  # noqa: B008  # frozen
        beside: Account | None = None,
    ) -> Account:
        """A customer with a tenant, a company and an agreement for licences that began so many months ago, or those of the one that it is ``beside``.

        ``name`` makes domain and identifiers, ``written_as`` is the hostile name that the customer chose in its tenant and got in the PSA.
        """
        short = "".join(character for character in name.lower() if character.isalnum())
        tenant = self.directory.add_customer(written_as or name, f"{short}.example", ends=self.now + timedelta(days=400))
        if beside:
            books, company, agreement = beside.books, beside.company, beside.agreement
        else:
            books = self.books[len(self.accounts) % len(self.books)]
            company = books.company(short, written_as or name)
            agreement = books.agreement(company, f"Microsoft 365 licences {name}", AGREEMENT_TYPE, self.months_ago(months), terms)
        return self.accounts.setdefault(name, Account(self, name, shows, tenant, books, company, agreement, mode))

    def months_ago(self, months: int) -> date:
        """The first day of a month."""
        return add_months(self.now.date().replace(day=1), -months)
