"""Since when a count has differed from what is billed, and whether fewer units may count yet.

A plan is made anew every day; what was first seen days ago must not count from today only because a person had to approve it,
and a period that was begun with more units is billed with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from sync_core.billing.changes import Case
from sync_core.billing.identity import plain
from sync_core.billing.inputs import ReconcileInput
from sync_core.model.agreements import Ability
from sync_core.model.billing import Decreases, Link, Move, Seen

_REMEMBERED = 40
"""So many counts of one fall are kept; a line that moves more often is lowered a little early."""


def moves(inputs: ReconcileInput) -> Mapping[str, Move]:
    """By link key the counts that differ from what is billed, to be stored for the next day.

    More units count from the day they were first seen as just so many, fewer from the day they first were fewer.
    """
    found: dict[str, Move] = {}
    for link in inputs.links:
        known, value = inputs.moves.get(link.key), inputs.counted(link).value
        if value is None:
            found |= {link.key: known} if known else {}
        elif (wanted := Decimal(value)) != (billed := _billed(inputs, link)):
            today = inputs.business_dates[link.connection]
            goes_on = known is not None and (known.units == wanted or (wanted < billed and known.units < billed))
            since, ends = (known.since, known.commitment_ends) if known and goes_on else (today, inputs.item(link).commitment_ends)
            seen = known.seen if known and goes_on else ()
            if not seen or seen[-1].units != wanted:
                seen = (*seen[-_REMEMBERED:], Seen(today, wanted))
            found[link.key] = Move(since, wanted, ends, seen)
    return found


def postponed(inputs: ReconcileInput) -> Iterator[tuple[str, str]]:
    """In words, each with its item, the lines that go on with more units than are counted, and until when."""
    for link in inputs.links:
        item_id, name = link.item_id, inputs.item(link).name
        yield from ((item_id, f"{name}: {words}") for words in _committed(inputs, link))
        if waits := inputs.waiting.get(link.key):
            yield item_id, f"{name}: {waits}"
        move, binding = inputs.moves.get(link.key), inputs.bindings.get(link.key)
        if move is None or binding is None or binding.ended or not move.units < binding.quantity:
            continue
        if link.profile.decreases is Decreases.AT_RENEWAL and move.commitment_ends:
            until = f"until the commitment ends on {move.commitment_ends}"
        elif link.profile.prorate and link.profile.decreases is not Decreases.NOW:
            until = f"until the period in which they became fewer {'ends' if _is_dated(inputs, link) else 'is invoiced'}"
        else:
            continue
        yield item_id, f"{name}: {plain(move.units)} counted since {move.since}, {plain(binding.quantity)} are billed {until}"


def _committed(inputs: ReconcileInput, link: Link) -> tuple[str, ...]:
    commits = link.bills and link.profile.keeps_commitments and link.key in inputs.bindings
    return inputs.item(link).committed_words if commits else ()


def seen_since(case: Case, today: date) -> date:
    """The day on which just the wanted units were first seen."""
    move = case.inputs.moves.get(case.link.key)
    return move.since if move and move.units == case.wanted else today


def may_fall(case: Case) -> bool:
    """Whether fewer units may be set on the line now, as the profile says."""
    profile, move, today = case.link.profile, case.inputs.moves.get(case.link.key), case.today
    since = move.since if move else today
    if before_renewal(case):
        return False
    if profile.decreases is Decreases.AT_RENEWAL:
        since = max(since, commitment_end(case) or since)
    if not profile.prorate or profile.decreases is Decreases.NOW:
        return True
    return case.opens > today or since <= case.opens


def lowered_to(case: Case, held: Decimal) -> Decimal:
    """What a line that is billed by days may be lowered to: no period that has begun is billed with fewer units than were counted in it."""
    if case.wanted >= held or not may_fall(case):
        return held
    if case.opens > case.today or case.link.profile.decreases is Decreases.NOW:
        return case.wanted
    move = case.inputs.moves.get(case.link.key)
    seen = move.seen if move else ()
    begun = [each for each, following in zip(seen, (*seen[1:], None), strict=True) if following is None or following.first > case.opens]
    return min(held, max([case.wanted, *(each.units for each in begun)]))


def before_renewal(case: Case) -> bool:
    """Whether the profile lowers at renewal only, and the commitment has not ended yet."""
    ends = commitment_end(case)
    return case.link.profile.decreases is Decreases.AT_RENEWAL and ends is not None and case.today < ends


def commitment_end(case: Case) -> date | None:
    """The end of the commitment as it was known when the count fell; afterwards Microsoft names that of the next one."""
    move = case.inputs.moves.get(case.link.key)
    return move.commitment_ends if move else case.inputs.item(case.link).commitment_ends


def _is_dated(inputs: ReconcileInput, link: Link) -> bool:
    held = inputs.agreements.get((link.connection, link.agreement_id))
    return held is not None and Ability.DATED_QUANTITIES in held.agreement.abilities


def _billed(inputs: ReconcileInput, link: Link) -> Decimal:
    binding = inputs.bindings.get(link.key)
    if binding is None:
        held = inputs.agreements.get((link.connection, link.agreement_id))
        line = held.line(link.adopt_line_id) if held else None
        return line.quantity if line else Decimal(0)
    if binding.ended:
        return Decimal(0)
    return binding.due[-1].quantity if binding.due else binding.quantity
