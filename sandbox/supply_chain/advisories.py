"""Published advisories about Python packages, kept as a copy on this machine so that an audit needs no network.

The copy is the export of the Open Source Vulnerabilities database for PyPI: one zip with one JSON file an advisory
(google.github.io/osv.dev/data; the format: ossf.github.io/osv-schema).
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from sandbox.supply_chain.lock import Locked

EXPORT = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"


@dataclass(frozen=True)
class Finding:
    """A package of ours that an advisory speaks of. ``fixed`` is the first version after ours without it, empty where none is named."""

    package: Locked
    advisory: str
    summary: str
    fixed: str


def advisories_in(archive: Path) -> Iterator[Mapping[str, Any]]:
    """The advisories of an export; raises ``ValueError`` when it is none."""
    try:
        with zipfile.ZipFile(archive) as export:
            for name in export.namelist():
                if name.endswith(".json"):
                    yield json.loads(export.read(name))
    except (zipfile.BadZipFile, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{archive} is no export of advisories: {type(error).__name__}") from error


def findings(packages: Iterable[Locked], advisories: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """What the advisories say of these packages, by package and advisory. Withdrawn advisories say nothing."""
    by_name: dict[str, list[Locked]] = {}
    for package in packages:
        by_name.setdefault(_normal(package.name), []).append(package)
    found = {
        (package.name, package.version, str(advisory["id"])): Finding(package, str(advisory["id"]), str(advisory.get("summary", "")), fixed)
        for advisory in advisories
        if not advisory.get("withdrawn")
        for affected in advisory.get("affected", ())
        for package in by_name.get(_name_of(affected), ())
        if (fixed := _fixed(affected, package.version)) is not None
    }
    return [found[key] for key in sorted(found)]


def _name_of(affected: Mapping[str, Any]) -> str:
    package = affected.get("package", {})
    return _normal(str(package.get("name", ""))) if str(package.get("ecosystem", "")).partition(":")[0] == "PyPI" else ""


def _normal(name: str) -> str:
    """The name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _fixed(affected: Mapping[str, Any], version: str) -> str | None:
    """The version that is no longer affected, ``""`` where none is named, ``None`` when this version is not affected."""
    ranges = [item["events"] for item in affected.get("ranges", ()) if item.get("type") in ("ECOSYSTEM", "SEMVER")]
    inside = [events for events in ranges if _inside(events, version)]
    if not inside and version not in affected.get("versions", ()):
        return None
    later = [event["fixed"] for events in inside or ranges for event in events if "fixed" in event and _order(event["fixed"]) > _order(version)]
    return min(later, key=_order, default="")


def _inside(events: Iterable[Mapping[str, str]], version: str) -> bool:
    """Whether the last of the events up to the version made it affected."""
    state, ours = False, _order(version)
    for event in sorted(events, key=lambda each: _order(next(iter(each.values())))):
        if "introduced" in event:
            state = state or _order(event["introduced"]) <= ours
        elif "fixed" in event:
            state = state and ours < _order(event["fixed"])
        elif "last_affected" in event:
            state = state and ours <= _order(event["last_affected"])
    return state


def _order(version: str) -> Version:
    """A version that is none, as old advisories have them, comes before all others."""
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")
