"""What can be wrong with one tenant on Microsoft's side. Seeds and tests set these; other faults are rules on requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Self

ANY_RESOURCE = r"^/(?!\$batch)"
"""Every request, alone or as part of a batch, but not the batch around it."""


@dataclass
class Refusal:
    """Refuses the next requests of one tenant whose path meets ``path``, a regular expression on what follows ``/v1.0``.

    ``times`` 0 means always. ``retry_after`` is sent as it is, so it may be a fraction of a second, a date, or missing.
    """

    path: str = ANY_RESOURCE
    status: int = 429
    times: int = 1
    retry_after: str | None = "1"

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """A refusal from its JSON form; raises ``TypeError`` or ``ValueError`` when a member is unknown or wrong."""
        refusal = cls(**value)
        re.compile(refusal.path)
        return refusal


@dataclass
class Conditions:
    """The state of one tenant's surroundings; all off by default."""

    sign_in_error: int | None = None
    """An AADSTS code that the tenant's authority answers instead of a token."""
    token_of: str | None = None
    """The authority hands out a token of this tenant, as a broken token cache would."""
    answers_as: str | None = None
    """Graph answers with this tenant's data although the token is right."""
    empty_pages: int = 0
    """So many empty pages, each with a next link, come before the first page of a collection."""
    unknown_members: bool = False
    """Every object carries a member that nobody has heard of."""
    no_premium: bool = False
    """The tenant has no Entra ID P1: neither sign-ins nor registrations for MFA can be read."""
    no_intune: bool = False
    """The tenant has no Intune."""
    concealed_names: bool = False
    """The tenant conceals names in usage reports."""
    no_mailbox_kinds: bool = False
    """The report of mailboxes comes without its column of kinds, as it does in some tenants."""
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, path: str = ANY_RESOURCE, status: int = 429, times: int = 1, retry_after: str | None = "1") -> None:
        """Adds a ``Refusal``; the first one that meets a request acts."""
        self.refusals.append(Refusal(path, status, times, retry_after))

    def take_refusal(self, path: str) -> Refusal | None:
        """The refusal that meets this request, counted as used."""
        for refusal in self.refusals:
            if re.search(refusal.path, path):
                if refusal.times == 1:
                    self.refusals.remove(refusal)
                elif refusal.times:
                    refusal.times -= 1
                return refusal
        return None
