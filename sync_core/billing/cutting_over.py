"""Lines that people or other tools made, and that are to end on a chosen day, to be taken over, or to be followed by a line of ours.

No day may be billed twice and none may be left out: what would do either is a question that says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sync_core.billing.adding import add, not_adoptable
from sync_core.billing.changes import Case
from sync_core.billing.identity import plain
from sync_core.billing.periods import ONE_DAY, invoice_for, period_of, price_of_days
from sync_core.billing.resolve import cannot_bill
from sync_core.model.agreements import Ability, Agreement, AgreementLines, Line
from sync_core.model.billing import BillingProfile, Binding, LineChoice, Link
from sync_core.model.plans import Change, ChangeKind, Verdict

_LINE = "line~"


def own_link(connection: str, company_id: str, agreement_id: str, line: Line) -> Link:
    """A link that stands for a line which no configured link manages."""
    key = f"{_LINE}{connection}~{line.line_id}"
    return Link(key, key, BillingProfile("", line.product), connection, company_id, agreement_id)


def is_nobodys(link_key: str) -> bool:
    """Whether a change is about a line that no configured link manages, so that nothing is remembered of it but its journal."""
    return link_key.startswith(_LINE)


def shown_values(line: Line) -> Mapping[str, str]:
    """The values of a line that a person relies on who chooses it."""
    return {
        "product": line.product,
        "quantity": plain(line.quantity),
        "included": plain(line.included),
        "unit price": plain(line.unit_price),
        "charge": line.charge.value,
        "start": str(line.starts or "none"),
        "end": str(line.ends or "none"),
        "marker": line.marker,
    }


def moved(before: Mapping[str, str], line: Line | None) -> str:
    """In words, how a line differs from what was shown; empty where it does not."""
    if line is None:
        return "It is not on the agreement any more."
    now = shown_values(line)
    changed = [f"{name} {value or 'empty'} → {now[name] or 'empty'}" for name, value in before.items() if now.get(name) != value]
    return f"It was changed since it was shown: {', '.join(changed)}." if changed else ""


def end_on(case: Case, line: Line, last: date) -> Change:
    """The line is billed for the last time on a day that a person chose; a question where that day would not do."""
    if why := _cannot_end(case, line, last):
        return case.question(f"{_named(line)} is not ended.", why, line=line)
    last = max(last, _eve(line))
    then = replace(line, quantity=line.units_on(last + ONE_DAY)) if line.held else line
    ended = case.end(then, case.explanation, _on_invoices(case.agreement, then, last), verdict=Verdict.NEEDS_APPROVAL)
    ended = replace(ended, rests_on=case.end(line).rests_on)
    reasons = tuple(reason for reason in ended.reasons if not reason.startswith("Last billed day"))
    return replace(ended, reasons=(*reasons, f"Last billed day {last}."), effective=last, invoice=invoice_for(case.agreement, last + ONE_DAY))


def ends_already(line: Line, last: date) -> bool:
    """Whether the line is over by then without us."""
    return line.ends is not None and line.ends <= max(last, _eve(line))


def unfinished(binding: Binding, line: Line, last: date) -> str:
    """Why a line that a link manages cannot end on a day yet: its proration goes on, so that it would be billed for other units than were counted."""
    for due in binding.due:
        if due.first <= last and due.quantity != line.quantity:
            way_out = f"Choose {due.first - ONE_DAY}, or end it after the night that sets them."
            return f"It is to hold {plain(due.quantity)} units from {due.first}, which are set once the time before is invoiced. {way_out}"
    for each in binding.self_ending:
        if last < each.last:
            more = f"{plain(abs(each.units))} {'more' if each.units > 0 else 'fewer'} units"
            return f"The line {each.line_id} beside it bills {more} until {each.last}. Choose that day or a later one."
    return ""


def take_over(case: Case, line: Line) -> Change:
    """The link manages the line from now on, as it is; a question where it cannot."""
    chosen = replace(case, link=replace(case.link, choice=LineChoice.ADOPT, adopt_line_id=line.line_id))
    if case.binding and case.binding.ended is None:
        return case.question(f"{_named(line)} is not taken over.", f"The link manages line {case.binding.line_id} already.", line=line)
    if why := not_adoptable(chosen):
        return case.question(f"{_named(line)} is not taken over: {why}", line=line)
    words = "It is taken over as it is: price, text and dates stay. The next night sets what is counted."
    return case.adopt(line, case.explanation, words, verdict=Verdict.NEEDS_APPROVAL)


def start_after(case: Case, last: date) -> Change:
    """The link's new line, which begins on the day after ``last``, with the wanted units; a question where it would leave a gap or bill twice."""
    first = last + ONE_DAY
    if case.binding and case.binding.ended is None:
        return case.question(f"No new line is made: the link manages line {case.binding.line_id} already. Choose “end” instead.")
    [change] = add(replace(case, link=replace(case.link, start=first, choice=LineChoice.NONE)), last)
    if change.kind is not ChangeKind.ADD:
        return change
    starts = change.effective or first
    if starts != first:
        return case.question(
            f"A new line could begin on {starts} only: nobody would bill {first} to {starts - ONE_DAY}. End the old one on {starts - ONE_DAY}."
        )
    return replace(change, verdict=Verdict.NEEDS_APPROVAL)


