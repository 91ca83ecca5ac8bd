"""How an item is billed, where it goes, and what we last left on its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sync_core.model.agreements import Charge, SelfEnding
from sync_core.model.terms import Term


class Basis(StrEnum):
    """Which number is billed."""

    PURCHASED = "purchased"
    ASSIGNED = "assigned"
    GREATER = "greater"


class ManualEdits(StrEnum):
    """What happens to a managed line that a person edited in the PSA."""

    ASK = "ask"
    ACCEPT = "accept"
    OVERWRITE = "overwrite"


class Names(StrEnum):
    """How the people who hold an item are named in the text of its line."""

    NONE = "none"
    DISPLAY_NAME = "display name"
    UPN = "upn"


class Decreases(StrEnum):
    """From when fewer units count."""

    NOW = "now"
    """From the first day that no invoice covers yet: a period that is not invoiced is billed lower as a whole."""
    NEXT_PERIOD = "next period"
    """With proration, from the period after the one in which they were first counted; without it, as ``NOW``."""
    AT_RENEWAL = "at renewal"
    """As ``NEXT_PERIOD``, but not before the commitment ends that was known when they were first counted."""
    BY_TERM = "by term"
    """As ``NEXT_PERIOD``, and of a subscription with a term of a year or longer never fewer units than are committed until it renews."""


@dataclass(frozen=True)
class PriceRange:
    """A unit price, net, from ``first`` to ``last``, both included; ``None`` leaves that side open."""

    amount: Decimal
    first: date | None = None
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is the price of a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class BillingProfile:
    """How an item is billed. ``product`` is the PSA's product identifier; ``minimum`` and ``included`` are in units.

    Without ``prices`` and ``cost_plus`` (percent on the unit cost) the price is the PSA's own. ``charge``, ``taxable`` and
    ``description`` are given to new lines only.
    """

    name: str
    product: str
    basis: Basis = Basis.PURCHASED
    minimum: int = 0
    included: int = 0
    bill_warning: bool = True
    """Whether units in their grace period count as purchased."""
    prorate: bool = False
    """Whether added units are billed for their days; otherwise from the first day that no invoice covers."""
    credits: bool = False
    """With proration: whether fewer units are credited for their days, too."""
    decreases: Decreases = Decreases.BY_TERM
    prices: tuple[PriceRange, ...] = ()
    cost_plus: Decimal | None = None
    charge: Charge = Charge.BILLABLE
    taxable: bool | None = None
    description: str = ""
    names: Names = Names.NONE
    show_unassigned: bool = False
    """With names: whether the units that nobody holds are counted behind them."""

    @property
    def keeps_commitments(self) -> bool:
        """Whether committed units are billed although fewer are bought; who bills by assignments has said otherwise."""
        return self.decreases is Decreases.BY_TERM and self.basis is not Basis.ASSIGNED


class Per(StrEnum):
    """What gets a line of its own under a link of a SKU."""

    SKU = "sku"
    """All its units are on one line."""
    TERM = "term"
    """All units of the same term and billing cycle."""
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True)
class ByTerm:
    """A profile for the subscriptions with this term (P1M, P1Y, P3Y) and billing cycle; empty fits any."""

    term: str
    cycle: str
    profile: BillingProfile

    def fits(self, term: Term) -> bool:
        """Whether it is for such subscriptions."""
        return self.term in ("", term.duration) and self.cycle in ("", term.cycle)


class Outgoing(StrEnum):
    """Why a line that a link had made for some of its units is no longer one of its lines."""

    NO = ""
    GONE = "gone"
    """There is no such subscription, or none with such a term, any more."""
    REARRANGED = "rearranged"
    """The link bills its units on other lines now."""


class LineChoice(StrEnum):
    """What a person decided about a line that already exists where a link would add one."""

    NONE = "none"
    NEW = "new"
    ADOPT = "adopt"


@dataclass(frozen=True)
class Link:
    """One item of a customer bound to an agreement under a profile. ``key`` is stable and unique within the customer.

    ``item_id`` is a SKU's id, a custom licence's, or that of a part of either.
    """

    key: str
    item_id: str
    profile: BillingProfile
    connection: str
    company_id: str
    agreement_id: str
    start: date | None = None
    choice: LineChoice = LineChoice.NONE
    adopt_line_id: str = ""
    bills: bool = True
    """Whether it is billed at all; if not, nobody is told of it either."""
    family: str = ""
    """The key of the configured link whose units this one bills a part of, or has billed; links of one family never bill a unit twice."""
    outgoing: Outgoing = Outgoing.NO
    takes_over: str = ""
    """The key of the family's link whose line this one goes on with."""
    follows: str = ""
    """Whose subscription its own seems to follow, in words; a person has to agree to that."""


