"""The fast paths of planning show what plain reads show, and no write rests on them alone. All else that a PSA promises they keep as `subject`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from sync_core.model.agreements import Agreement, Line
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink, CustomerConfiguration
from sync_core.model.customers import Customer, Mode
from sync_core.model.plans import ChangeResult
from sync_core.ports import Probe, Psa
from tests.conformance.fast_paths import FAST, FastSubject, Rows
from tests.conformance.subjects import LINES, TODAY
from tests.conformance.test_cutting_over import InTime
from tests.conformance.test_writing import CHANGES, Case, Steps
from tests.conformance.whole import whole_agreement
from tests.pipeline.night import ROOMY, SKU, Night, tenant


@pytest.fixture(params=FAST)
def fast(request: pytest.FixtureRequest) -> Iterator[FastSubject]:
    """A PSA with fresh books that is read by a fast path."""
    made = FAST[request.param]()
    yield made
    made.close()


def planned_from(psa: Psa) -> list[tuple[Agreement, list[Line]]]:
    """All that a run reads; the lines in the order of their ids."""
    return [(head, sorted(psa.read_lines(head, TODAY), key=lambda line: int(line.line_id))) for head in psa.read_headers(None)]


def test_a_run_is_planned_from_the_fast_path_and_from_the_same_lines_as_plainly(fast: FastSubject) -> None:
    for round_number in range(1, 4):
        before = fast.fast_reads
        assert planned_from(fast.psa) == planned_from(fast.plainly())
        assert fast.fast_reads > before, f"round {round_number} went another way"


@CHANGES
def test_after_every_kind_of_write_both_show_the_same(fast: FastSubject, make: Callable[[Case], Steps]) -> None:
    case = Case(fast)
    case.send_all(make(case))
    before = fast.fast_reads
    assert planned_from(fast.psa) == planned_from(fast.plainly())
    assert fast.fast_reads > before


def test_after_a_persons_edit_both_show_the_same(fast: FastSubject) -> None:
    fast.edit_quantity(planned_from(fast.psa)[0][1][4].line_id, 42)
    assert planned_from(fast.psa) == planned_from(fast.plainly())


@CHANGES
def test_what_is_read_by_its_id_and_looked_for_goes_by_plain_reads(fast: FastSubject, make: Callable[[Case], Steps]) -> None:
    case = Case(fast)
    steps = make(case)
    before = fast.fast_reads
    for step in steps:
        assert whole_agreement(case.psa, case.agreement.agreement_id, TODAY) is not None
        case.send(step)
        assert case.psa.probe(step).probe is Probe.DONE
    assert fast.fast_reads == before


def without_the_third(rows: Rows) -> Rows:
    return [row for row in rows if row["id"] != 3 or "nextcreationdate" in row]


def with_other_quantities(rows: Rows) -> Rows:
    return [{**row, name: 77.0} for row in rows for name in ("quantity", "qty_order") if name in row] or rows


def with_the_third_over(rows: Rows) -> Rows:
    ends = {"cancelledDate": "2026-02-28T00:00:00Z", "enddate": "2026-02-28T00:00:00"}
    return [{**row, **{name: day for name, day in ends.items() if name in row or name == "cancelledDate"}} if row["id"] == 3 else row for row in rows]


class Billed:
    """Nights of a customer whose three seats are billed by the third line, which its link took over."""

    def __init__(self, fast: FastSubject) -> None:
        self.fast, self.night = fast, Night(0)
        self.night.adapters.psas = {fast.psa.connection: InTime(fast.psa)}
        self.night.microsoft.bought[tenant(1)] = {SKU: 3}
        (_, lines), *_ = planned_from(fast.plainly())
        place, profile = AgreementChoice(AgreementBy.ID, fast.agreement_id), BillingProfile("three", "M365-3")
        link = ConfiguredLink(f"{SKU}~{fast.psa.connection}~1", SKU, profile, fast.psa.connection, fast.company_id, place)
        link = replace(link, choice=LineChoice.ADOPT, adopt_line_id=lines[2].line_id)
        self.night.configure(CustomerConfiguration(Customer(tenant(1), "Contoso", mode=Mode.AUTOMATIC), (link,), guard_rails=ROOMY))
        self.night.run()

    def next_night(self, seats: int = 3, shown: Callable[[Rows], Rows] = list) -> list[ChangeResult]:
        """A night in another process, and what became of its changes. The fast path is found true, and from then on shows what it finds so."""
        psa = self.fast.another_process()
        planned_from(psa)
        self.fast.show_otherwise(shown)
        self.night.adapters.psas = {psa.connection: InTime(psa)}
        self.night.buy(seats)
        self.night.next_day()
        before = self.fast.fast_reads
        run = self.night.run()
        assert self.fast.fast_reads > before
        return [change.result for change in self.night.report(run).changes]


@pytest.mark.parametrize("shown", [without_the_third, with_other_quantities, with_the_third_over])
def test_a_fast_path_that_begins_to_show_otherwise_leads_to_no_write(fast: FastSubject, shown: Callable[[Rows], Rows]) -> None:
    billed = Billed(fast)
    assert ChangeResult.APPLIED not in billed.next_night(shown=shown)
    assert fast.count_writes() == 0
    assert planned_from(fast.plainly())[0][1][2].quantity == 3


def test_seats_that_are_bought_are_billed_once_by_the_line_that_the_fast_path_shows(fast: FastSubject) -> None:
    billed = Billed(fast)
    assert billed.next_night(seats=5) == [ChangeResult.APPLIED]
    (_, lines), *_ = planned_from(fast.plainly())
    assert (len(lines), lines[2].quantity, fast.count_writes()) == (LINES, Decimal(5), 1)
    assert billed.next_night(seats=5) == []
