"""Plausible before automatic: which changes may pass without a person, and which runs must not pass at all.

A verdict is only ever made stricter. What the rails are for is said in the change's reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sync_core.billing.identity import plain
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.periods import period_of
from sync_core.counting import on_unusable_seats
from sync_core.model.billing import Basis, Link, Outgoing
from sync_core.model.configuration import GuardRails
from sync_core.model.plans import MOVES_UNITS, Change, ChangeKind, Verdict
from sync_core.model.runs import RunTotals

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Judged:
    """The changes with their verdicts, and by link key the business date of the first read that said zero, to be stored for the next."""

    changes: tuple[Change, ...]
    first_zeros: Mapping[str, date]


def judge(changes: Sequence[Change], inputs: ReconcileInput) -> Judged:
    """Holds the changes of one customer against the rails in ``inputs``."""
    links = {link.key: link for link in inputs.links}
    first_zeros = _first_zeros(changes, inputs)
    judged = [_judge(change, links[change.link_key], inputs, first_zeros) if _is_own(change) else change for change in changes]
    return Judged(_customer(judged, inputs.rails), first_zeros)


def judge_run(totals: RunTotals, recent: RunTotals, rails: GuardRails) -> str:
    """Why a run must be held, in words, or an empty text. ``recent`` is what other runs of the last 24 hours moved.

    Both hold the sum of raises and reductions, so that they do not hide each other, each currency on its own.
    """
    changed = totals.changed + recent.changed
    if totals.customers >= rails.run_customers and changed > rails.run_customers_share * totals.customers:
        return f"{changed} of {totals.customers} customers would change within a day, more than {rails.run_customers_share:.0%}."
    for currency in sorted({*totals.money, *recent.money}):
        moved = totals.money.get(currency, _ZERO) + recent.money.get(currency, _ZERO)
        if moved > rails.run_money:
            return f"{moved} {currency} a period would move within a day, more than {rails.run_money}."
    return ""


def _is_own(change: Change) -> bool:
    """Whether it changes what the link's own line bills; the end of a double waits for a person anyway."""
    return change.kind in MOVES_UNITS and not change.is_double


def _judge(change: Change, link: Link, inputs: ReconcileInput, first_zeros: Mapping[str, date]) -> Change:
    first_zero = first_zeros.get(link.key) if _gives_up(change) and _by_count(link) else None
    if first_zero and first_zero >= inputs.business_dates[link.connection]:
        return _stricter(change, Verdict.HELD, f"Counted as zero for the first time on {first_zero}: a read on a later day has to say the same.")
    reasons = list(_doubts(change, link, inputs))
    if first_zero:
        reasons.append(f"Counted as zero since {first_zero}; a line is ended only with a person's word.")
    return _stricter(change, Verdict.NEEDS_APPROVAL, *reasons) if reasons else change


def _gives_up(change: Change) -> bool:
    """Whether nothing is billed any more: the line is ended, or holds no units."""
    return change.kind is ChangeKind.END or (change.kind is ChangeKind.SET_QUANTITY and change.after == 0)


def _by_count(link: Link) -> bool:
    """Whether a zero of it was counted, and does not stand in the configuration."""
    return link.bills and link.outgoing is not Outgoing.REARRANGED


def _doubts(change: Change, link: Link, inputs: ReconcileInput) -> Iterator[str]:
    rails, item = inputs.rails, inputs.item(link)
    before, after = change.before or _ZERO, change.after or _ZERO
    moved = abs(after - before)
    if change.kind is ChangeKind.SET_QUANTITY and 0 < after < before and inputs.counted(link).number == 0:
        yield "Nothing is counted any more; only the profile's minimum is left."
    if moved > rails.line_units and moved > rails.line_share * before:
        yield f"The line moves by {plain(moved)} units, more than {rails.line_units} and more than {rails.line_share:.0%}."
    if item.warning and link.profile.basis is not Basis.ASSIGNED:
        yield f"{item.warning} units have expired and are in their grace period: renewed or gone?"
    if item.suspended and after < before and link.profile.basis is not Basis.ASSIGNED:
        yield f"{item.suspended} units are suspended: they may come back, and Microsoft may still bill them."
    if unusable := on_unusable_seats(item, link.profile):
        yield f"{unusable} assigned units are on suspended or locked-out seats: are they to be billed?"
    if after < before and link.profile.keeps_commitments:
        yield from item.lapsed
    bought = (item.purchased or 0) + item.warning
    if link.profile.basis is Basis.PURCHASED and item.assigned is not None and item.assigned > bought:
        yield f"{item.assigned} are assigned, more than the {bought} bought."
    if _behind(change, inputs):
        yield f"The agreement's invoices are behind: the change counts from {change.effective}, before the present period."


def _behind(change: Change, inputs: ReconcileInput) -> bool:
    lines = inputs.agreements.get((change.connection, change.agreement_id))
    if lines is None or change.effective is None or change.kind is ChangeKind.END:
        return False
    return change.effective < period_of(lines.agreement, inputs.business_dates[change.connection]).first


def _first_zeros(changes: Sequence[Change], inputs: ReconcileInput) -> Mapping[str, date]:
    """A link that could not be counted keeps its date; one that is no longer zero loses it."""
    ending = {change.link_key for change in changes if _gives_up(change) and not change.is_double}
    dates: dict[str, date] = {}
    for link in inputs.links:
        value, known = inputs.counted(link).value, inputs.first_zeros.get(link.key)
        if value == 0 and link.key in ending:
            dates[link.key] = known or inputs.business_dates[link.connection]
        elif value is None and known:
            dates[link.key] = known
    return dates


def _customer(changes: Sequence[Change], rails: GuardRails) -> tuple[Change, ...]:
    over = {currency: words for currency, words in _amounts(changes).items() if words[0] > rails.customer_money}
    return tuple(
        _stricter(change, Verdict.NEEDS_APPROVAL, f"{over[change.currency][1]}, more than {rails.customer_money}.")
        if change.verdict is Verdict.SAFE and change.money and change.currency in over
        else change
        for change in changes
    )


def _amounts(changes: Sequence[Change]) -> Mapping[str, tuple[Decimal, str]]:
    """By currency the larger of all raises and all reductions, with words for both."""
    amounts: dict[str, tuple[Decimal, str]] = {}
    for currency in {change.currency for change in changes}:
        moves = [change.money for change in changes if change.currency == currency and change.applicable]
        raised, lowered = sum((move for move in moves if move > 0), _ZERO), -sum((move for move in moves if move < 0), _ZERO)
        amounts[currency] = (max(raised, lowered), f"The customer's changes add {raised} and take off {lowered} {currency} a period")
    return amounts


def _stricter(change: Change, verdict: Verdict, *reasons: str) -> Change:
    order = list(Verdict)
    return replace(change, verdict=max(change.verdict, verdict, key=order.index), reasons=(*change.reasons, *reasons))
