"""What the partner's access rests on: the sign-in, what proves the app, and the GDAP relationships, each with its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_core.errors import SyncError

MFA_MISSING = "mfa-missing"
"""The sign-in works, and was made without multi-factor authentication."""
RELATIONSHIP_ENDS = "relationship-ends"
SECRET_ENDS = "secret-ends"
END_UNKNOWN = "end-unknown"
"""Something ends one day, and nobody can tell when."""
SIGN_IN_NOT_KEPT = "sign-in-not-kept"
"""The newest refresh token could not be stored."""


@dataclass(frozen=True)
class Delegation:
    """One active GDAP relationship. ``name`` is the customer's, ``title`` its own; ``ends`` is UTC, ``renews`` says that it extends itself."""

    tenant_id: str
    name: str
    title: str = ""
    ends: datetime | None = None
    renews: bool = False
    role_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Renewal:
    """A sign-in that worked. ``mfa`` is ``None`` where the token does not tell; ``not_kept`` is why its newest refresh token could not be stored."""

    mfa: bool | None = None
    not_kept: SyncError | None = None


@dataclass(frozen=True)
class Ending:
    """Something that ends at ``ends`` (UTC; ``None``: nobody can tell) unless a person acts. ``tenant_id`` is empty where it is everybody's."""

    code: str
    what: str
    fix: str
    ends: datetime | None = None
    tenant_id: str = ""


@dataclass(frozen=True)
class Broken:
    """Something that does not work, for everybody, until a person acts."""

    code: str
    what: str
    fix: str


@dataclass(frozen=True)
class AccessReport:
    """What was found: ``signed_in`` is when (UTC) the sign-in was tried last, ``looked`` when the ends were read last."""

    signed_in: datetime | None = None
    looked: datetime | None = None
    broken: tuple[Broken, ...] = ()
    unread: tuple[Broken, ...] = ()
    """What could not be looked at; nothing is wrong with the access itself."""
    endings: tuple[Ending, ...] = ()


@dataclass(frozen=True)
class AccessFinding:
    """One thing for people. ``days`` is how many are left (below 0: it is over), ``None`` where that is not the question.

    ``urgent`` means that it stops work, or will within a week.
    """

    code: str
    what: str
    fix: str
    urgent: bool
    days: int | None = None
    tenant_id: str = ""
