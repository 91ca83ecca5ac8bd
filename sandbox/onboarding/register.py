"""Step ``application``: the app registration, made or mended through Graph by whoever sets things up, or told click by click."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from adapters.microsoft.reading import Row
from adapters.microsoft.registration import Registrar, WantedRegistration, faults
from adapters.microsoft.rights import MAIL, PARTNER_CENTER_ID, partner_permissions
from sandbox.environment import ROOT
from sandbox.onboarding.session import Line, Session, State, failed
from sync_core.access import step_of
from sync_core.errors import InvalidConfiguration, SyncError
from sync_core.model.configuration import Credential, MailVia

NAME = "Licence sync"
SECRET = "partner-app-secret"
REFRESH_TOKEN = "partner-refresh-token"
SECRET_LIFE = timedelta(days=365)
_PART = "app registration"
_PORTAL = "https://entra.microsoft.com, Applications, App registrations"


def redirect_uri(session: Session) -> str:
    """Where the browser comes back to after a sign-in: this machine, on a fixed port, as the registration names it."""
    return f"http://localhost:{session.redirect_port}"


def register(session: Session) -> Iterator[Line]:
    """Makes the registration where there is none, mends one that lacks something, and says how it stands."""
    if not session.starter.application_id and not _begun(session):
        yield Line(_PART, State.TO_DO, "There is none yet", "Run: python3 dev.py onboard --step application")
        return
    try:
        yield from _looked_at(session)
    except SyncError as error:
        yield failed(_PART, error)


def _begun(session: Session) -> bool:
    """Whether there is a registration now."""
    if session.look_only:
        return False
    if session.may("application_create", "Make the app registration now, with your own sign-in of the Azure CLI (az login)?"):
        _create(session)
        return True
    session.say("Make it by hand, and then go on here:")
    for number, click in enumerate(clicks(session), 1):
        session.say(f"{number}. {click}", indent=2)
    given = session.answers.text("application_id", "The Application (client) ID that Entra shows then")
    session.starter.set_partner(application_id=given.lower(), credential_secret=SECRET, refresh_token_secret=REFRESH_TOKEN)
    value = session.answers.secret(SECRET, "The Value of the client secret")
    if value:
        session.secrets.put(SECRET, value, session.clock.now() + SECRET_LIFE)
    return True


def _create(session: Session) -> None:
    """One that an earlier, interrupted try left is taken up: what it lacks is mended afterwards."""
    registrar, wanted = Registrar(session.operator_graph(), session.sleep), wanted_registration(session)
    there = registrar.named(NAME)
    if there and session.may("application_adopt", f"There is a registration “{NAME}” with the id {there['appId']}. Use that one?"):
        session.starter.set_partner(application_id=str(there["appId"]), credential_secret=SECRET, refresh_token_secret=REFRESH_TOKEN)
        return
    row = registrar.create(wanted)
    session.starter.set_partner(application_id=str(row["appId"]), credential_secret=SECRET, refresh_token_secret=REFRESH_TOKEN)
    _new_secret(session, registrar, row)
    registrar.consent(str(row["appId"]), wanted)
    session.say(f"Made the app registration “{wanted.display_name}”, and granted its permissions in your own tenant.")


def _new_secret(session: Session, registrar: Registrar, row: Row) -> None:
    """The secret goes straight to where secrets are kept: Graph shows it this once."""
    value, ends = registrar.new_secret(row, session.clock.now() + SECRET_LIFE)
    session.secrets.put(session.starter.partner.get("credential_secret") or SECRET, value, ends)


def _looked_at(session: Session) -> Iterator[Line]:
    graph, as_operator = session.graph_for_looking()
    registrar, wanted = Registrar(graph, session.sleep), wanted_registration(session)
    row = registrar.find(session.starter.application_id)
    if row is None:
        fix = "Correct partner.application_id in the starter file, or take it out and run this step again."
        yield Line(_PART, State.TO_DO, "Your tenant has no registration with this id", fix)
        return
    if as_operator:
        _mended(session, registrar, row, wanted)
        yield from _secret(session, registrar, row)
    found = faults(registrar.find(session.starter.application_id) or {}, wanted, registrar.offers())
    fix = f"Sign in with az login and run this step without --check, or mend it by hand: {_PORTAL}."
    yield Line(_PART, State.TO_DO, "; ".join(found), fix) if found else Line(_PART, State.READY, f"“{row['displayName']}” is as it has to be")


def _mended(session: Session, registrar: Registrar, row: Row, wanted: WantedRegistration) -> None:
    found = faults(row, wanted, registrar.offers())
    if found and session.may("application_mend", f"The registration is not as it has to be: {'; '.join(found)}. Mend it?"):
        registrar.mend(row, wanted)
    granted = registrar.consent(session.starter.application_id, wanted) if session.may("application_consent", _CONSENT) else []
    if granted:
        session.say(f"Granted in your own tenant: {', '.join(granted)}.")


_CONSENT = "Grant the app's permissions in your own tenant, as far as they are not granted yet (an administrator's consent)?"


def _secret(session: Session, registrar: Registrar, row: Row) -> Iterator[Line]:
    """A new client secret where none is stored, or the stored one ends soon: an existing one cannot be read again, and two may be good at once."""
    if session.starter.partner.get("credential", Credential.SECRET) != Credential.SECRET:
        return
    name = str(session.starter.partner.get("credential_secret") or SECRET)
    says = _wanting(session, name)
    if says and session.may("application_secret", f"{says}. Make a new one and store it?"):
        _new_secret(session, registrar, row)
        session.say("Stored a new client secret. Delete the old one in the app registration after a night with the new one.")
    elif says:
        yield Line(f"secret {name}", State.TO_DO, says, "Run: python3 dev.py onboard --step application")


def _wanting(session: Session, name: str) -> str:
    """Why there has to be a new client secret; empty where the stored one is good for long. Raises where that cannot be told."""
    try:
        session.secrets.get(name, fresh=True)
    except InvalidConfiguration as error:
        if error.code != "secret-missing":
            raise
        return "No client secret is stored"
    ends = session.secrets.ends(name)
    soon = ends is not None and step_of((ends - session.clock.now()).days) is not None
    return f"The client secret ends on {ends:%Y-%m-%d}" if soon else ""


def wanted_registration(session: Session) -> WantedRegistration:
    """What the registration has to hold for what is switched on; the roles of people are those of the template."""
    roles = json.loads((ROOT / "infra" / "app-roles.json").read_text(encoding="utf-8"))
    notices = session.starter.document.get("notices") or {}
    by_graph = bool(notices.get("recipients")) and notices.get("via", MailVia.GRAPH) == MailVia.GRAPH
    scopes = partner_permissions(session.also_read | (session.sources if session.starter.application_id else frozenset()))
    return WantedRegistration(NAME, scopes, frozenset({MAIL} if by_graph else ()), (redirect_uri(session),), roles)


def clicks(session: Session) -> list[str]:
    """How the registration is made by hand."""
    wanted = wanted_registration(session)
    return [
        f"Open {_PORTAL} and choose New registration: name “{wanted.display_name}”, accounts in any organizational directory "
        f"(multitenant), redirect URI of the platform Web: {redirect_uri(session)}.",
        f"API permissions, Add, Microsoft Graph, Delegated permissions: {', '.join(sorted(wanted.scopes))}.",
        *([f"The same, Application permissions: {', '.join(sorted(wanted.roles))}."] if wanted.roles else []),
        f"API permissions, Add, APIs my organization uses, Microsoft Partner Center ({PARTNER_CENTER_ID}): user_impersonation.",
        "Grant admin consent.",
        "Certificates & secrets, New client secret: copy its Value, which is shown this once.",
        "App roles: those of infra/app-roles.json, for the people who will approve.",
    ]
