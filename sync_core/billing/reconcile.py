"""Compares what is to be billed with the lines that are there, and proposes the changes that make them equal.

Nothing is written here, and nothing is guessed: where the facts leave more than one reading, the change is a question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from sync_core.billing.adding import add, adopt
from sync_core.billing.changes import Case, ask
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.managing import manage, succeed
from sync_core.billing.resolve import cannot_bill
from sync_core.model.agreements import AgreementLines
from sync_core.model.billing import LineChoice, Link, Outgoing
from sync_core.model.plans import Change, ChangeKind

_ORDER = (
    ChangeKind.ADOPT,
    ChangeKind.END,
    ChangeKind.SET_QUANTITY,
    ChangeKind.PRORATE,
    ChangeKind.SET_PRICE,
    ChangeKind.SET_TEXT,
    ChangeKind.ADD,
    ChangeKind.NONE,
)
"""A price comes after quantities: what is prorated costs what the line cost until then."""


_LEFT = {
    Outgoing.GONE: "Microsoft names no such subscription any more.",
    Outgoing.REARRANGED: "The link bills its units on other lines now.",
}


def reconcile(inputs: ReconcileInput) -> tuple[Change, ...]:
    """The changes of one customer, by agreement and item; none where all is equal. ``guard.judge`` gives the verdicts that limits ask for."""
    changes = [ask(inputs, item.link, item.text) for item in inputs.questions if item.link.bills and not _over(inputs, item.link)]
    for link in inputs.links:
        if not inputs.idle(link):
            changes.extend(_changes_of(inputs, link))
    return tuple(sorted(changes, key=_position))


def _position(change: Change) -> tuple[str, str, str, str, int, str]:
    return (change.connection, change.agreement_id, change.item, change.link_key, _ORDER.index(change.kind), change.line_id)


def _changes_of(inputs: ReconcileInput, link: Link) -> Iterator[Change]:
    lines = inputs.agreements.get((link.connection, link.agreement_id))
    obstacles = tuple(_obstacles(inputs, link, lines))
    counted = inputs.counted(link)
    binding = inputs.bindings.get(link.key)
    line = lines.line(binding.line_id) if lines and binding else None
    if obstacles or counted.value is None or lines is None:
        yield ask(inputs, link, *obstacles, *counted.questions, line=line, agreement=lines.agreement if lines else None)
        return
    case = Case(inputs, link, lines, Decimal(counted.value), _LEFT.get(link.outgoing, counted.explanation))
    if binding and link.takes_over:
        yield from succeed(case, binding)
    elif binding:
        yield from manage(case, binding)
    else:
        yield from adopt(case) if link.choice is LineChoice.ADOPT else add(case)


def _over(inputs: ReconcileInput, link: Link) -> bool:
    """Whether there is nothing to bill and our line has its end already."""
    binding = inputs.bindings.get(link.key)
    return inputs.idle(link) or (inputs.counted(link).value == 0 and binding is not None and binding.ended is not None)


def _obstacles(inputs: ReconcileInput, link: Link, lines: AgreementLines | None) -> Iterator[str]:
    if lines is None:
        yield f"The lines of agreement {link.agreement_id} could not be read."
    elif problem := cannot_bill(lines.agreement, inputs.business_dates[link.connection]):
        yield problem
    if inputs.item(link).excluded:
        yield "The SKU is linked and excluded at once. Take out one of the two."
    uses = Counter((other.item_id, other.profile.product.casefold()) for other in inputs.configured)
    if uses[link.item_id, link.profile.product.casefold()] > 1:
        yield f"The item is linked more than once to {link.profile.product}: its units would be billed twice. Keep one of the links."
