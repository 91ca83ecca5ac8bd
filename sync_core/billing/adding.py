"""Begins a line for a link: a new one, or one that is already there and that a person told us to take over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sync_core.billing.changes import Case, Target, same_product
from sync_core.billing.dated import dated_target, earliest, is_dated, too_late
from sync_core.billing.describing import describe, text_of_new_line
from sync_core.billing.existing import lines_of_product, marked
from sync_core.billing.falling import before_renewal, commitment_end, may_fall
from sync_core.billing.identity import marker_owner, plain
from sync_core.billing.periods import ONE_DAY
from sync_core.billing.prices import price_on, price_problem
from sync_core.billing.proration import counts_from, target
from sync_core.model.agreements import Ability, Agreement, Charge, Line, Product, Terms
from sync_core.model.billing import Decreases, LineChoice, Outgoing
from sync_core.model.plans import Change, ChangeKind, Verdict


def add(case: Case, after: date | None = None) -> Iterator[Change]:
    """A new line, unless something speaks against it. ``after`` is the last billed day of the line before it, if there was one."""
    if case.link.key in case.inputs.waiting:
        return
    after = max(filter(None, (after, case.inputs.free_after.get(case.link.key))), default=None)
    starts = _start(case, after)
    product = case.inputs.products.get((case.link.connection, case.link.profile.product))
    obstacles = [*_dates(case, starts, first=after is None), *_already_there(case, starts), *_terms_obstacles(case, starts, product)]
    if obstacles or product is None or not product.active:
        yield case.question(case.explanation, *(obstacles or [_no_product(case, product)]))
    elif case.link.profile.prorate and not case.agreement.prorates:
        yield case.add(product, starts, not_prorated(case), terms=_terms(case, starts, product), verdict=Verdict.NEEDS_APPROVAL)
    else:
        late = _too_late(case, starts, after)
        yield case.add(product, starts, *late, terms=_terms(case, starts, product), verdict=_stricter(Verdict.SAFE, *late))


def adopt(case: Case) -> Iterator[Change]:
    """Takes over the line that the configuration names; then its quantity becomes ours."""
    line = case.lines.line(case.link.adopt_line_id)
    obstacle = not_adoptable(case)
    if line is None or obstacle:
        yield case.question(case.explanation, f"Line {case.link.adopt_line_id} is to be adopted, but {obstacle}")
        return
    yield case.adopt(line, f"Line {line.line_id} is taken over as configured; its price, text and dates stay as they are.")
    yield from adjust(case, line)


def not_adoptable(case: Case) -> str:
    """Why the line that the configuration names cannot be taken over; empty where it can."""
    line = case.lines.line(case.link.adopt_line_id)
    if line is None:
        return f"agreement {case.link.agreement_id} has no such line."
    if (case.link.connection, line.line_id) in case.inputs.managed:
        return "another link manages it."
    rivals = [other for other in case.inputs.configured if other.adopt_line_id == line.line_id and other.connection == case.link.connection]
    if len(rivals) > 1:
        return "more than one link is to adopt it."
    if not line.active_on(case.opens):
        return f"it ended on {line.ends}."
    if not same_product(line.product, case.link.profile.product):
        return f"it bills {line.product}, and the profile bills {case.link.profile.product}."
    return ""


def adjust(case: Case, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Iterator[Change]:
    """What makes a managed line hold the wanted units at its price and name the right people, or a question where the PSA has no way to say it."""
    if line.left_alone:
        if case.wanted != line.quantity:
            what = f"{line.left_alone} It holds {plain(line.quantity)}."
            yield case.question(case.explanation, *reasons, what, "Mend that in the PSA, or take the link out.", line=line)
        return
    if case.wanted == 0:
        if case.in_force(line) and not before_renewal(case):
            by_choice = not case.link.bills or case.link.outgoing is Outgoing.REARRANGED
            yield case.give_up(line, case.explanation, *reasons, verdict=Verdict.NEEDS_APPROVAL if by_choice else verdict)
        return
    if line.unbilled:
        yield case.question(line.unbilled, line=line)
    if clash := included_twice(case, line):
        yield case.question(case.explanation, clash, line=line)
        return
    units = tuple(_units(case, line, *reasons, verdict=verdict))
    yield from units
    yield from _price(case, replace(line, quantity=_to_hold(case, line, units)))
    yield from describe(case, line)


def _units(case: Case, line: Line, *reasons: str, verdict: Verdict) -> Iterator[Change]:
    prorates = case.link.profile.prorate
    latest = case.today if prorates else case.opens
    if case.wanted > line.quantity and case.link.key in case.inputs.waiting:
        return
    if case.wanted == line.quantity and not (prorates and case.binding and case.binding.due):
        return
    if case.wanted < line.quantity and not case.link.profile.credits:
        reasons, verdict = (*reasons, *_no_commitment(case)), _stricter(verdict, *_no_commitment(case))
    if case.link.start and case.link.start > latest and line.starts != case.link.start:
        later = f"The link starts on {case.link.start}; until {'that day' if prorates else 'the invoices reach that day'} the line stays."
        yield case.question(case.explanation, *reasons, later, line=line)
    elif prorates:
        yield from _prorated(case, line, *reasons, verdict=verdict)
    elif case.wanted > line.quantity or may_fall(case):
        yield case.set_quantity(line, None, *reasons, verdict=verdict)


def _prorated(case: Case, line: Line, *reasons: str, verdict: Verdict) -> Iterator[Change]:
    if is_dated(case.agreement):
        yield from _by_days(case, line, *reasons, verdict=verdict)
        return
    goal = target(case, line)
    if goal.self_ending and not case.agreement.prorates:
        yield from _whole_periods(case, line, *reasons, verdict=verdict)
    elif goal.self_ending and (problem := _cannot_prorate(case, goal)):
        yield case.question(case.explanation, *reasons, problem, line=line)
    elif goal.self_ending or goal.quantity != line.quantity:
        if goal.doubt:
            reasons, verdict = (*reasons, goal.doubt), Verdict.NEEDS_APPROVAL
        make = case.prorate if goal.quantity == line.quantity else case.set_quantity
        yield make(line, goal, *reasons, verdict=verdict)
    elif (due := case.binding.due[-1] if case.binding and case.binding.due else None) and due.first <= case.opens and due.quantity != line.quantity:
        yield case.adopt(line, *reasons, f"It was due to hold {plain(due.quantity)}, and goes on with {plain(line.quantity)}.")


def _by_days(case: Case, line: Line, *reasons: str, verdict: Verdict) -> Iterator[Change]:
    goal = dated_target(case, line)
    if goal.waits:
        yield case.question(case.explanation, *reasons, goal.waits, line=line)
    elif not goal.shifts:
        return
    elif any(each.units < 0 and case.last_of(each) for each in goal.shifts) and (problem := _no_credits(case)):
        yield case.question(case.explanation, *reasons, problem, line=line)
    elif not case.agreement.prorates:
        yield from _whole_periods(case, line, *reasons, verdict=verdict)
    else:
        doubts = tuple(filter(None, (goal.doubt,)))
        yield case.shift(line, goal.shifts, *reasons, *goal.words, *doubts, verdict=_stricter(verdict, *doubts))


def _whole_periods(case: Case, line: Line, *reasons: str, verdict: Verdict) -> Iterator[Change]:
    """Where the agreement does not prorate, units count from the first open day as they do without a profile that asks for it."""
    if case.wanted != line.quantity and (case.wanted > line.quantity or may_fall(case)):
        yield case.set_quantity(line, None, *reasons, not_prorated(case), verdict=_stricter(verdict, "not prorated"))


def not_prorated(case: Case) -> str:
    """What is said where a profile prorates and an agreement does not."""
    return (
        f"Agreement {case.agreement.agreement_id} does not prorate, though the profile asks for it: "
        "the units count for whole periods. Switch proration on in the PSA, or take it out of the profile."
    )


def _cannot_prorate(case: Case, goal: Target) -> str:
    if Ability.SELF_ENDING_LINES not in case.agreement.abilities:
        return "This connection cannot prorate: it has no self-ending lines. Take `prorate` out of the profile."
    return _no_credits(case) if any(each.units < 0 for each in goal.self_ending) else ""


def _no_credits(case: Case) -> str:
    if Ability.CREDITS in case.agreement.abilities:
        return ""
    return "The profile credits fewer units by their days, and this connection writes no credits. Take `credits` out, or see its settings."


def _no_commitment(case: Case) -> tuple[str, ...]:
    if case.link.profile.decreases is not Decreases.AT_RENEWAL or commitment_end(case):
        return ()
    return ("The line is to be lowered at renewal only, and Microsoft names no end of the commitment.",)


def _stricter(verdict: Verdict, *doubts: str) -> Verdict:
    return Verdict.NEEDS_APPROVAL if doubts else verdict


def _to_hold(case: Case, line: Line, units: Iterable[Change]) -> Decimal:
    """What the line holds in a full period once ``units`` are written: a new price is shown, and approved, for these."""
    asks = case.link.key in case.inputs.waiting or any(each.kind is ChangeKind.NONE for each in units)
    if case.wanted > line.quantity and not asks:
        return case.wanted
    return min([line.quantity, *(each.after for each in units if each.kind is ChangeKind.SET_QUANTITY and each.after is not None)])


def _price(case: Case, line: Line) -> Iterator[Change]:
    """The profile's own price for what is not yet invoiced, where the line has another one."""
    profile = case.link.profile
    if problem := price_problem(profile, case.agreement, case.opens, line.unit_cost):
        yield case.question(problem, line=line)
    elif (price := price_on(profile, case.opens, line.unit_cost)) is not None and price != line.unit_price:
        yield case.set_price(line, price, f"The profile {profile.name} sets the price.")


