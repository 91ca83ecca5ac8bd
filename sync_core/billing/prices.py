"""The unit price that a profile asks for: the PSA's own, one of its date ranges, or a percentage on the unit cost."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sync_core.billing.identity import plain
from sync_core.model.agreements import Ability, Agreement
from sync_core.model.billing import BillingProfile


def has_price(profile: BillingProfile) -> bool:
    """Whether the profile sets the price; otherwise it is the PSA's own and never written."""
    return bool(profile.prices) or profile.cost_plus is not None


def price_on(profile: BillingProfile, day: date, cost: Decimal | None) -> Decimal | None:
    """The unit price of a day, net; ``None`` where the profile names none. A percentage on the cost is rounded half up to cents."""
    if profile.cost_plus is not None:
        return None if cost is None else (cost * (1 + profile.cost_plus / 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return next((each.amount for each in profile.prices if each.holds_on(day)), None)


def price_problem(profile: BillingProfile, agreement: Agreement, day: date, cost: Decimal | None) -> str:
    """Why the profile's own price cannot be given to a line; empty where it can, or where there is none."""
    if has_price(profile) and Ability.PRICES not in agreement.abilities:
        return f"The profile {profile.name} sets the price, which this connection cannot write. Take it out, or keep the price in the PSA."
    if not has_price(profile) or price_on(profile, day, cost) is not None:
        return ""
    if profile.cost_plus is not None:
        return f"The profile {profile.name} adds {plain(profile.cost_plus)} % to the cost, and the PSA names no cost."
    return f"The profile {profile.name} has no price for {day}. Add a range that holds that day."
