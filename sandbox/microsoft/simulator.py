"""Simulated Microsoft as a whole: one world, three hosts, each an application for its own port.

::

    microsoft = MicrosoftSimulator(world)
    refresh_token = microsoft.sign_in()
    with serve(microsoft.login) as login, serve(microsoft.graph) as graph:
        ...
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.faults import Faults
from sandbox.inspection import inspected
from sandbox.microsoft.conditions import Refusal
from sandbox.microsoft.directory import Directory, Tenant
from sandbox.microsoft.graph import Graph
from sandbox.microsoft.interactive import Person
from sandbox.microsoft.login import Login
from sandbox.microsoft.mail import Mail
from sandbox.microsoft.partner_center import PartnerCenter
from sandbox.microsoft.throttling import Throttling
from sandbox.microsoft.tokens import AZURE_CLI, GRAPH, OPERATOR_SCOPES, AccessToken
from sandbox.web import Application, Request, Response


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class MicrosoftSimulator:
    """Three applications over one directory. The same seed and the same calls give the same answers, ids included.

    ``now`` gives aware UTC times. ``public_url`` is where the discovery document says that tokens are to be had: MSAL wants
    https there, so a client's HTTP layer must send that host to where ``login`` is really served. Each application has its
    own ``faults`` and the inspection paths of ``sandbox.inspection``; Graph adds ``GET /_sandbox/mails`` and
    ``POST /_sandbox/refusals`` with ``{"tenantId": ..., "path": ..., "status": ..., "times": ..., "retry_after": ...}``.
    """

    def __init__(
        self,
        directory: Directory,
        seed: int = 0,
        now: Callable[[], datetime] = utc_now,
        public_url: str = "https://login.microsoftonline.com",
    ) -> None:
        self.directory = directory
        self._now = now
        self._lock = threading.RLock()
        self._login = Login(directory, now, seed, public_url)
        self._graph = Graph(directory, now, seed)
        self._partner_center = PartnerCenter(directory, now, seed)
        self.login_faults = Faults(self._one_at_a_time(self._login), seed)
        self.graph_faults = Faults(self._one_at_a_time(self._graph), seed)
        self.partner_center_faults = Faults(self._one_at_a_time(self._partner_center), seed)
        self.login = inspected(self.login_faults, self.login_faults)
        self.partner_center = inspected(self.partner_center_faults, self.partner_center_faults)
        self.graph = inspected(
            self.graph_faults,
            self.graph_faults,
            {"mails": lambda request: [mail.to_json() for mail in self.mails]},
            self._graph.describe,
            {"refusals": self._add_refusal},
        )

    @property
    def mails(self) -> list[Mail]:
        """Everything that ``sendMail`` accepted, oldest first."""
        return self._graph.mails

    @property
    def throttling(self) -> Throttling:
        """Graph's budget of resource units; switch it on with ``enabled``."""
        return self._graph.throttling

    def sign_in(self, amr: tuple[str, ...] = ("pwd", "mfa")) -> str:
        """A refresh token of the partner's service user, who signs in once, with MFA unless ``amr`` says otherwise."""
        return self._login.sign_in(amr)

    @property
    def person(self) -> Person:
        """Who sits at the browser when somebody has to sign in, and how they behave."""
        return self._login.interactive.person

    def operator_token(self, tenant: Tenant | None = None) -> str:
        """A token for Graph of the administrator who sets things up, as the Azure CLI gives it for the partner's tenant (or another one)."""
        tenant_id = (tenant or self.directory.partner).tenant_id
        expires = self._now() + timedelta(hours=1)
        return AccessToken(tenant_id, GRAPH, AZURE_CLI, OPERATOR_SCOPES, False, ("pwd", "mfa"), expires, "operator").encode(self._now())

    def revoke_sessions(self) -> None:
        """Refuses every refresh token that was given so far."""
        self._login.revoke_sessions()

    def require_mfa(self, required: bool = True) -> None:
        """Whether Partner Center refuses a person's token that was got without MFA; on by default."""
        self._partner_center.mfa_required = required

    def _add_refusal(self, request: Request) -> None:
        value = dict(request.json())
        tenant = self.directory.tenant(value.pop("tenantId"))
        if tenant is None:
            raise ValueError("no such tenant")
        tenant.conditions.refusals.append(Refusal.from_json(value))

    def _one_at_a_time(self, application: Application) -> Application:
        def locked(request: Request) -> Response:
            with self._lock:
                return application(request)

        return locked
