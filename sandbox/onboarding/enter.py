"""Step ``sign-in``: the service account signs in once with MFA, and its refresh token is kept, after it was redeemed as at night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from queue import Empty, Queue
from typing import TypeVar

from adapters.microsoft.interactive import InteractiveSignIn, NewSignIn
from adapters.microsoft.service_account import ServiceAccount, signed_in
from adapters.microsoft.sign_in import WHERE, SignIns
from adapters.microsoft.tokens import Token, TokenKey
from sandbox.memory.secrets import MemorySecrets
from sandbox.onboarding.register import redirect_uri
from sandbox.onboarding.session import Line, Session, State, failed
from sandbox.web import Request, Response, serve
from sync_core.errors import Rejected, StopRun, SyncError
from sync_core.model.configuration import Partner
from sync_core.model.customers import SignIn

WAIT_FOR_BROWSER = 300.0
_PART = "sign-in"
_PATIENCE = (2.0, 4.0, 8.0, 16.0)
"""Seconds to wait for what was just made: a new secret or a new consent is not everywhere at once."""
_BEING_MADE = frozenset({"bad-app-credential", "consent-missing"})
_AGAIN = "Run: python3 dev.py onboard --step sign-in"
Made = TypeVar("Made")


def enter(session: Session) -> Iterator[Line]:
    """Looks at the stored sign-in, asks for a new one where it does not work, and says who is signed in and whether that fits."""
    if not session.configuration.partner.refresh_token_secret:
        yield _as_application(session)
        return
    line = _stored(session)
    if line.state is State.TO_DO and session.may("sign_in", f"{line.says} Sign in with the service account now?"):
        line = _signed_in(session)
    yield line
    if line.state is State.READY:
        yield from _account(session)


def _as_application(session: Session) -> Line:
    """Where no service account is wanted, the app signs in by itself."""
    try:
        session.sign_ins().renew(session.graph_service().resource)
    except SyncError as error:
        return failed(_PART, error)
    return Line(_PART, State.READY, "The app signs in by itself; the starter file wants no service account")


def _stored(session: Session) -> Line:
    partner = session.configuration.partner
    try:
        renewal = session.sign_ins().renew(session.graph_service().resource)
    except SyncError as error:
        line = failed(_PART, error)
        return Line(_PART, line.state, line.says, line.fix if line.state is State.LATER else _AGAIN)
    if renewal.mfa is False:
        return Line(_PART, State.TO_DO, "The stored sign-in was made without multi-factor authentication.", _with_mfa())
    if renewal.not_kept is not None:
        return failed(f"secret {partner.refresh_token_secret}", renewal.not_kept)
    mfa = "with MFA" if renewal.mfa else "and Microsoft does not tell whether with MFA"
    return Line(_PART, State.READY, f"The stored sign-in works, {mfa}")


def _signed_in(session: Session) -> Line:
    """A new sign-in. Nothing of it is kept unless it is the right person's, made with MFA, and can be redeemed by the app."""
    partner = session.configuration.partner
    try:
        patiently(session, lambda: _proven(session, partner))
        new = _asked_for(session, partner)
        _judged(new.access, partner)
        patiently(session, lambda: _redeemed(session, partner, new))
        session.secrets.put(partner.refresh_token_secret, new.refresh_token)
    except SyncError as error:
        line = failed(_PART, error)
        return Line(_PART, line.state, f"{line.says} Nothing was stored.", line.fix)
    return _stored(session)


def _proven(session: Session, partner: Partner) -> None:
    """Whether the app itself can prove who it is: found out before a person is asked for anything. Rights of its own it need not have."""
    try:
        session.sign_ins().token(TokenKey(partner.tenant_id, SignIn.APPLICATION, session.graph_service().resource))
    except SyncError as error:
        if error.code != "consent-missing":
            raise


def patiently(session: Session, ask: Callable[[], Made]) -> Made:
    """Asks again while what it needs may still be being made; raises what it raised last."""
    for wait in _PATIENCE:
        try:
            return ask()
        except SyncError as error:
            if error.code not in _BEING_MADE:
                raise
            session.sleep(wait)
    return ask()


def _asked_for(session: Session, partner: Partner) -> NewSignIn:
    resource = session.graph_service().resource
    interactive = InteractiveSignIn(partner, session.login(), session.secrets, session.clock, resource, session.sleep)
    if session.answers.text("sign_in_by", "In the browser of this machine, or with a code on another device (browser, code)", "browser") == "code":
        return interactive.by_device_code(session.say)
    return interactive.by_browser(redirect_uri(session), lambda address: _visited(session, address))


def _visited(session: Session, address: str) -> Mapping[str, str]:
    """Opens the address, and waits for what the browser brings back to this machine."""
    came: Queue[Mapping[str, str]] = Queue()

    def take(request: Request) -> Response:
        if "state" in request.query:
            came.put(request.query)
        return Response(200, b"You can close this window, and go on at the terminal.", {"Content-Type": "text/plain; charset=utf-8"})

    session.say("Sign in with the SERVICE ACCOUNT, not with your own. If no browser opens, visit this address on this machine:")
    session.say(address)
    with serve(take, session.redirect_port):
        session.open_browser(address)
        try:
            return came.get(timeout=WAIT_FOR_BROWSER)
        except Empty:
            raise Rejected("Nobody came back from the browser", code="sign-in-not-finished", where=WHERE, fix=_AGAIN) from None


def _judged(token: Token, partner: Partner) -> None:
    if token.tenant_id != partner.tenant_id.lower():
        raise StopRun("The sign-in is one of another tenant than the partner's", code="wrong-tenant", where=WHERE, fix=_AGAIN)
    if token.mfa is False:
        raise StopRun("The sign-in was made without multi-factor authentication", code="mfa-required", where=WHERE, fix=_with_mfa())


def _with_mfa() -> str:
    return f"Switch MFA on for the service account (a Conditional Access policy, or the security defaults), and sign in again. {_AGAIN}"


def _redeemed(session: Session, partner: Partner, new: NewSignIn) -> None:
    """As the app does it at night, from a memory of its own."""
    credential = partner.credential_secret
    known = {partner.refresh_token_secret: new.refresh_token}
    known |= {credential: session.secrets.get(credential)} if credential else {}
    trial = SignIns(partner, session.login(), MemorySecrets(known), session.store, session.clock)
    trial.renew(session.graph_service().resource)


def _account(session: Session) -> Iterator[Line]:
    try:
        account = signed_in(session.partner_graph())
    except SyncError as error:
        yield failed("service account", error)
        return
    yield from judged_account(account)


def judged_account(account: ServiceAccount) -> Iterator[Line]:
    """Whether the signed-in person is an account of its own in the partner's tenant, with no more rights than it needs."""
    part = "service account"
    if account.guest:
        yield Line(part, State.TO_DO, "It is a guest in the partner's tenant", f"Make an account of the tenant's own. {_AGAIN}")
    elif account.administrator:
        fix = f"Use an account of its own without that role: whoever steals its token would own your tenant. {_AGAIN}"
        yield Line(part, State.TO_DO, "It is a Global Administrator of the partner's tenant", fix)
    elif not account.agent:
        fix = "Make it a member of the group AdminAgents (Partner Center, User management, Admin agent)."
        yield Line(part, State.TO_DO, "It is no member of AdminAgents", fix)
    else:
        yield Line(part, State.READY, "It is a member of the partner's tenant, and in AdminAgents")
