"""What a night costs each PSA in calls: with nothing changed, and for a customer whose seats changed, beside the least that its API allows.

Real stages and adapters over served simulators; storage is in memory, since only the calls are counted. Customers of a PSA share calls
wherever its API reads in bulk, so what one costs is the sum of a night by their number.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from adapters.environment_secrets import EnvironmentSecrets
from adapters.wiring import assemble
from sandbox.bench.figures import Figure, Section
from sandbox.halopsa.reporting import statement
from sandbox.inspection import PREFIX
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue
from sandbox.memory.store import MemoryStore
from sandbox.web import Request
from sandbox.world import ServedWorld, seeded_world
from sandbox.world.books import KINDS, SHOWN
from sandbox.world.customers import FIRST_CUSTOMERS
from sandbox.world.msp import Account
from sandbox.world.offers import OFFERS
from sandbox.world.world import World
from sync_core.configuration.versions import save_version
from sync_core.model.runs import CustomerState, RunKind
from sync_core.pipeline import apply_plan, send_notices, sync_customer
from sync_core.pipeline.context import Context
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER, Message
from sync_core.pipeline.runs import customers_of
from sync_core.pipeline.start_run import run_stamp, start_run
from sync_core.settings import Settings

CHANGED_ONE_IN = 20
"""One of so many customers buys a seat before the third night."""
FEWEST = 400
"""With fewer customers, what a night costs once weighs too much for a goal."""
_A_DAY = 24 * 3600.0
_STAGES: dict[str, Callable[[Context, Message], None]] = {
    SYNC_CUSTOMER: sync_customer.sync_customer,
    APPLY_PLAN: apply_plan.apply_plan,
    SEND_NOTICES: send_notices.send_notices,
}


@dataclass(frozen=True)
class Size:
    """What there is to be read of a PSA: agreements, and all their lines."""

    agreements: int
    lines: int


@dataclass(frozen=True)
class Least:
    """The fewest calls that a PSA's API allows: for a night in which nothing changed, and for one change. ``goal`` is for a customer and night."""

    night: Callable[[Size], int]
    change: int
    goal: float
    why: str


LEAST: dict[str, Least] = {
    "connectwise": Least(
        lambda size: ceil(size.agreements / 1000) + size.agreements,
        2,
        1.01,
        "heads in pages of 1,000; the lines of one agreement a call; a change is one look and one write",
    ),
    "autotask": Least(
        lambda size: ceil(size.agreements / 500) + 2 * ceil(size.lines / 500),
        3,
        0.04,
        "contracts, services and unit rows in pages of 500; a change is a look, a write that answers nothing, and a look",
    ),
    "halopsa": Least(
        lambda size: ceil(size.agreements / 100),
        2,
        0.05,
        "recurring invoices with their lines in pages of 100; a change is one look and one write",
    ),
}


@dataclass(frozen=True)
class FastPath:
    """An optional way to read less: settings of the connection, and of the app, that switch it on."""

    shown: str
    connection: Mapping[str, str] = field(default_factory=dict)
    app: Mapping[str, str] = field(default_factory=dict)


RING = FastPath("with SYNC_VERIFY_DAYS=7, for each customer", app={"SYNC_VERIFY_DAYS": "7"})
FAST_PATHS: dict[str, tuple[FastPath, ...]] = {
    "connectwise": (FastPath("with bundled reads, for each customer", {"bundled_reads": "addition"}), RING),
    "autotask": (),
    "halopsa": (
        FastPath(
            "with report reads, for each customer",
            {"report_heads": statement("INVOICEHEADER"), "report_lines": statement("INVOICEDETAIL"), "report_compared_days": "31"},
        ),
    ),
}


@dataclass(frozen=True)
class Counts:
    """The calls of two nights of so many customers; in the second one ``changed`` of them had bought a seat."""

    size: Size
    customers: int
    unchanged_night: int
    changed_night: int
    changed: int

    @property
    def for_a_change(self) -> float:
        """What one changed customer costs on top."""
        return (self.changed_night - self.unchanged_night) / self.changed


def measure_psa_calls(customers: int, kinds: Iterable[str] = KINDS) -> list[Section]:
    """Three nights at each PSA: the first takes the lines over and is not counted."""
    sections = []
    for kind in kinds:
        print(f"  {SHOWN[kind]}, {customers} customers ...", file=sys.stderr, flush=True)
        fast = {path.shown: count_fast(kind, customers, path) for path in FAST_PATHS[kind]}
        sections.append(_section(kind, count_calls(kind, customers), fast))
    return sections


