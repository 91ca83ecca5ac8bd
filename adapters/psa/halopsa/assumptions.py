"""What is assumed of HaloPSA, and what its own recurring invoices, licence records and items say of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.psa.assumptions import NOTHING_THERE, Assumption, Finding, Verdict, votes
from adapters.psa.halopsa import reading
from adapters.psa.halopsa.licences import licence_of
from adapters.psa.halopsa.proration import ROWS, rows
from adapters.psa.halopsa.reading import QUANTITY_RULES, line_records
from adapters.psa.halopsa.settings import HaloPsaSettings
from adapters.psa.records import Record, amount, member, text

ASSUMPTIONS = (
    Assumption(
        "covered period",
        "the next invoice covers the period that begins on its creation date",
        "next_invoice_covers",
        "preview the next invoice of a customer, and compare its dates with the invoice dates of a plan",
    ),
    Assumption(
        "periods",
        "periods go by their English names",
        "billing_periods",
        "see which period the recurring invoices have in Halo, and say of each other name or number how many months it is",
    ),
    Assumption(
        "last day",
        "a line's end date is its last billed day, and afterwards the line is left off",
        "line_end",
        "end a line of a test customer on the first day of a period, and preview the invoice of that period",
    ),
    Assumption(
        "lists",
        "the list of recurring invoices shows their lines whole",
        "lines_in_list",
        "nothing is to be done with auto: one of them is compared each time",
    ),
    Assumption(
        "computed lines",
        "a quantity type other than 0, or any quantity rule, means that Halo computes the quantity",
        "",
        "change the quantity of such a line by hand, and see whether Halo sets it back",
    ),
    Assumption(
        "disabled",
        "of a recurring invoice that is disabled no invoices are made",
        "",
        "look at the schedule of one in Halo",
    ),
    Assumption(
        "prices",
        "a new line costs the recurring price of its item, or else its base price",
        "",
        "add an item to a test customer by hand, and compare its price with the item's",
    ),
    Assumption(
        "texts",
        "the long description of a line takes 1000 characters and is printed",
        "text_limit",
        "give a line of a test customer a long text, and preview its invoice with your layout",
    ),
    Assumption(
        "prorata rows",
        "a line that is sent with prorata members gets a row that the next invoice bills",
        "proration",
        "bill one unit more on a test customer by a profile that prorates, and preview its next invoice; without that leave it at next invoice",
    ),
    Assumption(
        "licence counts",
        "a rule with nothing but a licence bills its count less what is free",
        "writes",
        "change the count of a licence that a line counts, and preview the next invoice",
    ),
    Assumption(
        "late writes",
        "a write whose answer was lost happens within two minutes, or not at all",
        "settle_seconds",
        "ask Halo how long a request may run; on your own server see the timeout of its web site",
    ),
)


@dataclass(frozen=True)
class Sight:
    """What was read to look at: the recurring invoices as the list shows them, one of them by its id, and the counts of licence records by id."""

    listed: Sequence[Record]
    single: Record | None
    counts: Mapping[str, Decimal]


def findings(sight: Sight, settings: HaloPsaSettings) -> Mapping[str, Finding]:
    """What was seen of the assumptions that reading can show; raises ``ValueError`` for a record that cannot be read."""
    lines = [line for record in sight.listed for line in _lines(record)]
    return {
        "periods": _periods(sight.listed, settings),
        "lists": _lists(sight),
        "computed lines": _computed(lines),
        "prorata rows": _prorata(sight.single),
        "licence counts": _licence_counts(lines, sight.counts),
    }


def _lines(record: Record) -> Sequence[Record]:
    return line_records(record) if member(record, "lines") is not None else ()


def _periods(records: Sequence[Record], settings: HaloPsaSettings) -> Finding:
    heads = [reading.agreement(each, settings) for each in records]
    unknown = sorted({head.cycle or "none" for head in heads if head.period_months == 0})
    instead = f"add {', '.join(f'{name}=MONTHS' for name in unknown)} to billing_periods"
    return votes(sum(head.period_months > 0 for head in heads), (f"period {name}" for name in unknown), "recurring invoices", instead)


def _lists(sight: Sight) -> Finding:
    number = text(sight.single or {}, "id")
    listed = next((each for each in sight.listed if text(each, "id") == number), None)
    if listed is None or sight.single is None or not _lines(sight.single):
        return NOTHING_THERE
    whole, shown = list(_lines(sight.single)), {text(each, "id"): each for each in _lines(listed)}
    missing = sorted({name for line in whole for name in line if name not in shown.get(text(line, "id"), {})})
    if missing:
        return Finding(Verdict.CONTRADICTED, f"the list lacks {', '.join(missing[:5])} of lines", "set lines_in_list: no, or leave it at auto")
    return Finding(Verdict.CONFIRMED, f"recurring invoice {number} has the same lines in the list and by its id")


def _computed(lines: Sequence[Record]) -> Finding:
    """Halo says itself of a line whether it is calculated; where it says something else than the signs we go by, they do not hold."""
    told = [line for line in lines if isinstance(member(line, "_is_calculated_line"), bool)]
    wrong = [f"line {text(line, 'id')}" for line in told if _has_signs(line) != line["_is_calculated_line"]]
    return votes(len(told) - len(wrong), wrong, "lines", "look at how these lines get their quantity in Halo before they are linked")


def _has_signs(line: Record) -> bool:
    return any(member(line, name) for name in QUANTITY_RULES) or text(line, "recurring_invoice_quantity_type") not in ("", "0")


def _prorata(single: Record | None) -> Finding:
    lines = list(_lines(single)) if single else []
    if any(True for _ in rows(lines)):
        return Finding(Verdict.CONFIRMED, "lines show prorata rows, so one that is added can be seen; whether it is billed an invoice shows")
    if lines and all(ROWS not in line for line in lines):
        return Finding(Verdict.CONTRADICTED, "lines show no prorata rows at all", "leave proration at next invoice")
    return NOTHING_THERE


def _licence_counts(lines: Sequence[Record], counts: Mapping[str, Decimal]) -> Finding:
    agreeing, against = 0, list[str]()
    for line, number in _counting(lines):
        if number in counts:
            free = amount(line["quantity_licences"][0], "qty_free", Decimal(0))
            fits = amount(line, "qty_order", Decimal(0)) == max(counts[number] - free, Decimal(0))
            agreeing, against = agreeing + fits, [*against, *([] if fits else [f"line {text(line, 'id')}"])]
    return votes(agreeing, against, "lines", "leave writes at invoice lines until an invoice shows what such a line bills")


def _counting(lines: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    for line in lines:
        if number := licence_of(line):
            yield line, number
