"""What the simulation asks of a PSA, and the reference model of one agreement: plain lines, and what one write makes of them.

The model knows nothing of the adapters. It reads what a step was to send, as the journal has it, and says what the agreement
must hold afterwards: that line changed or added, and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from sandbox.web import Request, Response
from sync_core.model.configuration import Connection
from sync_core.model.plans import Step
from sync_core.ports import Clock

NEW = "new line"
"""In what a write leads to, the ids of the lines that it adds begin so: only the PSA knows them."""


@dataclass(frozen=True)
class Held:
    """A line as the model knows it. ``units`` are those that it bills in the end, after all that is dated."""

    product: str
    units: Decimal
    ends: date | None = None
    marker: str = ""
    price: Decimal | None = None

    @property
    def open_units(self) -> Decimal:
        """The units that go on being billed."""
        return Decimal(0) if self.ends else self.units


Lines = Mapping[str, Held]
"""The lines of an agreement by id."""


@dataclass(frozen=True)
class Opening:
    """What an agreement holds before the story begins. ``invoiced`` is the first day that no invoice covers yet."""

    company: str
    invoiced: date
    prorates: bool
    lines: tuple[tuple[str, int], ...] = ()
    """Product and units of each line."""


@dataclass(frozen=True)
class Place:
    """An agreement that was opened, and the ids of its lines in order."""

    company_id: str
    agreement_id: str
    line_ids: tuple[str, ...]


class Site(Protocol):
    """One PSA with books of its own. ``begin`` makes them empty; everything else reads or changes them."""

    kind: str
    secrets: Mapping[str, str]
    settle_seconds: float
    """How late a write may still be carried out, after its deadline."""

    def begin(self, clock: Clock) -> None:
        """Empty books, but for the catalogue: the products ``PRODUCTS``."""

    def connection(self, name: str) -> Connection:
        """How the app is told to reach it."""
        ...

    def open(self, opening: Opening) -> Place:
        """Adds an agreement."""
        ...

    def saved(self) -> Any:
        """The books as they are, to go back to."""
        ...

    def restore(self, saved: Any, clock: Clock) -> None:
        """Back to books that were saved."""

    def lines(self, agreement_id: str) -> Lines:
        """The lines of an agreement now."""
        ...

    def led_to(self, lines: Lines, step: Step) -> Lines:
        """The reference model: what the lines are once the step is done; the ones that it adds go by ``NEW``."""
        ...

    def rest(self, agreement_id: str) -> Mapping[str, object]:
        """What else there is to each line, and nothing that the app writes may change."""
        ...

    def edit(self, agreement_id: str, line_id: str, units: int) -> None:
        """A person changes the units of a line."""

    def invoice(self, agreement_id: str) -> None:
        """A person sends the agreement's next invoice."""

    def invoiced(self, agreement_id: str) -> date:
        """The first day that no invoice of the agreement covers."""
        ...

    def to_bill(self, agreement_id: str, until: date) -> Mapping[date, Decimal]:
        """What the periods that are not invoiced yet would bill, by their first day, were nothing changed before."""
        ...


class ServedSite(Site, Protocol):
    """A PSA that is called over HTTP."""

    def answer(self, request: Request) -> Response:
        """What the PSA answers."""
        ...

    def named(self, request: Request) -> str:
        """A request without its ids, such as ``GET additions``."""
        ...

    def refusal(self, status: int, seconds: int) -> Response:
        """An error as this PSA words it; ``seconds`` is the wait that it asks for, if any."""
        ...

    def is_write(self, request: Request) -> bool:
        """Whether a request changes something."""
        ...

    def carries(self, request: Request, step: Step) -> bool:
        """Whether a write says what the step in the journal says."""
        ...


PRODUCTS: Mapping[str, Decimal] = {"M365-BP": Decimal("31.00"), "M365-E5": Decimal("54.75"), "SUPPORT": Decimal("80.00")}
"""The catalogue: two products that are linked to SKUs, and one that only people bill."""
