"""Which people, mailboxes and devices of a snapshot meet which rules.

A selection is a whole number with one bit for each thing of a kind, so that rules are joined by ``&`` and ``|`` at once for all
of them, however many there are. Each distinct condition is looked at once per thing, by whichever rule needs it first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sync_core.counting.custom.conditions import device_test, folded, person_test
from sync_core.model.custom_licences import TEXTS, Attribute, Condition, Conditions, Counts, CustomLicence, of_device
from sync_core.model.licences import Device, Mailbox, MailboxKind, UsageSnapshot, User

Selection = int

T = TypeVar("T")

_DIGITS = b"01".ljust(256, b"1")
"""What ``False`` and ``True`` are as binary digits."""

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
    users: Sequence[User] = ()
    """The same, where the things are users themselves."""
    mailboxes: Sequence[Mailbox] = ()
    devices: Sequence[Device] = ()

    @property
    def all(self) -> Selection:
        """Every one of them."""
        return (1 << len(self.people)) - 1

    @cached_property
    def by_texts(self) -> Collection[tuple[Mapping[str, str], list[int]]]:
        """Texts of people, and the places of all who have them. Who shares one mapping is not looked at one by one: it may be a whole department."""
        found: dict[int, tuple[Mapping[str, str], list[int]]] = {}
        for place, user in enumerate(self.people):
            if user is not None:
                texts = user.attributes
                if id(texts) not in found:
                    found[id(texts)] = texts, []
                found[id(texts)][1].append(place)
        return found.values()

    def select(self, holds: Iterable[bool]) -> Selection:
        """Those for which it holds, in their order."""
        return int(bytes(holds)[::-1].translate(_DIGITS) or b"0", 2)

    def at(self, places: Iterable[int]) -> Selection:
        """Those at these places."""
        bits = bytearray(len(self.people) // 8 + 1)
        for place in places:
            bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")


class Selections:
    """The rules of one customer held against one snapshot; what was worked out for one rule is there for the next."""

    def __init__(self, snapshot: UsageSnapshot) -> None:
        self._snapshot = snapshot
        self._things: dict[Counts, Things] = {}
        self._conditions: dict[tuple[Counts, Condition], Selection] = {}
        self._texts: dict[tuple[Counts, Attribute], Mapping[str, Sequence[int]]] = {}
        self._belonging: dict[Counts, Selection] = {}

    def things(self, counts: Counts) -> Things:
        """All things of the kind that this is counted out of."""
        kind = _KINDS.get(counts, counts)
        if kind not in self._things:
            self._things[kind] = self._read(kind)
        return self._things[kind]

    def belonging(self, counts: Counts) -> Selection:
        """What is counted before any condition: no guests among users, no deleted mailboxes."""
        if counts not in self._belonging:
            self._belonging[counts] = self._belongs(counts)
        return self._belonging[counts]

    def _belongs(self, counts: Counts) -> Selection:
        things = self.things(counts)
        if counts in (Counts.USERS, Counts.GUESTS):
            guests = things.select(user.guest for user in things.users)
            return guests if counts is Counts.GUESTS else things.all & ~guests
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
            having = self._having(counts, condition.attribute)
            return things.at(place for text in set(map(folded, condition.values)) for place in having.get(text, ()))
        test = person_test(condition, self._snapshot)
        if things.users:
            return things.select(map(test, things.users))
        return things.select(user is not None and test(user) for user in things.people)

    def _having(self, counts: Counts, attribute: Attribute) -> Mapping[str, Sequence[int]]:
        """Who has which text, made comparable: looked at once for all conditions on it. Where nobody is known, nobody has any."""
        key = (_KINDS.get(counts, counts), attribute)
        if key not in self._texts:
            name, written = attribute.value, defaultdict[str, list[int]](list)
            for texts, places in self.things(counts).by_texts:
                written[texts[name]].extend(places)
            having: defaultdict[str, list[int]] = defaultdict(list)
            for text, places in written.items():
                having[folded(text)].extend(places)
            self._texts[key] = having
        return self._texts[key]

    def _read(self, kind: Counts) -> Things:
        snapshot = self._snapshot
        if kind is Counts.USERS_AND_GUESTS:
            users = tuple({user.user_id: user for user in snapshot.users}.values())
            return Things(users, users)
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
