"""A person who is to be known by a pseudonym only in what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sync_core.model.licences import Device, UsageSnapshot, User


@dataclass(frozen=True)
class Forgotten:
    """Whom later evidence must not name again. ``marks`` are one-way fingerprints of the ids and sign-in names; ``at`` is UTC."""

    pseudonym: str
    marks: frozenset[str]
    by: str
    at: datetime


def mark_of(tenant_id: str, name: str) -> str:
    """The fingerprint by which an id or a sign-in name of a customer's person is known again."""
    return _digest(tenant_id, name.casefold())[:32]


def pseudonym_of(installation: str, tenant_id: str, user_id: str) -> str:
    """What stands for a person: the same each time, and nothing that leads back without the id, which is random."""
    return f"forgotten-{_digest(installation, tenant_id, user_id.casefold())[:10]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def without_people(snapshot: UsageSnapshot, forgotten: Iterable[Forgotten]) -> UsageSnapshot:
    """The snapshot with pseudonyms in place of forgotten people; everything that anything is counted by stays as it is.

    The domain of a sign-in name stays, because rules look at it; so do a person's licences, groups, mailboxes and devices.
    """
    pseudonyms = {mark: each.pseudonym for each in forgotten for mark in each.marks}
    if not pseudonyms:
        return snapshot
    names = _Names(snapshot, pseudonyms)
    return replace(
        snapshot,
        users=tuple(map(names.user, snapshot.users)),
        groups={group: frozenset(map(names.identity, ids)) for group, ids in snapshot.groups.items()},
        mfa_registered=frozenset(map(names.identity, snapshot.mfa_registered)),
        mailboxes=tuple(replace(each, user_principal_name=names.sign_in(each.user_principal_name)) for each in snapshot.mailboxes),
        intune_devices=tuple(map(names.device, snapshot.intune_devices)),
    )


class _Names:
    """The pseudonyms of one snapshot, by id and by sign-in name."""

    def __init__(self, snapshot: UsageSnapshot, pseudonyms: Mapping[str, str]) -> None:
        self._tenant_id = snapshot.tenant_id
        self._pseudonyms = pseudonyms
        people = [(user, pseudonym) for user in snapshot.users if (pseudonym := self._known(user.user_id) or self._known(user.user_principal_name))]
        self._ids = {user.user_id: pseudonym for user, pseudonym in people}
        self._sign_ins = {user.user_principal_name.casefold(): pseudonym for user, pseudonym in people if user.user_principal_name}

    def user(self, user: User) -> User:
        pseudonym = self._ids.get(user.user_id)
        if pseudonym is None:
            return user
        sign_in = self.sign_in(user.user_principal_name)
        return replace(user, user_id=pseudonym, user_principal_name=sign_in, display_name=pseudonym if user.display_name else "")

    def identity(self, user_id: str) -> str:
        return self._ids.get(user_id) or self._known(user_id) or user_id

    def sign_in(self, name: str) -> str:
        pseudonym = self._sign_ins.get(name.casefold()) or self._known(name)
        at = name.rfind("@")
        return f"{pseudonym}{name[at:] if at >= 0 else ''}" if pseudonym and name else name

    def device(self, device: Device) -> Device:
        sign_in = self.sign_in(device.user_principal_name)
        return device if sign_in == device.user_principal_name else replace(device, user_principal_name=sign_in, name=sign_in.partition("@")[0])

    def _known(self, name: str) -> str | None:
        return self._pseudonyms.get(mark_of(self._tenant_id, name)) if name else None
