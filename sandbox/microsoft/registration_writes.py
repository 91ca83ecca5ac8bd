"""Registering an application and granting it permissions, as an administrator does it through Graph (Microsoft Graph, "application",
"servicePrincipal", "oAuth2PermissionGrant", "appRoleAssignment"). Only for the partner's tenant, and only with rights to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.microsoft.applications import Application, ClientSecret
from sandbox.microsoft.directory import PARTNER_CENTER_ID, stable_id
from sandbox.microsoft.graph_call import Call, GraphError, bad_request, denied
from sandbox.microsoft.permissions import GRAPH_ID, OFFERED, role_name
from sandbox.microsoft.registrations import application_row, grants, principal_id, principal_row, secret_row
from sandbox.web import Response, Router

LONGEST_SECRET = timedelta(days=731)
_WRITABLE = frozenset({"displayName", "signInAudience", "requiredResourceAccess", "web", "isFallbackPublicClient", "appRoles"})
_AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs")


def add_routes(router: Router) -> None:
    """Adds every write to Graph's routes."""
    for method, path, permission, answer in (
        ("POST", "/applications", "Application.ReadWrite.All", _create),
        ("PATCH", "/applications/{object_id}", "Application.ReadWrite.All", _change),
        ("POST", "/applications/{object_id}/addPassword", "Application.ReadWrite.All", _add_password),
        ("POST", "/servicePrincipals", "Application.ReadWrite.All", _add_principal),
        ("POST", "/oauth2PermissionGrants", "DelegatedPermissionGrant.ReadWrite.All", _grant),
        ("PATCH", "/oauth2PermissionGrants/{grant_id}", "DelegatedPermissionGrant.ReadWrite.All", _change_grant),
        ("POST", "/servicePrincipals/{principal}/appRoleAssignments", "AppRoleAssignment.ReadWrite.All", _assign_role),
    ):
        router.route(method, path)(_allowed(permission, answer))


def _allowed(permission: str, answer: Callable[..., Response]) -> Callable[..., Response]:
    def checked(call: Call, **names: str) -> Response:
        if permission not in call.token.permissions or call.tenant is not call.directory.partner:
            raise denied()
        return answer(call, **names)

    return checked


def _create(call: Call) -> Response:
    wanted = _body(call, _WRITABLE)
    if not wanted.get("displayName"):
        raise bad_request("Property 'displayName' is required.", "Request_BadRequest")
    number = len(call.directory.applications)
    application_id, object_id = (stable_id(kind, call.tenant.tenant_id, "registered", number) for kind in ("application", "application object"))
    application = Application(application_id, object_id, str(wanted["displayName"]))
    _apply(application, wanted)
    application.visible_from = call.now + call.directory.lag
    call.directory.applications.append(application)
    return Response.of_json(application_row(application), 201)


def _change(call: Call, object_id: str) -> Response:
    _apply(_application(call, object_id), _body(call, _WRITABLE))
    return Response(204)


def _apply(application: Application, wanted: dict[str, Any]) -> None:
    audience = wanted.get("signInAudience", application.audience)
    if audience not in _AUDIENCES:
        raise bad_request(f"Invalid value '{audience}' specified for property 'signInAudience'.", "Request_BadRequest")
    for entry in wanted.get("requiredResourceAccess", ()):
        if entry.get("resourceAppId") not in OFFERED or not all({"id", "type"} == set(access) for access in entry["resourceAccess"]):
            raise bad_request("Property requiredResourceAccess is invalid.", "Request_BadRequest")
    application.audience = audience
    application.display_name = wanted.get("displayName", application.display_name)
    application.required = wanted.get("requiredResourceAccess", application.required)
    application.redirects = wanted.get("web", {"redirectUris": application.redirects}).get("redirectUris", [])
    application.public = wanted.get("isFallbackPublicClient", application.public)
    application.app_roles = wanted.get("appRoles", application.app_roles)


def _add_password(call: Call, object_id: str) -> Response:
    application = _application(call, object_id)
    wanted = _body(call, frozenset({"passwordCredential"})).get("passwordCredential") or {}
    ends = datetime.fromisoformat(wanted["endDateTime"]) if "endDateTime" in wanted else call.now + LONGEST_SECRET
    if not call.now < ends <= call.now + LONGEST_SECRET:
        raise bad_request("The credential's lifetime exceeds the maximum, or it has ended.", "CredentialInvalidLifetimeAsPerAppPolicy")
    number = len(application.secrets) + 1
    value = f"{number:03}~sandbox-{object_id[:8]}"
    secret = ClientSecret(stable_id(object_id, "secret", number), value, call.now, ends, wanted.get("displayName", ""))
    application.secrets.append(secret)
    return Response.of_json({**secret_row(secret), "secretText": secret.value})


