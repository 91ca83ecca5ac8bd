"""Which people, mailboxes and devices of a snapshot meet which rules.

A selection is a whole number with one bit for each thing of a kind, so that rules are joined by ``&`` and ``|`` at once for all
of them, however many there are. Each distinct condition is looked at once per thing, by whichever rule needs it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sync_core.counting.custom.conditions import device_test, folded, person_test
from sync_core.model.custom_licences import TEXTS, Attribute, Condition, Conditions, Counts, CustomLicence, of_device
from sync_core.model.licences import Device, Mailbox, MailboxKind, UsageSnapshot, User

Selection = int

T = TypeVar("T")

_KINDS = {
    Counts.USERS: Counts.USERS_AND_GUESTS,
    Counts.GUESTS: Counts.USERS_AND_GUESTS,
    Counts.USER_MAILBOXES: Counts.MAILBOXES,
    Counts.SHARED_MAILBOXES: Counts.MAILBOXES,
}
"""What is counted out of which kind of thing, where that is not a kind of its own."""


@dataclass(frozen=True)
class Things:
    """All things of one kind, each once. ``people`` are the users they belong to, ``None`` where nobody is known; of users, they themselves."""

    people: Sequence[User | None]
    mailboxes: Sequence[Mailbox] = ()
    devices: Sequence[Device] = ()

    @property
    def all(self) -> Selection:
        """Every one of them."""
        return (1 << len(self.people)) - 1

    def select(self, holds: Iterable[bool]) -> Selection:
        """Those for which it holds, in their order."""
        digits = "".join("1" if each else "0" for each in holds)
        return int(digits[::-1] or "0", 2)


class Selections:
    """The rules of one customer held against one snapshot; what was worked out for one rule is there for the next."""

    def __init__(self, snapshot: UsageSnapshot) -> None:
        self._snapshot = snapshot
        self._things: dict[Counts, Things] = {}
        self._conditions: dict[tuple[Counts, Condition], Selection] = {}
        self._texts: dict[tuple[Counts, Attribute], Sequence[str | None]] = {}

    def things(self, counts: Counts) -> Things:
        """All things of the kind that this is counted out of."""
        kind = _KINDS.get(counts, counts)
        if kind not in self._things:
            self._things[kind] = self._read(kind)
        return self._things[kind]

    def belonging(self, counts: Counts) -> Selection:
        """What is counted before any condition: no guests among users, no deleted mailboxes."""
        things = self.things(counts)
        if counts in (Counts.USERS, Counts.GUESTS):
            return things.select(user is not None and user.guest is (counts is Counts.GUESTS) for user in things.people)
        if not things.mailboxes:
            return things.all
        kinds = {Counts.USER_MAILBOXES: (MailboxKind.USER,), Counts.SHARED_MAILBOXES: (MailboxKind.SHARED,)}.get(counts, tuple(MailboxKind))
        return things.select(not mailbox.deleted and mailbox.kind in kinds for mailbox in things.mailboxes)

    def counted(self, licence: CustomLicence) -> Selection:
        """What the licence counts; of a sum, nothing."""
        included = self.meeting(licence.counts, licence.include) if licence.include else self.things(licence.counts).all
        return self.belonging(licence.counts) & included & ~self.meeting(licence.counts, licence.exclude)

    def meeting(self, counts: Counts, alternatives: Iterable[Conditions]) -> Selection:
        """What meets all conditions of any of the alternatives."""
        found = 0
        for conditions in alternatives:
            met = self.things(counts).all
            for condition in conditions:
                met &= self.condition(counts, condition)
            found |= met
        return found

    def condition(self, counts: Counts, condition: Condition) -> Selection:
        """What meets one condition."""
        key = (_KINDS.get(counts, counts), condition)
        if key not in self._conditions:
            self._conditions[key] = self._look(counts, condition)
        return self._conditions[key]

    def _look(self, counts: Counts, condition: Condition) -> Selection:
        things = self.things(counts)
        if of_device(condition.attribute, counts):
            return things.select(map(device_test(condition, self._snapshot), things.devices))
        if condition.attribute in TEXTS:
            values = frozenset(map(folded, condition.values))
            return things.select(text in values for text in self._texts_of(counts, condition.attribute))
        test = person_test(condition, self._snapshot)
        return things.select(user is not None and test(user) for user in things.people)

    def _texts_of(self, counts: Counts, attribute: Attribute) -> Sequence[str | None]:
        """One text of everybody, made comparable once for all conditions on it; ``None`` where nobody is known."""
        key = (_KINDS.get(counts, counts), attribute)
        if key not in self._texts:
            self._texts[key] = [None if user is None else folded(user.attributes[attribute]) for user in self.things(counts).people]
        return self._texts[key]

    def _read(self, kind: Counts) -> Things:
        snapshot = self._snapshot
        if kind is Counts.USERS_AND_GUESTS:
            return Things(tuple({user.user_id: user for user in snapshot.users}.values()))
        if kind is Counts.MAILBOXES:
            mailboxes = _once(snapshot.mailboxes, lambda mailbox: mailbox.user_principal_name.casefold())
            return Things([self._by_name.get(mailbox.user_principal_name.casefold()) for mailbox in mailboxes], mailboxes=mailboxes)
        if kind is Counts.SUM:
            return Things(())
        devices = _once(snapshot.devices if kind is Counts.DEVICES else snapshot.intune_devices, lambda device: device.device_id)
        return Things([self._by_name.get(device.user_principal_name.casefold()) for device in devices], devices=devices)

    @cached_property
    def _by_name(self) -> dict[str, User]:
        return {user.user_principal_name.casefold(): user for user in self._snapshot.users if user.user_principal_name}


def members(selection: Selection) -> Iterator[int]:
    """The places of what is selected, in their order."""
    return (place for place, digit in enumerate(reversed(f"{selection:b}")) if digit == "1")


def _once(things: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    return tuple({key(thing): thing for thing in things}.values())