def count_fast(kind: str, customers: int, path: FastPath) -> int:
    """The calls of a night with nothing changed, after one that was like it, where a fast path is on."""
    return _play(kind, customers, path, buys=False).changed_night


def count_calls(kind: str, customers: int) -> Counts:
    """Plays the nights of one PSA, each in a process of its own."""
    return _play(kind, customers, FastPath(""), buys=True)


def _play(kind: str, customers: int, path: FastPath, *, buys: bool) -> Counts:
    clock = ManualClock()
    world = seeded_world(len(FIRST_CUSTOMERS) + customers, now=clock.now, psa=kind)
    plain = world.accounts[len(FIRST_CUSTOMERS) :]
    store, queue, blobs = MemoryStore(), MemoryQueue(clock), MemoryBlobs()
    calls, changed = [], 0
    with ServedWorld(world) as served:
        read = read_text(served.configuration_yaml, known_skus(), "bench.yaml").configuration
        connections = tuple(replace(each, settings={**each.settings, **path.connection}) for each in read.connections)
        save_version(store, replace(read, connections=connections), "bench", clock.now())
        for number in range(3):
            changed = buy_seats(plain, CHANGED_ONE_IN) if number == 2 and buys else 0
            settings = Settings.from_environment({**served.settings, **path.app})
            process = assemble(settings, clock, store, queue, blobs, EnvironmentSecrets(served.settings))
            before = calls_so_far(world)
            play_night(process, clock, queue, [account.tenant.tenant_id for account in plain])
            calls.append(calls_so_far(world) - before)
            clock.advance(_A_DAY)
    own = {(account.books.kind, account.agreement.id) for account in plain}
    lines = sum(len(preview.lines) for preview in world.books[0].previews() if (preview.psa, preview.agreement_id) in own)
    return Counts(Size(len(own), lines), len(plain), calls[1], calls[2], changed)


def calls_so_far(world: World) -> int:
    """The requests that the world's first PSA has had."""
    return len(world.books[0].application(Request("GET", f"{PREFIX}requests")).json())


def buy_seats(accounts: Sequence[Account], one_in: int) -> int:
    """One of so many customers buys one seat of its main SKU; returns how many did."""
    buying = accounts[::one_in]
    for account in buying:
        tenant, sku = account.tenant, next(offer.sku for offer in OFFERS if offer.item_id == account.changes[0].item_id)
        tenant.set_seats(sku, tenant.subscription(sku).seats + 1)
    return len(buying)


def play_night(process: Context, clock: ManualClock, queue: MemoryQueue, tenants: Sequence[str]) -> None:
    """One run from start to notice; raises ``RuntimeError`` when a customer failed or the run does not end."""
    now = clock.now()
    run = start_run(process, f"daily-{run_stamp(now)}", RunKind.DAILY, now, tuple(tenants)).run
    while (due := queue.next_visible()) is not None:
        clock.move_to(max(due, clock.now()))
        if message := queue.receive():
            _STAGES[message.queue](process, Message.read(message.body))
            queue.delete(message)
    states = Counter(stored.value.state for stored in customers_of(process.store, run.run_id))
    if states.keys() != {CustomerState.DONE}:
        raise RuntimeError(f"Run {run.run_id} ended with {dict(states)}")


def _section(kind: str, counts: Counts, fast: Mapping[str, int]) -> Section:
    least = LEAST[kind]
    fewest = least.night(counts.size)
    figures = (
        Figure("calls of a night with nothing changed", counts.unchanged_night),
        Figure("the least that the API allows", fewest),
        Figure("for each customer", counts.unchanged_night / counts.customers, most=least.goal if counts.customers >= FEWEST else None),
        Figure("the least that the API allows, for each customer", fewest / counts.customers),
        Figure("for a changed customer, on top", counts.for_a_change),
        Figure("the least that the API allows, for a change", least.change),
        *(Figure(shown, calls / counts.customers) for shown, calls in fast.items()),
    )
    what = f"{counts.customers} customers, {counts.size.lines} lines, {counts.changed} of the customers changed in the last night."
    return Section(f"Calls to {SHOWN[kind]}", figures, (what, f"The least: {least.why}."))
