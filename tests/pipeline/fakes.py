"""Microsoft and the mail server as a night sees them: they hold what a test gives them, and fail as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.memory.clock import ManualClock
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.tickets import MemoryTickets
from sync_core.errors import OutcomeUnknown, SyncError
from sync_core.model.access import Delegation, Renewal
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Customer
from sync_core.model.licences import Mailbox, PrepaidUnits, Sku, Source, Subscription, SubscriptionStatus, UsageSnapshot, User
from sync_core.model.reports import RunReport
from sync_core.pipeline.run_findings import told_of
from sync_core.ports import NOTHING_MORE, Health, Mail, Psa, Relationship, UsageNeeds

PARTNER = "00000000-0000-4000-8000-000000000001"
FAKE_SECRETS = ("partner-app-secret", "partner-refresh-token")


@dataclass
class FakeMicrosoft:
    """Holds what each tenant bought, and what goes wrong for whom."""

    clock: ManualClock
    bought: dict[str, dict[str, int]] = field(default_factory=dict)
    """Seats by tenant id and SKU id."""
    errors: dict[str, list[SyncError]] = field(default_factory=dict)
    """What the next reads of a tenant raise."""
    always: dict[str, SyncError] = field(default_factory=dict)
    """What every read of a tenant raises."""
    related: list[str] | None = None
    """The tenants with an active relationship; all of them when ``None``."""
    users: dict[str, tuple[User, ...]] = field(default_factory=dict)
    """By tenant id; the users of a tenant that is not here cannot be read."""
    terms: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """By SKU id, when its subscriptions were bought and when they renew."""
    assigned: dict[str, int] = field(default_factory=dict)
    """Seats that somebody holds, by tenant id, of each of its SKUs."""
    mailboxes: dict[str, tuple[Mailbox, ...]] = field(default_factory=dict)
    held: dict[str, tuple[Subscription, ...]] = field(default_factory=dict)
    """By tenant id its subscriptions, in place of one for each SKU that was bought."""
    asked: list[UsageNeeds] = field(default_factory=list)
    """What each read asked for."""
    renewal: Renewal = field(default_factory=lambda: Renewal(mfa=True))
    unrenewed: SyncError | None = None
    delegated: Sequence[Delegation] | SyncError = ()
    credential_end: datetime | None = datetime(2030, 1, 1, tzinfo=UTC)
    looks: int = 0
    """How often the relationships' ends were read."""

    def read_usage(self, customer: Customer, needs: UsageNeeds = NOTHING_MORE) -> UsageSnapshot:
        """What the tenant holds now."""
        self.asked.append(needs)
        if waiting := self.errors.get(customer.tenant_id):
            raise waiting.pop(0)
        if error := self.always.get(customer.tenant_id):
            raise error
        seats, held = self.bought[customer.tenant_id], self.assigned.get(customer.tenant_id, 0)
        skus = tuple(Sku(sku, sku[:8], f"Product {sku[:8]}", PrepaidUnits(enabled=number), assigned=held) for sku, number in seats.items())
        rows = self.held.get(customer.tenant_id) or tuple(self._subscription(sku, number) for sku, number in seats.items() if number)
        if Source.USERS not in needs.sources:
            return UsageSnapshot(customer.tenant_id, self.clock.now(), skus, rows)
        users = self.users.get(customer.tenant_id)
        failed = {Source.USERS: "Forbidden"} if users is None else {}
        read = needs.sources & {Source.USERS, Source.MAILBOXES} - failed.keys()
        mailboxes = self.mailboxes.get(customer.tenant_id, ()) if Source.MAILBOXES in read else ()
        return UsageSnapshot(customer.tenant_id, self.clock.now(), skus, rows, users or (), failed, read, mailboxes=mailboxes)

    def _subscription(self, sku: str, number: int) -> Subscription:
        bought, renews = self.terms.get(sku, (None, None))
        facts = {"owner_tenant_id": PARTNER, "created": bought, "next_lifecycle": renews}
        return Subscription(f"s-{sku}", sku, SubscriptionStatus.ENABLED, number, **facts)  # type: ignore[arg-type]  # members of a subscription

    def relationships(self) -> Sequence[Relationship]:
        """The customers the partner is related to."""
        return [Relationship(each, each) for each in (self.bought if self.related is None else self.related)]

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        """None are asked for here."""
        return frozenset()

    def health(self) -> Health:
        """Always well."""
        return Health("Microsoft sign-in", ok=True)

    def renew(self) -> Renewal:
        """As ``renewal`` says, unless ``unrenewed`` is raised."""
        if self.unrenewed:
            raise self.unrenewed
        return self.renewal

    def delegations(self) -> Sequence[Delegation]:
        """As ``delegated`` says."""
        self.looks += 1
        if isinstance(self.delegated, SyncError):
            raise self.delegated
        return self.delegated

    def credential_ends(self) -> datetime | None:
        """As ``credential_end`` says."""
        return self.credential_end


