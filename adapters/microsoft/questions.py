"""What Graph is asked for a customer: one path for each source, put together from what the core needs to know, and nothing more."""

from __future__ import annotations

from adapters.microsoft.reading import SKU_MEMBERS, SUBSCRIPTION_MEMBERS
from sync_core.model.custom_licences import Attribute
from sync_core.model.licences import Source
from sync_core.ports import UsageNeeds

ORGANIZATION = "organization"
LARGEST_PAGE = 999
LARGEST_SIGN_IN_PAGE = 500
"""Graph's largest pages; those of users with ``signInActivity`` are smaller (Microsoft Graph, "List users")."""
REPORT = "/reports/getMailboxUsageDetail(period='D7')"
"""Answered by a redirect, so that it cannot be part of a batch (Microsoft Graph, "reportRoot: getMailboxUsageDetail")."""

PROPERTIES = {
    Attribute.DEPARTMENT: "department",
    Attribute.OFFICE: "officeLocation",
    Attribute.CITY: "city",
    Attribute.STATE: "state",
    Attribute.COUNTRY: "country",
    Attribute.COMPANY: "companyName",
    Attribute.JOB_TITLE: "jobTitle",
    Attribute.EMPLOYEE_TYPE: "employeeType",
}
"""Texts of a user by Graph's names of them."""

_USER = ("id", "userPrincipalName", "displayName", "userType", "assignedLicenses")
_DEVICE = ("id", "displayName", "operatingSystem", "accountEnabled", "isManaged", "isCompliant", "approximateLastSignInDateTime")
_INTUNE = ("id", "deviceName", "userPrincipalName", "operatingSystem", "complianceState", "lastSyncDateTime")
_LISTS = {
    Source.DEVICES: f"/devices?$select={','.join(_DEVICE)}&$top={LARGEST_PAGE}",
    Source.INTUNE: f"/deviceManagement/managedDevices?$select={','.join(_INTUNE)}",
    Source.MFA: f"/reports/authenticationMethods/userRegistrationDetails?$select=id,isMfaRegistered&$top={LARGEST_PAGE}",
}


def paths(needs: UsageNeeds) -> dict[str, str]:
    """The paths to read by the names of their parts, the proof of whose tenant it is first."""
    plans = ("servicePlans",) if needs.service_plans else ()
    asked: dict[str, str] = {
        ORGANIZATION: "/organization?$select=id",
        Source.SKUS: f"/subscribedSkus?$select={','.join((*SKU_MEMBERS, *plans))}",
        Source.SUBSCRIPTIONS: f"/directory/subscriptions?$select={','.join(SUBSCRIPTION_MEMBERS)}",
    }
    if Source.USERS in needs.sources:
        asked[Source.USERS] = users_path(needs, with_sign_ins=Source.SIGN_INS in needs.sources)
    asked |= {source: path for source, path in _LISTS.items() if source in needs.sources}
    return asked | group_paths(needs)


def group_paths(needs: UsageNeeds) -> dict[str, str]:
    """The paths of the groups' members, nested ones included, by the groups' ids.

    Asked without a cast to users, so that it is answered from the directory itself and not from the index of advanced queries,
    which lags behind; devices are among the members, too.
    """
    return {group: f"/groups/{group}/transitiveMembers?$select=id&$top={LARGEST_PAGE}" for group in sorted(needs.groups)}


def users_path(needs: UsageNeeds, with_sign_ins: bool) -> str:
    """The path of all users with what is needed of them."""
    wanted = {PROPERTIES[attribute] for attribute in needs.attributes if attribute in PROPERTIES}
    wanted |= {"accountEnabled"} if Attribute.ENABLED in needs.attributes else set()
    wanted |= {"signInActivity"} if with_sign_ins else set()
    return f"/users?$select={','.join((*_USER, *sorted(wanted)))}&$top={LARGEST_SIGN_IN_PAGE if with_sign_ins else LARGEST_PAGE}"
