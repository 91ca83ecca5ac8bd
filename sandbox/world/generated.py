"""Plain customers for worlds of any size: seeded sizes, a handful of lines, and one in twenty with a change."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sandbox.world.books import Terms
from sandbox.world.msp import Account, Msp
from sandbox.world.offers import (
    BACKUP,
    BUSINESS_BASIC,
    BUSINESS_PREMIUM,
    BUSINESS_STANDARD,
    DEFENDER,
    EXCHANGE,
    FIREWALL,
    SUPPORT,
    TEAMS_PHONE,
    Offer,
)

_TRADES = ("Bakery", "Architects", "Logistics", "Dental Care", "Law Office", "Garden Centre", "Brewery", "Engineering", "Hotel", "Print Works")
_PLACES = ("Northwind", "Lakeside", "Harbour", "Hillcrest", "Old Town", "Riverside", "Station Road", "Westgate", "Market Square", "Greenfield")
_MAIN: Sequence[Offer] = (BUSINESS_BASIC, BUSINESS_STANDARD, BUSINESS_PREMIUM)
_EXTRA: Sequence[Offer] = (EXCHANGE, DEFENDER, TEAMS_PHONE)

ONE_IN = 20
"""One of so many customers has a change."""


def generated_customer(msp: Msp, number: int, seed: int) -> Account:
    """The customer of that number; the same for the same number and seed, whatever stands before it."""
    chance = random.Random(f"customer {seed} {number}")
    name = f"{chance.choice(_PLACES)} {chance.choice(_TRADES)} {number:04}"
    changing = number % ONE_IN == seed % ONE_IN
    account = msp.customer(
        name, "a few seats more" if changing else "nothing to do", months=chance.randint(3, 36), terms=Terms(prorate=chance.random() < 0.5)
    )
    size = min(5 + int(chance.expovariate(1 / 18)), 250)
    account.manages(chance.choice(_MAIN), size, seats=size + chance.randint(1, 3) if changing else size)
    for offer in chance.sample(_EXTRA, chance.randint(1, 3)):
        account.manages(offer, max(1, size // chance.randint(2, 6)))
    account.bills(SUPPORT, size)
    account.bills(BACKUP, size)
    if chance.random() < 0.4:
        account.bills(FIREWALL, 1)
    return account
