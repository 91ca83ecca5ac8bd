"""A customer: one Microsoft tenant of the partner, how it signs in and how far the system may go for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Mode(StrEnum):
    """How far a run goes for a customer, from cautious to bold."""

    OBSERVE = "observe"
    """Plan only."""
    APPROVE = "approve"
    """A person releases every change."""
    AUTOMATIC = "automatic"
    """Safe changes are applied, the others wait for a person."""

    def capped(self, ceiling: Mode) -> Mode:
        """The more cautious of this mode and ``ceiling``."""
        order = list(Mode)
        return min(self, ceiling, key=order.index)


class SignIn(StrEnum):
    """How the partner signs in to the customer's tenant."""

    DELEGATED = "delegated"
    """The partner's refresh token, redeemed at the customer's authority (Secure Application Model)."""
    APPLICATION = "application"
    """App-only, with consent given in the customer's tenant."""


@dataclass(frozen=True)
class Customer:
    """One customer by configuration. ``tenant_id`` is a lower-case GUID and the only key; ``name`` is for people."""

    tenant_id: str
    name: str
    sign_in: SignIn = SignIn.DELEGATED
    mode: Mode = Mode.OBSERVE


@dataclass(frozen=True)
class Leaving:
    """What a person said of a customer that goes or is gone; until it is taken back, the nights leave the customer alone.

    ``last`` is the last day that its lines are billed; ``None`` leaves them as they are. ``at`` is UTC.
    """

    by: str
    at: datetime
    why: str = ""
    last: date | None = None
    cutover_id: str = ""
    """The cut-over that ends its lines."""
