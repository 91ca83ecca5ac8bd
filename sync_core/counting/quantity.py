"""What a billing profile makes of a counted item: the units to bill, with the words that explain them."""

from __future__ import annotations

from dataclasses import dataclass

from sync_core.model.billing import Basis, BillingProfile, CountedItem

_COMPANY_WIDE = "{name} holds for the whole company, so nothing is ever assigned. Bill it by what was bought: `basis: purchased`."


@dataclass(frozen=True)
class Counted:
    """The units to bill, never negative, or ``None`` with the questions that stand in the way. ``explanation`` is the arithmetic in words.

    ``number`` is what was counted before the profile's included and minimum units.
    """

    value: int | None
    explanation: str = ""
    questions: tuple[str, ...] = ()
    number: int | None = None


def quantity_for(item: CountedItem | None, profile: BillingProfile) -> Counted:
    """``max(counted - included, minimum)`` on the profile's basis; an item that was not counted is a question, not a zero."""
    if item is None:
        return Counted(None, questions=("The item was not counted.",))
    questions = _questions(item, profile.basis)
    bought = None if item.purchased is None else item.purchased + (item.warning if profile.bill_warning else 0)
    more = item.committed_more if profile.keeps_commitments else 0
    number = _on_basis(profile.basis, None if bought is None else bought + more, item.assigned)
    if questions or number is None:
        return Counted(None, questions=questions or (f"{item.name} has no number to bill by.",))
    billed = max(number - profile.included, profile.minimum, 0)
    return Counted(billed, ", ".join(_words(item, profile, bought or 0)), number=number)


def on_unusable_seats(item: CountedItem, profile: BillingProfile) -> int:
    """How many suspended or locked-out seats are assigned still, and so billed by a profile that bills what is assigned."""
    if profile.basis is Basis.PURCHASED or item.purchased is None or item.assigned is None:
        return 0
    return max(min(item.suspended, item.assigned - item.purchased - item.warning), 0)


def _questions(item: CountedItem, basis: Basis) -> tuple[str, ...]:
    purchased = () if basis is Basis.ASSIGNED else item.purchased_questions
    if basis is Basis.PURCHASED:
        return purchased
    company_wide = (_COMPANY_WIDE.format(name=item.name),) if item.company_wide else ()
    return tuple(dict.fromkeys(purchased + item.assigned_questions + company_wide))


def _on_basis(basis: Basis, bought: int | None, assigned: int | None) -> int | None:
    if basis is Basis.PURCHASED:
        return bought
    if basis is Basis.ASSIGNED:
        return assigned
    return None if bought is None or assigned is None else max(bought, assigned)


def _words(item: CountedItem, profile: BillingProfile, bought: int) -> list[str]:
    words = [f"{bought} counted" if item.by_rule else _by_basis(item, profile.basis, bought)]
    if item.warning and profile.basis is not Basis.ASSIGNED:
        words.append(f"{item.warning} of them in their grace period" if profile.bill_warning else f"{item.warning} in their grace period left out")
    if unusable := on_unusable_seats(item, profile):
        words.append(f"{unusable} of them on suspended or locked-out seats")
    if profile.keeps_commitments:
        words.extend(item.committed_words)
    if profile.included:
        words.append(f"{profile.included} included")
    if profile.minimum:
        words.append(f"minimum {profile.minimum}")
    return words


def _by_basis(item: CountedItem, basis: Basis, bought: int) -> str:
    return {
        Basis.PURCHASED: f"{bought} bought",
        Basis.ASSIGNED: f"{item.assigned} assigned",
        Basis.GREATER: f"the greater of {bought} bought and {item.assigned} assigned",
    }[basis]