def _terms(case: Case, starts: date, product: Product) -> Terms:
    """What the profile gives to a new line."""
    profile = case.link.profile
    text = text_of_new_line(case, product)
    return Terms(unit_price=price_on(profile, starts, product.cost), charge=profile.charge, taxable=profile.taxable, text=text)


def _terms_obstacles(case: Case, starts: date, product: Product | None) -> Iterator[str]:
    profile = case.link.profile
    asked = profile.charge is not Charge.BILLABLE or profile.taxable is not None
    if problem := price_problem(profile, case.agreement, starts, product.cost if product else None):
        yield problem
    if asked and Ability.TERMS not in case.agreement.abilities:
        yield f"The profile {profile.name} says how a new line is charged or taxed, which this connection cannot write."
    if profile.description and not case.agreement.text_limit:
        yield f"The profile {profile.name} describes a new line, and this connection cannot write a line's text."


def included_twice(case: Case, line: Line) -> str:
    """Why units may not be included by the profile and by the PSA's line at once; empty where they are not."""
    if not (case.link.profile.included and line.included):
        return ""
    ours, theirs = case.link.profile.included, plain(line.included)
    return (
        f"The profile includes {ours} units and line {line.line_id} includes {theirs} more, so they would be taken off twice. Set one of them to 0."
    )


