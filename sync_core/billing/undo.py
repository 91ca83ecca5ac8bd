"""Takes back what was written for a link: back to what was there before the first of the chosen changes.

Nothing is un-ended and no invoice is changed. What cannot be taken back is a question that says why, and what to do instead;
everything else needs a person's word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sync_core.billing.changes import NOTHING, Case, ask
from sync_core.billing.dated import is_dated
from sync_core.billing.existing import editor, edits
from sync_core.billing.identity import change_id, plain
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.periods import ONE_DAY, invoice_for, period_of
from sync_core.billing.resolve import cannot_bill
from sync_core.billing.written import Written, date_of, ended_between, invoiced, unlike
from sync_core.model.agreements import Ability, Agreement, AgreementLines, Charge, Line, Product, Shift, Terms
from sync_core.model.billing import BillingProfile, Binding, Link
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Verdict

_NO_DOUBLE = "It ended a line beside the link's own, which is not brought back: the next plan adds what is missing."
_PRICE_STANDS = "Until the profile is corrected, every plan asks about its price again."
_NO_TEXT = "Names are kept in step with who holds the item. Take `names` out of the profile, and the next plan takes them out of the text."


def take_back(inputs: ReconcileInput, written: Sequence[Written], chosen: Collection[str]) -> tuple[Change, ...]:
    """The changes that take back the chosen ones of one link; none where all is already as it was.

    Args:
        inputs: what is there now: the link's binding, the lines of its agreement, and the product where its line was ended.
        written: all that was ever written for the link, oldest first.
        chosen: names of what is to be taken back.
    """
    own = [item for item in written if not item.change.is_double and item.change.kind is not ChangeKind.SET_TEXT]
    targets = [item for item in own if item.name in chosen]
    beside = [item for item in written if item not in own and item.name in chosen]
    changes = [_ask(inputs, item, _NO_TEXT if item.change.kind is ChangeKind.SET_TEXT else _NO_DOUBLE) for item in beside]
    return (*changes, *(_of_link(inputs, own, targets) if targets else ()))


def line_left(written: Sequence[Written]) -> Binding | None:
    """The line of a link that remembers none, as the last of what was written for it left it."""
    last = written[-1]
    change, before = last.change, last.before
    if not change.line_id or change.after is None:
        return None
    ending = change.kind is ChangeKind.END
    starts = change.effective if change.kind is ChangeKind.ADD else date_of(before.get("line starts"))
    ends = change.effective if ending else date_of(before.get("line ends"))
    units = Decimal(before["quantity"]) if ending and "quantity" in before else change.after
    charge = Charge(before.get("charge", change.terms.charge))
    place = (change.link_key, change.connection, change.agreement_id, change.line_id, change.product_id)
    return Binding(*place, units, charge, starts, ends, change.marker, ended=change.effective if ending else None)


def _of_link(inputs: ReconcileInput, own: Sequence[Written], targets: Sequence[Written]) -> Iterator[Change]:
    last = targets[-1]
    binding = inputs.bindings.get(last.change.link_key)
    lines = inputs.agreements.get((binding.connection, binding.agreement_id)) if binding else None
    if obstacle := _unfit(own, targets) or _not_there(inputs, last, binding, lines):
        yield _ask(inputs, last, obstacle, lines)
        return
    assert binding and lines, "a link without them has an obstacle"
    before = targets[0].units_before
    explanation = f"Takes back {', '.join(item.words for item in reversed(targets))}."
    case = Case(inputs, _link(last.change), lines, before or NOTHING, explanation)
    line = lines.line(binding.line_id)
    living = line is not None and binding.ended is None
    obstacle = invoiced(targets, lines.agreement) or _beside_obstacle(targets, binding, lines)
    obstacle = obstacle or ended_between(targets, case.opens) or unlike(line, targets[0])
    if obstacle := obstacle or ("" if living else _not_renewable(case, targets)):
        yield _ask(inputs, last, obstacle, lines)
        return
    if line and before is None and is_dated(case.agreement) and (began := line.starts) and period_of(case.agreement, began).first < began:
        yield _ask(inputs, last, _by_days([Shift(began, NOTHING, line.quantity)], replace(last.change, line_id=line.line_id)), lines)
        return
    changes = [*_beside(case, targets, binding)]
    changes += _of_line(case, line, targets, _managed_before(own, targets[0])) if living and line else _renewed(case, binding, targets)
    for change in changes:
        takes_back = None if change.kind is ChangeKind.SET_PRICE else last.change.after
        yield replace(change, verdict=Verdict.NEEDS_APPROVAL, undoes=takes_back)


def _of_line(case: Case, line: Line, targets: Sequence[Written], managed: bool) -> Iterator[Change]:
    """The line as it was: at its units and price, never billed where there was none, and in people's hands where it was theirs."""
    before = targets[0].units_before
    if before is None and case.agreement.counted:
        yield case.give_up(line, case.explanation)
        return
    if before is None:
        eve = (line.starts or case.opens) - ONE_DAY
        ended = case.end(line, case.explanation)
        yield replace(
            ended,
            reasons=(case.explanation, f"The line ends on {eve}, the eve of its start, and is billed for no day."),
            effective=eve,
            invoice=invoice_for(case.agreement, eve + ONE_DAY),
        )
        return
    if line.quantity != before:
        yield case.set_quantity(line)
    if any(item.change.kind is ChangeKind.SET_PRICE for item in targets) and line.unit_price != targets[0].price_before:
        yield case.set_price(replace(line, quantity=before), targets[0].price_before, f"{case.explanation} {_PRICE_STANDS}")
    if not managed:
        handed = case.adopt(replace(line, quantity=before), case.explanation, "From then on the line is people's again; its link stays configured.")
        yield replace(
            handed, change_id=change_id(case.link.key, ChangeKind.HAND_BACK, line.line_id), kind=ChangeKind.HAND_BACK, before=before, rests_on={}
        )


