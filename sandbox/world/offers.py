"""What the seeded MSP sells: Microsoft's SKUs under products of its own PSA catalogue, and services of its own beside them."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.microsoft import catalog
from sandbox.microsoft.catalog import Sku
from sync_core.model.billing import Basis, Names
from sync_core.model.custom_licences import custom_id


@dataclass(frozen=True)
class Offer:
    """A SKU as the MSP bills it. ``price`` and ``cost`` are net amounts a seat and month; ``profile`` is the billing profile's name."""

    sku: Sku
    profile: str
    product: str
    price: str
    cost: str
    basis: Basis = Basis.PURCHASED
    names: Names = Names.NONE
    prorate: bool = False

    @property
    def item_id(self) -> str:
        """The id of what is billed."""
        return self.sku.sku_id

    @property
    def title(self) -> str:
        """What people call it."""
        return self.sku.name

    @property
    def written(self) -> str:
        """How a rule or link names it."""
        return f"sku: {self.sku.part_number}"


BUSINESS_BASIC = Offer(catalog.BUSINESS_BASIC, "Business Basic", "M365-BB", "7.20", "6.00")
BUSINESS_STANDARD = Offer(catalog.BUSINESS_STANDARD, "Business Standard", "M365-BS", "15.00", "12.50")
BUSINESS_PREMIUM = Offer(catalog.BUSINESS_PREMIUM, "Business Premium", "M365-BP", "26.40", "22.00")
E3 = Offer(catalog.M365_E3, "Microsoft 365 E3", "M365-E3", "43.20", "36.00")
FRONTLINE = Offer(catalog.M365_F3, "Frontline as used", "M365-F3", "9.60", "8.00", Basis.ASSIGNED, Names.DISPLAY_NAME)
COPILOT = Offer(catalog.COPILOT, "Copilot", "M365-COPILOT", "36.00", "30.00", prorate=True)
EXCHANGE = Offer(catalog.EXCHANGE_PLAN_1, "Exchange", "EXO-P1", "4.80", "4.00")
DEFENDER = Offer(catalog.DEFENDER_OFFICE_1, "Defender for Office", "MDO-P1", "2.40", "2.00")
TEAMS_PHONE = Offer(catalog.TEAMS_PHONE, "Teams Phone", "TEAMS-PHONE", "9.60", "8.00")

OFFERS = (BUSINESS_BASIC, BUSINESS_STANDARD, BUSINESS_PREMIUM, E3, FRONTLINE, COPILOT, EXCHANGE, DEFENDER, TEAMS_PHONE)
"""All that the configuration has a billing profile for."""


@dataclass(frozen=True)
class Service:
    """Something else on the same agreements, which is nobody's licence and must never be touched."""

    product: str
    description: str
    price: str
    cost: str


SUPPORT = Service("SUPPORT-USER", "Service desk, per user", "45.00", "20.00")
BACKUP = Service("BACKUP-M365", "Cloud backup of mailboxes and files, per user", "3.50", "1.80")
FIREWALL = Service("FW-MANAGED", "Managed firewall", "120.00", "60.00")
POWER_BI = Service("PBI-PRO", "Power BI Pro", "16.80", "14.00")

SERVICES = (SUPPORT, BACKUP, FIREWALL, POWER_BI)


@dataclass(frozen=True)
class CustomOffer:
    """A service that is billed by a custom licence; ``template`` is the rule that comes with the app."""

    template: str
    title: str
    profile: str
    service: Service
    basis: Basis = Basis.PURCHASED
    names: Names = Names.NONE
    prorate: bool = False

    @property
    def product(self) -> str:
        """The PSA's product."""
        return self.service.product

    @property
    def item_id(self) -> str:
        """The id of what is billed."""
        return custom_id(self.template)

    @property
    def written(self) -> str:
        """How a rule or link names it."""
        return f"custom: {self.template}"


MANAGED_USERS = CustomOffer("managed-users", "Managed users", "Managed user", SUPPORT)
