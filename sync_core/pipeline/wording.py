"""Changes, units and money in the words that mail and terminal share. Amounts are net, for one billing period of the agreement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sync_core.billing import money_this_period
from sync_core.billing.identity import plain
from sync_core.model.plans import Change, ChangeKind, Unlinked

_CENT = Decimal("0.01")


def number_of(number: int, noun: str) -> str:
    """``1 change``, ``2 changes``; of a noun whose plural ends with s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, as ``66.00 EUR``: two decimals, or as many as it has."""
    exact = amount.normalize()
    shown = amount.quantize(_CENT) if exact == exact.quantize(_CENT) else exact
    return f"{shown:f} {currency}".rstrip()


def money_effect(amount: Decimal, currency: str) -> str:
    """An amount with its sign, as ``+66.00 EUR``; ``0.00 EUR`` has none."""
    return ("+" if amount > 0 else "") + money(amount, currency)


def before_and_after(change: Change) -> str:
    """What happens to the line, as ``12 → 15``."""
    before, after = plain(change.before), plain(change.after)
    match change.kind:
        case ChangeKind.ADD:
            return f"new line with {after}"
        case ChangeKind.SET_QUANTITY:
            return f"{before} → {after}{_then(change)}"
        case ChangeKind.PRORATE:
            return f"{before} → {after}, by its days"
        case ChangeKind.SET_PRICE:
            return f"price {plain(change.unit_price)} → {plain(change.terms.unit_price)}"
        case ChangeKind.SET_TEXT:
            return f"text “{change.terms.text}”"
        case ChangeKind.END:
            return f"{before} → 0, the line ends"
        case ChangeKind.ADOPT:
            return f"line {change.line_id} taken over with {after}"
        case ChangeKind.HAND_BACK:
            return f"line {change.line_id} handed back with {after}"
        case ChangeKind.NONE:
            return f"stays at {before}" if before else ""


def _then(change: Change) -> str:
    return "" if change.later is None else f", then {plain(change.later)}"


def money_of(change: Change) -> str:
    """What a change comes to: in the present billing period, on the days before the first full one, in a full one, and a month."""
    now = money_this_period(change)
    parts = [] if now is None else [f"{money_effect(now, change.currency)} this period"]
    if change.prorated and change.prorated != now:
        parts.append(f"{money_effect(change.prorated, change.currency)} for the days before the first full period")
    if change.period_months > 1:
        parts.append(f"{money_effect(change.money, change.currency)} a period of {change.period_months} months")
    parts.append(f"{money_effect(change.a_month, change.currency)} a month")
    return ", ".join(parts)


def sentences(*parts: str) -> str:
    """Parts of an explanation as one text, each ended by a full stop."""
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part)


def counts(unlinked: Unlinked) -> str:
    """How much there is of an item that is billed nowhere."""
    return f"{_known(unlinked.purchased)} bought, {_known(unlinked.assigned)} assigned"


def money_by_currency(changes: Iterable[Change]) -> Mapping[str, Decimal]:
    """What the changes come to, each currency on its own; one in which nothing moves is left out."""
    totals: dict[str, Decimal] = {}
    for change in changes:
        if change.money:
            totals[change.currency] = totals.get(change.currency, Decimal(0)) + change.money
    return dict(sorted(totals.items()))


def _known(number: int | None) -> str:
    return "an unknown number" if number is None else str(number)
