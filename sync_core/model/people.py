"""Who asks for something, and what people may do: the names of the roles are those of the app registration (``infra/app-roles.json``)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sync_core.errors import Rejected

NOT_SIGNED_IN = "not-signed-in"
ROLE_MISSING = "role-missing"


class Role(StrEnum):
    """What a person may do. None of them holds another one: whoever approves and configures has both."""

    READER = "Reader"
    APPROVER = "Approver"
    ADMINISTRATOR = "Administrator"


@dataclass(frozen=True)
class Who:
    """A person. ``person`` is the id under which they signed in; empty where nobody checked who it is, and then no rule trusts the name."""

    name: str
    person: str = ""
    roles: frozenset[Role] = frozenset()

    @property
    def verified(self) -> bool:
        """Whether somebody checked that it is this person."""
        return bool(self.person)

    def __str__(self) -> str:
        """As it is kept and shown."""
        return self.name if self.verified else f"{self.name} (unverified)"


def need(who: Who | None, *roles: Role) -> Who:
    """The person, if they have one of the roles; raises ``Rejected`` for nobody, and for everybody else."""
    if who is None or not who.verified:
        fix = "Sign in with Entra ID; docs/security.md says how the sign-in is switched on. A function key is no person"
        raise Rejected("Nobody is signed in, and only a signed-in person may do this", code=NOT_SIGNED_IN, fix=fix)
    if not who.roles.intersection(roles):
        fix = "Have the role assigned under Enterprise applications, and sign in again"
        raise Rejected(f"This needs the role {' or '.join(roles)}", code=ROLE_MISSING, fix=fix)
    return who