def fresh_start(case: Case, after: date | None) -> bool:
    """Whether a person answered a lost line with a new one: ``line: new`` and a start that lies after it and is still open."""
    start = case.link.start
    return case.link.choice is LineChoice.NEW and start is not None and start >= case.opens and (after is None or start > after)


def _start(case: Case, after: date | None) -> date:
    start, free = case.link.start, after + ONE_DAY if after else date.min
    if not (case.link.profile.prorate and case.agreement.prorates):
        return max(case.opens, free, start or case.opens)
    if start and case.opens <= start <= case.today and start >= free:
        return start
    return max(counts_from(case), free, start or free, earliest(case) if is_dated(case.agreement) else free)


def _too_late(case: Case, starts: date, after: date | None) -> tuple[str, ...]:
    """Why a new line with dated quantities begins later than its units were seen."""
    if not (case.link.profile.prorate and is_dated(case.agreement) and case.agreement.prorates):
        return ()
    counts = max(counts_from(case), case.link.start or date.min, after + ONE_DAY if after else date.min)
    return (too_late(case, counts),) if counts < starts else ()


def _dates(case: Case, starts: date, *, first: bool) -> Iterator[str]:
    start = case.link.start
    if first and start and start < min(case.opens, starts):
        yield f"The link starts on {start}, in time that is already invoiced. Set its start to {case.opens} or later."
    if case.agreement.end and case.agreement.end < starts:
        yield f"The agreement ends on {case.agreement.end}, before the line would start on {starts}."


def _already_there(case: Case, starts: date) -> Iterator[str]:
    if (case.link.connection, case.link.company_id) not in case.inputs.company_lines:
        yield "The company's other agreements could not be read, so the product may already be billed there."
        return
    for head, line in lines_of_product(case, starts):
        mark = marked(case, line)
        if mark or case.link.choice is not LineChoice.NEW:
            where = f"Existing line {line.line_id}, quantity {plain(line.quantity)}, on agreement {head.agreement_id}."
            yield f"{where} {mark} {_way_out(case, head, line)}".replace("  ", " ")


def _way_out(case: Case, head: Agreement, line: Line) -> str:
    """A line with a marker is never doubled, so ``line: new`` is offered only beside the others."""
    here = head.agreement_id == case.link.agreement_id
    take_over = f"Say `line: adopt {line.line_id}` to take it over" if here else f"Link to agreement {head.agreement_id} to take it over there"
    return f"{take_over}, or {'end it in the PSA' if marker_owner(line.marker) else 'say `line: new` to bill beside it'}."


def _no_product(case: Case, product: Product | None) -> str:
    state = "is inactive" if product else "is not in the PSA's catalogue"
    return f"Product {case.link.profile.product} {state}. Correct the profile or the catalogue."
