"""What every error code of Microsoft means here: who can go on, and what a person does about it.

One table for Microsoft Entra (``AADSTS…``), Microsoft Graph (its ``error.code``) and Partner Center (``PartnerCenter…``).
Codes and their texts are Microsoft's: "Microsoft Entra authentication and authorization error codes", "Microsoft Graph error
responses", "Partner Center REST error codes". Microsoft says that codes may change, so a code that is not here never
breaks anything: it becomes ``needs-attention`` with the vendor's own text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What the caller does. At the partner's own tenant there is no customer to skip, so ``SKIP`` stops the run there."""

    RETRY = "retry"
    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True)
class Meaning:
    """One sentence of what happened and one of what to do. ``partner_fix`` is the fix when the partner's own tenant refused us."""

    code: str
    action: Action
    what: str
    fix: str
    partner_fix: str = ""


MISSING_ROLE = "missing-role"
"""Code of a read that the sign-in has no right to."""
NEEDS_ATTENTION = "needs-attention"
"""Code of a failure that this table does not know."""

SIGN_IN_AGAIN = "Sign in once more with the service account and MFA: python3 dev.py onboard --step sign-in."
_SKIP, _STOP, _RETRY = Action.SKIP, Action.STOP, Action.RETRY

_EXPIRED = Meaning("sign-in-expired", _STOP, "The partner's stored sign-in is no longer valid", SIGN_IN_AGAIN)
_SIGN_IN_TOO_OLD = Meaning(
    "sign-in-too-old",
    _SKIP,
    "A sign-in frequency policy ended the partner's stored sign-in",
    "Ask the customer to exclude service providers from the sign-in frequency policy.",
    f"Exclude the service account from the sign-in frequency policy. {SIGN_IN_AGAIN}",
)
_SPA_TOKEN = Meaning(
    "wrong-redirect-type",
    _STOP,
    "The stored refresh token was issued to a single-page application",
    f"Register the redirect URI under the platform Web instead. {SIGN_IN_AGAIN}",
)
_MFA = Meaning(
    "mfa-required",
    _SKIP,
    "Multi-factor authentication is demanded, and the stored sign-in does not satisfy it",
    "Ask the customer to trust the partner's MFA in the cross-tenant access settings, or to exclude service providers from the policy.",
    SIGN_IN_AGAIN,
)
_CONDITIONAL_ACCESS = Meaning(
    "blocked-by-conditional-access",
    _SKIP,
    "A Conditional Access policy blocks the partner",
    "Ask the customer to exclude the partner as a service provider from the policy.",
    "Exclude the service account from the policy in the partner tenant.",
)
_PARTNER_AT_RISK = Meaning(
    "partner-at-risk",
    _STOP,
    "Microsoft blocks delegated administration because of a risk in the partner tenant",
    "Review the risky users and sign-ins in the partner tenant's Entra ID Protection.",
)
_NO_GDAP = Meaning(
    "no-gdap-access",
    _SKIP,
    "The service account has no access to the customer's tenant",
    "Put the service account into a security group that has roles in the customer's GDAP relationship; if it is a guest there, remove the guest.",
)
_CROSS_TENANT_POLICY = Meaning(
    "blocked-by-cross-tenant-policy",
    _SKIP,
    "A cross-tenant access policy blocks the partner",
    "Allow the access in the cross-tenant access settings: outbound at the partner for AADSTS500212, inbound at the customer for AADSTS500213.",
)
_NO_CONSENT = Meaning(
    "consent-missing",
    _SKIP,
    "The application has no consent in the tenant",
    "Give consent: python3 dev.py onboard --step consent does it through Partner Center; or a customer's administrator opens the admin consent link.",
    "Grant admin consent for the application in the partner tenant.",
)
_CONSENT_UNDER_WAY = Meaning("consent-under-way", _RETRY, "The application's consent is still being set up in the tenant", "Nothing to do.")
_NO_SERVICE = Meaning("service-not-in-tenant", _SKIP, "The tenant does not have the service that was asked for", "Check the tenant's subscriptions.")
_WRONG_RESOURCE = Meaning(
    "wrong-resource",
    _SKIP,
    "The application is not registered for the service that was asked for",
    "Add Microsoft Graph to the API permissions of the app registration, and give consent again.",
)
_PUBLIC_CLIENT = Meaning(
    "wrong-sign-in-way",
    _STOP,
    "The stored refresh token was got without the application's own proof",
    "Sign in in the browser instead of with a device code.",
)
_BAD_CREDENTIAL = Meaning(
    "bad-app-credential",
    _STOP,
    "The application's secret or certificate is wrong or has expired",
    "Make a new client secret or certificate in the app registration, and store it.",
)
_TENANT_GONE = Meaning(
    "tenant-gone",
    _SKIP,
    "Microsoft does not know the tenant, or it is no longer available",
    "Check the tenant id; take the customer out of the configuration if the tenant was deleted.",
    "Check the partner's tenant id in the configuration.",
)
_TRANSIENT = Meaning("sign-in-busy", _RETRY, "Microsoft's sign-in service is busy", "Nothing to do.")
_LOOP = Meaning("sign-in-loop", _RETRY, "Microsoft saw the same sign-in request too often", "Nothing to do; report it if it does not end.")
_ACCOUNT = Meaning(
    "service-account-unusable",
    _STOP,
    "The service account is disabled, locked, or its password has expired",
    f"Repair the service account in the partner tenant. {SIGN_IN_AGAIN}",
)

