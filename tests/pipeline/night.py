"""A night in memory: the real stages over the in-memory store, queue and PSA, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.psa import MemoryPsa
from sandbox.memory.queue import MemoryQueue, Message
from sandbox.memory.store import MemoryStore
from sync_core.configuration.versions import save_version
from sync_core.errors import SyncError
from sync_core.model.agreements import Agreement, AgreementStatus, Line, Product
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import (
    AgreementBy,
    AgreementChoice,
    Configuration,
    ConfiguredLink,
    Connection,
    CustomerConfiguration,
    GuardRails,
    Notices,
    Partner,
)
from sync_core.model.customers import Customer, Mode
from sync_core.model.licences import PrepaidUnits, Sku, Subscription, SubscriptionStatus, UsageSnapshot
from sync_core.model.runs import CustomerRun, Run
from sync_core.pipeline import apply_plan, send_notices, sync_customer
from sync_core.pipeline import messages as queues
from sync_core.pipeline.context import Context
from sync_core.pipeline.poison import poison
from sync_core.pipeline.report import CustomerReport, RunReport, run_report
from sync_core.pipeline.runs import load_run
from sync_core.pipeline.start_run import start_daily_run
from sync_core.ports import Health, Mail, Relationship
from sync_core.settings import Settings

PARTNER = "00000000-0000-4000-8000-000000000001"
SKU = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
TWO_IN_THE_NIGHT = datetime(2026, 3, 17, 2, 0, 5, tzinfo=UTC)
MOST_TRIES = 5


def tenant(number: int) -> str:
    """The tenant id of a customer by number."""
    return f"11111111-0000-4000-8000-{number:012d}"


@dataclass
class FakeMicrosoft:
    """Holds what each tenant bought, and what goes wrong for whom."""

    clock: ManualClock
    seats: dict[str, int] = field(default_factory=dict)
    errors: dict[str, list[SyncError]] = field(default_factory=dict)
    related: list[str] | None = None
    reads: list[str] = field(default_factory=list)

    def read_usage(self, customer: Customer, attributes: Collection[str] = ()) -> UsageSnapshot:
        """What the tenant holds now."""
        self.reads.append(customer.tenant_id)
        if waiting := self.errors.get(customer.tenant_id):
            raise waiting.pop(0)
        seats = self.seats[customer.tenant_id]
        sku = Sku(SKU, "SPB", "Business Premium", PrepaidUnits(enabled=seats), assigned=0)
        row = Subscription(f"s-{customer.tenant_id}", SKU, SubscriptionStatus.ENABLED, seats, owner_tenant_id=PARTNER)
        return UsageSnapshot(customer.tenant_id, self.clock.now(), (sku,), (row,))

    def relationships(self) -> Sequence[Relationship]:
        """The customers the partner is related to."""
        return [Relationship(each, each) for each in (self.seats if self.related is None else self.related)]

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        """None are asked for here."""
        return frozenset()

    def health(self) -> Health:
        """Always well."""
        return Health("Microsoft sign-in", ok=True)


@dataclass
class FakeMailer:
    """Keeps the mails, and raises what a test tells it to, after taking the mail in or before."""

    mails: list[Mail] = field(default_factory=list)
    errors: list[SyncError] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        """Takes the mail in."""
        if self.errors:
            raise self.errors.pop(0)
        self.mails.append(mail)

    def health(self) -> Health:
        """Always well."""
        return Health("mail", ok=True)


@dataclass
class FakeAdapters:
    """The fakes of one night behind the port that makes adapters."""

    microsoft_side: FakeMicrosoft
    psas: dict[str, MemoryPsa]
    mail: FakeMailer

    def microsoft(self, configuration: Configuration) -> FakeMicrosoft:
        """The fake Microsoft."""
        return self.microsoft_side

    def psa(self, configuration: Configuration, connection: str) -> MemoryPsa:
        """The in-memory PSA of a connection."""
        return self.psas[connection]

    def mailer(self, configuration: Configuration) -> FakeMailer:
        """The fake mailer."""
        return self.mail

    def render(self, report: RunReport) -> Mail:
        """A mail with one line a customer."""
        text = "\n".join(f"{item.customer.name}: {item.customer.state} {item.customer.reason}" for item in report.customers)
        return Mail("", "", (), f"{len(report.customers)} customers", "", text)


class Night:
    """One partner with customers that hold one SKU and have one agreement with one line each."""

    def __init__(self, customers: int = 1, mode: Mode = Mode.AUTOMATIC, seats: int = 12, billed: int = 10, **settings: object) -> None:
        self.clock = ManualClock(TWO_IN_THE_NIGHT)
        self.store, self.queue, self.blobs = MemoryStore(), MemoryQueue(self.clock), MemoryBlobs()
        self.psa = MemoryPsa(self.clock)
        self.microsoft = FakeMicrosoft(self.clock)
        self.mail = FakeMailer()
        self.adapters = FakeAdapters(self.microsoft, {"memory": self.psa}, self.mail)
        self.settings = replace(Settings.from_environment({"SYNC_INSTALLATION": "test1"}), **settings)  # type: ignore[arg-type]  # a test's own settings
        self.context = self.another_process()
        self.psa.add_product(Product("p1", "M365-BP", "Business Premium", Decimal("20.60")))
        self.configure(*(self.add_customer(number, mode, seats, billed) for number in range(1, customers + 1)))

    def another_process(self) -> Context:
        """A context that shares the storage and remembers nothing."""
        return Context(self.settings, self.clock, self.store, self.queue, self.blobs, self.adapters)

    def add_customer(self, number: int, mode: Mode = Mode.AUTOMATIC, seats: int = 12, billed: int = 10) -> CustomerConfiguration:
        """A customer with ``seats`` bought and a line of ``billed`` to adopt (0: no line there)."""
        self.microsoft.seats[tenant(number)] = seats
        agreement = Agreement(
            connection="memory",
            agreement_id=f"a{number}",
            company_id=f"c{number}",
            name="Microsoft 365",
            type_name="Cloud",
            status=AgreementStatus.ACTIVE,
            start=date(2025, 1, 1),
            end=None,
            period_months=1,
            anchor=date(2025, 1, 1),
            next_invoice=date(2026, 4, 1),
            prorates=False,
            currency="USD",
        )
        self.psa.add_agreement(agreement)
        choice, line_id = LineChoice.NONE, ""
        if billed:
            line = Line("", "p1", "M365-BP", Decimal(billed), Decimal("20.60"), starts=date(2025, 1, 1))
            choice, line_id = LineChoice.ADOPT, self.psa.add_line(f"a{number}", line).line_id
        link = ConfiguredLink(
            f"{SKU}~memory~c{number}",
            SKU,
            BillingProfile("Business Premium", "M365-BP"),
            "memory",
            f"c{number}",
            AgreementChoice(AgreementBy.ID, f"a{number}"),
            choice=choice,
            adopt_line_id=line_id,
        )
        return CustomerConfiguration(Customer(tenant(number), f"Customer {number}", mode=mode), (link,), guard_rails=ROOMY)

    def configure(self, *customers: CustomerConfiguration, rails: GuardRails | None = None) -> None:
        """Imports a configuration with these customers."""
        configuration = Configuration(
            Partner(PARTNER, "app"),
            (Connection("memory", "memory", "https://psa.example", "UTC"),),
            customers,
            guard_rails=rails or ROOMY,
            notices=Notices(("billing@msp.example",), "sync@msp.example"),
        )
        self.configuration = save_version(self.store, configuration, "a test", self.clock.now())

    def start(self) -> Run:
        """Fires the daily timer."""
        return start_daily_run(self.context).run

    def run(self) -> Run:
        """Fires the daily timer and handles every message until none is left."""
        run = self.start()
        self.drain()
        return self.reload(run)

    def next_day(self) -> None:
        """Moves the clock on by a day."""
        self.clock.advance(24 * 3600)

    def drain(self, most: int = 10_000) -> None:
        """Handles messages as the host does: in order of visibility, again after a failure, to poison after the fifth."""
        for _ in range(most):
            due = self.queue.next_visible()
            if due is None:
                return
            self.clock.move_to(due)
            if message := self.queue.receive():
                self.deliver(message)
        raise AssertionError("the queues never became empty")

    def deliver(self, message: Message) -> None:
        """Handles one message with a process of its own."""
        try:
            handle(self.another_process(), message.queue, message.body)
        except SyncError:
            if message.dequeue_count < MOST_TRIES:
                self.queue.put_back(message, 30)
                return
            poison(self.another_process(), message.queue, message.body)
        self.queue.delete(message)

    def reload(self, run: Run) -> Run:
        """The run as it is stored now."""
        stored = load_run(self.store, run.run_id)
        assert stored is not None
        return stored.value

    def report(self, run: Run, number: int = 1) -> CustomerReport:
        """What the run came to for a customer."""
        report = run_report(self.another_process(), run.run_id)
        assert report is not None
        return next(item for item in report.customers if item.customer.tenant_id == tenant(number))

    def customer(self, run: Run, number: int = 1) -> CustomerRun:
        """The customer's row in a run."""
        return self.report(run, number).customer

    def quantities(self, number: int = 1) -> list[int]:
        """What the customer's agreement holds, line by line."""
        return [int(line.quantity) for line in self.psa.lines(f"a{number}")]


ROOMY = GuardRails(run_customers_share=Decimal(1), run_money=Decimal(1_000_000), customer_money=Decimal(100_000))
"""Guard rails that let the small changes of these tests pass."""

_STAGES = {
    queues.SYNC_CUSTOMER: sync_customer.sync_customer,
    queues.APPLY_PLAN: apply_plan.apply_plan,
    queues.SEND_NOTICES: send_notices.send_notices,
}


def handle(context: Context, queue: str, body: str) -> None:
    """Hands a message to its stage."""
    _STAGES[queue](context, queues.Message.read(body))
