"""Names that do not change: the marker by which we find our own lines again, the id of a change, and what an approval holds for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal

from sync_core.model.agreements import Terms
from sync_core.model.plans import Change, ChangeKind

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is taken for a digit, no word that alarms on an invoice."""
_INSTALLATION = re.compile(r"[a-z0-9]{1,12}")
_MARKER = re.compile(rf"M365-({_INSTALLATION.pattern})-[{_ALPHABET}]{{10}}")


def marker(installation: str, plan_id: str, link_key: str) -> str:
    """The text put on a line when it is added: the same for every try of one plan, at most 50 characters.

    ``installation`` is the short id of this installation, 1 to 12 lower-case letters and digits; anything else raises ``ValueError``.
    """
    if not _INSTALLATION.fullmatch(installation):
        raise ValueError(f"An installation id has 1 to 12 lower-case letters and digits, not {installation!r}")
    return f"M365-{installation}-{_digest(10, plan_id, link_key)}"


def marker_owner(text: str) -> str | None:
    """The installation whose marker this is, or ``None`` for a text that is no marker."""
    match = _MARKER.fullmatch(text.strip())
    return match[1] if match else None


def change_id(link_key: str, kind: ChangeKind, line_id: str) -> str:
    """The id of a change within its plan: the same when the same plan is made anew."""
    return _digest(8, link_key, kind, line_id)


def fingerprint(change: Change) -> str:
    """What an approval holds for: all that a person was shown of the change. Planned anew with the same content, it is the same."""
    shown = (change.connection, change.agreement_id, change.link_key, change.line_id, change.kind, change.product, change.currency)
    numbers = (plain(change.before), plain(change.after), plain(change.unit_price))
    money = (plain(change.money), plain(change.prorated), str(change.period_months))
    return _digest(20, *shown, *numbers, *money, str(change.effective), str(change.invoice), *_more_shown(change))


def _more_shown(change: Change) -> Iterator[str]:
    """What only prorated changes and those with terms of their own show."""
    for each in change.self_ending:
        yield f"{plain(each.units)} {each.first} {each.last}"
    for shift in change.shifts:
        yield f"{shift.first} {plain(shift.before)} {plain(shift.after)}"
    if change.later is not None:
        yield f"later {plain(change.later)}"
    if change.terms != Terms():
        terms = change.terms
        yield f"{plain(terms.unit_price)} {plain(terms.unit_cost)} {terms.charge} {terms.taxable} {terms.grouping} {terms.text}"


def plain(number: Decimal | None) -> str:
    """A number as people write it: ``12`` for ``12.00``, empty for none."""
    if number is None:
        return ""
    return f"{number.normalize():f}" if number else "0"


def _digest(length: int, *parts: str) -> str:
    number = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest())
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(length))