def _beside(case: Case, targets: Sequence[Written], binding: Binding) -> Iterator[Change]:
    """The self-ending lines of the chosen changes, taken off; what the main line was due to hold before the first of them is due again."""
    held = next((item.change.before for item in targets if item.change.kind in (ChangeKind.SET_QUANTITY, ChangeKind.PRORATE)), None)
    for item in targets:
        last = max((each.last for each in item.change.self_ending), default=date.min)
        for each in item.change.self_ending:
            known = next(own for own in binding.self_ending if own.marker == each.marker)
            line = case.lines.line(known.line_id)
            assert line, "a line that is gone is an obstacle"
            makes_due = item.change.kind is ChangeKind.PRORATE and each.last == last
            yield case.take_off(line, known, held if makes_due else None, case.explanation)


def _beside_obstacle(targets: Sequence[Written], binding: Binding, lines: AgreementLines) -> str:
    """Why the lines that came with the chosen changes cannot be taken off."""
    known = {each.marker: each for each in binding.self_ending}
    for each in (each for item in targets for each in item.change.self_ending):
        line = lines.line(known[each.marker].line_id) if each.marker in known else None
        if line is None:
            return f"The line that bills the days from {each.first} to {each.last} ({each.marker}) is gone. Correct them by hand."
        if line.left_alone:
            by_hand = "Take it off by hand, and set the units back."
            return f"Line {line.line_id} bills the days from {each.first} to {each.last}. {line.left_alone} {by_hand}"
        if (line.quantity, line.starts, line.ends) != (each.units, each.first, each.last):
            what = f"Line {line.line_id}, for the days from {each.first} to {each.last},"
            return f"{what} was edited since by {editor(line)}. Set that back in the PSA first."
    if any(item.change.kind is ChangeKind.SET_QUANTITY and item.change.later is not None for item in targets):
        return "It settled several periods at once, and no single change takes that back. Correct the line and those beside it by hand."
    return ""


def _renewed(case: Case, binding: Binding, targets: Sequence[Written]) -> Iterator[Change]:
    """A new line in place of one that was ended, at the price that it had; none where there was none before."""
    if not case.wanted:
        return
    product = _product(case)
    assert product and binding.ended, "a line that cannot be renewed has an obstacle"
    price = plain(next((item for item in targets if item.change.kind is ChangeKind.SET_PRICE), targets[-1]).price_before)
    keeps = price != plain(product.price) and Ability.PRICES in case.agreement.abilities
    terms = Terms(unit_price=Decimal(price)) if keeps else Terms()
    added = case.add(product, max(case.opens, binding.ended + ONE_DAY), terms=terms)
    costs = f"at the price it had, {price}" if keeps else "at the catalogue's price"
    words = f"Line {binding.line_id} was ended with {binding.ended} and stays so: a new line takes its place, {costs}."
    differs = "" if keeps or price == plain(product.price) else f"The price was {price} and is {plain(product.price)} now."
    yield replace(added, reasons=tuple(filter(None, (*added.reasons, words, differs))))


