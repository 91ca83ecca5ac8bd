"""How an item is billed, where it goes, and what we last left on its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sync_core.model.agreements import Charge


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


@dataclass(frozen=True)
class BillingProfile:
    """How an item is billed. ``product`` is the PSA's product identifier; ``minimum`` and ``included`` are in units."""

    name: str
    product: str
    basis: Basis = Basis.PURCHASED
    minimum: int = 0
    included: int = 0
    bill_warning: bool = True
    """Whether units in their grace period count as purchased."""


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

    @property
    def questions(self) -> tuple[str, ...]:
        """All questions, each once."""
        return tuple(dict.fromkeys(self.purchased_questions + self.assigned_questions))


@dataclass(frozen=True)
class Binding:
    """The line a link manages, as we last confirmed it in the PSA. The link follows the line by ``line_id``.

    ``ended`` is the last billed day we set; a link whose line was ended gets a new line when units come back.
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
