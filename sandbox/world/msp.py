"""Builds a customer on both sides at once: what it holds at Microsoft, what the PSA bills for it, and what is configured for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.periods import add_months
from sandbox.connectwise.records import Addition, Agreement, Company, Product
from sandbox.microsoft.directory import Directory, Tenant
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
    company: Company
    agreement: Agreement
    mode: Mode
    links: list[WrittenLink] = field(default_factory=list)
    exclusions: list[str] = field(default_factory=list)
    changes: list[PromisedChange] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    fails_with: str = ""

    def manages(self, offer: Offer, billed: int, seats: int | None = None, **line: Any) -> Addition:
        """A person's line of ``billed`` seats that the configuration takes over, and ``seats`` held; by default as many."""
        seats = billed if seats is None else seats
        self.holds(offer, seats)
        return self.takes_over(offer, self.bills(offer, billed, **line), seats)

    def holds(self, offer: Offer, seats: int, assigned: int | None = None) -> None:
        """Seats sold by the MSP; nine of ten are assigned unless ``assigned`` says otherwise. New users come as they are needed."""
        self.tenant.buy(offer.sku, seats)
        assigned = seats - seats // 10 if assigned is None else assigned
        self.tenant.hire(max(assigned - len(self.tenant.users), 0))
        self.tenant.assign(offer.sku, assigned)

    def bills(self, item: Offer | Service, quantity: int, agreement: Agreement | None = None, **fields: Any) -> Addition:
        """A line that a person made in the PSA."""
        return self.msp.ledger.addition(agreement or self.agreement, self.msp.products[item.product], quantity, **fields)

    def counts(self, offer: CustomOffer, billed: int) -> Addition:
        """A person's line of ``billed`` units that the configuration takes over and that goes to how many users are enabled and licensed now."""
        users = sum(user.account_enabled and bool(user.licences) and user.user_type != "Guest" for user in self.tenant.users)
        return self.takes_over(offer, self.bills(offer.service, billed), users)

    def takes_over(self, offer: Offer | CustomOffer, line: Addition, seats: int) -> Addition:
        """The configuration adopts the line, which then goes to ``seats``."""
        agreement = self.msp.ledger.agreements[line.agreement_id]
        self.links.append(WrittenLink(offer, f"adopt {line.id}", self.msp.ledger.agreement_types[agreement.type_id].name))
        self.promises(offer, ChangeKind.ADOPT, int(line.quantity), int(line.quantity))
        if seats != line.quantity:
            self.promises(offer, ChangeKind.SET_QUANTITY, int(line.quantity), seats)
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
        return Promise(self.tenant.tenant_id, self.name, self.shows, state, self.fails_with, tuple(self.changes), tuple(self.unlinked))


class Msp:
    """The partner with its catalogue, to which customers are added. ``now`` (UTC) is the moment of the seeding."""

    def __init__(self, directory: Directory, ledger: Ledger, now: datetime) -> None:
        self.directory = directory
        self.ledger = ledger
        self.now = now
        self.products: dict[str, Product] = {item.product: self._product(item) for item in (*OFFERS, *SERVICES)}

    def customer(
        self,
        name: str,
        shows: str,
        mode: Mode = Mode.AUTOMATIC,
        *,
        written_as: str = "",
        company: Company | None = None,
        agreement: Agreement | None = None,
        **terms: Any,
    ) -> Account:
        """A customer with a tenant, a company and an agreement for licences, which ``terms`` describe in the words of ``Ledger.agreement``.

        ``name`` makes domain and identifiers, ``written_as`` is the hostile name that the customer chose in its tenant and got in the PSA.
        """
        short = "".join(character for character in name.lower() if character.isalnum())
        shown = written_as or name
        tenant = self.directory.add_customer(shown, f"{short}.example", ends=self.now + timedelta(days=400))
        if company is None:
            company = self.ledger.company(short[:25], shown, website=f"https://www.{short}.example")
            self.ledger.contact(company, f"accounts@{short}.example")
        agreement = agreement or self.agreement(company, f"Microsoft 365 licences {name}", AGREEMENT_TYPE, **terms)
        return Account(self, name, shows, tenant, company, agreement, mode)

    def agreement(self, company: Company, name: str, type_name: str, months: int = 14, **terms: Any) -> Agreement:
        """An agreement, billed monthly, that began on the first of a month so many months ago."""
        return self.ledger.agreement(company, name, self.months_ago(months), type=type_name, **terms)

    def months_ago(self, months: int) -> date:
        """The first day of a month."""
        return add_months(self.now.date().replace(day=1), -months)

    def _product(self, item: Offer | Service) -> Product:
        description = item.sku.name if isinstance(item, Offer) else item.description
        return self.ledger.product(item.product, price=item.price, cost=item.cost, description=description)
