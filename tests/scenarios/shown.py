"""Changes as the scenario files show them."""

from __future__ import annotations

from collections.abc import Iterator

from sync_core.billing.identity import plain
from sync_core.model.plans import Change, ChangeKind


def shown(change: Change) -> str:
    """The change on one line, and its reasons below."""
    return "".join(f"{entry}\n" for entry in (_headline(change), *(f"    {reason}" for reason in change.reasons)))


def _headline(change: Change) -> str:
    return "  ".join(part for part in _parts(change) if part)


def _parts(change: Change) -> Iterator[str]:
    yield "question" if change.kind is ChangeKind.NONE else change.kind.value
    yield f"line {change.line_id}" if change.line_id else ""
    if change.after is not None:
        yield f"{plain(change.before) or 'no line'} → {plain(change.after)}"
        yield f"{change.money:+.2f} {change.currency}"
    if change.prorated:
        yield f"{change.prorated:+.2f} {change.currency} for its days"
    if change.kind is ChangeKind.SET_PRICE:
        yield f"price {change.unit_price} → {change.terms.unit_price}"
    if change.kind is ChangeKind.SET_TEXT:
        yield f"“{change.terms.text}”"
    if change.effective:
        yield f"last billed day {change.effective}" if change.kind is ChangeKind.END else f"from {change.effective}"
        yield f"invoice of {change.invoice}"
    yield f"[{change.verdict}]"
