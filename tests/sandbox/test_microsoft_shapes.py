"""The simulated Graph's answers against schemas: small ones of our own, and Graph's own types where they are at hand."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from sandbox.microsoft.applications import Certificate
from sandbox.microsoft.catalog import EXTRA_FILE_STORAGE
from sandbox.microsoft.collection import Collection
from sandbox.microsoft.graph_collections import COLLECTIONS
from tests.sandbox.microsoft_caller import Caller

GRAPH_TYPES = Path(__file__).parents[3] / "shared" / "specs" / "graph_v1.0_types_subset.json"
"""Made from Microsoft's own description of Graph. Not part of the project: the check is an extra where it exists."""

TEXT = {"type": ["string", "null"]}
NUMBER = {"type": ["integer", "null"]}
GUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}


def row(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


SCHEMAS = {
    "subscribedSku": row(
        id={"type": "string"},
        skuId=GUID,
        skuPartNumber=TEXT,
        capabilityStatus=TEXT,
        consumedUnits=NUMBER,
        appliesTo={"enum": ["User", "Company"]},
        prepaidUnits=row(enabled=NUMBER, warning=NUMBER, suspended=NUMBER, lockedOut=NUMBER),
        servicePlans={"type": "array", "items": row(servicePlanId=GUID, servicePlanName=TEXT, provisioningStatus=TEXT, appliesTo=TEXT)},
        subscriptionIds={"type": "array", "items": GUID},
    ),
    "companySubscription": row(
        id=GUID,
        commerceSubscriptionId=TEXT,
        createdDateTime=TIME,
        isTrial={"type": "boolean"},
        nextLifecycleDateTime=TIME,
        ownerTenantId=TEXT,
        skuId={"type": "string"},
        status=TEXT,
        totalLicenses=NUMBER,
    ),
    "organization": row(id=GUID, displayName=TEXT, verifiedDomains={"type": "array", "items": row(name=TEXT, isDefault={"type": "boolean"})}),
    "user": row(id=GUID, displayName=TEXT, userPrincipalName={"type": "string"}, mail=TEXT),
    "group": row(id=GUID, displayName=TEXT, securityEnabled={"type": "boolean"}),
    "device": row(id=GUID, displayName=TEXT, operatingSystem=TEXT, accountEnabled={"type": "boolean"}, approximateLastSignInDateTime=TIME),
    "managedDevice": row(id=GUID, deviceName=TEXT, userPrincipalName=TEXT, complianceState=TEXT, lastSyncDateTime=TIME),
    "userRegistrationDetails": row(id=GUID, userPrincipalName=TEXT, isMfaRegistered={"type": "boolean"}),
    "domain": row(id={"type": "string"}, isVerified={"type": "boolean"}, isDefault={"type": "boolean"}),
    "contract": row(id=GUID, customerId=GUID, displayName=TEXT, defaultDomainName=TEXT),
    "delegatedAdminRelationship": row(
        id={"type": "string"},
        customer=row(tenantId=GUID, displayName=TEXT),
        accessDetails=row(unifiedRoles={"type": "array", "items": row(roleDefinitionId=GUID)}),
        duration={"type": "string", "pattern": "^P[0-9]+D$"},
        endDateTime=TIME,
    ),
    "servicePrincipal": row(id=GUID, appId=GUID, displayName=TEXT, oauth2PermissionScopes={"type": "array", "items": row(id=GUID, value=TEXT)}),
    "oAuth2PermissionGrant": row(id={"type": "string"}, clientId=GUID, resourceId=GUID, scope=TEXT, consentType=TEXT),
    "application": row(
        id=GUID,
        appId=GUID,
        displayName=TEXT,
        passwordCredentials={"type": "array", "items": row(keyId=GUID, hint=TEXT, secretText={"type": "null"}, endDateTime=TIME)},
    ),
}
OWN = {"application", "servicePrincipal", "oAuth2PermissionGrant"}
"""What the partner has in its own tenant."""
UNDESCRIBED = {"application"}
"""Types that are not among those at hand; what their credentials look like is checked by itself."""

_EDM: dict[str, Any] = {
    "Edm.Guid": lambda value: re.fullmatch(GUID["pattern"], value),
    "Edm.String": lambda value: isinstance(value, str),
    "Edm.Boolean": lambda value: isinstance(value, bool),
    "Edm.Int32": lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31,
    "Edm.DateTimeOffset": lambda value: datetime.fromisoformat(value).tzinfo == UTC,
    "Edm.Duration": lambda value: re.fullmatch(r"P(\d+D|T0S)", value),
}


class GraphTypes:
    """Checks values against Microsoft's types."""

    def __init__(self, types: dict[str, Any]) -> None:
        self._types = types

    def check(self, value: Any, type_name: str, nullable: bool, where: str) -> None:
        if value is None:
            assert nullable, f"{where} is null"
        elif type_name.startswith("Collection("):
            for item in value:
                self.check(item, type_name[11:-1], False, where)
        elif type_name in _EDM:
            assert _EDM[type_name](value), f"{where} is no {type_name}: {value!r}"
        else:
            self._check_named(value, type_name, where)

    def _check_named(self, value: Any, type_name: str, where: str) -> None:
        described = self._types[f"microsoft.{type_name}"]
        if described["kind"] == "EnumType":
            assert value in described["members"], f"{where} is no {type_name}: {value!r}"
            return
        properties = self._properties(type_name)
        for name, member in value.items():
            if not name.startswith("@odata."):
                assert name in properties, f"{where}.{name} does not exist"
                self.check(member, properties[name]["type"], properties[name]["nullable"], f"{where}.{name}")

    def _properties(self, type_name: str) -> dict[str, Any]:
        described = self._types[f"microsoft.{type_name}"]
        inherited = self._properties(described["base"]) if described["base"] else {}
        return {**inherited, **described["properties"]}


@pytest.fixture
def caller() -> Caller:
    caller = Caller()
    caller.contoso.buy(EXTRA_FILE_STORAGE, 10, trial=True)
    caller.contoso.expire_to_warning()
    for user in caller.contoso.users:
        user.last_sign_in = caller.clock.time
    caller.contoso.add_group("Sales", caller.contoso.users[0], caller.contoso.add_device(last_seen=caller.clock.time))
    caller.contoso.enroll(caller.clock.time, user=caller.contoso.users[0])
    return caller


def rows(caller: Caller, collection: Collection, everything: bool = False) -> list[dict[str, Any]]:
    tenant = caller.world.partner if collection.partner_only or collection.type_name in OWN else caller.contoso
    query = f"?$select={','.join(sorted(collection.members))}" if everything else ""
    return caller.value(tenant, collection.path + query)


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.path)
def test_answers_have_the_documented_shape(caller: Caller, collection: Collection) -> None:
    validate = fastjsonschema.compile(SCHEMAS[collection.type_name])
    found = rows(caller, collection)
    assert found
    for item in found:
        validate(item)


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.path)
def test_everything_that_can_be_selected_is_answered(caller: Caller, collection: Collection) -> None:
    for item in rows(caller, collection, everything=True):
        assert {name for name in item if not name.startswith("@")} == collection.members


