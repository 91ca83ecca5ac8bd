"""Azure's own descriptions of its resources: the models of the management SDKs, which are generated from the REST specifications.

Every type of resource has the model that is sent, the one that is answered, and the API version that both describe. The SDKs keep
names in two ways, by their age; what a member holds stands in the models' docstrings in both.
"""

import functools
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tests.infra.syntax import BicepError

Shape = Any
"""What a value looks like: a model or an enumeration (classes), ``str``, ``bool``, ``int``, ``[shape]``, ``{"*": shape}``, a ``Mapping``
of members where a model is written flat, or ``None`` for anything."""


@dataclass(frozen=True)
class Member:
    """One member of a model, by the name that goes over the wire."""

    shape: Shape
    read_only: bool = False
    required: bool = False


@dataclass(frozen=True)
class Official:
    """The models of one type of resource; ``answered`` is empty where it is the same as ``sent``."""

    module: str
    api_version: str
    sent: str
    answered: str = ""


_STORAGE = "azure.mgmt.storage.models", "2025-06-01"
_NETWORK = "azure.mgmt.network.models", "2025-05-01"
_ZONES = "azure.mgmt.privatedns.models", "2024-06-01"
_WEB = "azure.mgmt.web.models", "2025-05-01"
_VAULT = "azure.mgmt.keyvault.models", "2025-05-01"

