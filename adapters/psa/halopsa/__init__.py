"""HaloPSA over its REST interface."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.http import Http, Limits
from adapters.psa.assumptions import Finding
from adapters.psa.halopsa.adapter import HaloPsa
from adapters.psa.halopsa.assumptions import ASSUMPTIONS
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.login import Login
from adapters.psa.halopsa.settings import LONGEST_CALL, REQUIRED, SECRETS, SETTINGS, limits, parse
from adapters.psa.halopsa.tickets import TICKETS
from adapters.psa.kind import Kind
from sync_core.budget import Budget
from sync_core.model.configuration import Connection
from sync_core.ports import Clock, Psa, Secrets


def connect(connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Psa:
    """The adapter of a HaloPSA connection; calls nothing yet. See ``Connect``."""
    settings = parse(connection)
    http = Http(f"PSA connection {connection.name}", clock, limits=Limits(deadline=LONGEST_CALL), gate=budget)
    client = Client(settings, Login(settings, secrets, http, clock), http, min(write_deadline, LONGEST_CALL))
    return HaloPsa(settings, client, clock)


def look(psa: Psa, agreement_ids: Collection[str]) -> Mapping[str, Finding]:
    """See ``Look``."""
    if not isinstance(psa, HaloPsa):
        raise TypeError("not a HaloPSA connection")
    return psa.look(agreement_ids)


KIND = Kind("halopsa", connect, limits, SETTINGS, SECRETS, REQUIRED, ASSUMPTIONS, look, tickets=TICKETS)
