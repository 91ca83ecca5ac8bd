"""The app registration: what it has to be, what one lacks, and making or mending it with an operator's sign-in.

Ids of permissions are looked up by name in the services' own service principals, so that none is written down here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.microsoft.operator import OperatorGraph
from adapters.microsoft.reading import Row, moment
from adapters.microsoft.rights import GRAPH_ID, PARTNER_CENTER_ID
from sync_core.errors import Rejected, StopRun

MULTI_TENANT = "AzureADMultipleOrgs"
"""Customers' tenants consent to it, too."""
DETAILS = "id,appId,displayName,signInAudience,requiredResourceAccess,web,isFallbackPublicClient,appRoles,passwordCredentials,keyCredentials"
_SOON = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between two tries while the directory catches up."""
_NOT_YET = frozenset({"not-found", "request-refused"})
"""How Graph refuses what names something that has not arrived where it looks."""
_OFFERS = "id,appId,oauth2PermissionScopes,appRoles"


@dataclass(frozen=True)
class WantedRegistration:
    """What the registration has to hold: Graph permissions on behalf of people (``scopes``) and of its own (``roles``)."""

    display_name: str
    scopes: frozenset[str]
    roles: frozenset[str] = frozenset()
    redirects: tuple[str, ...] = ()
    people_roles: Sequence[Mapping[str, Any]] = ()


def faults(registration: Row, wanted: WantedRegistration, offers: Mapping[str, Row]) -> list[str]:
    """What the registration lacks, in words; pure. ``offers`` are the services' service principals by application id."""
    if PARTNER_CENTER_ID not in offers:
        return ["Microsoft Partner Center has no service principal in your tenant"]
    found = []
    if registration.get("signInAudience") != MULTI_TENANT:
        found.append("it is for one tenant only, and has to be multi-tenant")
    redirects = set((registration.get("web") or {}).get("redirectUris") or ())
    found += [f"the redirect URI {uri} is missing under the platform Web" for uri in wanted.redirects if uri not in redirects]
    asked = {access["id"] for entry in registration.get("requiredResourceAccess") or () for access in entry["resourceAccess"]}
    missing = [name for name, identifier in _wanted_ids(wanted, offers).items() if identifier not in asked]
    return found + ([f"API permissions are missing: {', '.join(sorted(missing))}"] if missing else [])


def _wanted_ids(wanted: WantedRegistration, offers: Mapping[str, Row]) -> dict[str, str]:
    ids = {name: _scope_id(offers, GRAPH_ID, name) for name in wanted.scopes}
    ids |= {f"{name} (application)": _role_id(offers, name) for name in wanted.roles}
    return ids | {"user_impersonation of Partner Center": _scope_id(offers, PARTNER_CENTER_ID, "user_impersonation")}


def _required(wanted: WantedRegistration, offers: Mapping[str, Row]) -> list[dict[str, Any]]:
    graph = [{"id": _scope_id(offers, GRAPH_ID, name), "type": "Scope"} for name in sorted(wanted.scopes)]
    graph += [{"id": _role_id(offers, name), "type": "Role"} for name in sorted(wanted.roles)]
    partner_center = [{"id": _scope_id(offers, PARTNER_CENTER_ID, "user_impersonation"), "type": "Scope"}]
    return [{"resourceAppId": GRAPH_ID, "resourceAccess": graph}, {"resourceAppId": PARTNER_CENTER_ID, "resourceAccess": partner_center}]


def _scope_id(offers: Mapping[str, Row], resource: str, name: str) -> str:
    return _named(offers[resource].get("oauth2PermissionScopes") or (), name)


def _role_id(offers: Mapping[str, Row], name: str) -> str:
    return _named(offers[GRAPH_ID].get("appRoles") or (), name)


def _named(offered: Collection[Row], name: str) -> str:
    found = next((str(one["id"]) for one in offered if one.get("value") == name), "")
    if not found:
        raise Rejected(f"Microsoft offers no permission {name} any more", code="request-refused", where="app registration", fix="Report this")
    return found


