"""What names in a configuration file stand for: SKUs, sets of SKUs, profiles and connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sync_core.configuration.known_skus import KnownSkus
from sync_core.configuration.nodes import Problems, did_you_mean, shown
from sync_core.configuration.profiles import overridden
from sync_core.configuration.shapes import Read, Section
from sync_core.configuration.values import is_guid
from sync_core.model.billing import BillingProfile, ByTerm
from sync_core.model.configuration import AgreementBy, AgreementChoice, Connection
from sync_core.model.custom_licences import CustomLicence, custom_id, custom_name

T = TypeVar("T")


@dataclass(frozen=True)
class References:
    """Looks names up; one that nobody knows becomes a problem where it was written."""

    known: KnownSkus
    profiles: Mapping[str, BillingProfile]
    connections: Mapping[str, Connection]
    problems: Problems
    sku_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom_licences: Mapping[str, CustomLicence] = field(default_factory=dict)
    written_profiles: Mapping[str, Section] = field(default_factory=dict)
    """The profiles as they are written, for links that say some of it otherwise."""

    def sku(self, written: Read) -> str | None:
        """The id of a SKU written by id or part number."""
        if is_guid(written.value):
            return str(written.value).lower()
        found = self.known.find(written.value)
        if not found:
            fix = did_you_mean(written.value, self.known.ids) if self.known.ids else ""
            fix = fix if "mean" in fix else "Write its part number as Microsoft spells it, or its id (a GUID)"
            self.problems.error(written.place, f"unknown SKU ({shown(written.value)})", fix)
        elif len(found) > 1:
            self.problems.error(
                written.place, f"two SKUs have this part number ({shown(written.value)})", f"Write the id: {' or '.join(sorted(found))}"
            )
        return next(iter(found)) if len(found) == 1 else None

    def item(self, written: Read) -> str | None:
        """The id of a SKU, or of a custom licence written as ``custom:`` and its name."""
        name = custom_name(written.value)
        if not name:
            return self.sku(written)
        if name not in self.custom_licences:
            self.problems.error(written.place, f"unknown custom licence ({shown(name)})", did_you_mean(name, self.custom_licences))
            return None
        return custom_id(name)

    def skus(self, written: tuple[Read, ...]) -> tuple[str, ...]:
        """The ids of a list of SKUs, each once; naming one twice is a problem."""
        return self._each_once(written, self.sku, "SKU")

    def items(self, written: tuple[Read, ...]) -> tuple[str, ...]:
        """The ids of a list of SKUs and custom licences, each once; naming one twice is a problem."""
        return self._each_once(written, self.item, "item")

    def rule_items(self, rule: Section) -> tuple[str, ...]:
        """The ids of the items that a rule or link names, in whichever of its ways."""
        if "sku" in rule.members:
            return self.skus((rule.members["sku"],))
        if "sku_set" in rule.members:
            return self._named(rule, "sku_set", self.sku_sets, "SKU set") or ()
        if "custom" in rule.members:
            found = self.custom_licence(rule)
            return (found.item_id,) if found else ()
        return self.skus(rule.items("skus"))

    def custom_licence(self, rule: Section) -> CustomLicence | None:
        """The custom licence that a rule or link names."""
        return self._named(rule, "custom", self.custom_licences, "custom licence")

    def profile(self, rule: Section) -> BillingProfile | None:
        """The profile that a rule or link names, with what it says otherwise."""
        named = self._named(rule, "profile", self.profiles, "profile")
        if named and "override" in rule.members:
            return overridden(named.name, self.written_profiles[named.name], rule.section("override"), self.problems)
        return named

    def terms(self, rule: Section) -> tuple[ByTerm, ...]:
        """The profiles that a rule or link names by term."""
        entries = [read.value for read in rule.items("terms")]
        for entry in entries:
            if not {"term", "cycle"} & entry.members.keys():
                self.problems.error(entry.place, "neither a term nor a cycle", "Say which subscriptions it is for, or take it out")
        found = ((entry, self.profile(entry)) for entry in entries)
        return tuple(ByTerm(str(entry.get("term", "")), str(entry.get("cycle", "")), profile) for entry, profile in found if profile)

    def connection(self, section: Section) -> str | None:
        """The connection that a rule or link names; the only one where it names none."""
        if "connection" in section.members:
            found = self._named(section, "connection", self.connections, "connection")
            return found.name if found else None
        if len(self.connections) > 1:
            self.problems.error(section.place, "connection is missing", f"There are several: {', '.join(self.connections)}")
            return None
        return next(iter(self.connections), None)

    def _each_once(self, written: tuple[Read, ...], find: Callable[[Read], str | None], what: str) -> tuple[str, ...]:
        ids: dict[str, Read] = {}
        for item in written:
            item_id = find(item)
            if item_id in ids:
                self.problems.error(item.place, f"the same {what} twice ({shown(item.value)})", "Take one out")
            elif item_id is not None:
                ids[item_id] = item
        return tuple(ids)

    def _named(self, section: Section, member: str, known: Mapping[str, T], what: str) -> T | None:
        if member not in section.members:  # missing or wrong, which was said already
            return None
        name = section.get(member)
        if name not in known:
            self.problems.error(section.place_of(member), f"unknown {what} ({shown(name)})", did_you_mean(name, known))
        return known.get(name)


def agreement(rule: Section) -> AgreementChoice | None:
    """How a rule or link finds its agreement."""
    members = rule.section("agreement").members
    return next((AgreementChoice(AgreementBy(name), read.value) for name, read in members.items()), None)
