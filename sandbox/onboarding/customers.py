"""Steps ``roles``, ``consent`` and ``customers``: what reaches each customer, the app's consent there, and the proof by a read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from adapters.microsoft.consent import Consents
from adapters.microsoft.meanings import MISSING_ROLE
from adapters.microsoft.rights import customer_permissions, needed_roles
from adapters.microsoft.service_account import granted, missing_role, signed_in
from adapters.microsoft.sign_in import own_sign_in
from adapters.microsoft.tokens import Token, TokenKey
from sandbox.onboarding.register import NAME, redirect_uri
from sandbox.onboarding.session import Line, Session, State, failed
from sync_core.documents import dumps, loads
from sync_core.errors import OutcomeUnknown, RetryLater, StopRun, SyncError
from sync_core.model.customers import Customer, SignIn
from sync_core.pipeline.wording import number_of

TRIES = 3
_WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds until a new consent is asked after again; it takes seconds to minutes to be everywhere."""
_AGAIN = "Run again: python3 dev.py onboard --step consent"


@dataclass(frozen=True)
class Progress:
    """The customers whose consent was seen to work, with the permissions that it held."""

    consented: dict[str, tuple[str, ...]] = field(default_factory=dict)


def chosen(session: Session) -> list[Customer]:
    """The customers of the starter file, else everybody with a relationship; those named on the command line where some are."""
    configured = [item.customer for item in session.configuration.customers]
    if not configured:
        related = session.adapters().microsoft(session.configuration).relationships()
        configured = [Customer(one.tenant_id, one.name, own_sign_in(session.configuration.partner)) for one in related]
    wanted = {tenant.lower() for tenant in session.only_customers}
    return [one for one in configured if not wanted or one.tenant_id in wanted]


def check_roles(session: Session) -> Iterator[Line]:
    """Whether the service account's groups have the roles that are needed in each customer, and what is missing where."""
    try:
        graph, customers = session.partner_graph(), [one for one in chosen(session) if one.sign_in is SignIn.DELEGATED]
        if not session.configuration.partner.refresh_token_secret:
            yield Line("GDAP roles", State.READY, "Nobody is read as a service account, so no role is needed")
            return
        account, relationships = signed_in(graph), granted(graph)
    except SyncError as error:
        yield failed("GDAP roles", error)
        return
    needs, good = needed_roles(session.sources), 0
    for customer in customers:
        ours = [one for one in relationships if one.tenant_id == customer.tenant_id]
        missing = [found for need in needs if (found := missing_role(need, ours, account))[0]]
        good += not missing
        yield from (Line(f"GDAP roles of {customer.name}", State.TO_DO, why, fix, customer.tenant_id) for why, fix in missing)
    if good:
        yield Line("GDAP roles", State.READY, f"{number_of(good, 'customer')}: {', '.join(need.name for need in needs)}")
    if not customers:
        yield Line("GDAP roles", State.TO_DO, "There is no customer with a relationship", "Make a GDAP relationship in Partner Center.")


def give_consents(session: Session) -> Iterator[Line]:
    """Consents for every customer that has not, one by one; what is done is kept, so that an interruption goes on from there."""
    try:
        customers = chosen(session)
    except SyncError as error:
        yield failed("consent", error)
        return
    progress, scopes = _read(session), customer_permissions(session.sources)
    work, good, whole = _Consenting(session, scopes, progress), 0, True
    for number, customer in enumerate(customers):
        session.terminal.progress(number, len(customers), "consent")
        try:
            line = work.one(customer)
        except StopRun as error:
            yield failed("consent", error)
            whole = False
            break
        if line is None:
            good += 1
        else:
            whole = False
            yield line
    session.terminal.end_progress()
    if whole and not session.look_only:
        session.progress_file.unlink(missing_ok=True)
    if good:
        yield Line("consent", State.READY, f"{number_of(good, 'customer')}: {', '.join(sorted(scopes))}")


