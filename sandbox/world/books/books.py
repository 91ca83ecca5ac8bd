"""One PSA of a world: what people did in it before the first night, in words that every PSA has, and how the app gets to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sandbox.web import Application
from sandbox.world.promises import PromisedChange

Clock = Callable[[], datetime]
"""The world's time: aware, UTC."""


@dataclass(frozen=True)
class Firm:
    """A customer's company in a PSA."""

    id: int
    name: str


@dataclass(frozen=True)
class Terms:
    """How an agreement bills, as far as a PSA knows the difference. ``ahead``: the next invoice is for the period after it."""

    prorate: bool = False
    currency: str = "USD"
    ahead: bool = False


@dataclass(frozen=True)
class Agreed:
    """An agreement in a PSA; ``type_name`` is what a rule finds it by."""

    id: int
    firm: Firm
    name: str
    type_name: str


@dataclass(frozen=True)
class Billed:
    """A line that a person made."""

    id: int
    agreement: Agreed
    quantity: int


@dataclass(frozen=True)
class PreviewLine:
    """A line of a coming invoice; money is net, in the invoice's currency."""

    line_id: int
    product: str
    description: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True)
class Preview:
    """A coming invoice, of any PSA."""

    psa: str
    agreement_id: int
    company: str
    agreement: str
    dated: str
    currency: str
    total: str
    lines: tuple[PreviewLine, ...]


class Books(Protocol):
    """A simulated PSA, kept by people until the app comes."""

    @property
    def kind(self) -> str:
        """The kind of PSA, and the name of its connection."""
        ...

    @property
    def shown(self) -> str:
        """What people call it."""
        ...

    @property
    def application(self) -> Application:
        """The PSA to be served."""
        ...

    @property
    def simulator(self) -> Any:
        """The simulator itself, whose ``limits`` and ``faults`` are switches."""
        ...

    def sell(self, product: str, description: str, price: str, cost: str) -> None:
        """Puts a product into the catalogue."""
        ...

    def company(self, short: str, name: str) -> Firm:
        """Adds a company; ``short`` makes its identifier, its website and a contact's address."""
        ...

    def agreement(self, firm: Firm, name: str, type_name: str, start: date, terms: Terms) -> Agreed:
        """Adds an agreement that is billed monthly; the invoices of the periods that have begun are sent."""
        ...

    def copy_agreement(self, agreement: Agreed) -> None:
        """Copies an agreement with its lines, as a person might by mistake."""
        ...

    def bill(self, agreement: Agreed, product: str, quantity: int, text: str = "", marker: str = "") -> Billed:
        """Adds a line; without ``text`` it has the catalogue's. ``marker`` is what other tools leave on their lines."""
        ...

    def open_for_business(self) -> None:
        """Everything was entered; what has begun is invoiced."""
        ...

    def connection(self, url: str) -> Mapping[str, Any]:
        """The connection in the configuration, for the PSA at this address."""
        ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """The made-up secrets by the names that the connection gives them."""
        ...

    def writes_of(self, changes: Sequence[PromisedChange]) -> int:
        """How many writes it takes to make these changes of one agreement, which are all applied."""
        ...

    def written(self) -> Sequence[Any]:
        """Every write that came through the API so far."""
        ...

    def previews(self, on: date | None = None) -> list[Preview]:
        """The next invoice of every agreement that bills, on a day or today."""
        ...