@pytest.mark.skipif(not GRAPH_TYPES.exists(), reason="Microsoft's description of the types is not at hand")
@pytest.mark.parametrize("collection", [one for one in COLLECTIONS if one.type_name not in UNDESCRIBED], ids=lambda collection: collection.path)
def test_answers_conform_to_graphs_own_types(caller: Caller, collection: Collection) -> None:
    types = GraphTypes(json.loads(GRAPH_TYPES.read_text(encoding="utf-8"))["types"])
    for item in rows(caller, collection, everything=True):
        types.check(item, f"graph.{collection.type_name}", False, collection.type_name)


@pytest.mark.skipif(not GRAPH_TYPES.exists(), reason="Microsoft's description of the types is not at hand")
def test_the_credentials_of_an_application_conform_to_graphs_own_types(caller: Caller) -> None:
    types = GraphTypes(json.loads(GRAPH_TYPES.read_text(encoding="utf-8"))["types"])
    caller.world.applications[0].certificates.append(Certificate(caller.contoso.tenant_id, caller.clock.time, caller.clock.time, "renewed"))
    (application,) = caller.value(caller.world.partner, "/applications?$select=passwordCredentials,keyCredentials")
    types.check(application["passwordCredentials"], "Collection(graph.passwordCredential)", False, "passwordCredentials")
    types.check(application["keyCredentials"], "Collection(graph.keyCredential)", False, "keyCredentials")
