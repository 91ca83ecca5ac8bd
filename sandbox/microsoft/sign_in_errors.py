"""What Microsoft Entra refuses a token with: code, OAuth error, HTTP status and the sentence it says.

Codes and meanings follow Microsoft Learn, "Microsoft Entra authentication and authorization error codes". Which OAuth
``error`` goes with a code differs between answers seen, so a client should judge by the code.
"""

from __future__ import annotations

from enum import IntEnum


class SignInError(IntEnum):
    """AADSTS codes that the simulator gives by itself or on demand; a test may demand any other number as well."""

    REFRESH_TOKEN_INACTIVE = 700082
    REFRESH_TOKEN_EXPIRED = 70008
    SESSIONS_REVOKED = 50173
    SIGN_IN_FREQUENCY = 70043
    MFA_REQUIRED = 50076
    MFA_ENROLMENT_REQUIRED = 50079
    CONDITIONAL_ACCESS = 53003
    DEVICE_NOT_COMPLIANT = 53000
    HOME_TENANT_RISK = 530034
    NO_GDAP = 50020
    INBOUND_ACCESS_POLICY = 500213
    CONSENT_MISSING = 65001
    ADMIN_CONSENT_REQUIRED = 90094
    PARTNER_CONSENT_MISSING = 90099
    SERVICE_NOT_SUBSCRIBED = 650052
    APP_NOT_FOUND = 700016
    BAD_SECRET = 7000215
    EXPIRED_SECRET = 7000222
    BAD_ASSERTION = 700027
    TENANT_NOT_FOUND = 90002
    BAD_TENANT_ID = 900023
    TRANSIENT = 90033
    THROTTLED = 50196
    USER_DISABLED = 50057
    INVALID_GRANT = 9002313
    PARAMETER_MISSING = 900144
    BAD_GRANT_TYPE = 70003
    BAD_SCOPE = 70011
    APP_SCOPE_NOT_DEFAULT = 1002012
    SEVERAL_RESOURCES = 28000
    UNKNOWN_RESOURCE = 500011
    NOT_A_CREDENTIAL = 7000218
    PUBLIC_CLIENT = 700025
    BAD_REDIRECT = 50011
    BAD_VERIFIER = 501481
    DECLINED = 65004
    AUTHORIZATION_PENDING = 70016
    EXPIRED_CODE = 70020
    BAD_VERIFICATION_CODE = 70018
    SLOW_DOWN = 70017


CONSENT = frozenset({SignInError.CONSENT_MISSING, SignInError.ADMIN_CONSENT_REQUIRED, SignInError.PARTNER_CONSENT_MISSING})
"""Met by a person's token; an app alone in a tenant without consent is told ``APP_NOT_FOUND`` instead."""

PERSONAL = frozenset(
    {
        SignInError.REFRESH_TOKEN_INACTIVE,
        SignInError.REFRESH_TOKEN_EXPIRED,
        SignInError.SESSIONS_REVOKED,
        SignInError.SIGN_IN_FREQUENCY,
        SignInError.MFA_REQUIRED,
        SignInError.MFA_ENROLMENT_REQUIRED,
        SignInError.CONDITIONAL_ACCESS,
        SignInError.DEVICE_NOT_COMPLIANT,
        SignInError.HOME_TENANT_RISK,
        SignInError.NO_GDAP,
        SignInError.INBOUND_ACCESS_POLICY,
        SignInError.USER_DISABLED,
    }
)
"""About the person who signed in: an app alone never meets these."""

