"""A night in memory: the real stages over the in-memory store, queue and PSA, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.psa import Keeping, MemoryPsa
from sandbox.memory.queue import MemoryQueue, Message
from sandbox.memory.store import MemoryStore
from sync_core.configuration.versions import save_version
from sync_core.errors import SyncError
from sync_core.events import stage
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
from sync_core.model.languages import Language
from sync_core.model.reports import CustomerReport
from sync_core.model.runs import CustomerRun, Run
from sync_core.pipeline import apply_plan, send_notices, sync_customer
from sync_core.pipeline import messages as queues
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover import stage as cutting_over
from sync_core.pipeline.poison import poison
from sync_core.pipeline.report import run_report
from sync_core.pipeline.runs import load_run, open_runs
from sync_core.pipeline.start_run import start_daily_run
from sync_core.pipeline.sweep import sweep
from sync_core.schedule import next_slot
from sync_core.settings import Settings
from tests.pipeline.fakes import PARTNER, FakeAdapters, FakeMailer, FakeMicrosoft
from tests.pipeline.faults import Killed, Tap, TappedAdapters, tapped

SKU = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
OTHER_SKU = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
PRODUCTS = {SKU: Product("p1", "M365-BP", "Business Premium", Decimal("20.60")), OTHER_SKU: Product("p2", "M365-E5", "Office E5", Decimal("54.75"))}
TWO_IN_THE_NIGHT = datetime(2026, 3, 17, 2, 0, 5, tzinfo=UTC)
MOST_TRIES = 5
ROOMY = GuardRails(run_customers_share=Decimal(1), run_money=Decimal(1_000_000), customer_money=Decimal(100_000))
"""Guard rails that let the small changes of these tests pass."""


def tenant(number: int) -> str:
    """The tenant id of a customer by number."""
    return f"11111111-0000-4000-8000-{number:012d}"


class Night:
    """One partner with customers that hold one SKU and have one agreement with one line each.

    ``chance`` lets messages come in any order and, with ``duplicates``, some of them twice.
    """

    def __init__(
        self,
        customers: int = 1,
        mode: Mode = Mode.AUTOMATIC,
        seats: int = 12,
        billed: int = 10,
        *,
        keeping: Keeping = Keeping.LINES,
        chance: Random | None = None,
        duplicates: float = 0.0,
        start: datetime = TWO_IN_THE_NIGHT,
        **settings: object,
    ) -> None:
        self.clock = ManualClock(start)
        self.store, self.queue, self.blobs = MemoryStore(), MemoryQueue(self.clock, chance, duplicates), MemoryBlobs()
        self.psa = MemoryPsa(self.clock, keeping=keeping)
        self.microsoft = FakeMicrosoft(self.clock)
        self.mail = FakeMailer()
        self.adapters = FakeAdapters(self.microsoft, {"memory": self.psa}, self.mail)
        self.settings = replace(Settings.from_environment({"SYNC_INSTALLATION": "test1"}), **settings)  # type: ignore[arg-type]  # a test's own settings
        self.tap: Tap | None = None
        self.time_zone = "UTC"
        self.language = Language.ENGLISH
        self.notices = Notices(("billing@msp.example",), "sync@msp.example")
        self.context = self.another_process()
        for product in PRODUCTS.values():
            self.psa.add_product(product)
        self.configure(*(self.add_customer(number, mode, seats, billed) for number in range(1, customers + 1)))

    def another_process(self) -> Context:
        """A context that shares the storage and remembers nothing."""
        if self.tap is None:
            return Context(self.settings, self.clock, self.store, self.queue, self.blobs, self.adapters)
        store, queue, blobs = (tapped(self.store, "store", self.tap), tapped(self.queue, "queue", self.tap), tapped(self.blobs, "blobs", self.tap))
        return Context(self.settings, self.clock, store, queue, blobs, TappedAdapters(self.adapters, self.tap))

    def watch(self, tap: Tap | None) -> None:
        """Tells ``tap`` every call that the stages make from now on; ``None`` ends it."""
        self.tap = tap
        self.context = self.another_process()

    def add_customer(self, number: int, mode: Mode = Mode.AUTOMATIC, seats: int = 12, billed: int = 10) -> CustomerConfiguration:
        """A customer with ``seats`` bought and a line of ``billed`` to adopt (0: no line there)."""
        self.microsoft.bought[tenant(number)] = {}
        link = self.link(number, f"a{number}", seats, billed)
        return CustomerConfiguration(Customer(tenant(number), f"Customer {number}", mode=mode), (link,), guard_rails=ROOMY)

    def link(self, number: int, agreement_id: str, seats: int, billed: int = 0, sku: str = SKU, company: str = "") -> ConfiguredLink:
        """A SKU of a customer on an agreement, with a line of ``billed`` to adopt (0: no line there)."""
        self.microsoft.bought[tenant(number)][sku] = seats
        company = company or f"c{number}"
        self.psa.add_agreement(agreement(agreement_id, company))
        product, choice, line_id = PRODUCTS[sku], LineChoice.NONE, ""
        if billed:
            line = Line("", product.product_id, product.identifier, Decimal(billed), product.price, starts=date(2025, 1, 1))
            choice, line_id = LineChoice.ADOPT, self.psa.add_line(agreement_id, line).line_id
        profile, place = BillingProfile(product.name, product.identifier), AgreementChoice(AgreementBy.ID, agreement_id)
        return ConfiguredLink(f"{sku}~memory~{company}", sku, profile, "memory", company, place, choice=choice, adopt_line_id=line_id)

    def configure(self, *customers: CustomerConfiguration, rails: GuardRails | None = None) -> None:
        """Imports a configuration with these customers."""
        configuration = Configuration(
            Partner(PARTNER, "app"),
            tuple(Connection(name, "memory", "https://psa.example", self.time_zone, language=self.language) for name in self.adapters.psas),
            customers,
            guard_rails=rails or ROOMY,
            notices=self.notices,
        )
        self.configuration = save_version(self.store, configuration, "a test", self.clock.now())

    def buy(self, seats: int, number: int = 1, sku: str = SKU) -> None:
        """From now on the customer holds so many seats."""
        self.microsoft.bought[tenant(number)][sku] = seats

    def start(self) -> Run:
        """Fires the daily timer."""
        with stage(self.clock, "start-run", f"start-run-{self.clock.now():%d}"):
            return start_daily_run(self.context).run

    def run(self) -> Run:
        """Fires the daily timer and lets the host work until nothing is left to do."""
        run = self.start()
        self.work()
        return self.reload(run)

    def next_day(self) -> None:
        """Moves the clock on by a day."""
        self.clock.advance(24 * 3600)

    def drain(self, most: int = 10_000) -> None:
        """Handles messages as they come due until none is left, and never sweeps."""
        for _ in range(most):
            due = self.queue.next_visible()
            if due is None:
                return
            self.clock.move_to(due)
            self.take()
        raise AssertionError("the queues never became empty")

    def work(self, most: int = 10_000) -> None:
        """Handles messages as they come due, and sweeps at its times, until there is neither a message nor an open run."""
        for _ in range(most):
            due, tick = self.queue.next_visible(), next_slot(self.settings.sweep_schedule, self.clock.now())
            if due is None and not open_runs(self.store):
                return
            if due is not None and due <= tick:
                self.clock.move_to(due)
                self.take()
            else:
                self.clock.move_to(tick)
                self.alive(self.sweep)
        raise AssertionError("the night never ended")

    def sweep(self) -> None:
        """Fires the sweep's timer."""
        with stage(self.clock, "sweep", f"sweep-{self.clock.now():%d%H%M}"):
            sweep(self.context)

    def take(self) -> None:
        """Handles one due message as the host does: again after a failure, to poison after the fifth."""
        message = self.queue.receive()
        if message is None:
            return
        try:
            done = self.alive(lambda: self.deliver(message))
        except SyncError:
            self.queue.put_back(message, 30)
            return
        if done:
            self.queue.delete(message)

    def deliver(self, message: Message) -> None:
        """Hands a message to its stage."""
        invocation = f"{message.queue}-{message.visible:%d%H%M%S}-{message.dequeue_count}"
        if message.dequeue_count > MOST_TRIES:
            with stage(self.clock, f"{message.queue}-poison", invocation):
                poison(self.context, message.queue, message.body)
        else:
            ids = queues.Message.read(message.body)
            with stage(self.clock, message.queue, invocation, run=ids.run_id, customer=ids.tenant_id):
                STAGES[message.queue](self.context, ids)

    def alive(self, work: Callable[[], object]) -> bool:
        """Whether the process got through; a killed one is followed by another, and its message stays where it is."""
        try:
            work()
        except Killed:
            self.context = self.another_process()
            return False
        return True

    def reload(self, run: Run) -> Run:
        """The run as it is stored now."""
        stored = load_run(self.store, run.run_id)
        assert stored is not None
        return stored.value

    def report(self, run: Run, number: int = 1) -> CustomerReport:
        """What the run came to for a customer."""
        report = run_report(Context(self.settings, self.clock, self.store, self.queue, self.blobs, self.adapters), run.run_id)
        assert report is not None
        return next(item for item in report.customers if item.customer.tenant_id == tenant(number))

    def customer(self, run: Run, number: int = 1) -> CustomerRun:
        """The customer's row in a run."""
        return self.report(run, number).customer

    def quantities(self, number: int = 1) -> list[int]:
        """What the customer's agreement holds, line by line."""
        return [int(line.quantity) for line in self.psa.lines(f"a{number}")]


def agreement(agreement_id: str, company: str) -> Agreement:
    """A monthly agreement, invoiced until the end of March 2026."""
    return Agreement(
        connection="memory",
        agreement_id=agreement_id,
        company_id=company,
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


STAGES = {
    queues.SYNC_CUSTOMER: sync_customer.sync_customer,
    queues.APPLY_PLAN: apply_plan.apply_plan,
    queues.SEND_NOTICES: send_notices.send_notices,
    queues.CUT_OVER: cutting_over.cut_over,
}