def _add_principal(call: Call) -> Response:
    application_id = _body(call, frozenset({"appId"})).get("appId", "")
    known = {one.application_id for one in call.directory.applications if one.visible(call.now)} | OFFERED.keys()
    if application_id not in known:
        raise bad_request("The appId of the service principal does not reference a valid application object.", "Request_BadRequest")
    if application_id in call.directory.principals:
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "The service principal is already in use.")
    call.directory.principals.add(application_id)
    return Response.of_json(principal_row(call, application_id), 201)


def _grant(call: Call) -> Response:
    wanted = _body(call, frozenset({"clientId", "consentType", "resourceId", "scope"}))
    if wanted.get("consentType") != "AllPrincipals":
        raise bad_request("Only consent for everybody is simulated.", "Request_BadRequest")
    resource = _resource(call, wanted)
    if any(one["resourceId"] == wanted["resourceId"] for one in grants(call)):
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    _consent(call, resource, str(wanted.get("scope", "")))
    return Response.of_json(next(one for one in grants(call) if one["resourceId"] == wanted["resourceId"]), 201)


def _change_grant(call: Call, grant_id: str) -> Response:
    found = next((one for one in grants(call) if one["id"] == grant_id), None)
    if found is None:
        raise GraphError(404, "Request_ResourceNotFound", f"Resource '{grant_id}' does not exist.")
    scope = str(_body(call, frozenset({"scope"})).get("scope", ""))
    _consent(call, _resource(call, {"clientId": found["clientId"], "resourceId": found["resourceId"]}), scope)
    return Response(204)


def _assign_role(call: Call, principal: str) -> Response:
    wanted = _body(call, frozenset({"principalId", "resourceId", "appRoleId"}))
    _resource(call, {"clientId": principal, "resourceId": wanted.get("resourceId")})
    try:
        name = role_name(GRAPH_ID, str(wanted.get("appRoleId")))
    except KeyError as error:
        raise bad_request("Permission being assigned was not found on application.", "Request_BadRequest") from error
    if name in call.tenant.application_permissions:
        raise bad_request("Permission being assigned already exists on the object.", "Request_BadRequest")
    call.tenant.own_permissions = frozenset({*call.tenant.application_permissions, name})
    return Response.of_json({"id": stable_id(principal, name), **wanted}, 201)


def _consent(call: Call, resource: str, scope: str) -> None:
    names = frozenset(scope.split())
    if not names or not names <= set(OFFERED[resource][1]):
        raise bad_request("The scope names a permission that the resource does not offer.", "Request_BadRequest")
    if resource == PARTNER_CENTER_ID:
        call.directory.partner_center_allowed = True
        return
    if call.tenant.own_permissions is None:
        call.tenant.own_permissions = call.tenant.permissions
    call.tenant.permissions = names


def _resource(call: Call, wanted: dict[str, Any]) -> str:
    """The service that a grant is about; its client has to be our application, and both need a service principal."""
    present = {principal_id(call, application_id): application_id for application_id in (GRAPH_ID, *call.directory.principals)}
    client, resource = (present.get(str(wanted.get(name))) for name in ("clientId", "resourceId"))
    if client != call.directory.client_id or resource not in OFFERED:
        raise GraphError(404, "Request_ResourceNotFound", "The client or the resource has no service principal here.")
    return resource


def _application(call: Call, object_id: str) -> Application:
    found = next((one for one in call.directory.applications if one.object_id == object_id and one.visible(call.now)), None)
    if found is None:
        raise GraphError(404, "Request_ResourceNotFound", f"Resource '{object_id}' does not exist.")
    return found


def _body(call: Call, known: frozenset[str]) -> dict[str, Any]:
    try:
        value = call.json()
    except ValueError as error:
        raise bad_request("Unable to read JSON request payload.") from error
    if not isinstance(value, dict) or not value.keys() <= known:
        raise bad_request(f"Unknown properties: {sorted(value.keys() - known) if isinstance(value, dict) else value!r}.", "Request_BadRequest")
    return value
