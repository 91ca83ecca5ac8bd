"""Autotask PSA over its REST interface."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.http import Http, Limits
from adapters.psa.assumptions import Finding
from adapters.psa.autotask.adapter import Autotask
from adapters.psa.autotask.assumptions import ASSUMPTIONS
from adapters.psa.autotask.client import Client
from adapters.psa.autotask.settings import LONGEST_CALL, REQUIRED, SECRETS, SETTINGS, limits, parse
from adapters.psa.autotask.tickets import TICKETS
from adapters.psa.kind import Kind
from sync_core.budget import Budget
from sync_core.model.configuration import Connection
from sync_core.ports import Clock, Psa, Secrets

REFUSES_WITH = 500
"""The status of nearly every refusal."""


def connect(connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Psa:
    """The adapter of an Autotask connection; calls nothing yet. See ``Connect``."""
    settings = parse(connection)
    where = f"PSA connection {connection.name}"
    http = Http(where, clock, limits=Limits(deadline=LONGEST_CALL), gate=budget, judged={REFUSES_WITH})
    return Autotask(settings, Client(settings, secrets, http, budget, min(write_deadline, LONGEST_CALL)), clock)


def look(psa: Psa, agreement_ids: Collection[str]) -> Mapping[str, Finding]:
    """See ``Look``."""
    if not isinstance(psa, Autotask):
        raise TypeError("not an Autotask connection")
    return psa.look(agreement_ids)


KIND = Kind("autotask", connect, limits, SETTINGS, SECRETS, REQUIRED, ASSUMPTIONS, look, tickets=TICKETS)
