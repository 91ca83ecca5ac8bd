"""What binds a customer to its partner: GDAP relationships with the groups that their roles are assigned to, and reseller contracts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Assignment:
    """Roles of a relationship for the members of one of the partner's groups; ``roles`` ``None`` means all that it has."""

    assignment_id: str
    group_id: str
    roles: tuple[str, ...] | None = None
    status: str = "active"


@dataclass
class Relationship:
    """A granular delegated admin relationship (GDAP): what the partner's people may do in a customer, and until when."""

    relationship_id: str
    display_name: str
    customer_id: str
    customer_name: str
    roles: tuple[str, ...]
    created: datetime
    ends: datetime
    status: str = "active"
    auto_extend: str = "P180D"
    assignments: list[Assignment] = field(default_factory=list)

    def roles_of(self, groups: frozenset[str]) -> frozenset[str]:
        """The roles that members of these groups have by it: assigned ones, and none that the customer did not grant."""
        active = [one for one in self.assignments if one.group_id in groups and one.status == "active"]
        assigned = {role for one in active for role in (self.roles if one.roles is None else one.roles)}
        return frozenset(self.roles) & assigned


@dataclass(frozen=True)
class Contract:
    """The partner's record of a reseller relationship; name and domain are copies from the day it was made."""

    contract_id: str
    customer_id: str
    display_name: str
    default_domain: str