def billed_as(change: Change) -> Mapping[str, str]:
    """How a new line is billed, besides its units and its day: what a person relies on who lets it follow others."""
    price = change.unit_price if change.terms.unit_price is None else change.terms.unit_price
    return {"agreement": change.agreement_id, "product": change.product, "unit price": plain(price), "charge": change.terms.charge.value}


def follows_otherwise(shown: Mapping[str, str], change: Change) -> str:
    """Why a line that is to follow others is not the one that was shown; empty where it is, or nothing is known of what was shown."""
    now = billed_as(change)
    differs = [f"{name} {value} → {now[name]}" for name, value in shown.items() if now.get(name) != value]
    return f"The line that follows would not be billed as it was shown: {', '.join(differs)}." if differs else ""


def without(lines: AgreementLines, ended: Sequence[str], last: date) -> AgreementLines:
    """The agreement as it will be once these lines have their end."""
    return replace(lines, lines=tuple(replace(line, ends=last) if line.line_id in ended else line for line in lines.lines))


def money_of_line(line: Line) -> Decimal:
    """What a line bills in one period, net."""
    return line.billed * line.unit_price


def _cannot_end(case: Case, line: Line, last: date) -> str:
    head = case.agreement
    if problem := cannot_bill(head, case.today):
        return problem
    if head.counted:
        return f"Lines here are not billed, they count: {head.counted} Set it to 0 there."
    if line.left_alone:
        return f"{line.left_alone} End it in the PSA."
    if ends_already(line, last):
        return f"It ends on {line.ends} already."
    if head.end and head.end <= last:
        return f"The agreement ends on {head.end}, and the line with it."
    if why := _set_for_later(head, line, max(last, _eve(line))):
        return why
    if line.starts and max(last + ONE_DAY, case.opens) <= line.starts:
        return ""  # no invoice has shown it yet, and none will
    if last + ONE_DAY < case.opens:
        return f"It is invoiced up to {case.opens - ONE_DAY}, and no invoice is changed. Choose that day or a later one."
    period = period_of(head, last)
    by_days = head.prorates and Ability.WHOLE_PERIODS not in head.abilities
    if last != period.last and not by_days and last + ONE_DAY != case.opens:
        where = f"{last} lies in the one from {period.first} to {period.last}"
        return f"The agreement does not bill parts of a period, and {where}. Choose {period.first - ONE_DAY} or {period.last}."
    return ""


def _set_for_later(head: Agreement, line: Line, last: date) -> str:
    """Of dated quantities: that the line is over by then, or that other units were set for days after it, which an end would not take away."""
    levels = [each for each in line.held if head.end is None or each.first <= head.end]
    later = [each for each in levels if each.first > last + ONE_DAY]
    if levels and not line.units_on(last + ONE_DAY) and not any(each.units for each in later):
        return f"It ends on {levels[-1].first - ONE_DAY} already."
    if later:
        way_out = f"Choose {later[-1].first - ONE_DAY} or a later day, or take that back in the PSA first."
        return f"It holds {plain(later[0].units)} units from {later[0].first} on, whatever it holds before. {way_out}"
    return ""


def _on_invoices(head: Agreement, line: Line, last: date) -> str:
    """What the invoices will show; amounts are estimates, net."""
    if last < (line.starts or date.min):
        return "It has not begun, and ends on the eve of its start: no invoice shows it."
    period, after = period_of(head, last), invoice_for(head, last + ONE_DAY)
    price = money_of_line(line)
    if last == period.last or last + ONE_DAY == (head.next_invoice or last):
        return f"The invoice of {after} is the first one without it."
    part = price_of_days(head, price, period.first, last)
    days = f"{(last - period.first).days + 1} of {(period.last - period.first).days + 1} days of its last period"
    condition = "if the PSA prorates ends as it prorates starts (verify this on your tenant)"
    return f"The invoice of {invoice_for(head, last)} bills {days}, {part:.2f} of {price:.2f} {head.currency}, {condition}."


def _named(line: Line) -> str:
    return f"Line {line.line_id} ({line.product}, {plain(line.quantity)})"


def _eve(line: Line) -> date:
    return line.starts - ONE_DAY if line.starts else date.min
