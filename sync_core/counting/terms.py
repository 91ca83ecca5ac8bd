"""The term of a subscription: as Partner Center names it, or as far as it shows in the days that Microsoft Graph names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from sync_core.model.licences import Source, Subscription, UsageSnapshot
from sync_core.model.terms import Term, TermSource

_A_MONTH = timedelta(days=31)
_A_DAY = timedelta(days=1)
_YEAR, _THREE_YEARS = 12, 36


def term_of(row: Subscription, snapshot: UsageSnapshot) -> Term:
    """The present term of a subscription. Where Partner Center was asked and could not answer, it is unknown and not guessed."""
    named = snapshot.terms.get(row.commerce_id)
    if named or Source.TERMS in snapshot.failed:
        return named or Term()
    return _observed(row, snapshot.read_at.date())


def with_last_known(snapshot: UsageSnapshot, known: Mapping[str, Term]) -> UsageSnapshot:
    """The snapshot, with the terms that were named last where Partner Center could not be read: a term holds until it renews."""
    if Source.TERMS not in snapshot.failed:
        return snapshot
    today = snapshot.read_at.date()
    return replace(snapshot, terms={name: term for name, term in known.items() if term.renews and today < term.renews})


def _observed(row: Subscription, today: date) -> Term:
    """What the next change of a subscription says of its term. Unverified: that it is the renewal.

    Only a term of a year or longer has its next change more than a month ahead. One that lies whole years after the purchase is
    taken for one, too, in its last month: a monthly one then keeps its units for a month, in which they are committed as well.
    """
    if row.next_lifecycle is None or row.is_trial:
        return Term()
    renews = row.next_lifecycle.date()
    months = _months(row.created.date(), renews) if row.created else 0
    committed = renews - today > _A_MONTH or (months > 0 and months % _YEAR == 0)
    return Term(_duration(months, renews, today) if months else "", "", renews, committed, TermSource.OBSERVED)


def _duration(months: int, renews: date, today: date) -> str:
    """The length, where only one fits: a year that is not the third of three, three years, or a month."""
    if months % _YEAR:
        return "P1M" if renews - today <= _A_MONTH else ""
    if renews - today <= _A_MONTH:
        return ""
    if renews - today > 12 * _A_MONTH:
        return "P3Y" if months % _THREE_YEARS == 0 else ""
    return "P1Y" if months % _THREE_YEARS else ""


def _months(first: date, last: date) -> int:
    """The whole months between two days, give or take a day; 0 where they are not whole."""
    months = 12 * (last.year - first.year) + last.month - first.month
    return months if any(abs((last + shift).day - first.day) <= 1 for shift in (-_A_DAY, timedelta(), _A_DAY)) or _both_end(first, last) else 0


def _both_end(first: date, last: date) -> bool:
    """Whether a month's end stands for a day that the shorter month does not have."""
    return (last + _A_DAY).day == 1 and first.day > last.day