_TOKEN_REFUSED = Meaning(
    "token-refused", _SKIP, "The service refused the access token, also a new one", "Check the sign-in logs of the tenant for the application."
)
_MISSING_ROLE = Meaning(
    MISSING_ROLE,
    _SKIP,
    "The sign-in works, but lacks the right to read this",
    "Delegated: the GDAP relationship needs Directory Readers, assigned to the service account's group. App-only: grant the application its "
    "permissions (LicenseAssignment.Read.All, Organization.Read.All, User.Read.All). Some custom licences look at what takes further rights.",
    "Grant the application its permissions in the partner tenant (Directory.Read.All, DelegatedAdminRelationship.Read.All), with admin consent.",
)
_NOT_LICENSED = Meaning(
    "feature-not-licensed",
    _SKIP,
    "The tenant has no licence for this information",
    "Leave what needs it out of the rules for this customer, or license the feature (Entra ID P1 for sign-ins and MFA, Intune for its devices).",
)
_NOT_FOUND = Meaning("not-found", _SKIP, "Microsoft does not know what was asked for", "Report this with the text of the error.")
_BAD_REQUEST = Meaning("request-refused", _SKIP, "Microsoft refused the request as wrong", "Report this with the text of the error.")
_BUSY = Meaning("service-busy", _RETRY, "The service is busy or unavailable", "Nothing to do.")
_MAILBOX_DENIED = Meaning(
    "mailbox-denied",
    _STOP,
    "The application may not send from the sender's mailbox",
    "Grant Mail.Send and admit the mailbox to the application (Exchange RBAC for Applications or application access policy).",
)
_MAILBOX_MISSING = Meaning("mailbox-missing", _STOP, "The sender has no mailbox", "Configure a sender that has an Exchange Online mailbox.")
_RECIPIENT = Meaning("recipient-refused", _STOP, "A recipient's address was refused", "Correct the recipients in the configuration.")

_WRONG_AUDIENCE = Meaning("wrong-resource", _STOP, "The access token is for another service", "Report this with the text of the error.")
_APP_ONLY = Meaning(
    "app-only-not-supported", _SKIP, "Partner Center demands a signed-in user for this", "Configure the delegated sign-in for this customer."
)
_PARTNER_RIGHTS = Meaning(
    MISSING_ROLE,
    _SKIP,
    "The service account lacks rights in Partner Center",
    "Make the service account a member of AdminAgents, and of a group with roles in the customer's GDAP relationship.",
)
_NO_RELATIONSHIP = Meaning(
    "no-relationship", _SKIP, "Partner Center knows no relationship with this customer", "Check the reseller relationship in Partner Center."
)
_PARTNER_MFA = Meaning("mfa-required", _STOP, "Partner Center demands a sign-in with multi-factor authentication", SIGN_IN_AGAIN)
_PENDING = Meaning("operation-pending", _RETRY, "Partner Center is still busy with an earlier operation", "Nothing to do.")
_PARTNER_DENIED = Meaning("sign-in-refused", _SKIP, "Microsoft Entra refused Partner Center's request", "Check GDAP and consent of this customer.")

MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys(("AADSTS700082", "AADSTS70008", "AADSTS50173"), _EXPIRED),
    "AADSTS70043": _SIGN_IN_TOO_OLD,
    "AADSTS700084": _SPA_TOKEN,
    **dict.fromkeys(("AADSTS50076", "AADSTS50078", "AADSTS50079"), _MFA),
    **dict.fromkeys(("AADSTS53000", "AADSTS53001", "AADSTS53003"), _CONDITIONAL_ACCESS),
    "AADSTS530034": _PARTNER_AT_RISK,
    **dict.fromkeys(("AADSTS50020", "AADSTS50177"), _NO_GDAP),
    **dict.fromkeys(("AADSTS500212", "AADSTS500213"), _CROSS_TENANT_POLICY),
    **dict.fromkeys(("AADSTS65001", "AADSTS90094", "AADSTS90099", "AADSTS700016"), _NO_CONSENT),
    "AADSTS700025": _PUBLIC_CLIENT,
    "AADSTS650051": _CONSENT_UNDER_WAY,
    "AADSTS650052": _NO_SERVICE,
    "AADSTS650057": _WRONG_RESOURCE,
    **dict.fromkeys(("AADSTS7000215", "AADSTS7000222", "AADSTS700027", "invalid_client"), _BAD_CREDENTIAL),
    **dict.fromkeys(("AADSTS90002", "AADSTS5000224", "AADSTS900023"), _TENANT_GONE),
    **dict.fromkeys(
        ("AADSTS90055", "AADSTS50033", "AADSTS50087", "AADSTS90024", "AADSTS90033", "AADSTS90006", "AADSTS90090", "temporarily_unavailable"),
        _TRANSIENT,
    ),
    "AADSTS50196": _LOOP,
    **dict.fromkeys(("AADSTS50053", "AADSTS50055", "AADSTS50057"), _ACCOUNT),
    "InvalidAuthenticationToken": _TOKEN_REFUSED,
    "Authorization_RequestDenied": _MISSING_ROLE,
    **dict.fromkeys(("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Request not applicable to target tenant."), _NOT_LICENSED),
    "Request_ResourceNotFound": _NOT_FOUND,
    **dict.fromkeys(("Request_UnsupportedQuery", "Request_BadRequest", "BadRequest", "NotImplemented"), _BAD_REQUEST),
    **dict.fromkeys(("TooManyRequests", "ApplicationThrottled", "serviceNotAvailable", "ServiceUnavailable", "UnknownError"), _BUSY),
    "ErrorAccessDenied": _MAILBOX_DENIED,
    **dict.fromkeys(("MailboxNotEnabledForRESTAPI", "ErrorInvalidUser"), _MAILBOX_MISSING),
    "ErrorInvalidRecipients": _RECIPIENT,
    "PartnerCenter900420": _WRONG_AUDIENCE,
    "PartnerCenter900316": _WRONG_AUDIENCE,
    "PartnerCenter900329": _APP_ONLY,
    "PartnerCenter900308": _PARTNER_RIGHTS,
    "PartnerCenter900309": _CONDITIONAL_ACCESS,
    "PartnerCenter90000": _PARTNER_DENIED,
    "PartnerCenter60003": _NO_RELATIONSHIP,
    "PartnerCenter10001": _PARTNER_MFA,
    "PartnerCenter900278": _PENDING,
}

_BY_STATUS = {401: _TOKEN_REFUSED, 403: _MISSING_ROLE, 404: _NOT_FOUND, 408: _BUSY, 424: _BUSY, 429: _BUSY}


def meaning_of(vendor_code: str, status: int = 0) -> Meaning | None:
    """What a vendor's code means, or else its HTTP status (0: not known); ``None`` when neither is known."""
    if (known := MEANINGS.get(vendor_code)) is not None:
        return known
    return _BUSY if status >= 500 else _BY_STATUS.get(status)
