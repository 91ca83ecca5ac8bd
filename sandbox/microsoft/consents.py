"""Consent for an application in a customer's tenant, given by the partner through Partner Center.

Microsoft Learn, "Partner Center REST: application consents" and "Control panel vendors: pre-consent". Unverified: the body of the
refusal where a consent is there already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.microsoft.directory import (
    ADMIN_AGENTS,
    CLOUD_APPLICATION_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    Directory,
    Tenant,
)
from sandbox.microsoft.partner_center_call import PartnerCenterError
from sandbox.microsoft.permissions import OFFERED
from sandbox.microsoft.tokens import AccessToken
from sandbox.web import Request, Response

CONSENTING = frozenset({CLOUD_APPLICATION_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
"""Roles in the customer that let the partner's person consent for it; Global Administrator, which nobody should have, is left out."""
_MEMBERS = frozenset({"applicationId", "displayName", "applicationGrants"})


def give(directory: Directory, token: AccessToken, request: Request, customer: str, now: datetime) -> Response:
    """Consents; raises ``PartnerCenterError`` as Partner Center refuses."""
    tenant = _allowed(directory, token, customer)
    body, scopes = _grants(directory, request)
    if tenant.permissions:
        raise PartnerCenterError(409, "900409", "Permission entry already exists.")
    tenant.permissions, tenant.consented_at = scopes, now
    return Response.of_json(body, 201)


def take_back(directory: Directory, token: AccessToken, request: Request, customer: str, application: str) -> Response:
    """Takes the consent back; a missing one is 404."""
    tenant = _allowed(directory, token, customer)
    if application != directory.client_id or not tenant.permissions:
        raise PartnerCenterError(404, "60003", "There is no such consent.")
    tenant.permissions = frozenset()
    return Response(204)


def _allowed(directory: Directory, token: AccessToken, customer: str) -> Tenant:
    tenant = next((one for one in directory.customers if one.tenant_id == customer.lower()), None)
    if tenant is None or not any(contract.customer_id == tenant.tenant_id for contract in directory.contracts):
        raise PartnerCenterError(404, "60003", "There is no such customer.")
    if token.app_only:
        raise PartnerCenterError(403, "900329", "App-only access is not supported for this.")
    agents = directory.group(ADMIN_AGENTS).group_id
    if agents not in directory.groups_of(token.person) or not directory.roles_in(tenant, token.person) & CONSENTING:
        raise PartnerCenterError(403, "900308", "The caller has insufficient privileges.")
    return tenant


def _grants(directory: Directory, request: Request) -> tuple[dict[str, Any], frozenset[str]]:
    """The body and the permissions on Graph that it names."""
    try:
        body = request.json()
        wanted = {grant["enterpriseApplicationId"]: grant["scope"] for grant in body["applicationGrants"]}
        scopes = {resource: frozenset(scope.replace(", ", ",").split(",")) for resource, scope in wanted.items()}
        fits = body.keys() <= _MEMBERS and body["applicationId"] == directory.client_id and bool(scopes)
        known = all(names <= set(OFFERED[resource][1]) for resource, names in scopes.items())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PartnerCenterError(400, "2000", "The request is not valid.") from error
    if not (fits and known):
        raise PartnerCenterError(400, "2000", "The application, a grant or a scope is not known.")
    return body, frozenset().union(*scopes.values())