def _unfit(own: Sequence[Written], targets: Sequence[Written]) -> str:
    """Why these changes cannot be taken back whatever is in the PSA now."""
    later = [item for item in own[own.index(targets[0]) :] if item not in targets]
    if later and all(item.change.undoes is not None for item in later):
        return f"It was undone already: {', '.join(item.words for item in later)}."
    if later:
        return f"The line was changed again on top: {', '.join(item.words for item in later)}. Undo that too, or leave both."
    unsure = [item for item in targets if item.change.result is not ChangeResult.APPLIED]
    if unsure:
        return f"It is {unsure[0].change.result}: {unsure[0].change.result_reason}. The next plan goes on from what is there."
    if by_days := [shift for item in targets if item.change.prorated for shift in item.change.shifts]:
        return _by_days(by_days, targets[0].change)
    if any(len(item.change.shifts) > 1 for item in targets):
        return "It moved the line from more than one day on, and an undo takes back one. Set the units back by hand, from each of its days on."
    if targets[0].change.kind is ChangeKind.HAND_BACK:
        return "Handing back wrote nothing. Approve the adoption that the next plan shows, and the line is managed again."
    return ""


def _by_days(shifts: Sequence[Shift], change: Change) -> str:
    """What a person does about units of a dated quantity that were billed by their days."""
    opposing = ", ".join(f"{-shift.units:+f} units from {shift.first + ONE_DAY} on" for shift in shifts)
    return (
        f"It is billed by days, and the PSA takes no second change of a line on one day. By hand: change line {change.line_id} by {opposing};"
        f" the first day stays billed. Until the count, the profile or the link is corrected, the next plan sets the units again."
    )


def _not_there(inputs: ReconcileInput, last: Written, binding: Binding | None, lines: AgreementLines | None) -> str:
    """Why the line is not as we left it."""
    if binding is None:
        return "Nothing is known any more of the line that the link managed."
    if lines is None:
        return f"Agreement {binding.agreement_id} is gone."
    if problem := cannot_bill(lines.agreement, inputs.business_dates[last.change.connection]):
        return problem
    line = lines.line(binding.line_id)
    if line is None:
        return f"Line {binding.line_id} is gone from the agreement." if binding.ended is None else ""
    if not _is_as_ended(lines.agreement, line, binding) and (edited := edits(line, binding)):
        return f"Line {line.line_id} was edited since by {editor(line)}: {', '.join(edited.values())}. Set that back in the PSA first."
    return ""


def _is_as_ended(agreement: Agreement, line: Line, binding: Binding) -> bool:
    """Whether a line has the end that we set. Of dated quantities it shows only once it is over; until then, the units of the days after it tell."""
    if binding.ended is None:
        return False
    unseen = is_dated(agreement) and line.ends is None and bool(line.held) and line.units_on(binding.ended + ONE_DAY) == 0
    return line.ends == binding.ended or unseen


def _not_renewable(case: Case, targets: Sequence[Written]) -> str:
    """Why no new line can take the place of the one that was ended."""
    ending = targets[-1]
    product = _product(case)
    if not case.wanted:
        return ""
    if ending.before.get("charge", Charge.BILLABLE) != Charge.BILLABLE or ending.before.get("included", "0") != "0":
        return "The line that was ended was not charged in full, and a new one would be. Make it in the PSA, and take it over with `line: adopt`."
    if product is None or not product.active:
        return f"Product {ending.change.product} is not sold any more, so no new line can take the place of the one that was ended."
    return ""


def _managed_before(own: Sequence[Written], first: Written) -> bool:
    """Whether the link had its line before ``first``, so that it keeps it after the undo."""
    managed = False
    for item in own[: own.index(first)]:
        managed = item.change.kind is not ChangeKind.HAND_BACK
    return managed or first.change.kind is not ChangeKind.ADOPT


def _product(case: Case) -> Product | None:
    return case.inputs.products.get((case.link.connection, case.link.profile.product))


def _ask(inputs: ReconcileInput, item: Written, text: str, lines: AgreementLines | None = None) -> Change:
    words = f"Takes back {item.words}: not possible."
    line = lines.line(item.change.line_id) if lines else None
    return ask(inputs, _link(item.change), words, text, line=line, agreement=lines.agreement if lines else None)


def _link(change: Change) -> Link:
    """The link as the change knew it: the configuration may have none any more."""
    return Link(change.link_key, change.item_id, BillingProfile("", change.product), change.connection, "", change.agreement_id)
