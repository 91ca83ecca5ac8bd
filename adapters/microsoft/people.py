"""Microsoft Graph's rows of users, devices and group members, and its report of mailboxes, turned into the model. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

from adapters.microsoft.questions import PROPERTIES
from adapters.microsoft.reading import Row, Unreadable, moment, row_id
from sync_core.model.custom_licences import Attribute
from sync_core.model.licences import Device, Mailbox, MailboxKind, User
from sync_core.ports import UsageNeeds

_SIGN_INS = ("lastSignInDateTime", "lastNonInteractiveSignInDateTime", "lastSuccessfulSignInDateTime")
_KINDS = {
    "": MailboxKind.UNKNOWN,
    "user": MailboxKind.USER,
    "usermailbox": MailboxKind.USER,
    "shared": MailboxKind.SHARED,
    "sharedmailbox": MailboxKind.SHARED,
}
"""Unverified: the report's column ``Recipient Type`` is there in some tenants only, and its values are not documented."""

_DOMAIN = Attribute.DOMAIN.value

_Held = tuple[frozenset[str], frozenset[str]]
"""The ids of a user's SKUs, and of the plans that were asked for those that are switched on."""

Plans = Mapping[str, Mapping[str, str]]
"""By SKU id, the ids of the service plans that were asked for, by how they were asked for (ids or names, folded to lower case)."""


def plans_from(rows: Iterable[Row], asked: Iterable[str]) -> Plans:
    """Which SKUs hold the service plans that were asked for, from ``/subscribedSkus``."""
    wanted = frozenset(plan.casefold() for plan in asked)
    return {row_id(row, "skuId"): _plans(row, wanted) for row in rows}


def users_from(rows: Iterable[Row], needs: UsageNeeds, plans: Plans) -> tuple[User, ...]:
    """``/users``; a user who repeats across pages counts once, and a SKU held directly and through a group counts once.

    Each of a tenant's tens of thousands of users passes here, so what many of them have alike is made once and shared.
    """
    wanted = sorted(needs.attributes & PROPERTIES.keys())
    attributes, members = [*(attribute.value for attribute in wanted), _DOMAIN], [PROPERTIES[attribute] for attribute in wanted]
    told_by: Callable[[Row], object] = str if plans else itemgetter("skuId")
    held, texts, found = dict[object, _Held](), dict[object, Mapping[str, str]](), dict[str, User]()
    for row in rows:
        get = row.get
        user_id, name, shown, activity = row_id(row, "id"), get("userPrincipalName"), get("displayName"), get("signInActivity")
        name = name if type(name) is str else ""
        try:
            licences, written = tuple(map(told_by, row["assignedLicenses"])), (*map(get, members), name[name.rfind("@") + 1 :])
            skus, switched_on = held.get(licences) or held.setdefault(licences, _held(row["assignedLicenses"], plans))
            told = texts.get(written) or texts.setdefault(written, dict(zip(attributes, map(_text, written), strict=True)))
        except (KeyError, TypeError):
            raise Unreadable("a user has no assignedLicenses, or a list where a text is expected") from None
        found[user_id] = User(
            user_id,
            skus,
            told,
            name,
            shown if type(shown) is str else "",
            get("accountEnabled") is not False,
            get("userType") == "Guest",
            switched_on,
            _last_sign_in(activity) if activity else None,
        )
    return tuple(found.values())


def members_from(rows: Iterable[Row]) -> frozenset[str]:
    """The ids of a group's members, of whatever type."""
    return frozenset(row_id(row, "id") for row in rows)


def registered_from(rows: Iterable[Row]) -> frozenset[str]:
    """``/reports/authenticationMethods/userRegistrationDetails``: the ids of the users who are registered for MFA."""
    return frozenset(row_id(row, "id") for row in rows if row.get("isMfaRegistered") is True)


def devices_from(rows: Iterable[Row]) -> tuple[Device, ...]:
    """``/devices``; one that repeats across pages counts once."""
    return _devices(
        Device(
            device_id=row_id(row, "id"),
            name=_text(row.get("displayName")),
            operating_system=_text(row.get("operatingSystem")),
            enabled=row.get("accountEnabled") is not False,
            managed=row.get("isManaged"),
            compliant=row.get("isCompliant"),
            last_seen=moment(row.get("approximateLastSignInDateTime")),
        )
        for row in rows
    )


def intune_devices_from(rows: Iterable[Row]) -> tuple[Device, ...]:
    """``/deviceManagement/managedDevices``; one that repeats across pages counts once."""
    return _devices(
        Device(
            device_id=row_id(row, "id"),
            name=_text(row.get("deviceName")),
            operating_system=_text(row.get("operatingSystem")),
            managed=True,
            compliant=row.get("complianceState") == "compliant",
            last_seen=moment(row.get("lastSyncDateTime")),
            user_principal_name=_text(row.get("userPrincipalName")),
        )
        for row in rows
    )


def mailboxes_from(report: str) -> tuple[Mailbox, ...]:
    """The CSV of mailbox usage, read by the names of its columns, whose number and order differ; raises ``Unreadable``."""
    rows = csv.DictReader(io.StringIO(report, newline=""))
    if not {"User Principal Name", "Is Deleted"} <= set(rows.fieldnames or ()):
        raise Unreadable("the report of mailboxes lacks its columns")
    return tuple(
        Mailbox(
            row["User Principal Name"],
            _KINDS.get((row.get("Recipient Type") or "").replace(" ", "").casefold(), MailboxKind.OTHER),
            row["Is Deleted"].casefold() == "true",
        )
        for row in rows
    )


def names_concealed(mailboxes: Iterable[Mailbox]) -> bool:
    """Whether the report shows hashes in place of names: no user principal name is without an @."""
    names = [mailbox.user_principal_name for mailbox in mailboxes]
    return bool(names) and not any("@" in name for name in names)


def _held(licences: Iterable[Row], plans: Plans) -> _Held:
    on = frozenset(asked for licence in licences for asked in _switched_on(licence, plans)) if plans else frozenset()
    return frozenset(row_id(licence, "skuId") for licence in licences), on


def _switched_on(licence: Row, plans: Plans) -> Iterable[str]:
    off = {str(plan).lower() for plan in licence.get("disabledPlans") or ()}
    held = plans.get(row_id(licence, "skuId"), {})
    return (asked for asked, plan_id in held.items() if plan_id not in off)


def _plans(row: Row, wanted: frozenset[str]) -> Mapping[str, str]:
    plans = row.get("servicePlans")
    if not isinstance(plans, list):
        raise Unreadable("a SKU has no servicePlans")
    named = {
        name.casefold(): row_id(plan, "servicePlanId")
        for plan in plans
        for name in (_text(plan.get("servicePlanName")), row_id(plan, "servicePlanId"))
    }
    return {name: plan_id for name, plan_id in named.items() if name in wanted}


def _last_sign_in(activity: Any) -> datetime | None:
    """The latest of all kinds; Graph leaves the member out for somebody who never signed in.

    Times in UTC are compared as they are written, which is right to the second.
    """
    if not isinstance(activity, dict):
        return None
    latest = ""
    for name in _SIGN_INS:
        written = activity.get(name)
        if not written:
            continue
        if type(written) is not str or written[-1] != "Z":
            return max((each for each in map(moment, map(activity.get, _SIGN_INS)) if each), default=None)
        if written > latest:
            latest = written
    return moment(latest)


def _devices(devices: Iterable[Device]) -> tuple[Device, ...]:
    return tuple({device.device_id: device for device in devices}.values())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
