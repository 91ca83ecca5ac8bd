"""What the partner has in its own tenant, as Graph v1.0 shows it: app registrations, service principals, grants, and who is signed in."""

from __future__ import annotations

from datetime import datetime

from sandbox.microsoft.applications import Application, Certificate, ClientSecret
from sandbox.microsoft.directory import FOUNDED, PARTNER_CENTER_ID, User, stable_id
from sandbox.microsoft.graph_call import Call, GraphError, bad_request
from sandbox.microsoft.permissions import GRAPH_ID, GRAPH_SCOPES, OFFERED, everything, role_id, roles_row, scopes_row
from sandbox.microsoft.resources import Item, timestamp, user_row
from sandbox.web import Response


def applications(call: Call) -> list[Item]:
    """The applications of the partner; a customer has registered none."""
    return [application_row(one) for one in call.directory.applications if one.visible(call.now)] if call.tenant is call.directory.partner else []


def application_row(application: Application) -> Item:
    """An application with everything that can be selected; the values of its secrets are never among it."""
    return {
        "id": application.object_id,
        "appId": application.application_id,
        "displayName": application.display_name,
        "createdDateTime": timestamp(FOUNDED),
        "signInAudience": application.audience,
        "isFallbackPublicClient": application.public,
        "requiredResourceAccess": everything() if application.required is None else application.required,
        "web": {"redirectUris": application.redirects},
        "appRoles": application.app_roles,
        "passwordCredentials": [secret_row(one) for one in application.secrets],
        "keyCredentials": [_certificate(one) for one in application.certificates],
    }


def secret_row(secret: ClientSecret) -> Item:
    """A client secret without its value."""
    return {**_credential(secret.key_id, secret.display_name, secret.starts, secret.ends), "hint": secret.value[:3], "secretText": None}


def _certificate(certificate: Certificate) -> Item:
    credential = _credential(certificate.key_id, certificate.display_name, certificate.starts, certificate.ends)
    return {**credential, "type": "AsymmetricX509Cert", "usage": "Verify", "key": None}


def _credential(key_id: str, display_name: str, starts: datetime, ends: datetime) -> Item:
    return {
        "customKeyIdentifier": None,
        "displayName": display_name,
        "keyId": key_id,
        "startDateTime": timestamp(starts),
        "endDateTime": timestamp(ends),
    }


def principal_id(call: Call, application_id: str) -> str:
    """The object id of an application's service principal in the partner's tenant."""
    return stable_id(call.tenant.tenant_id, "service principal", application_id)


def principals(call: Call) -> list[Item]:
    """The service principals of the partner's tenant: Graph's, and those that were made."""
    present = {GRAPH_ID, *call.directory.principals} if call.tenant is call.directory.partner else {GRAPH_ID}
    return [principal_row(call, application_id) for application_id in sorted(present)]


def principal_row(call: Call, application_id: str) -> Item:
    """One service principal. What it offers is looked up by name, as the ids are its own."""
    offered = application_id in OFFERED
    names = {one.application_id: one.display_name for one in call.directory.applications} | {key: name for key, (name, _) in OFFERED.items()}
    return {
        "id": principal_id(call, application_id),
        "appId": application_id,
        "displayName": names[application_id],
        "oauth2PermissionScopes": scopes_row(application_id) if offered else [],
        "appRoles": roles_row(application_id) if offered else [],
    }


def grants(call: Call) -> list[Item]:
    """What our application may do on behalf of people in the partner's tenant, one row for each service."""
    given = {GRAPH_ID: call.tenant.permissions, PARTNER_CENTER_ID: frozenset({"user_impersonation"} if call.directory.partner_center_allowed else ())}
    client = principal_id(call, call.directory.client_id)
    return [
        {
            "id": stable_id(client, "grant", resource),
            "clientId": client,
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": principal_id(call, resource),
            "scope": " ".join(sorted(names)),
        }
        for resource, names in given.items()
        if names and call.tenant is call.directory.partner
    ]


def role_assignments(call: Call) -> list[Item]:
    """What our application may do by itself in the partner's tenant."""
    client = principal_id(call, call.directory.client_id)
    return [
        {
            "id": stable_id(client, name),
            "appRoleId": role_id(GRAPH_ID, name),
            "principalId": client,
            "principalType": "ServicePrincipal",
            "resourceId": principal_id(call, GRAPH_ID),
        }
        for name in sorted(call.tenant.application_permissions & set(GRAPH_SCOPES))
        if call.path.split("/")[2] == client
    ]


def me(call: Call) -> Response:
    """The signed-in person; raises the 400 that an application gets, which is nobody."""
    return Response.of_json(user_row(_signed_in(call)))


def memberships(call: Call) -> list[Item]:
    """The groups and directory roles of the signed-in person, in one list."""
    user = _signed_in(call)
    groups = [
        {"@odata.type": "#microsoft.graph.group", "id": one.group_id, "displayName": one.display_name, "roleTemplateId": None}
        for one in call.tenant.groups
        if user.user_id in one.member_ids
    ]
    return groups + [
        {"@odata.type": "#microsoft.graph.directoryRole", "id": stable_id("role", one), "displayName": one, "roleTemplateId": one}
        for one in call.directory.directory_roles.get(user.user_id, ())
    ]


def access_assignments(call: Call) -> list[Item]:
    """Which groups have which roles of one relationship."""
    wanted = call.path.split("/")[3]
    found = next((one for one in call.directory.relationships if one.relationship_id == wanted), None)
    if found is None:
        raise GraphError(404, "Request_ResourceNotFound", f"Resource '{wanted}' does not exist.")
    return [
        {
            "id": one.assignment_id,
            "status": one.status,
            "createdDateTime": timestamp(found.created),
            "lastModifiedDateTime": timestamp(found.created),
            "accessContainer": {"accessContainerId": one.group_id, "accessContainerType": "securityGroup"},
            "accessDetails": {"unifiedRoles": [{"roleDefinitionId": role} for role in (found.roles if one.roles is None else one.roles)]},
        }
        for one in found.assignments
    ]


def _signed_in(call: Call) -> User:
    user = call.tenant.find_user(call.token.person) if call.token.person else None
    if user is None:
        raise bad_request("/me request is only valid with delegated authentication flow.")
    return user