OFFICIAL: Mapping[str, Official] = {
    "Microsoft.Authorization/roleAssignments": Official(
        "azure.mgmt.authorization.v2022_04_01.models", "2022-04-01", "RoleAssignmentCreateParameters", "RoleAssignment"
    ),
    "Microsoft.Consumption/budgets": Official("azure.mgmt.consumption.models", "2024-08-01", "Budget"),
    "Microsoft.Insights/actionGroups": Official("azure.mgmt.monitor.v2023_01_01.models", "2023-01-01", "ActionGroupResource"),
    "Microsoft.Insights/components": Official("azure.mgmt.applicationinsights.v2020_02_02.models", "2020-02-02", "ApplicationInsightsComponent"),
    "Microsoft.Insights/diagnosticSettings": Official(
        "azure.mgmt.monitor.v2021_05_01_preview.models", "2021-05-01-preview", "DiagnosticSettingsResource"
    ),
    "Microsoft.Insights/scheduledQueryRules": Official(
        "azure.mgmt.monitor.v2022_08_01_preview.models", "2022-08-01-preview", "ScheduledQueryRuleResource"
    ),
    "Microsoft.Insights/workbooks": Official("azure.mgmt.applicationinsights.v2023_06_01.models", "2023-06-01", "Workbook"),
    "Microsoft.KeyVault/vaults": Official(*_VAULT, "VaultCreateOrUpdateParameters", "Vault"),
    "Microsoft.KeyVault/vaults/secrets": Official(*_VAULT, "SecretCreateOrUpdateParameters", "Secret"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": Official("azure.mgmt.msi.v2024_11_30.models", "2024-11-30", "Identity"),
    "Microsoft.Network/natGateways": Official(*_NETWORK, "NatGateway"),
    "Microsoft.Network/privateDnsZones": Official(*_ZONES, "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": Official(*_ZONES, "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": Official(*_NETWORK, "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": Official(*_NETWORK, "PrivateDnsZoneGroup"),
    "Microsoft.Network/publicIPAddresses": Official(*_NETWORK, "PublicIPAddress"),
    "Microsoft.Network/virtualNetworks": Official(*_NETWORK, "VirtualNetwork"),
    "Microsoft.Network/virtualNetworks/subnets": Official(*_NETWORK, "Subnet"),
    "Microsoft.OperationalInsights/workspaces": Official("azure.mgmt.loganalytics.models", "2025-07-01", "Workspace"),
    "Microsoft.Storage/storageAccounts": Official(*_STORAGE, "StorageAccountCreateParameters", "StorageAccount"),
    "Microsoft.Storage/storageAccounts/blobServices": Official(*_STORAGE, "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": Official(*_STORAGE, "BlobContainer"),
    "Microsoft.Storage/storageAccounts/managementPolicies": Official(*_STORAGE, "ManagementPolicy"),
    "Microsoft.Storage/storageAccounts/queueServices": Official(*_STORAGE, "QueueServiceProperties"),
    "Microsoft.Storage/storageAccounts/queueServices/queues": Official(*_STORAGE, "StorageQueue"),
    "Microsoft.Storage/storageAccounts/tableServices": Official(*_STORAGE, "TableServiceProperties"),
    "Microsoft.Storage/storageAccounts/tableServices/tables": Official(*_STORAGE, "Table"),
    "Microsoft.Web/serverfarms": Official(*_WEB, "AppServicePlan"),
    "Microsoft.Web/sites": Official(*_WEB, "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": Official(*_WEB, "CsmPublishingCredentialsPoliciesEntity"),
    "Microsoft.Web/sites/config/appsettings": Official(*_WEB, "StringDictionary"),
    "Microsoft.Web/sites/config/authsettingsV2": Official(*_WEB, "SiteAuthSettingsV2"),
}


def official(resource_type: str) -> Official:
    """The models of a type; raises ``BicepError`` when there is none. A ``config`` of a site is one type for each name."""
    if resource_type not in OFFICIAL:
        raise BicepError(f"Azure has no {resource_type}, or the checks do not know it yet")
    return OFFICIAL[resource_type]


def describes(entry: Official) -> bool:
    """Whether the SDK's models are of the API version that stands beside them."""
    if entry.api_version.replace("-", "_") in entry.module:
        return True
    package = Path(importlib.import_module(entry.module).__path__[0]).parent
    sources = (package / "_configuration.py", package / "operations" / "_operations.py")
    return any(f'"{entry.api_version}"' in source.read_text(encoding="utf-8") for source in sources if source.exists())


def faults(resource_type: str, body: Mapping[str, Any]) -> Iterator[str]:
    """What Azure would refuse, or silently ignore, in the body of a resource."""
    entry = official(resource_type)
    yield from _faults(body, getattr(importlib.import_module(entry.module), entry.sent), resource_type)


def answer(resource_type: str, member: str) -> Shape:
    """The shape of a member of what Azure answers about a resource."""
    entry = official(resource_type)
    return members(getattr(importlib.import_module(entry.module), entry.answered or entry.sent))[member].shape


def members(shape: Shape) -> Mapping[str, Member]:
    """The members of a model by their names on the wire; none for everything else."""
    if isinstance(shape, Mapping) and "*" not in shape:
        return shape
    model: Any = shape
    return _members(model) if inspect.isclass(shape) and not issubclass(shape, (str, int, float, Enum)) else {}


def _faults(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if value is None or shape is None:
        return
    known = members(shape)
    if known:
        yield from _faults_of_object(value, known, path)
    elif not isinstance(value, _python_type(shape)) or (isinstance(value, bool) and shape is not bool):
        yield f"{path} may not be {value!r}"
    elif isinstance(shape, list):
        for index, item in enumerate(value):
            yield from _faults(item, shape[0], f"{path}[{index}]")
    elif isinstance(shape, Mapping):
        for name, item in value.items():
            yield from _faults(item, shape["*"], f"{path}.{name}")
    elif issubclass(shape, Enum) and value not in {choice.value for choice in shape}:
        yield f"{path} may not be {value!r}"


def _python_type(shape: Shape) -> type[Any] | tuple[type[Any], ...]:
    """What Bicep's value of a shape is in Python, where a whole number may stand for a fraction."""
    if isinstance(shape, (list, Mapping)):
        return type(shape)
    if issubclass(shape, Enum):
        return str
    return (int, float) if shape is float else shape


def _faults_of_object(value: Any, known: Mapping[str, Member], path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is to be an object"
        return
    for name, member in known.items():
        if member.required and not member.read_only and name not in value:
            yield f"{path}.{name} is missing"
    for name, item in value.items():
        if name not in known:
            yield f"{path}.{name} does not exist"
        elif known[name].read_only:
            yield f"{path}.{name} is for Azure to set"
        else:
            yield from _faults(item, known[name].shape, f"{path}.{name}")


@functools.cache
def _members(model: Any) -> Mapping[str, Member]:
    if not hasattr(model, "_attribute_map"):
        return _new_style(model)
    validation = model._validation
    flat = {
        tuple(re.split(r"(?<!\\)\.", entry["key"])): Member(
            _documented(model, name), validation.get(name, {}).get("readonly", False), validation.get(name, {}).get("required", False)
        )
        for name, entry in model._attribute_map.items()
    }
    return _nested({tuple(part.replace("\\.", ".") for part in key): member for key, member in flat.items()})


def _nested(flat: Mapping[tuple[str, ...], Member]) -> Mapping[str, Member]:
    """Members by name, where a key such as ``properties.kind`` lies in a member ``properties``."""
    found: dict[str, Member] = {key[0]: member for key, member in flat.items() if len(key) == 1}
    for name in {key[0] for key in flat if len(key) > 1}:
        inner = _nested({key[1:]: member for key, member in flat.items() if key[0] == name and len(key) > 1})
        found[name] = Member(inner, required=any(member.required for member in inner.values()))
    return found


def _new_style(model: Any) -> Mapping[str, Member]:
    model.__new__(model)  # the SDK collects a model's fields when the first one is made
    return {
        field._rest_name: Member(_documented(model, name), field._visibility == ["read"], _is_required(model, name))
        for name, field in model._attr_to_rest_field.items()
    }


def _is_required(model: type[Any], name: str) -> bool:
    said = re.search(rf":ivar {name}:(.*?)(?=:vartype)", model.__doc__ or "", re.DOTALL)
    return bool(said and re.search(r"\bRequired\.", said.group(1)))


def _documented(model: type[Any], name: str) -> Shape:
    said = re.search(rf":vartype {name}:(.*?)(?=\n\s*:ivar|\Z)", model.__doc__ or "", re.DOTALL)
    return _shape(" ".join(said.group(1).split()), importlib.import_module(model.__module__.rpartition(".")[0])) if said else None


def _shape(text: str, package: Any) -> Shape:
    text = text.removeprefix("str or ")
    if text.startswith("list["):
        return [_shape(text[5:-1], package)]
    if text.startswith("dict[str, "):
        return {"*": _shape(text[10:-1], package)}
    if text.startswith("~azure."):
        return getattr(package, text.rpartition(".")[2], None)
    return {"str": str, "bool": bool, "int": int, "float": float, "~datetime.datetime": str}.get(text)
