"""For how long a subscription was bought: its term, when it renews, who says so, and the units that are committed until then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Duration(StrEnum):
    """How long a term is, as ISO 8601 writes it."""

    MONTH = "P1M"
    YEAR = "P1Y"
    THREE_YEARS = "P3Y"


class Cycle(StrEnum):
    """How often Microsoft bills a subscription, in Partner Center's words."""

    MONTHLY = "monthly"
    ANNUAL = "annual"
    TRIENNIAL = "triennial"


class TermsFrom(StrEnum):
    """Where a partner's terms are read."""

    GRAPH = "graph"
    """Observed from the day of the next change that Microsoft Graph names for a subscription."""
    PARTNER_CENTER = "partner center"
    """Read of Partner Center's subscriptions; needs a partner that Microsoft bills directly, or an indirect provider."""


class TermSource(StrEnum):
    """Who says what a subscription's term is."""

    PARTNER_CENTER = "Partner Center"
    OBSERVED = "observed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Term:
    """A subscription's present term.

    ``duration`` is ISO 8601 (P1M, P1Y, P3Y) and ``cycle`` the billing cycle (monthly, annual, triennial); empty where nobody says.
    ``renews`` is the first day (UTC) after the commitment. ``committed``: for a year or longer, so that Microsoft bills its units until then.
    """

    duration: str = ""
    cycle: str = ""
    renews: date | None = None
    committed: bool = False
    source: TermSource = TermSource.UNKNOWN

    def __str__(self) -> str:
        """For people, with who says so."""
        if self.source is TermSource.UNKNOWN:
            return "term unknown"
        length = self.duration or ("a year or longer" if self.committed else "term unknown")
        cycle = f" billed {self.cycle}" if self.cycle else ""
        return f"{length}{cycle}{f', renews on {self.renews}' if self.renews else ''} ({self.source})"


@dataclass(frozen=True)
class Commitment:
    """The units of one subscription that stay committed until it renews. Days are UTC.

    ``units`` can no longer be given back. ``newest`` are those that were held last, seen since ``since``: they are committed, too, once the
    days are over in which Microsoft takes added units back.
    """

    item_id: str
    units: int
    newest: int
    since: date
    renews: date
    term: str
    """The term in words, as it was known last."""
