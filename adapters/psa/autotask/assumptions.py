"""What is assumed of Autotask, and what its own contracts and unit rows say of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from adapters.psa.assumptions import NOTHING_THERE, Assumption, Finding, Verdict, votes
from adapters.psa.autotask.settings import AutotaskSettings, PostedPeriods, UnitsReading
from adapters.psa.autotask.units import Reading, UnitRow
from sync_core.billing.periods import period_of
from sync_core.model.agreements import Agreement

ASSUMPTIONS = (
    Assumption(
        "unit rows",
        "what a unit row in the middle of a period carries, the difference or the new number, shows in the row of the next period",
        "units_reading",
        "change a service of a contract of your own by 1 in the middle of a period, and look at its units in the next one",
    ),
    Assumption(
        "posted periods",
        "units of a period that is approved and posted cannot be changed any more",
        "posted_periods",
        "change a service of a test contract by 1 from a day of a posted period, and see whether Approve and Post shows the days of it",
    ),
    Assumption(
        "invoiced",
        "a period whose unit rows have an approve-and-post date is invoiced, and no other",
        "next_invoice",
        "compare the invoice dates of a plan with what Approve and Post shows for the contract",
    ),
    Assumption(
        "period types",
        "the label of a contract's period type says how long its periods are",
        "billing_cycles",
        "see the contract's billing period in Autotask",
    ),
    Assumption(
        "first day",
        "the periods of a contract begin on the day of month on which the contract begins",
        "",
        "look at the first days of a contract's unit rows",
    ),
    Assumption(
        "currency",
        "a contract is billed in the currency of its company",
        "currency",
        "compare the currency of a plan with the invoice of a customer who pays in another one than yours",
    ),
    Assumption(
        "second line",
        "a contract takes a second contract service of the same service",
        "",
        "add a service to a test contract that has it already; if Autotask refuses it, take lines over in a cut-over and do not replace them",
    ),
    Assumption(
        "credits",
        "fewer units from the middle of a period are credited by their days, as more are charged",
        "",
        "take 1 unit off a test contract from the middle of a period, and see what Approve and Post shows; else leave `credits` out of the profiles",
    ),
    Assumption(
        "days",
        "days are counted both ends included, over the days of the period",
        "",
        "compare the prorated amount of a plan with the one that Approve and Post shows; invoices are Autotask's own",
    ),
    Assumption(
        "markers",
        "the internal description that a contract service is given when it is added stays, and is not printed",
        "",
        "see that your invoice template does not print internal descriptions, or that you do not mind a marker such as M365-ab12-0123456789",
    ),
    Assumption(
        "prices",
        "which field of a contract service takes another price is not known, so none is written",
        "price_field",
        "set price_field to adjusted, let the app change a price on a test contract, and see whether the plan is told to be applied",
    ),
    Assumption(
        "late writes",
        "a write whose answer was lost happens within six minutes, or not at all",
        "settle_seconds",
        "ask Kaseya how long a request may run on its servers",
    ),
)


@dataclass(frozen=True)
class Seen:
    """What was read of some contracts: their heads, the unit rows of the last periods, and how many of the services carry a marker of ours.

    ``repeated`` are contracts that hold a service twice, ``currencies`` the site's codes.
    """

    heads: Sequence[Agreement]
    rows: Sequence[UnitRow]
    reading: Reading | None
    markers: int
    repeated: Collection[str] = ()
    currencies: Collection[str] = ()


def findings(seen: Seen, settings: AutotaskSettings) -> Mapping[str, Finding]:
    """What the contracts say, by the assumptions' names."""
    heads = {head.agreement_id: head for head in seen.heads if head.period_months}
    inside = list(_inside(seen.rows, heads))
    return {
        "unit rows": _unit_rows(seen.reading, settings),
        "posted periods": _posted_periods(inside, settings),
        "period types": _period_types(seen.heads),
        "first day": _first_day(seen.rows, heads),
        "currency": _currency(seen.currencies, settings),
        "second line": votes(len(seen.repeated), (), "contracts with a service twice"),
        "credits": _credits(inside),
        "markers": Finding(Verdict.CONFIRMED, f"{seen.markers} services carry one") if seen.markers else NOTHING_THERE,
    }


def _inside(rows: Sequence[UnitRow], heads: Mapping[str, Agreement]) -> Iterator[tuple[UnitRow, date | None]]:
    """The rows that begin within a period, each with the date on which the period itself was posted."""
    posted: dict[tuple[str, date], date | None] = {}
    later: dict[tuple[str, date], list[UnitRow]] = defaultdict(list)
    for row in rows:
        if head := heads.get(row.contract_id):
            place = (row.line_id, period_of(head, row.first).first)
            if row.first == place[1]:
                posted[place] = row.posted_on
            else:
                later[place].append(row)
    yield from ((row, posted.get(place)) for place, found in later.items() for row in found)


def _unit_rows(reading: Reading | None, settings: AutotaskSettings) -> Finding:
    if reading is None:
        return Finding(Verdict.UNSEEN, "too few services were changed in the middle of a period, or they contradict each other")
    if settings.units_reading is UnitsReading.AUTO or settings.units_reading.value == reading.value:
        return Finding(Verdict.CONFIRMED, f"they carry {reading}s")
    return Finding(Verdict.CONTRADICTED, f"they carry {reading}s", f"units_reading: {reading}")


def _posted_periods(inside: Sequence[tuple[UnitRow, date | None]], settings: AutotaskSettings) -> Finding:
    """A posted row that begins after its period was posted was added to a posted period, and billed."""
    charged = sorted(f"service {row.line_id} from {row.first}" for row, posted in inside if row.posted_on and posted and posted < row.first)
    if settings.posted_periods is PostedPeriods.CLOSED:
        return votes(0, charged, "changes in posted periods", "posted_periods: charged")
    return votes(len(charged), (), "changes in posted periods, billed with a later posting,")


def _period_types(heads: Sequence[Agreement]) -> Finding:
    unknown = {head.cycle or "(none)" for head in heads if not head.period_months}
    return votes(len({head.cycle for head in heads} - unknown), unknown, "period types in use", "billing_cycles: 'label=months, ...'")


def _first_day(rows: Sequence[UnitRow], heads: Mapping[str, Agreement]) -> Finding:
    """A row up to a period's end belongs to it, whatever its first day; one that ends within a period shows another calendar, or a cut."""
    ends = [(row, period_of(heads[row.contract_id], row.first).last) for row in rows if row.contract_id in heads]
    over = sorted({f"contract {row.contract_id}" for row, last in ends if row.last > last})
    return votes(sum(row.last == last for row, last in ends), over, "unit rows", "tell us: the app would compute other periods than Autotask")


def _currency(codes: Collection[str], settings: AutotaskSettings) -> Finding:
    if not codes:
        return NOTHING_THERE
    if settings.currency and set(codes) != {settings.currency}:
        return Finding(Verdict.CONTRADICTED, f"the site has {', '.join(codes)}, and all is shown as {settings.currency}", "leave `currency` out")
    if len(codes) == 1:
        return Finding(Verdict.CONFIRMED, f"the site has {', '.join(codes)} only")
    return Finding(Verdict.UNSEEN, f"the site has {', '.join(codes)}; contracts name none")


def _credits(inside: Sequence[tuple[UnitRow, date | None]]) -> Finding:
    return votes(sum(row.units < 0 and row.posted for row, _ in inside), (), "rows below zero that were posted")
