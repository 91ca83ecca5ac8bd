"""Who may call the simulated PSA, by which address, and with which headers."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.connectwise.errors import Refused, bad_request, no_such_resource
from sandbox.web import Request

ROUTER_CODEBASE = "v4_6_release"
ACCEPT = re.compile(r"application/vnd\.connectwise\.com\+json; ?version=(\d{4})\.(\d{1,2})")
PLAIN_ACCEPTS = frozenset({"", "*/*", "application/json"})


class Door(StrEnum):
    """What any caller meets, whatever its credentials."""

    OPEN = "open"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"


@dataclass
class Access:
    """The PSA's site, its API member, and switches for what goes wrong at the door.

    ``codebase`` is the tenant's current one; the router codebase ``v4_6_release`` always works, any other answers 404.
    ``hides_bad_credentials`` answers 404 to wrong credentials on the router codebase, as ConnectWise's cloud may.
    ``denied`` holds (method, path pattern) pairs that the member's security role refuses.
    """

    company_id: str = "contoso"
    public_key: str = "public"
    private_key: str = "private"
    client_ids: frozenset[str] = frozenset({"00000000-0000-4000-8000-00000000c11d"})
    codebase: str = "v2025_1"
    version: tuple[int, int] = (2025, 16)
    door: Door = Door.OPEN
    hides_bad_credentials: bool = False
    missing_client_id_status: int = 403
    denied: list[tuple[str, str]] = field(default_factory=list)

    @property
    def authorization(self) -> str:
        """The ``Authorization`` header that this PSA accepts."""
        pair = f"{self.company_id}+{self.public_key}:{self.private_key}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    @property
    def current_version(self) -> str:
        """The API version in the form of the headers, such as ``2025.16``."""
        return "{}.{}".format(*self.version)

    def check(self, request: Request, codebase: str) -> None:
        """Raises ``Refused`` unless the request comes by a known address with good credentials and headers."""
        self.check_codebase(codebase)
        self._check_credentials(request, codebase)
        if request.headers.get("clientid") not in self.client_ids:
            raise Refused(self.missing_client_id_status, "Forbidden", "The clientId header is missing or not registered.")
        if self.door is Door.FORBIDDEN or any(method == request.method and re.search(pattern, request.path) for method, pattern in self.denied):
            raise Refused(403, "Forbidden", "The security role of this member does not allow the request.")
        self._check_accept(request.headers.get("accept", ""))
        if request.body and not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused(415, "UnsupportedMediaType", "The body must be application/json.")

    def check_codebase(self, codebase: str) -> None:
        """Raises ``Refused`` with 404 for a codebase that the tenant no longer has."""
        if codebase not in (ROUTER_CODEBASE, self.codebase) or self.door is Door.NOT_FOUND:
            raise no_such_resource()

    def _check_credentials(self, request: Request, codebase: str) -> None:
        if self.door is not Door.UNAUTHORIZED and request.headers.get("authorization") == self.authorization:
            return
        if self.hides_bad_credentials and codebase == ROUTER_CODEBASE:
            raise no_such_resource()
        raise Refused(401, "Unauthorized", "Invalid credentials.")

    def _check_accept(self, accept: str) -> None:
        found = ACCEPT.fullmatch(accept)
        if accept not in PLAIN_ACCEPTS and not found:
            raise bad_request("The accept header is not of the form application/vnd.connectwise.com+json; version=YYYY.N.")
        if found and (int(found[1]), int(found[2])) > self.version:
            raise bad_request(f"The version of the accept header is later than {self.current_version}.")
