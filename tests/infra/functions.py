"""The functions of Bicep that the templates use. What Azure alone knows has a stand-in of the same shape."""

import hashlib
import ipaddress
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-contoso"


class AtDeployment(str):
    """A value that only the deployment knows, such as an id that Azure makes up. Its text says what it is."""


def _hashed(*parts: str) -> str:
    return hashlib.sha256("-".join(parts).encode()).hexdigest()


def _union(*values: Any) -> Any:
    joined: dict[str, Any] = {}
    for value in values:
        joined |= value
    return joined


def _items(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[key]} for key in sorted(value)]


def _cidr_subnet(addresses: str, prefix: int, index: int) -> str:
    return str(list(ipaddress.ip_network(addresses).subnets(new_prefix=prefix))[index])


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "cidrSubnet": _cidr_subnet,
    "concat": lambda *lists: [item for part in lists for item in part],
    "contains": lambda values, item: item in values,
    "empty": lambda value: not value,
    "environment": lambda: {
        "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"},
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    },
    "filter": lambda values, keep: [value for value in values if keep(value)],
    "flatten": lambda lists: [item for part in lists for item in part],
    "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_URL, _hashed(*parts))),
    "items": _items,
    "map": lambda values, change: [change(value) for value in values],
    "max": max,
    "readEnvironmentVariable": lambda name, default="mspa1": default,
    "replace": lambda text, old, new: text.replace(old, new),
    "resourceGroup": lambda: {"id": GROUP, "name": "rg-contoso", "location": "westeurope"},
    "split": lambda text, separator: text.split(separator),
    "string": lambda value: json.dumps(value, sort_keys=True),
    "substring": lambda text, start: text[start:],
    "subscriptionResourceId": lambda kind, name: f"{SUBSCRIPTION}/providers/{kind}/{name}",
    "tenant": lambda: {"tenantId": "00000000-0000-4000-8000-000000000002"},
    "union": _union,
    "uniqueString": lambda *parts: _hashed(*parts)[:13],
}
LOADERS: Mapping[str, Callable[[str], Any]] = {"loadJsonContent": json.loads, "loadTextContent": str}
"""The functions that make something of a file beside the template."""