@dataclass(frozen=True)
class Registrar:
    """Makes and mends the registration as an operator who may: an Application Administrator of the partner's tenant.

    What was just made is not everywhere in the directory for some seconds, so what needs it is asked for again; ``sleep`` waits meanwhile.
    """

    graph: OperatorGraph
    sleep: Callable[[float], None]

    def find(self, application_id: str) -> Row | None:
        """The registration, or ``None``."""
        return self.graph.find("applications", "appId", application_id, DETAILS)

    def named(self, display_name: str) -> Row | None:
        """One that is called like this, or ``None``: names need not be unique."""
        return self.graph.find("applications", "displayName", display_name, DETAILS)

    def offers(self) -> dict[str, Row]:
        """The service principals of Graph and, where the tenant has it, Partner Center."""
        found = {resource: self.graph.find("servicePrincipals", "appId", resource, _OFFERS) for resource in (GRAPH_ID, PARTNER_CENTER_ID)}
        return {resource: row for resource, row in found.items() if row}

    def _all_offers(self) -> dict[str, Row]:
        """The same, with Partner Center's made where it is missing."""
        found = self.offers()
        if PARTNER_CENTER_ID not in found:
            found[PARTNER_CENTER_ID] = self.graph.post("/servicePrincipals", {"appId": PARTNER_CENTER_ID})
        return found

    def create(self, wanted: WantedRegistration) -> Row:
        """A new registration with its service principal; it can be found when this is over."""
        row: Row = self.graph.post("/applications", {"displayName": wanted.display_name, **self._content(wanted)})
        self._soon(lambda: self.graph.post("/servicePrincipals", {"appId": row["appId"]}))
        for wait in _SOON:
            if self.find(str(row["appId"])):
                break
            self.sleep(wait)
        return row

    def mend(self, registration: Row, wanted: WantedRegistration) -> None:
        """Brings an existing one to what it has to be; redirect URIs and permissions that it has besides stay."""
        content = self._content(wanted)
        there = (registration.get("web") or {}).get("redirectUris") or ()
        content["web"] = {"redirectUris": [*there, *(uri for uri in wanted.redirects if uri not in there)]}
        content["requiredResourceAccess"] = _united(registration.get("requiredResourceAccess") or (), content["requiredResourceAccess"])
        content["appRoles"] = registration.get("appRoles") or content["appRoles"]
        self.graph.patch(f"/applications/{registration['id']}", content)

    def new_secret(self, registration: Row, ends: datetime) -> tuple[str, datetime]:
        """A further client secret and when (UTC) it ends; Graph shows its value this once."""
        credential = {"displayName": "licence sync", "endDateTime": f"{ends.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        path = f"/applications/{registration['id']}/addPassword"
        made = self._soon(lambda: self.graph.post(path, {"passwordCredential": credential}))
        return str(made["secretText"]), moment(made.get("endDateTime")) or ends

    def consent(self, application_id: str, wanted: WantedRegistration) -> list[str]:
        """Grants in the partner's own tenant what is wanted and not granted yet, as an administrator's consent does; says what."""
        offers, principal = self._all_offers(), self._principal(application_id)
        granted = self._grant(principal, offers[GRAPH_ID], wanted.scopes)
        granted += self._grant(principal, offers[PARTNER_CENTER_ID], frozenset({"user_impersonation"}))
        return granted + self._assign(principal, offers, wanted.roles)

    def _grant(self, principal: str, resource: Row, scopes: frozenset[str]) -> list[str]:
        rows = self.graph.rows(f"/oauth2PermissionGrants?$filter=clientId%20eq%20'{principal}'")
        there = next((row for row in rows if row["resourceId"] == resource["id"]), None)
        names = frozenset(str(there["scope"]).split()) if there else frozenset()
        if scopes <= names:
            return []
        scope = " ".join(sorted(scopes | names))
        if there:
            self.graph.patch(f"/oauth2PermissionGrants/{there['id']}", {"scope": scope})
        else:
            body = {"clientId": principal, "consentType": "AllPrincipals", "resourceId": resource["id"], "scope": scope}
            self._soon(lambda: self.graph.post("/oauth2PermissionGrants", body))
        return sorted(scopes - names)

    def _assign(self, principal: str, offers: Mapping[str, Row], roles: frozenset[str]) -> list[str]:
        graph = offers[GRAPH_ID]["id"]
        there = {row["appRoleId"] for row in self.graph.rows(f"/servicePrincipals/{principal}/appRoleAssignments")}
        missing = [name for name in sorted(roles) if _role_id(offers, name) not in there]
        for name in missing:
            body = {"principalId": principal, "resourceId": graph, "appRoleId": _role_id(offers, name)}
            self._soon(lambda body=body: self.graph.post(f"/servicePrincipals/{principal}/appRoleAssignments", body))  # type: ignore[misc]  # the loop's
        return [f"{name} (application)" for name in missing]

    def _soon(self, ask: Callable[[], Any]) -> Any:
        """Asks again while what it is about may not have arrived; raises what it raised last."""
        for wait in _SOON:
            try:
                return ask()
            except StopRun as error:
                if error.code not in _NOT_YET:
                    raise
                self.sleep(wait)
        return ask()

    def _principal(self, application_id: str) -> str:
        row = self.graph.find("servicePrincipals", "appId", application_id, "id")
        return str((row or self.graph.post("/servicePrincipals", {"appId": application_id}))["id"])

    def _content(self, wanted: WantedRegistration) -> dict[str, Any]:
        return {
            "signInAudience": MULTI_TENANT,
            "requiredResourceAccess": _required(wanted, self._all_offers()),
            "web": {"redirectUris": list(wanted.redirects)},
            "appRoles": list(wanted.people_roles),
        }


def _united(there: Collection[Row], wanted: Collection[Row]) -> list[dict[str, Any]]:
    """The permissions of both, by service."""
    united: dict[str, dict[str, Any]] = {}
    for entry in (*there, *wanted):
        united.setdefault(str(entry["resourceAppId"]), {}).update({access["id"]: access for access in entry["resourceAccess"]})
    return [{"resourceAppId": resource, "resourceAccess": list(access.values())} for resource, access in united.items()]
