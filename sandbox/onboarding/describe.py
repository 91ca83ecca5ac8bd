"""Step ``start``: who the partner is, and which PSA it bills in; written into the starter file, secrets into their place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.psa import KINDS, kind_named
from adapters.psa.kind import Kind
from sandbox.onboarding.session import Line, Session, State, failed
from sync_core.access import secrets_of
from sync_core.errors import SyncError

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME_ZONE = "The PSA's time zone (an IANA name such as Europe/Berlin)"


def describe(session: Session) -> Iterator[Line]:
    """Asks for what the starter file lacks, and stores the PSA's secrets that are not there yet."""
    if not session.look_only:
        _partner(session)
        _connection(session)
    if not session.starter.tenant_id:
        yield Line("partner", State.TO_DO, "The partner's tenant id is not known", "Run: python3 dev.py onboard --step start")
    if not session.starter.connections:
        yield Line("PSA", State.TO_DO, "No PSA is named yet", "Run: python3 dev.py onboard --step start")
    if session.starter.tenant_id and session.starter.connections:
        yield Line("starter file", State.READY, f"{session.starter.path.name} names the partner and {', '.join(session.starter.connections)}")


def _partner(session: Session) -> None:
    starter = session.starter
    if not starter.tenant_id:
        tenant_id = session.answers.text("tenant_id", "The tenant id of your own (the partner's) Microsoft tenant").lower()
        if not _GUID.fullmatch(tenant_id):
            session.say("That is no tenant id: it is a GUID, as Entra's overview page shows it.")
            return
        starter.set_partner(tenant_id=tenant_id)


def _connection(session: Session) -> None:
    if session.starter.connections:
        return
    kind = kind_named(session.answers.text("psa", f"Which PSA ({', '.join(KINDS)})", next(iter(KINDS))))
    name = session.answers.text("psa_name", "A short name for this PSA connection", kind.name)
    url = session.answers.text("psa_url", "The PSA's address")
    zone = session.answers.text("psa_time_zone", _TIME_ZONE, "UTC")
    session.starter.add_connection(name, kind, url, zone, _settings(session, kind))


def _settings(session: Session, kind: Kind) -> dict[str, str]:
    wanted = [setting for setting in kind.settings if setting in kind.required]
    return {setting: session.answers.text(f"psa_{setting}", kind.settings[setting].rstrip(".")) for setting in wanted}


def keep_secrets(session: Session) -> Iterator[Line]:
    """Looks for each secret that the configuration names, but for the sign-in, which has a step of its own."""
    partner = session.configuration.partner
    for name, what in secrets_of(session.configuration).items():
        if name == partner.refresh_token_secret:
            continue
        if _there(session, name):
            ends = session.secrets.ends(name)
            until = f", good until {ends:%Y-%m-%d}" if ends else ""
            yield Line(f"secret {name}", State.READY, f"{what} is there{until}")
        else:
            yield _asked(session, name, what)


def _asked(session: Session, name: str, what: str) -> Line:
    value = "" if session.look_only else session.answers.secret(name, what)
    try:
        if value:
            session.secrets.put(name, value)
        session.secrets.get(name, fresh=True)
    except SyncError as error:
        return failed(f"secret {name}", error)
    return Line(f"secret {name}", State.READY, f"{what} was stored")


def _there(session: Session, name: str) -> bool:
    try:
        session.secrets.get(name, fresh=True)
    except SyncError:
        return False
    return True