TEXTS: dict[int, str] = {
    SignInError.REFRESH_TOKEN_INACTIVE: "The refresh token has expired due to inactivity.",
    SignInError.REFRESH_TOKEN_EXPIRED: (
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive sign-in."
    ),
    SignInError.SESSIONS_REVOKED: "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
    SignInError.SIGN_IN_FREQUENCY: "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.",
    SignInError.MFA_REQUIRED: (
        "Due to a configuration change made by your administrator, you must use multi-factor authentication to access the resource."
    ),
    SignInError.MFA_ENROLMENT_REQUIRED: ("Due to a configuration change made by your administrator, you must enroll in multi-factor authentication."),
    SignInError.CONDITIONAL_ACCESS: ("Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
    SignInError.DEVICE_NOT_COMPLIANT: ("Device is not in required device state: compliant. Conditional Access policy requires a compliant device."),
    SignInError.HOME_TENANT_RISK: ("A delegated administrator was blocked from accessing the tenant due to account risk in their home tenant."),
    SignInError.NO_GDAP: "User account from identity provider does not exist in tenant and cannot access the application in that tenant.",
    SignInError.INBOUND_ACCESS_POLICY: "The resource tenant's cross-tenant access policy does not allow this user to access this tenant.",
    SignInError.CONSENT_MISSING: "The user or administrator has not consented to use the application.",
    SignInError.ADMIN_CONSENT_REQUIRED: "An administrator has to grant permission for this application.",
    SignInError.PARTNER_CONSENT_MISSING: (
        "The application has not been authorized in the tenant. Applications must be authorized to access the customer tenant "
        "before partner delegated administrators can use them. Please execute the appropriate Partner Center API to authorize "
        "the application."
    ),
    SignInError.SERVICE_NOT_SUBSCRIBED: "The app needs access to a service that your organization has not subscribed to or enabled.",
    SignInError.APP_NOT_FOUND: (
        "Application was not found in the directory. The application has not been installed by the administrator of the tenant."
    ),
    SignInError.BAD_SECRET: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.",
    SignInError.EXPIRED_SECRET: "The provided client secret keys for the app are expired.",
    SignInError.BAD_ASSERTION: "Client assertion contains an invalid signature or is not a well formed token.",
    SignInError.TENANT_NOT_FOUND: ("Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."),
    SignInError.BAD_TENANT_ID: "Specified tenant identifier is neither a valid DNS name, nor a valid external domain.",
    SignInError.TRANSIENT: "A transient error has occurred. Please try again.",
    SignInError.THROTTLED: "The server terminated an operation because it encountered a client request loop.",
    SignInError.USER_DISABLED: "The user account is disabled.",
    SignInError.INVALID_GRANT: "Invalid request. Request is malformed or invalid.",
    SignInError.PARAMETER_MISSING: "The request body must contain all required parameters.",
    SignInError.BAD_GRANT_TYPE: "The app requested an unsupported grant type.",
    SignInError.BAD_SCOPE: "The provided request must include a valid 'scope' input parameter.",
    SignInError.APP_SCOPE_NOT_DEFAULT: (
        "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to "
        "the resource identifier (application ID URI)."
    ),
    SignInError.SEVERAL_RESOURCES: ("The provided value for the input parameter scope is not valid because it contains more than one resource."),
    SignInError.UNKNOWN_RESOURCE: "The resource principal named in the scope was not found in the tenant.",
    SignInError.PUBLIC_CLIENT: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    SignInError.BAD_REDIRECT: "The redirect URI specified in the request does not match the redirect URIs configured for the application.",
    SignInError.BAD_VERIFIER: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    SignInError.DECLINED: "User declined to consent to access the app.",
    SignInError.AUTHORIZATION_PENDING: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    SignInError.EXPIRED_CODE: "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    SignInError.BAD_VERIFICATION_CODE: "Bad verification code.",
    SignInError.SLOW_DOWN: "Requests come too fast. Continue polling more slowly.",
    SignInError.NOT_A_CREDENTIAL: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
}

_INVALID_CLIENT = frozenset(
    {SignInError.BAD_SECRET, SignInError.EXPIRED_SECRET, SignInError.BAD_ASSERTION, SignInError.NOT_A_CREDENTIAL, SignInError.PUBLIC_CLIENT}
)

_OAUTH_ERRORS: dict[int, str] = {
    SignInError.APP_NOT_FOUND: "unauthorized_client",
    SignInError.SERVICE_NOT_SUBSCRIBED: "unauthorized_client",
    SignInError.TENANT_NOT_FOUND: "invalid_request",
    SignInError.BAD_TENANT_ID: "invalid_request",
    SignInError.PARAMETER_MISSING: "invalid_request",
    SignInError.SEVERAL_RESOURCES: "invalid_request",
    SignInError.INVALID_GRANT: "invalid_request",
    SignInError.BAD_GRANT_TYPE: "unsupported_grant_type",
    SignInError.BAD_SCOPE: "invalid_scope",
    SignInError.APP_SCOPE_NOT_DEFAULT: "invalid_scope",
    SignInError.UNKNOWN_RESOURCE: "invalid_resource",
    SignInError.TRANSIENT: "temporarily_unavailable",
    SignInError.BAD_REDIRECT: "invalid_request",
    SignInError.DECLINED: "authorization_declined",
    SignInError.AUTHORIZATION_PENDING: "authorization_pending",
    SignInError.EXPIRED_CODE: "expired_token",
    SignInError.BAD_VERIFICATION_CODE: "bad_verification_code",
    SignInError.SLOW_DOWN: "slow_down",
}


class SignInRefused(Exception):
    """A token request that Entra refuses; ``detail`` replaces the usual sentence."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail or TEXTS.get(code, "An error has occurred that this sandbox has no text for.")

    @property
    def error(self) -> str:
        """The OAuth ``error`` that goes with the code."""
        return "invalid_client" if self.code in _INVALID_CLIENT else _OAUTH_ERRORS.get(self.code, "invalid_grant")

    @property
    def status(self) -> int:
        """401 for a client that cannot prove itself, 400 for everything else."""
        return 401 if self.code in _INVALID_CLIENT else 400
