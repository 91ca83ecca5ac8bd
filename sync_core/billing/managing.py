"""Goes on with a line that a link manages: followed by its id, kept at the wanted units, asked about where a person was there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from sync_core.billing.adding import add, adjust, adopt, fresh_start, not_adoptable
from sync_core.billing.changes import Case, same_product
from sync_core.billing.dated import is_dated
from sync_core.billing.describing import describe
from sync_core.billing.existing import doubles, editor, edits, going_on, marked, strays
from sync_core.billing.identity import plain
from sync_core.model.agreements import Agreement, AgreementStatus, Line
from sync_core.model.billing import Binding, LineChoice, ManualEdits
from sync_core.model.plans import Change, ChangeKind, Verdict

_END_ONE = "End one of the two, and link to the other."


def manage(case: Case, binding: Binding) -> Iterator[Change]:
    """The changes of a link that has, or had, a line."""
    home = case.inputs.agreements.get((binding.connection, binding.agreement_id))
    line = home.line(binding.line_id) if home else None
    if binding.ended is not None and (home is None or line is None or _ends_as_set(case, home.agreement, line, binding.ended)):
        yield from add(case, binding.ended) if case.wanted else ()
    elif (binding.connection, binding.agreement_id) != (case.link.connection, case.link.agreement_id):
        billing = line is None or (line.ends is None and home is not None and home.agreement.status is AgreementStatus.ACTIVE)
        where = f"The link now points to agreement {case.link.agreement_id}, its line {binding.line_id} is on agreement {binding.agreement_id}."
        yield from _lost(case, line, where, still_billed=billing)
    elif line is None:
        yield from _lost(case, line, f"Line {binding.line_id}, which we manage, is no longer on the agreement.")
    elif line.ends is not None and (line.ends != binding.ends or not line.active_on(case.opens)):
        yield from _lost(case, line, f"Line {line.line_id} was ended as of {line.ends} by {editor(line)}.")
    else:
        yield from _living(case, binding, line)


def _ends_as_set(case: Case, agreement: Agreement, line: Line, ended: date) -> bool:
    """Whether a line has the end that we set; dated quantities that were read for a day before it do not show it yet."""
    unseen = is_dated(agreement) and line.ends is None and max(case.today, agreement.next_invoice or case.today) <= ended
    return line.ends == ended or unseen


def succeed(case: Case, binding: Binding) -> Iterator[Change]:
    """The changes of a link that goes on with the line of another one of its family."""
    line = case.lines.line(binding.line_id)
    if line is None:
        return
    what = case.link.follows or f"Line {line.line_id} goes on with these units: the link bills them on lines of their own now."
    verdict = Verdict.NEEDS_APPROVAL if case.link.follows else Verdict.SAFE
    going_on = [] if case.link.follows else list(manage(case, binding))
    if not any(change.kind is ChangeKind.ADOPT for change in going_on):
        going_on.insert(0, case.adopt(line, what, verdict=verdict))
    yield from (replace(each, takes_over=case.link.takes_over) if each.kind is ChangeKind.ADOPT else each for each in going_on)


def _lost(case: Case, line: Line | None, what: str, *, still_billed: bool = False) -> Iterator[Change]:
    """A line that is no longer where we left it. Nothing takes its place until a person says what."""
    until = line.ends if line else None
    if case.wanted == 0 and not still_billed:
        return
    if case.link.choice is LineChoice.ADOPT and not not_adoptable(case):
        yield from adopt(case)
    elif still_billed:
        yield case.question(case.explanation, what, "End that line in the PSA first, or point the link back.", line=line)
    elif fresh_start(case, until):
        yield from add(case, until)
    else:
        earliest = max(case.opens, until or case.opens)
        way_out = f"Say `line: adopt` with the id of its successor, or `line: new` with a `start` after {earliest}, or take the link out."
        yield case.question(case.explanation, what, way_out, line=line)


def _living(case: Case, binding: Binding, line: Line) -> Iterator[Change]:
    yield from _beside(case, binding)
    copies = [(head, double) for head, double in doubles(case, binding) if head.agreement_id != case.agreement.agreement_id]
    if copies:
        head, double = copies[0]
        where = f"Line {double.line_id} on agreement {head.agreement_id} ({head.name}) carries the same marker"
        yield case.question(f"{where}: was the agreement copied? {_END_ONE}", line=line)
    elif not case.link.outgoing and not same_product(line.product, case.link.profile.product):
        changed = f" It was changed by {editor(line)}." if line.product_id != binding.product_id else ""
        way_out = "A line keeps its product: end it in the PSA, or set the profile back."
        yield case.question(f"Line {line.line_id} bills {line.product}, the profile bills {case.link.profile.product}.{changed} {way_out}", line=line)
    else:
        yield from _follow(case, binding, line)


def _follow(case: Case, binding: Binding, line: Line) -> Iterator[Change]:
    """The line as it is, then what it should hold. What a person edited is set back, or taken over, only as ``manual_edits`` says."""
    edited = edits(line, binding)
    policy = case.inputs.rails.manual_edits
    verdict = Verdict.NEEDS_APPROVAL if edited and policy is ManualEdits.ASK else Verdict.SAFE
    words = (f"Edited by {editor(line)}: {', '.join(edited.values())}.",) if edited else ()
    ours = binding.quantity if binding.overruled is None else binding.overruled
    if case.wanted == ours and policy is ManualEdits.ACCEPT and ("quantity" in edited or binding.overruled is not None):
        if edited:
            stands = f"Manual edits are accepted: it stands until something else than {plain(case.wanted)} is counted."
            yield replace(case.adopt(line, *words, stands), overrules=case.wanted)
        yield from describe(case, line)
        return
    changes = list(adjust(case, line, *words, verdict=verdict))
    if set(edited) - {"quantity"}:
        yield case.adopt(line, *words, "Only the quantity is ours; the rest is taken over as it is.", verdict=verdict)
    elif edited and not changes:
        yield case.adopt(line, *words, f"It already holds the {plain(case.wanted)} units to bill.")
    yield from changes


def _beside(case: Case, binding: Binding) -> Iterator[Change]:
    """Lines that should not be there beside the managed one: a second line of one create, or one with a marker that no link manages."""
    for head, line in doubles(case, binding):
        if head.agreement_id == case.agreement.agreement_id:
            reason = f"Line {line.line_id} carries the same marker as line {binding.line_id}: the same units are billed twice."
            yield replace(case.give_up(line, reason, verdict=Verdict.NEEDS_APPROVAL), is_double=True)
    for line, last in going_on(case, binding):
        what = f"Line {line.line_id} was to bill added units until {last}, and {f'ends on {line.ends}' if line.ends else 'has no end'} now."
        yield case.question(what, f"Set its end back to {last}: line {binding.line_id} bills them afterwards.", line=line)
    for head, line in strays(case):
        what = f"Line {line.line_id}, quantity {plain(line.quantity)}, on agreement {head.agreement_id} bills the product a second time."
        yield case.question(what, marked(case, line), f"End one of the two; to keep this one, also say `line: adopt {line.line_id}`.", line=line)
