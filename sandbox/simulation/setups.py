"""What is there before the story of a seed begins: customers, their links, and what their agreements hold. Made once for each kind of world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.memory.clock import ManualClock
from sandbox.memory.store import MemoryStore
from sandbox.simulation.sites.site import Opening, Place, Site
from sync_core.configuration.versions import save_version
from sync_core.model.agreements import Ability
from sync_core.model.billing import BillingProfile, LineChoice, PriceRange
from sync_core.model.configuration import (
    AgreementBy,
    AgreementChoice,
    Configuration,
    ConfiguredLink,
    CustomerConfiguration,
    GuardRails,
    Notices,
    Partner,
)
from sync_core.model.customers import Customer, Mode

PARTNER = "00000000-0000-4000-8000-000000000001"
PSA = "psa"
"""The name of the one connection."""
SKUS = ("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "06ebc4ee-1bb5-47dd-8120-11324bc54e06")
BILLED = ("M365-BP", "M365-E5")
"""The products of ``SKUS``."""
BEGINS = datetime(2026, 3, 17, 2, 0, 5, tzinfo=UTC)
ROOMY = GuardRails(line_units=1000, run_customers_share=Decimal(1), run_money=Decimal(1_000_000), customer_money=Decimal(100_000))
_BY_DAYS = frozenset({Ability.SELF_ENDING_LINES, Ability.DATED_QUANTITIES})
"""What it takes to bill added units by their days."""
CAUTIOUS = GuardRails(line_units=1, line_share=Decimal("0.05"))


@dataclass(frozen=True)
class Setup:
    """One kind of world. ``invoiced`` is the first day that no invoice covers."""

    customers: int
    skus: int
    mode: Mode
    adopts: bool
    """Whether the agreements hold a line for each SKU already, which is taken over."""
    prorates: bool
    priced: bool
    invoiced: date
    cautious: bool
    mails: bool
    """Whether anybody is told of a run by mail."""

    @classmethod
    def drawn(cls, chance: Random, abilities: frozenset[Ability]) -> Setup:
        """The setup of a seed: small worlds, of which the usual ones come more often, and nothing that the PSA's adapter cannot do."""
        return cls(
            customers=chance.choice((*[1] * 14, 2)),
            skus=chance.choice((*[1] * 7, 2)),
            mode=chance.choice((*[Mode.AUTOMATIC] * 7, Mode.APPROVE)),
            adopts=chance.random() < 0.6,
            prorates=bool(abilities & _BY_DAYS) and chance.random() < 0.5,
            priced=Ability.PRICES in abilities and chance.random() < 0.2,
            invoiced=chance.choice((date(2026, 4, 1), date(2026, 4, 1), date(2026, 3, 1))),
            cautious=chance.random() < 0.2,
            mails=chance.random() < 0.5,
        )

    def profile(self, sku: int) -> BillingProfile:
        """How a SKU is billed."""
        prices = (PriceRange(Decimal("29.50")),) if self.priced else ()
        return BillingProfile(BILLED[sku], BILLED[sku], prorate=self.prorates, prices=prices)


@dataclass(frozen=True)
class Made:
    """A world that was made: the books, the tables with the configuration in them, and where each customer is billed."""

    books: Any
    tables: Any
    configuration: Configuration
    places: tuple[Place, ...]


def tenant(number: int) -> str:
    """The tenant id of a customer by number."""
    return f"11111111-0000-4000-8000-{number:012d}"


def made(site: Site, setup: Setup) -> Made:
    """The world of a setup at one PSA; the same for every seed that draws it."""
    if (site, setup) not in _MADE:
        _MADE[site, setup] = _make(site, setup)
    return _MADE[site, setup]


_MADE: dict[tuple[Site, Setup], Made] = {}


def _make(site: Site, setup: Setup) -> Made:
    clock, store = ManualClock(BEGINS), MemoryStore(checks=False)
    site.begin(clock)
    lines = [(BILLED[sku], 10) for sku in range(setup.skus)] if setup.adopts else []
    opening = [Opening(f"Customer {number}", setup.invoiced, setup.prorates, (("SUPPORT", 3), *lines)) for number in range(setup.customers)]
    places = tuple(site.open(each) for each in opening)
    configuration = Configuration(
        Partner(PARTNER, "app"),
        (site.connection(PSA),),
        tuple(_customer(setup, number, place) for number, place in enumerate(places)),
        guard_rails=CAUTIOUS if setup.cautious else ROOMY,
        notices=Notices(("billing@msp.example",) if setup.mails else (), "sync@msp.example"),
    )
    configuration = save_version(store, configuration, "a person", clock.now())
    return Made(site.saved(), store.copied(), configuration, places)


def _customer(setup: Setup, number: int, place: Place) -> CustomerConfiguration:
    customer = Customer(tenant(number), f"Customer {number}", mode=setup.mode)
    rails = CAUTIOUS if setup.cautious else ROOMY
    return CustomerConfiguration(customer, tuple(_link(setup, sku, place) for sku in range(setup.skus)), guard_rails=rails)


def _link(setup: Setup, sku: int, place: Place) -> ConfiguredLink:
    choice, line_id = (LineChoice.ADOPT, place.line_ids[1 + sku]) if setup.adopts else (LineChoice.NONE, "")
    where = AgreementChoice(AgreementBy.ID, place.agreement_id)
    key = f"{SKUS[sku]}~{PSA}~{place.company_id}"
    return ConfiguredLink(key, SKUS[sku], setup.profile(sku), PSA, place.company_id, where, choice=choice, adopt_line_id=line_id)
