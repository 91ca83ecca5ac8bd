"""Begins a line for a link: a new one, or one that is already there and that a person told us to take over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sync_core.billing.changes import Case, same_product
from sync_core.billing.existing import lines_of_product, marked
from sync_core.billing.identity import marker_owner, plain
from sync_core.billing.periods import ONE_DAY
from sync_core.model.agreements import Agreement, Line, Product
from sync_core.model.billing import LineChoice
from sync_core.model.plans import Change, Verdict


def add(case: Case, after: date | None = None) -> Iterator[Change]:
    """A new line, unless something speaks against it. ``after`` is the last billed day of the line before it, if there was one."""
    starts = _start(case, after)
    obstacles = [*_dates(case, starts, first=after is None), *_already_there(case, starts)]
    product = case.inputs.products.get((case.link.connection, case.link.profile.product))
    if obstacles or product is None or not product.active:
        yield case.question(case.explanation, *(obstacles or [_no_product(case, product)]))
    else:
        yield case.add(product, starts)


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
    """What makes a managed line hold the wanted units: nothing, a quantity, an end, or a question where the PSA has no way to say it."""
    if line.computed:
        if case.wanted != line.quantity:
            what = f"The PSA computes the quantity of line {line.line_id} itself and holds {plain(line.quantity)}."
            yield case.question(case.explanation, *reasons, what, "Give the line a quantity of its own there, or take the link out.", line=line)
    elif case.wanted == 0:
        if case.in_force(line):
            yield case.end(line, case.explanation, *reasons, verdict=verdict)
    elif clash := included_twice(case, line):
        yield case.question(case.explanation, clash, line=line)
    elif case.wanted == line.quantity:
        return
    elif case.link.start and case.link.start > case.opens and line.starts != case.link.start:
        later = f"The link starts on {case.link.start}; until the invoices reach that day the line stays."
        yield case.question(case.explanation, *reasons, later, line=line)
    else:
        yield case.set_quantity(line, *reasons, verdict=verdict)


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
    earliest = case.opens if after is None else max(case.opens, after + ONE_DAY)
    return max(earliest, case.link.start or earliest)


def _dates(case: Case, starts: date, *, first: bool) -> Iterator[str]:
    start = case.link.start
    if first and start and start < case.opens:
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
