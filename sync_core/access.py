"""When a person has to hear that access ends: 60, 30 and 7 days before, and never about what renews itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sync_core.model.access import RELATIONSHIP_ENDS, AccessFinding, AccessReport, Delegation, Ending
from sync_core.model.configuration import Configuration, Credential
from sync_core.model.customers import SignIn

STEPS = (60, 30, 7)
"""So many days before an end people are told, with growing weight."""
SILENT_AFTER = timedelta(hours=26)
"""A watch that has not looked for so long is down itself."""

DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
READERS = frozenset({DIRECTORY_READERS, GLOBAL_READER})
"""Entra's role templates that let us read a customer: one of them is enough (Microsoft Entra, "built-in roles")."""


def findings(report: AccessReport, now: datetime) -> tuple[AccessFinding, ...]:
    """What people have to know of a report at a moment, the worst first."""
    broken = [AccessFinding(one.code, one.what, one.fix, urgent=True) for one in report.broken]
    unread = [AccessFinding(one.code, one.what, one.fix, urgent=False) for one in report.unread]
    ending = sorted(_endings(report.endings, now), key=lambda one: (one.days is None, one.days))
    return (*broken, *ending, *unread)


def step_of(days: int) -> int | None:
    """The smallest of the steps that an end so many days ahead has reached."""
    return next((step for step in reversed(STEPS) if days <= step), None)


def _endings(endings: Iterable[Ending], now: datetime) -> Iterator[AccessFinding]:
    for one in endings:
        if one.ends is None:
            yield AccessFinding(one.code, one.what, one.fix, urgent=False, tenant_id=one.tenant_id)
            continue
        days = (one.ends - now).days
        step = step_of(days)
        if step is not None:
            when = f"ended on {one.ends:%Y-%m-%d}" if days < 0 else f"ends on {one.ends:%Y-%m-%d}, in {days} days"
            yield AccessFinding(one.code, f"{one.what} {when}", one.fix, step == STEPS[-1], days, one.tenant_id)


def relationship_endings(delegations: Sequence[Delegation], configuration: Configuration) -> Iterator[Ending]:
    """The configured customers whom we sign in to as the service account and whose last relationship that lets us read ends.

    A relationship that extends itself is nobody's business; a customer without any has failed already, with its reason.
    """
    for item in configuration.customers:
        customer = item.customer
        ours = [one for one in delegations if one.tenant_id == customer.tenant_id and one.role_ids & READERS]
        ends = [one.ends for one in ours if one.ends]
        if customer.sign_in is SignIn.DELEGATED and ends and not any(one.renews or one.ends is None for one in ours):
            last = max(ours, key=lambda one: (one.ends is not None, one.ends))
            yield Ending(
                RELATIONSHIP_ENDS,
                "The GDAP relationship with the customer",
                f"Extend “{last.title}” in Partner Center, switch its automatic extension on (not possible with Global Administrator among its "
                "roles), or ask the customer for a new one.",
                max(ends),
                customer.tenant_id,
            )


def secrets_of(configuration: Configuration) -> Mapping[str, str]:
    """The secrets that the configuration names, each with what it is."""
    partner, notices = configuration.partner, configuration.notices
    named = {} if partner.credential is Credential.MANAGED_IDENTITY else {partner.credential_secret: f"The app registration's {partner.credential}"}
    named |= {partner.refresh_token_secret: "The service account's refresh token"} if partner.refresh_token_secret else {}
    for connection in configuration.connections:
        named |= {secret: f"The {about.replace('_', ' ')} of the PSA {connection.name}" for about, secret in connection.secrets.items()}
    return named | ({notices.smtp_password_secret: "The mail server's password"} if notices.smtp_password_secret else {})
