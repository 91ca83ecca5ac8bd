"""Groups, devices, registrations for MFA and sign-ins as Graph v1.0 shows them, and what Graph refuses where a licence is missing."""

from __future__ import annotations

from typing import Any

from sandbox.microsoft.directory import FOUNDED, User, stable_id
from sandbox.microsoft.equipment import Device, Group, ManagedDevice, transitive_members
from sandbox.microsoft.graph_call import Call, GraphError, bad_request, denied, refusal, unsupported_query
from sandbox.microsoft.resources import USER_DEFAULTS, Item, timestamp, user_row

SIGN_INS = "signInActivity"


def groups(call: Call) -> list[Item]:
    """The tenant's groups."""
    return [_group(group) for group in call.tenant.groups]


def _group(group: Group) -> Item:
    return {
        "id": group.group_id,
        "assignedLicenses": [],
        "createdDateTime": timestamp(FOUNDED),
        "description": None,
        "displayName": group.display_name,
        "groupTypes": [],
        "mail": None,
        "mailEnabled": False,
        "onPremisesSyncEnabled": None,
        "securityEnabled": True,
    }


def members(call: Call) -> list[Item]:
    """All members of a group, nested ones included, each with its type."""
    known: dict[str, tuple[str, Item]] = {group.group_id: ("group", _group(group)) for group in call.tenant.groups}
    known |= {user.user_id: ("user", {name: user_row(user).get(name) for name in USER_DEFAULTS}) for user in call.tenant.users}
    known |= {device.device_id: ("device", _device(device)) for device in call.tenant.devices}
    found = (known[member] for member in _member_ids(call) if member in known)
    return [{"@odata.type": f"#microsoft.graph.{kind}", **row} for kind, row in found]


def user_members(call: Call) -> list[Item]:
    """The users among a group's members, with all that can be selected of a user."""
    known = {user.user_id: user for user in call.tenant.users}
    return [user_row(known[member]) for member in _member_ids(call) if member in known]


def _member_ids(call: Call) -> list[str]:
    known = {group.group_id: group for group in call.tenant.groups}
    group = known.get(call.path.split("/")[2].lower())
    if group is None:
        raise refusal(404, None)
    return list(transitive_members(group, known))


def devices(call: Call) -> list[Item]:
    """The devices that are registered in Entra."""
    return [_device(device) for device in call.tenant.devices]


def _device(device: Device) -> Item:
    return {
        "id": device.device_id,
        "accountEnabled": device.enabled,
        "approximateLastSignInDateTime": timestamp(device.last_seen) if device.last_seen else None,
        "deviceId": stable_id(device.device_id, "device"),
        "displayName": device.display_name,
        "isCompliant": device.compliant,
        "isManaged": device.managed,
        "operatingSystem": device.operating_system,
        "operatingSystemVersion": "1.0",
        "registrationDateTime": timestamp(FOUNDED),
        "trustType": "AzureAd",
    }


def managed_devices(call: Call) -> list[Item]:
    """The devices that are enrolled in Intune."""
    return [_managed_device(device) for device in call.tenant.managed_devices]


def _managed_device(device: ManagedDevice) -> Item:
    return {
        "id": device.device_id,
        "complianceState": device.compliance,
        "deviceName": device.display_name,
        "enrolledDateTime": timestamp(FOUNDED),
        "lastSyncDateTime": timestamp(device.last_sync),
        "managedDeviceOwnerType": "company",
        "managementAgent": "mdm",
        "operatingSystem": device.operating_system,
        "osVersion": "1.0",
        "serialNumber": device.device_id[:8],
        "userPrincipalName": device.user_principal_name,
    }


def registrations(call: Call) -> list[Item]:
    """Who is registered for MFA; accounts that are disabled are not listed."""
    return [_registration(user) for user in call.tenant.users if user.account_enabled]


def _registration(user: User) -> Item:
    return {
        "id": user.user_id,
        "isAdmin": False,
        "isMfaCapable": user.mfa_registered,
        "isMfaRegistered": user.mfa_registered,
        "isPasswordlessCapable": False,
        "isSsprRegistered": False,
        "lastUpdatedDateTime": timestamp(user.created),
        "methodsRegistered": ["microsoftAuthenticatorPush"] if user.mfa_registered else [],
        "userDisplayName": user.display_name,
        "userPrincipalName": user.user_principal_name,
        "userType": "guest" if user.user_type == "Guest" else "member",
    }


def users_with_sign_ins(call: Call) -> list[Item]:
    """The tenant's users; with their sign-ins where these are selected, which takes Entra ID P1."""
    rows: list[Item] = [user_row(user) for user in call.tenant.users]
    if SIGN_INS not in call.query.get("$select", ""):
        return rows
    if "AuditLog.Read.All" not in call.token.permissions:
        raise denied()
    require_premium(call)
    for row, user in zip(rows, call.tenant.users, strict=True):
        row |= _sign_in_activity(user)
    return rows


def _sign_in_activity(user: User) -> dict[str, Any]:
    """Nothing at all for somebody who never signed in."""
    if user.last_sign_in is None:
        return {}
    last, request = timestamp(user.last_sign_in), stable_id(user.user_id, "sign-in")
    return {
        SIGN_INS: {
            "lastSignInDateTime": last,
            "lastSignInRequestId": request,
            "lastNonInteractiveSignInDateTime": None,
            "lastNonInteractiveSignInRequestId": "",
            "lastSuccessfulSignInDateTime": last,
            "lastSuccessfulSignInRequestId": request,
        }
    }


def require_premium(call: Call) -> None:
    """Raises the 403 of a tenant without Entra ID P1."""
    if call.tenant.conditions.no_premium:
        message = "Neither tenant is B2C or tenant doesn't have premium license"
        raise GraphError(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", message)


def require_intune(call: Call) -> None:
    """Raises the 400 of a tenant without Intune."""
    if call.tenant.conditions.no_intune:
        raise bad_request("Request not applicable to target tenant.")


def require_advanced_query(call: Call) -> None:
    """Raises the 400 of a query that only the advanced index answers and that does not ask for it."""
    if call.headers.get("consistencylevel", "").lower() != "eventual" or call.query.get("$count") != "true":
        raise unsupported_query()
