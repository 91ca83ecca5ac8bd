"""A partner that moves over from another tool: lines with the tool's marker, lines of people, and links that are to bill from now on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sync_core.model.agreements import Company, Line, Product
from sync_core.model.cutovers import Choice, Cutover, CutoverLine, CutoverState, Wanted, What
from sync_core.model.people import Who
from sync_core.model.plans import Decision
from sync_core.pipeline.cutover.confirming import confirm, undo_of_cutover
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import load_cutover, units_of
from sync_core.pipeline.cutover.search import start_search
from sync_core.pipeline.cutover.stage import ask_for_work
from sync_core.pipeline.decisions import ALL, decide, list_plans
from sync_core.pipeline.undo import customers_to_undo, start_undo
from tests.pipeline.night import PRODUCTS, SKU, Night, agreement

TOOL = "Cloudconsole"
WHO = Who("a clerk")
END_OF_MAY = date(2026, 5, 31)


def line_of(product: Product, units: int = 10, **more: Any) -> Line:
    """A line of another tool that bills a product since the start of 2025."""
    given: dict[str, Any] = {"starts": date(2025, 1, 1), "marker": TOOL, **more}
    return Line("", product.product_id, product.identifier, Decimal(units), product.price, **given)


def moving(customers: int = 1, lines: int = 1, **options: Any) -> Night:
    """Customers that bill one SKU, whose agreement has ``lines`` lines of another tool for just that product, and one line that is a person's."""
    night = Night(0, **options)
    items = []
    for number in range(1, customers + 1):
        items.append(night.add_customer(number, billed=0))
        night.psa.add_company(Company(f"c{number}", f"Customer {number} Ltd"))
        for _ in range(lines):
            night.psa.add_line(f"a{number}", line_of(PRODUCTS[SKU]))
        night.psa.add_line(f"a{number}", line_of(Product("p9", "BACKUP", "Backup", Decimal(3)), 7, marker=""))
    night.psa.add_product(Product("p9", "BACKUP", "Backup", Decimal(3)))
    night.configure(*items)
    return night


def stranger(night: Night, number: int = 90, lines: int = 2) -> None:
    """A company of the PSA that no configured customer bills to, with lines of the other tool."""
    night.psa.add_company(Company(f"c{number}", f"Stranger {number} Ltd"))
    night.psa.add_agreement(agreement(f"a{number}", f"c{number}"))
    for _ in range(lines):
        night.psa.add_line(f"a{number}", line_of(PRODUCTS[SKU]))


def find(night: Night, wanted: Wanted | None = None) -> Cutover:
    """Looks for lines of the other tool, and waits until they are found."""
    cutover = start_search(night.context, wanted or Wanted(markers=(TOOL,)), "a clerk (unverified)")
    return worked(night, cutover.cutover_id)


def worked(night: Night, cutover_id: str) -> Cutover:
    """Lets the host take a cut-over as far as it goes by itself."""
    ask_for_work(night.context, cutover_id)
    night.work()
    return load_cutover(night.store, cutover_id).value


def prepare(night: Night, cutover: Cutover, what: What = What.END, last: date | None = END_OF_MAY, names: list[str] | None = None) -> Cutover:
    """Chooses lines, all of them unless some are named, and waits until what would happen is shown."""
    start_preparing(night.context, cutover.cutover_id, Choice(what, None if what is What.TAKE_OVER else last), names)
    return worked(night, cutover.cutover_id)


def carry_out(night: Night, cutover: Cutover, by: Who = WHO) -> Cutover:
    """Confirms what was shown, and waits until it is carried out."""
    confirm(night.context, cutover.cutover_id, cutover.prepared, by, "we move")
    return worked(night, cutover.cutover_id)


def take_back(night: Night, cutover: Cutover) -> None:
    """Undoes a cut-over, and approves what that shows."""
    night.clock.advance(60)
    wanted = undo_of_cutover(night.context, cutover.cutover_id, "a mistake")
    start_undo(night.context, wanted, customers_to_undo(night.context, wanted.run_id, *wanted.beside), "a clerk")
    night.work()
    for shown in list_plans(night.context):
        decide(night.context, shown.plan.tenant_id, ALL, Decision.APPROVED, WHO, "")
    night.work()


def cut(night: Night, what: What = What.END, last: date | None = END_OF_MAY) -> Cutover:
    """The whole way for all lines of the other tool."""
    return carry_out(night, prepare(night, find(night), what, last))


def lines_in(night: Night, cutover: Cutover) -> list[CutoverLine]:
    """The lines of a cut-over as they stand."""
    return [line for unit in units_of(night.store, cutover.cutover_id) for line in unit.value.lines]


def ends(night: Night, agreement_id: str = "a1") -> list[date | None]:
    """Until when each line of an agreement is billed."""
    return [line.ends for line in night.psa.lines(agreement_id)]


def is_over(cutover: Cutover) -> bool:
    """Whether nothing is left of it."""
    return cutover.state is CutoverState.FINISHED and not cutover.run_id


def prorating(night: Night, agreement_id: str = "a1", company: str = "c1") -> None:
    """Lets an agreement bill parts of its periods."""
    night.psa.add_agreement(replace(agreement(agreement_id, company), prorates=True))
