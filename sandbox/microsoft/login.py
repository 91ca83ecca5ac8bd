"""Simulated Microsoft Entra: discovery, and tokens for a partner's person (refresh token) or for the app by itself.

Answers follow Microsoft Learn ("OAuth 2.0 authorization code flow", "client credentials flow", "refresh tokens") and are
accepted by MSAL, which insists on https endpoints in the discovery document: its HTTP client has to send them here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sandbox.microsoft.applications import Application
from sandbox.microsoft.directory import Directory, Tenant
from sandbox.microsoft.interactive import Interactive, SignedIn
from sandbox.microsoft.sign_in_errors import CONSENT, PERSONAL, SignInError, SignInRefused
from sandbox.microsoft.tokens import PARTNER_CENTER, RESOURCES, AccessToken, base64url_json, jwt_claims, unsigned_jwt
from sandbox.web import Request, Response, Router

REFRESH_TOKEN_LIFE = timedelta(days=90)
USER_TOKEN_SECONDS = 4500
APP_TOKEN_SECONDS = 3599
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PUBLIC_GRANTS = ("refresh_token", "urn:ietf:params:oauth:grant-type:device_code")
"""What an application that allows public client flows gets without proving itself."""
_OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})


@dataclass
class _Grant:
    """What stands behind one refresh token."""

    issued: datetime
    amr: tuple[str, ...]
    user_id: str = ""
    application_id: str = ""
    public: bool = False
    """The application did not prove itself when it got this, so it may not prove itself when it redeems it either."""
    revoked: bool = False


class Login:
    """The application on the sign-in host."""

    def __init__(self, directory: Directory, now: Callable[[], datetime], seed: int, public_url: str) -> None:
        self._directory = directory
        self._now = now
        self._random = random.Random(f"login {seed}")
        self._public_url = public_url.rstrip("/")
        self._grants: dict[str, _Grant] = {}
        self.interactive = Interactive(now, self._random, lambda: directory.service_account.user_id)
        self._router = Router(lambda request: Response(404))
        self._router.route("POST", "/{tenant}/oauth2/v2.0/devicecode")(self._device_code)
        self._router.route("GET", "/{tenant}/oauth2/v2.0/authorize")(self._authorize)
        self._router.route("GET", "/{tenant}/v2.0/.well-known/openid-configuration")(self._discover)
        self._router.route("GET", "/common/discovery/instance")(self._instances)
        self._router.route("POST", "/{tenant}/oauth2/v2.0/token")(self._token)

    def __call__(self, request: Request) -> Response:
        try:
            return self._router(request)
        except SignInRefused as refusal:
            return self._refusal(refusal)

    def sign_in(self, amr: tuple[str, ...] = ("pwd", "mfa")) -> str:
        """The service user of the partner signs in once, with MFA unless ``amr`` says otherwise; returns the refresh token."""
        return self._granted(_Grant(self._now(), amr, self._directory.service_account.user_id, self._directory.client_id))

    def _granted(self, grant: _Grant) -> str:
        token = f"0.sandbox.{self._random.getrandbits(160):040x}"
        self._grants[token] = grant
        return token

    def revoke_sessions(self) -> None:
        """An administrator revokes the service user's sessions: every refresh token so far is refused from now on."""
        for grant in self._grants.values():
            grant.revoked = True

    def _discover(self, request: Request, tenant: str) -> Response:
        found = self._tenant(tenant)
        base = f"{self._public_url}/{found.tenant_id}"
        return Response.of_json(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "tenant_region_scope": "EU",
            }
        )

    def _instances(self, request: Request) -> Response:
        host = self._public_url.removeprefix("https://")
        tenant = request.query.get("authorization_endpoint", "").removeprefix(self._public_url).strip("/").partition("/")[0] or "common"
        return Response.of_json(
            {
                "tenant_discovery_endpoint": f"{self._public_url}/{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    def _token(self, request: Request, tenant: str) -> Response:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise SignInRefused(SignInError.PARAMETER_MISSING, "The request body must be application/x-www-form-urlencoded.")
        form = request.form()
        grant_type = _required(form, "grant_type")
        found = self._tenant(tenant)
        application = self._check_client(form, grant_type)
        match grant_type:
            case "refresh_token":
                return self._redeem(found, form)
            case "client_credentials":
                return self._app_only(found, form)
            case "authorization_code":
                return self._signed_in(found, self.interactive.exchange(found.tenant_id, application, form), form)
            case "urn:ietf:params:oauth:grant-type:device_code":
                return self._signed_in(found, self.interactive.poll(found.tenant_id, application, form), form)
        raise SignInRefused(SignInError.BAD_GRANT_TYPE)

    def _device_code(self, request: Request, tenant: str) -> Response:
        form, found = request.form(), self._tenant(tenant)
        application = self._application(_required(form, "client_id"))
        return self.interactive.device_code(found.tenant_id, application, form, "https://microsoft.com/devicelogin")

    def _authorize(self, request: Request, tenant: str) -> Response:
        application = self._application(request.query.get("client_id", ""))
        return self.interactive.authorize(self._tenant(tenant).tenant_id, application, request)

    def _signed_in(self, tenant: Tenant, person: SignedIn, form: dict[str, str]) -> Response:
        """A person has just signed in: the first tokens of a new grant."""
        grant = _Grant(self._now(), person.amr, person.user_id, person.application_id, person.public)
        return self._tokens(tenant, grant, person.scope, form, person.nonce)

    def _redeem(self, tenant: Tenant, form: dict[str, str]) -> Response:
        grant = self._grant(_required(form, "refresh_token"))
        if grant.application_id != form["client_id"]:
            raise SignInRefused(SignInError.INVALID_GRANT, "The refresh token was issued to another client.")
        if grant.public and ("client_secret" in form or "client_assertion" in form):
            raise SignInRefused(SignInError.PUBLIC_CLIENT)
        return self._tokens(tenant, grant, _required(form, "scope"), form)

    def _tokens(self, tenant: Tenant, grant: _Grant, scope: str, form: dict[str, str], nonce: str = "") -> Response:
        resource, asked, openid = _scopes(scope)
        self._check_person(tenant, grant.user_id)
        granted = tenant.permissions
        if resource == PARTNER_CENTER:
            granted = frozenset({"user_impersonation"} if self._directory.partner_center_allowed else set())
        if not granted or not asked <= granted | {".default"} or self._now() < tenant.consented_at + tenant.consent_takes:
            raise SignInRefused(SignInError.CONSENT_MISSING)
        token = self._access_token(tenant, resource, granted, USER_TOKEN_SECONDS, grant)
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "scope": " ".join(f"{resource}/{name}" for name in sorted(granted | asked)),
            "expires_in": USER_TOKEN_SECONDS,
            "ext_expires_in": USER_TOKEN_SECONDS,
            "access_token": token,
            "refresh_token": self._granted(replace(grant, issued=self._now())),
        }
        return Response.of_json(answer | self._identity(tenant, grant.user_id, openid, form, nonce))

    def _app_only(self, tenant: Tenant, form: dict[str, str]) -> Response:
        resource, asked, _ = _scopes(_required(form, "scope"))
        if asked != {".default"}:
            raise SignInRefused(SignInError.APP_SCOPE_NOT_DEFAULT)
        self._check_app(tenant)
        token = self._access_token(tenant, resource, frozenset() if resource == PARTNER_CENTER else tenant.application_permissions, APP_TOKEN_SECONDS)
        return Response.of_json({"token_type": "Bearer", "expires_in": APP_TOKEN_SECONDS, "ext_expires_in": APP_TOKEN_SECONDS, "access_token": token})

    def _access_token(self, tenant: Tenant, resource: str, permissions: frozenset[str], seconds: int, grant: _Grant | None = None) -> str:
        issued = self._now()
        tenant_id = tenant.conditions.token_of or tenant.tenant_id
        expires = issued + timedelta(seconds=seconds)
        amr, person = (grant.amr, grant.user_id) if grant else ((), "")
        return AccessToken(tenant_id, resource, self._directory.client_id, permissions, grant is None, amr, expires, person).encode(issued)

    def _identity(self, tenant: Tenant, person: str, openid: bool, form: dict[str, str], nonce: str) -> dict[str, object]:
        members: dict[str, object] = {}
        if openid:
            now = int(self._now().timestamp())
            issuer = f"{self._public_url}/{tenant.tenant_id}/v2.0"
            claims = {"aud": self._directory.client_id, "iss": issuer, "iat": now, "nbf": now, "exp": now + 3600, "sub": person, "oid": person}
            claims |= {"nonce": nonce} if nonce else {}
            members["id_token"] = unsigned_jwt({**claims, "tid": tenant.tenant_id, "ver": "2.0"})
        if form.get("client_info") == "1":
            members["client_info"] = base64url_json({"uid": person, "utid": self._directory.partner.tenant_id})
        return members

    def _tenant(self, name: str) -> Tenant:
        found = self._directory.tenant(name)
        if found is None:
            raise SignInRefused(SignInError.TENANT_NOT_FOUND if _is_tenant_name(name) else SignInError.BAD_TENANT_ID)
        return found

    def _check_client(self, form: dict[str, str], grant_type: str) -> Application:
        application = self._application(_required(form, "client_id"))
        if "client_secret" in form:
            secret = application.secret(form["client_secret"])
            if secret is None:
                raise SignInRefused(SignInError.BAD_SECRET)
            if secret.ends <= self._now():
                raise SignInRefused(SignInError.EXPIRED_SECRET)
        elif form.get("client_assertion_type") == _JWT_BEARER and "client_assertion" in form:
            self._check_assertion(form["client_assertion"])
        elif not (application.public and grant_type in _PUBLIC_GRANTS):
            raise SignInRefused(SignInError.NOT_A_CREDENTIAL)
        return application

    def _application(self, client_id: str) -> Application:
        found = next((one for one in self._directory.applications if one.application_id == client_id), None)
        if found is None:
            raise SignInRefused(SignInError.APP_NOT_FOUND)
        return found

    def _check_assertion(self, assertion: str) -> None:
        """A certificate's assertion names the app and this endpoint; a managed identity's comes from its own issuer."""
        try:
            claims = jwt_claims(assertion)
            in_time = float(claims["exp"]) > self._now().timestamp()
            federated = claims["aud"] == "api://AzureADTokenExchange" and bool(claims["iss"]) and bool(claims["sub"])
            certificate = claims["iss"] == claims["sub"] == self._directory.client_id and str(claims["aud"]).startswith(self._public_url)
        except (KeyError, TypeError, ValueError) as error:
            raise SignInRefused(SignInError.BAD_ASSERTION) from error
        if not in_time or not (federated or certificate):
            raise SignInRefused(SignInError.BAD_ASSERTION)

    def _grant(self, token: str) -> _Grant:
        grant = self._grants.get(token)
        if grant is None:
            raise SignInRefused(SignInError.INVALID_GRANT, "Invalid request. The refresh token is malformed or unknown.")
        if grant.revoked:
            raise SignInRefused(SignInError.SESSIONS_REVOKED)
        if self._now() - grant.issued > REFRESH_TOKEN_LIFE:
            raise SignInRefused(SignInError.REFRESH_TOKEN_INACTIVE)
        return grant

    def _check_person(self, tenant: Tenant, user_id: str) -> None:
        if tenant.conditions.sign_in_error is not None:
            raise SignInRefused(tenant.conditions.sign_in_error)
        if tenant is not self._directory.partner and not self._directory.roles_in(tenant, user_id):
            raise SignInRefused(SignInError.NO_GDAP)

    def _check_app(self, tenant: Tenant) -> None:
        code = tenant.conditions.sign_in_error
        if code in CONSENT or not tenant.application_permissions:
            raise SignInRefused(SignInError.APP_NOT_FOUND)
        if code is not None and code not in PERSONAL:
            raise SignInRefused(code)

    def _refusal(self, refusal: SignInRefused) -> Response:
        trace, correlation = (str(UUID(int=self._random.getrandbits(128), version=4)) for _ in range(2))
        time = f"{self._now():%Y-%m-%d %H:%M:%S}Z"
        text = f"AADSTS{refusal.code}: {refusal.detail} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
        body = {
            "error": refusal.error,
            "error_description": text,
            "error_codes": [refusal.code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self._public_url}/error?code={refusal.code}",
        }
        return Response.of_json(body, refusal.status)


def _required(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise SignInRefused(SignInError.PARAMETER_MISSING, f"The request body must contain the following parameter: '{name}'.")
    return value


def _scopes(text: str) -> tuple[str, frozenset[str], bool]:
    """The one resource that is asked for, the permissions on it, and whether an identity is asked for as well."""
    names = set(text.split())
    resources = {scope.rpartition("/")[0] for scope in names - _OPENID_SCOPES}
    if len(resources) > 1:
        raise SignInRefused(SignInError.SEVERAL_RESOURCES)
    if not resources or "" in resources:
        raise SignInRefused(SignInError.BAD_SCOPE)
    resource = resources.pop()
    if resource not in RESOURCES:
        raise SignInRefused(SignInError.UNKNOWN_RESOURCE)
    return resource, frozenset(scope.rpartition("/")[2] for scope in names - _OPENID_SCOPES), "openid" in names


def _is_tenant_name(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return "." in name
    return True
