"""What a tenant has besides licences and people: groups, and devices in Entra and in Intune."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Device:
    """A device that is registered in Entra."""

    device_id: str
    display_name: str
    operating_system: str
    last_seen: datetime | None
    enabled: bool = True
    managed: bool | None = None
    compliant: bool | None = None


@dataclass
class ManagedDevice:
    """A device that is enrolled in Intune. ``user_principal_name`` is that of its user, empty for a shared one."""

    device_id: str
    display_name: str
    operating_system: str
    last_sync: datetime
    user_principal_name: str = ""
    compliance: str = "compliant"


@dataclass
class Group:
    """A group of Entra with its direct members, by id: users, devices and other groups."""

    group_id: str
    display_name: str
    member_ids: list[str] = field(default_factory=list)


def transitive_members(group: Group, groups: dict[str, Group]) -> Iterator[str]:
    """The ids of all members, those of groups inside it included, each once; groups may lie in each other in a circle."""
    seen = {group.group_id}
    waiting = list(group.member_ids)
    while waiting:
        member = waiting.pop(0)
        if member not in seen:
            seen.add(member)
            yield member
            waiting += groups[member].member_ids if member in groups else []