@dataclass
class FakeMailer:
    """Keeps the mails that arrive. ``errors`` are raised instead of taking one in; ``lost_answers`` mails arrive, and nobody hears of it."""

    mails: list[Mail] = field(default_factory=list)
    errors: list[SyncError] = field(default_factory=list)
    lost_answers: int = 0

    def send(self, mail: Mail) -> None:
        """Takes the mail in."""
        if self.errors:
            raise self.errors.pop(0)
        self.mails.append(mail)
        if self.lost_answers:
            self.lost_answers -= 1
            raise OutcomeUnknown("The mail server did not answer")

    def health(self) -> Health:
        """Always well."""
        return Health("mail", ok=True)


@dataclass
class FakeAdapters:
    """The fakes of one night behind the port that makes adapters."""

    microsoft_side: FakeMicrosoft
    psas: dict[str, Psa]
    mail: FakeMailer
    psa_tickets: dict[str, MemoryTickets] = field(default_factory=dict)
    secrets: MemorySecrets = field(default_factory=lambda: MemorySecrets(dict.fromkeys(FAKE_SECRETS, "value")))

    def secret_ends(self, name: str) -> datetime | None:
        """As it was stored."""
        return self.secrets.ends(name)

    def microsoft(self, configuration: Configuration) -> FakeMicrosoft:
        """The fake Microsoft."""
        return self.microsoft_side

    def psa(self, configuration: Configuration, connection: str) -> Psa:
        """The PSA of a connection, most often the one in memory."""
        return self.psas[connection]

    def tickets(self, configuration: Configuration, connection: str) -> MemoryTickets:
        """The in-memory tickets of a connection."""
        return self.psa_tickets.setdefault(connection, MemoryTickets(self.microsoft_side.clock))

    def mailer(self, configuration: Configuration) -> FakeMailer:
        """The fake mailer."""
        return self.mail

    def render(self, report: RunReport) -> Mail:
        """A mail with one line a customer, a change, a note and a finding of what is told in it."""
        told = told_of(report)
        lines = [f"{item.customer.name}: {item.customer.state} {item.customer.reason}" for item in report.customers]
        lines += [f"{item.customer.name}, {change.result} {change.after}" for item in (*told.customers, *told.earlier) for change in item.changes]
        lines += [f"{item.customer.name}, not linked {each.item}" for item in told.customers for each in item.customer.unlinked]
        lines += [f"{item.customer.name}, also seen {note}" for item in told.customers for note in item.customer.notes]
        lines += [f"{each.customer}, {each.kind}: {each.item} {each.text}" for each in report.found]
        lines += [f"{each.customer}, solved {each.kind}: {each.item}" for each in report.solved]
        text = "\n".join((*lines, *(f"new: {name}" for name in told.new), *(f"gone: {name}" for name in told.gone)))
        return Mail("", "", (), f"{len(report.customers)} customers", "", text)
