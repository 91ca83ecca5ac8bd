"""What every step of the onboarding is given, and what it answers with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from adapters.http import Http
from adapters.microsoft.graph import Graph, GraphService
from adapters.microsoft.login import LoginHttp
from adapters.microsoft.operator import OperatorGraph
from adapters.microsoft.partner_center import PartnerCenter
from adapters.microsoft.sign_in import SignIns, own_sign_in
from adapters.microsoft.tokens import TokenKey
from adapters.wiring import ConfiguredAdapters
from sandbox.onboarding.answers import Answers
from sandbox.onboarding.starter import Starter
from sandbox.terminal import Terminal
from sync_core.counting import usage_needs
from sync_core.errors import Rejected, RetryLater, SyncError
from sync_core.model.configuration import Configuration, Partner
from sync_core.model.licences import Source
from sync_core.ports import Blobs, Clock, Secrets, Store
from sync_core.settings import Settings


class State(StrEnum):
    """How a part stands."""

    READY = "ready"
    TO_DO = "to do"
    LATER = "look again"


@dataclass(frozen=True)
class Line:
    """One line of the readiness table. ``fix`` says what to do where it is not ready."""

    part: str
    state: State
    says: str
    fix: str = ""
    tenant_id: str = ""


def failed(part: str, error: SyncError, tenant_id: str = "") -> Line:
    """The line of a part that raised."""
    state = State.LATER if isinstance(error, RetryLater) else State.TO_DO
    return Line(part, state, f"{error.what}. {error.why}".strip(), error.fix or "Try again in some minutes.", tenant_id)


@dataclass
class Session:
    """One onboarding. ``look_only`` changes nothing anywhere; ``also_read`` are sources that custom licences will need."""

    starter: Starter
    settings: Settings
    secrets: Secrets
    store: Store
    blobs: Blobs
    clock: Clock
    answers: Answers
    terminal: Terminal
    operator_token: Callable[[str], str]
    """An access token for Graph of whoever sets things up, by the partner's tenant id; raises ``Rejected`` where nobody is signed in."""
    open_browser: Callable[[str], object]
    look_only: bool = False
    also_read: frozenset[Source] = frozenset()
    only_customers: Sequence[str] = ()
    redirect_port: int = 8400
    sleep: Callable[[float], None] = time.sleep
    _sign_ins: dict[Partner, SignIns] = field(default_factory=dict)

    @property
    def progress_file(self) -> Path:
        """Where long steps keep how far they are: beside the starter file."""
        return self.starter.path.with_name(f"{self.starter.path.name}.progress.json")

    @property
    def configuration(self) -> Configuration:
        """What the starter file says so far; raises ``InvalidConfiguration`` while it says too little."""
        return self.starter.configuration()

    @property
    def sources(self) -> frozenset[Source]:
        """What will be read of customers besides their licences."""
        return self.also_read | usage_needs(self.configuration.custom_licences, ()).sources

    def may(self, key: str, question: str) -> bool:
        """Whether to do something now: never while only looking, and else as the person says."""
        return not self.look_only and self.answers.yes(key, question)

    def say(self, text: str, indent: int = 0) -> None:
        """A paragraph for the person."""
        self.terminal.say(text, indent=indent)

    def adapters(self) -> ConfiguredAdapters:
        """The adapters of the app for the starter file as it is now."""
        return ConfiguredAdapters(self.settings, self.clock, self.store, self.blobs, self.secrets)

    def sign_ins(self) -> SignIns:
        """The app's own way to sign in, with one memory of tokens for each way that the partner has been described."""
        partner = self.configuration.partner
        if partner not in self._sign_ins:
            self._sign_ins[partner] = SignIns(partner, self.login(), self.secrets, self.store, self.clock)
        return self._sign_ins[partner]

    def login(self) -> LoginHttp:
        """The sign-in host."""
        return LoginHttp(Http("Microsoft sign-in", self.clock), self.settings.login_url)

    def graph_service(self) -> GraphService:
        """Graph as the app uses it."""
        return GraphService(Http("Microsoft Graph", self.clock), self.sign_ins(), self.clock, self.settings.graph_url)

    def partner_graph(self) -> Graph:
        """Graph in the partner's tenant, as the service account where there is one."""
        partner = self.configuration.partner
        return self.graph_service().tenant(partner.tenant_id, own_sign_in(partner), at_partner=True)

    def partner_center(self) -> PartnerCenter:
        """Partner Center as the service account."""
        http = Http("Partner Center", self.clock)
        return PartnerCenter(self.configuration.partner, http, self.sign_ins(), self.clock, self.settings.partner_center_url)

    def graph_for_looking(self) -> tuple[OperatorGraph, bool]:
        """Graph in the partner's tenant as the operator (``True``), or, where nobody is signed in, as the service account, which only reads."""
        try:
            return self.operator_graph(), True
        except Rejected:
            graph = self.graph_service()
            token = self.sign_ins().token(TokenKey(self.starter.tenant_id, own_sign_in(self.configuration.partner), graph.resource))
            return OperatorGraph(Http("Microsoft Graph", self.clock), self.settings.graph_url, token), False

    def operator_graph(self) -> OperatorGraph:
        """Graph in the partner's tenant, as whoever sets things up; raises ``Rejected`` where nobody is signed in."""
        token = self.operator_token(self.starter.tenant_id)
        return OperatorGraph(Http("Microsoft Graph", self.clock), self.settings.graph_url, token)