@dataclass
class _Consenting:
    """The work on one customer after the other. A person is asked once for all that have no consent, and once for those that need more."""

    session: Session
    scopes: frozenset[str]
    progress: Progress
    agreed: dict[bool, bool] = field(default_factory=dict)

    def one(self, customer: Customer) -> Line | None:
        """The line of a customer whose consent is not as it has to be; ``None`` when it is. Raises ``StopRun``."""
        if self.scopes <= set(self.progress.consented.get(customer.tenant_id, ())):
            return None
        part = f"consent of {customer.name}"
        try:
            return self._settled(customer, part)
        except SyncError as error:
            if error.code == MISSING_ROLE:
                return self._refused(customer, error)
            if isinstance(error, StopRun):
                raise
            return failed(part, error, customer.tenant_id)

    def _settled(self, customer: Customer, part: str) -> Line | None:
        held = self._held(customer)
        if held is not None and self.scopes <= held:
            self._keep(customer, held)
            return None
        lacks = "There is no consent" if held is None else f"The consent lacks {', '.join(sorted(self.scopes - held))}"
        if customer.sign_in is SignIn.APPLICATION:
            fix = f"An administrator of the customer opens {admin_consent(self.session, customer)} (what follows need not load)"
            return Line(part, State.TO_DO, lacks, fix, customer.tenant_id)
        if not self._may(held):
            return Line(part, State.TO_DO, lacks, _AGAIN, customer.tenant_id)
        self._give(customer, again=held is not None)
        if self._arrived(customer):
            return None
        return Line(part, State.LATER, "The consent was given, and has not arrived everywhere yet", _AGAIN, customer.tenant_id)

    def _held(self, customer: Customer) -> frozenset[str] | None:
        """The permissions that the app has in the customer, as its token there says; ``None`` without a consent."""
        key = TokenKey(customer.tenant_id, customer.sign_in, self.session.graph_service().resource)
        sign_ins = self.session.sign_ins()
        sign_ins.forget(key)
        try:
            token = Token(sign_ins.token(key), self.session.clock.now())
        except SyncError as error:
            if error.code == "consent-missing":
                return None
            raise
        return frozenset([*str(token.claims.get("scp") or "").split(), *(token.claims.get("roles") or ())])

    def _give(self, customer: Customer, again: bool) -> None:
        """Asked again while Partner Center is busy or says nothing: a second consent to the same changes nothing."""
        consents = Consents(self.session.partner_center(), self.session.starter.application_id)
        give = consents.renew if again else consents.give
        for _ in range(TRIES - 1):
            try:
                give(customer.tenant_id, self.scopes, NAME)
                return
            except (RetryLater, OutcomeUnknown) as error:
                self.session.sleep(getattr(error, "delay", _WAITS[0]))
        give(customer.tenant_id, self.scopes, NAME)

    def _arrived(self, customer: Customer) -> bool:
        for wait in _WAITS:
            held = self._held(customer)
            if held is not None and self.scopes <= held:
                self._keep(customer, held)
                return True
            self.session.sleep(wait)
        return False

    def _keep(self, customer: Customer, held: frozenset[str]) -> None:
        self.progress.consented[customer.tenant_id] = tuple(sorted(held))
        if self.session.look_only:
            return
        path = self.session.progress_file
        beside = path.with_name(f"{path.name}.new")
        beside.write_text(dumps(self.progress), encoding="utf-8")
        beside.replace(path)

    def _may(self, held: frozenset[str] | None) -> bool:
        again = held is not None
        if again not in self.agreed:
            self.agreed[again] = self.session.may("consent", self._question(held))
        return self.agreed[again]

    def _question(self, held: frozenset[str] | None) -> str:
        if held is None:
            return f"Consent to the app for the customers that have not, through Partner Center ({', '.join(sorted(self.scopes))})?"
        return "A customer's consent lacks permissions that are needed now. Take it back and give it anew?"

    def _refused(self, customer: Customer, error: SyncError) -> Line:
        fix = (
            "The service account has to be in AdminAgents and, while it consents, Cloud Application Administrator in the customer (a role of the "
            f"GDAP relationship, assigned to its group). Or an administrator of the customer opens {admin_consent(self.session, customer)}"
        )
        return Line(f"consent of {customer.name}", State.TO_DO, f"Partner Center refuses. {error.why}".strip(), fix, customer.tenant_id)


def admin_consent(session: Session, customer: Customer) -> str:
    """Where a customer's own administrator consents; the page that follows lies on the operator's machine, and need not open.

    Microsoft Learn, "Admin consent on the Microsoft identity platform".
    """
    query = {
        "client_id": session.starter.application_id,
        "scope": f"{session.graph_service().resource}/.default",
        "redirect_uri": redirect_uri(session),
    }
    return f"{session.settings.login_url}/{customer.tenant_id}/v2.0/adminconsent?{urlencode(query)}"


def read_customers(session: Session) -> Iterator[Line]:
    """The proof: each customer is read once, as at night."""
    try:
        customers = chosen(session)
        microsoft = session.adapters().microsoft(session.configuration)
    except SyncError as error:
        yield failed("customers", error)
        return
    good = 0
    for number, customer in enumerate(customers):
        session.terminal.progress(number, len(customers), "read")
        try:
            snapshot = microsoft.read_usage(customer)
        except SyncError as error:
            yield failed(f"customer {customer.name}", error, customer.tenant_id)
            continue
        if snapshot.failed:
            why = "; ".join(f"{source}: {reason}" for source, reason in snapshot.failed.items())
            yield Line(f"customer {customer.name}", State.TO_DO, why, "See the roles and the consent above.", customer.tenant_id)
        else:
            good += 1
    session.terminal.end_progress()
    if good:
        yield Line("customers", State.READY, f"{number_of(good, 'customer')} can be read")


def _read(session: Session) -> Progress:
    try:
        return loads(Progress, session.progress_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Progress()
    except ValueError:
        logging.getLogger(__name__).warning("The kept progress cannot be read, and is begun anew")
        return Progress()
