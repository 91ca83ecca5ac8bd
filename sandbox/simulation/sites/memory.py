"""The PSA in memory as the simulation plays with it, in its three ways to keep lines: it is no vendor's, and shows what the core alone relies on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.memory.psa import Keeping, MemoryPsa
from sandbox.simulation.sites.site import NEW, PRODUCTS, Held, Lines, Opening, Place
from sync_core.model.agreements import Ability, Agreement, AgreementStatus, Company, Line, Product
from sync_core.model.configuration import Connection
from sync_core.model.plans import Step
from sync_core.ports import Clock

_START = date(2025, 1, 1)


class MemorySite:
    """One PSA in memory; it has no address, and its adapter is the PSA itself."""

    kind = "memory"
    url = "https://psa.example"
    settle_seconds = 120.0
    secrets: Mapping[str, str] = {}

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._openings: list[Opening] = []

    @property
    def adapter(self) -> MemoryPsa:
        """The PSA."""
        return self._psa

    def begin(self, clock: Clock) -> None:
        """See ``Site.begin``."""
        self._openings = []
        self._psa = MemoryPsa(clock, "psa", self._keeping, self.settle_seconds)
        for number, (name, price) in enumerate(PRODUCTS.items(), start=1):
            self._psa.add_product(Product(str(number), name, name, price))

    def connection(self, name: str) -> Connection:
        """See ``Site.connection``."""
        return Connection(name, self.kind, self.url)

    def open(self, opening: Opening) -> Place:
        """See ``Site.open``."""
        self._openings.append(opening)
        number = len(self._openings)
        self._psa.add_company(Company(f"c{number}", opening.company))
        by_lines = self._keeping is Keeping.LINES
        abilities = frozenset({Ability.SELF_ENDING_LINES, Ability.PRICES}) if by_lines else frozenset()
        dates = (_START, None, 1, _START, opening.invoiced)
        head = Agreement(
            "psa", f"a{number}", f"c{number}", "Cloud", "Cloud", AgreementStatus.ACTIVE, *dates, opening.prorates, "USD", abilities=abilities
        )
        self._psa.add_agreement(head)
        ids = {name: str(place) for place, name in enumerate(PRODUCTS, start=1)}
        lines = [Line("", ids[name], name, Decimal(units), PRODUCTS[name], starts=_START) for name, units in opening.lines]
        return Place(f"c{number}", f"a{number}", tuple(self._psa.add_line(f"a{number}", line).line_id for line in lines))

    def saved(self) -> Any:
        """See ``Site.saved``."""
        return tuple(self._openings)

    def restore(self, saved: Any, clock: Clock) -> None:
        """See ``Site.restore``."""
        self.begin(clock)
        for opening in saved:
            self.open(opening)

    def lines(self, agreement_id: str) -> Lines:
        """See ``Site.lines``."""
        return {line.line_id: Held(line.product, line.quantity, line.ends, line.marker, line.unit_price) for line in self._psa.lines(agreement_id)}

    def led_to(self, lines: Lines, step: Step) -> Lines:
        """See ``Site.led_to``."""
        for number, operation in enumerate(step.request["operations"]):
            if operation["operation"] == "add":
                name = list(PRODUCTS)[int(operation["product"]) - 1]
                price, ends = Decimal(operation.get("price", PRODUCTS[name])), _day(operation.get("ends"))
                lines = {**lines, f"{NEW} {number}": Held(name, Decimal(operation["quantity"]), ends, operation["marker"], price)}
                continue
            line = lines[operation["line"]]
            units = Decimal(operation.get("quantity", line.units))
            price = Decimal(operation["price"]) if "price" in operation else line.price or Decimal(0)
            lines = {**lines, operation["line"]: replace(line, units=units, ends=_day(operation.get("ends")) or line.ends, price=price)}
        return lines

    def rest(self, agreement_id: str) -> Mapping[str, object]:
        """See ``Site.rest``."""
        return {line.line_id: (line.product_id, line.charge, line.starts, line.marker, line.edited_by) for line in self._psa.lines(agreement_id)}

    def edit(self, agreement_id: str, line_id: str, units: int) -> None:
        """See ``Site.edit``."""
        self._psa.edit(line_id, quantity=Decimal(units))

    def invoice(self, agreement_id: str) -> None:
        """See ``Site.invoice``: only the date of the next one is kept."""
        (head,) = self._psa.read_headers([agreement_id])
        following = head.next_invoice or _START
        year, month = divmod(following.year * 12 + following.month, 12)
        self._psa.add_agreement(replace(head, next_invoice=date(year, month + 1, 1)))

    def invoiced(self, agreement_id: str) -> date:
        """See ``Site.invoiced``."""
        (head,) = self._psa.read_headers([agreement_id])
        return head.next_invoice or _START

    def to_bill(self, agreement_id: str, until: date) -> Mapping[date, Decimal]:
        """See ``Site.to_bill``: it makes no invoices, so what each line holds in the end stands for them."""
        return {_START: sum((line.billed * line.unit_price for line in self._psa.lines(agreement_id) if not line.ends), Decimal(0))}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
