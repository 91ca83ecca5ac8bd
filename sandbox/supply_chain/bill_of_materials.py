"""The software bill of materials of what is deployed, in the CycloneDX 1.6 format, made from the lock alone: the same lock, the same bill."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.environment import ROOT
from sandbox.supply_chain.lock import Locked

BILL = ROOT / "infra" / "sbom.cdx.json"


def bill_of_materials(packages: Iterable[Locked], application: str, version: str) -> str:
    """The bill as text. Without a time and a serial number, which would make every bill another one."""
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": application, "name": application, "version": version}},
        "components": [_component(package) for package in packages],
    }
    return json.dumps(bill, indent=2) + "\n"


def write_bill(text: str, path: Path = BILL) -> bool:
    """Writes the bill where it differs from what is there; returns whether it did."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _component(package: Locked) -> dict[str, Any]:
    address = f"pkg:pypi/{package.name}@{package.version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": address,
        "name": package.name,
        "version": package.version,
        "purl": address,
        "externalReferences": [
            {"type": "distribution", "url": address, "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.hashes]},
        ],
    }
    if package.marker:
        component["properties"] = [{"name": "installed where", "value": package.marker}]
    return component
