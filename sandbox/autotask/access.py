"""Who may call the simulated PSA, by which address, and what a user with a limited security level is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.autotask.errors import NO_PERMISSION, Refused
from sandbox.web import Request


class Door(StrEnum):
    """What any caller meets, whatever its credentials."""

    OPEN = "open"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"


@dataclass
class Access:
    """The API user and switches for what goes wrong at the door.

    ``zone`` is where the database is at present; another one answers 401. ``zone_url`` is what discovery answers instead of the
    right address. ``hidden`` entities are found empty instead of being refused; ``denied`` ones are refused.
    """

    user: str = "api-user@msp.example"
    secret: str = "autotask-secret-of-the-sandbox"
    integration_code: str = "SANDBOX0000000000000000000"
    zone: str = "zone5"
    zone_url: str = ""
    door: Door = Door.OPEN
    hidden: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    refused_keys: int = 0
    """How often wrong credentials were sent: a real user is locked after some."""

    def check(self, request: Request, zone: str) -> None:
        """Raises ``Refused`` unless the request comes to the right zone with good credentials and a JSON body."""
        given = [request.headers.get(name) for name in ("username", "secret", "apiintegrationcode")]
        if self.door is Door.UNAUTHORIZED or zone != self.zone or given != [self.user, self.secret, self.integration_code]:
            self.refused_keys += 1
            raise Refused("Access is denied.", status=401)
        if self.door is Door.FORBIDDEN:
            raise Refused("Forbidden", status=403)
        if request.body and not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused("The request body must be application/json.", status=415)

    def check_entity(self, entity: str, what: str) -> None:
        """Raises ``Refused`` for an entity that the security level forbids."""
        if entity in self.denied:
            raise Refused(NO_PERMISSION.format(what=what))
