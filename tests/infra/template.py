"""The template of this project, evaluated for a few sets of parameters, and what the app expects of it."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.environment import ROOT
from tests.infra.evaluation import Deployment, deploy
from tests.runtime.indexing import index

AZURE_YAML = ROOT / "azure.yaml"
SMALLEST: Mapping[str, Any] = {"installation": "mspa1"}
LARGEST: Mapping[str, Any] = {
    "installation": "mspa1",
    "environmentName": "contoso",
    "tags": {"owner": "licensing"},
    "furtherSettings": {"SYNC_READING_MINUTES": "90"},
    "evidenceDays": 730,
    "recoverVault": True,
    "readSecrets": ["partner-app-secret", "connectwise-private-key"],
    "renewedSecret": "partner-refresh-token",
    "operators": ["00000000-0000-4000-8000-00000000000a"],
    "signInApplicationId": "00000000-0000-4000-8000-00000000000b",
    "alertContacts": ["licensing@contoso.example"],
    "alertsSwitchedOff": ["no-run-finished"],
    "failedCustomersPercent": 25,
    "privateNetwork": True,
    "operatorAddresses": ["203.0.113.7"],
    "monthlyBudget": 50,
    "budgetStart": "2026-12-01",
    "budgetContacts": ["licensing@contoso.example"],
}
CLOSED: Mapping[str, Any] = {**LARGEST, "operatorAddresses": []}


@dataclass(frozen=True)
class Template:
    """The Bicep files by their path in ``infra/``, and what they deploy: the least that works, all that can be switched on, and that with
    nobody let in from outside."""

    files: Mapping[str, str]
    smallest: Deployment
    largest: Deployment
    closed: Deployment

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """All of them."""
        return self.smallest, self.largest, self.closed


def evaluated(files: Mapping[str, str]) -> Template:
    """The template in these files; raises ``BicepError`` where the compiler or Azure would refuse it."""
    return Template(files, *(deploy(files, "main.bicep", parameters) for parameters in (SMALLEST, LARGEST, CLOSED)))


@functools.cache
def files() -> Mapping[str, str]:
    """The Bicep files of this project, and what they load: queries and the workbook."""
    folder = ROOT / "infra"
    paths = [path for pattern in ("*.bicep*", "queries/*.kql", "workbook.json") for path in sorted(folder.rglob(pattern))]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def app_settings(deployment: Deployment) -> dict[str, str]:
    """The app settings that a deployment makes."""
    return dict(deployment.one("Microsoft.Web/sites/config", "appsettings").body["properties"])


@functools.cache
def bindings() -> tuple[Mapping[str, Any], ...]:
    """Every binding of every function, as the real runtime indexes the app."""
    schedules = {
        "SYNC_SCHEDULE": "0 0 2 * * *",
        "SYNC_SWEEP_SCHEDULE": "0 */5 * * * *",
        "SYNC_ACCESS_SCHEDULE": "0 20 * * * *",
        "SYNC_RETENTION_SCHEDULE": "0 40 3 * * *",
    }
    return tuple(binding for function in index(ROOT, schedules).functions.values() for binding in function)


@functools.cache
def tables() -> frozenset[str]:
    """The tables that the code names."""
    sources = [path.read_text(encoding="utf-8") for folder in ("sync_core", "adapters") for path in (ROOT / folder).rglob("*.py")]
    return frozenset(name for source in sources for name in re.findall(r"^(?:_?TABLE|RUNS|CUSTOMERS) = \"([a-z]+)\"", source, re.MULTILINE))