@dataclass(frozen=True)
class Question:
    """Why a link cannot be planned, in words a person can act on. ``link.agreement_id`` is empty where no agreement was found."""

    link: Link
    text: str


@dataclass(frozen=True)
class CountedItem:
    """What one item of a snapshot comes to, in units. A number is ``None`` where it cannot be trusted, and its questions say why.

    ``purchased`` are the enabled seats that we sold; ``warning`` are those in their grace period, kept apart because the
    profile decides on them; ``suspended`` cannot be used and are never billed. ``notes`` are shown and change nothing:
    seats of other sellers, trials, suspended seats.
    """

    item_id: str
    name: str
    purchased: int | None
    assigned: int | None
    warning: int = 0
    notes: tuple[str, ...] = ()
    excluded: bool = False
    suspended: int = 0
    company_wide: bool = False
    """Whether the SKU holds for the whole company, so that nothing is ever assigned."""
    purchased_questions: tuple[str, ...] = ()
    assigned_questions: tuple[str, ...] = ()
    by_rule: bool = False
    """Whether it was counted by a rule: nothing is bought or assigned then, and both numbers are the count."""
    held: bool = True
    """Whether there is any of it, as far as is known: what a customer never had is not billed, minimum or not."""
    commitment_ends: date | None = None
    """The first day on which one of its subscriptions renews, where Microsoft says so."""
    committed_more: int = 0
    """Units that are no longer bought, and that subscriptions with a term of a year or longer commit to until they renew."""
    committed_words: tuple[str, ...] = ()
    """What commits to them, and until when."""
    term: Term | None = None
    """Of some of a SKU's subscriptions: the term that they have."""
    lapsed: tuple[str, ...] = ()
    """Commitments that had not run out when their subscription went away: why is a question to a person before a line is lowered."""

    @property
    def questions(self) -> tuple[str, ...]:
        """All questions, each once."""
        return tuple(dict.fromkeys(self.purchased_questions + self.assigned_questions))


@dataclass(frozen=True)
class Invoiced:
    """The time up to ``last`` was, or will be, invoiced with ``units`` billed on the main line."""

    last: date
    units: Decimal


@dataclass(frozen=True)
class Due:
    """From ``first`` on the main line is to hold ``quantity``: it is set once the time before is invoiced."""

    first: date
    quantity: Decimal
    unsure: bool = False
    """Whether an invoice was made in the moment of the write, so that nobody but a person can tell which quantity it shows."""


@dataclass(frozen=True)
class Seen:
    """The units counted from a business date on."""

    first: date
    units: Decimal


@dataclass(frozen=True)
class Move:
    """A count that differs from what is billed: the business date on which it was first seen, and the units counted last.

    ``commitment_ends`` is the end of the commitment as it was known then; ``seen`` is each count since, in order.
    """

    since: date
    units: Decimal
    commitment_ends: date | None = None
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True)
class Binding:
    """The line a link manages, as we last confirmed it in the PSA. The link follows the line by ``line_id``.

    ``ended`` is the last billed day we set; a link whose line was ended gets a new line when units come back.
    ``self_ending`` are the lines that prorate beside it, ``invoiced`` what it held in time that is invoiced, ``due`` what it is
    to hold later; each by date, and empty without proration.
    """

    link_key: str
    connection: str
    agreement_id: str
    line_id: str
    product_id: str
    quantity: Decimal
    charge: Charge
    starts: date | None
    ends: date | None
    marker: str
    adopted: bool = False
    ended: date | None = None
    overruled: Decimal | None = None
    """The units we counted that a person's accepted edit stands against; it stands until we count something else."""
    plan_id: str = ""
    self_ending: tuple[SelfEnding, ...] = ()
    invoiced: tuple[Invoiced, ...] = ()
    due: tuple[Due, ...] = ()
    counts_from: date | None = None
    """The first day that is charged, where the days before the line's own start are on a self-ending line."""
    text: str = ""
    """A fingerprint of the line's text as we last left it with names in it; empty where there are none of ours."""
