"""What custom licences come to: a number each, or the question that stands in its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sync_core.counting.custom.needs import conditions_of, needs_of
from sync_core.counting.custom.selections import Selections
from sync_core.counting.sources import missing
from sync_core.model.billing import CountedItem
from sync_core.model.custom_licences import Condition, Counts, CustomLicence, of_device
from sync_core.model.licences import MailboxKind, UsageSnapshot

_MAILBOXES = (Counts.MAILBOXES, Counts.USER_MAILBOXES, Counts.SHARED_MAILBOXES)
_CONCEALED = (
    "The tenant conceals names in its reports, so no mailbox can be told to be anybody's. Turn that off in its Microsoft 365 admin center "
    "(Settings, Org settings, Reports), or count mailboxes without conditions on people."
)
_NO_KINDS = (
    "The report of mailboxes does not say which ones are shared. Count `mailboxes` instead, and tell them by their accounts: a shared "
    "one's is neither enabled nor licensed, as a rule."
)


def count_licence(licence: CustomLicence, snapshot: UsageSnapshot, selections: Selections) -> CountedItem:
    """The item of a custom licence that is no sum."""
    questions = questions_of(licence.counts, conditions_of(licence), snapshot)
    number = None if questions else selections.counted(licence).bit_count()
    return by_rule(licence.item_id, licence.title, number, questions)


def by_rule(item_id: str, name: str, number: int | None, questions: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> CountedItem:
    """An item that a rule counted: on every basis it comes to the same number."""
    return CountedItem(
        item_id,
        name,
        number,
        number,
        notes=notes,
        purchased_questions=questions,
        assigned_questions=questions,
        by_rule=True,
        held=number != 0,
    )


def add_up(licence: CustomLicence, items: Mapping[str, CountedItem]) -> CountedItem:
    """The item of a sum over items that were counted. One of them without a number leaves the sum without one."""
    parts = [items[item_id] for item_id in licence.sum_of]
    return CountedItem(
        licence.item_id,
        licence.title,
        _sum(part.purchased for part in parts),
        _sum(part.assigned for part in parts),
        warning=sum(part.warning for part in parts),
        suspended=sum(part.suspended for part in parts),
        company_wide=any(part.company_wide for part in parts),
        purchased_questions=_once(question for part in parts for question in part.purchased_questions),
        assigned_questions=_once(question for part in parts for question in part.assigned_questions),
        by_rule=all(part.by_rule for part in parts),
        held=any(part.held for part in parts),
    )


def questions_of(counts: Counts, conditions: Iterable[Condition], snapshot: UsageSnapshot) -> tuple[str, ...]:
    """What stands in the way of counting such things under such conditions: a part of the read that is not there whole is never a zero."""
    looked_at = tuple(conditions)
    needs = needs_of(counts, looked_at)
    return (*missing(snapshot, needs.sources, needs.groups), *_about_mailboxes(counts, looked_at, snapshot))


def _about_mailboxes(counts: Counts, conditions: Sequence[Condition], snapshot: UsageSnapshot) -> Iterator[str]:
    if counts in _MAILBOXES and snapshot.names_concealed and any(not of_device(condition.attribute, counts) for condition in conditions):
        yield _CONCEALED
    living = [mailbox for mailbox in snapshot.mailboxes if not mailbox.deleted]
    if counts in (Counts.USER_MAILBOXES, Counts.SHARED_MAILBOXES) and any(mailbox.kind is MailboxKind.UNKNOWN for mailbox in living):
        yield _NO_KINDS


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else sum(number for number in known if number is not None)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
