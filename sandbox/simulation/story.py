"""The story of one seed: several processes of the app, people and trouble, all at the same time; see ``phases`` for how it goes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from adapters.http import carried_by
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue, Message
from sandbox.memory.secrets import MemorySecrets
from sandbox.simulation.abilities import abilities
from sandbox.simulation.auditor import Auditor, Violation
from sandbox.simulation.calls import Calls, Killed
from sandbox.simulation.hosts import AnySite, Host, World
from sandbox.simulation.setups import BEGINS, Setup, made, tenant
from sandbox.simulation.sites.memory import MemorySite
from sandbox.simulation.surroundings import Licences, Mailbox
from sandbox.simulation.troubles import Rates
from sandbox.simulation.wire import Fates, Wire
from sandbox.simulation.workers import Worker
from sync_core.errors import SyncError
from sync_core.pipeline import apply_plan, messages, send_notices, sync_customer
from sync_core.pipeline.context import Context
from sync_core.pipeline.poison import poison
from sync_core.pipeline.runs import open_runs
from sync_core.pipeline.sweep import sweep
from sync_core.schedule import next_slot
from sync_core.settings import Settings

STAGES: dict[str, Callable[[Context, messages.Message], None]] = {
    messages.SYNC_CUSTOMER: sync_customer.sync_customer,
    messages.APPLY_PLAN: apply_plan.apply_plan,
    messages.SEND_NOTICES: send_notices.send_notices,
}
SETTINGS = Settings.from_environment({"SYNC_INSTALLATION": "test1"})
_MOST_TRIES = 5
_MOST_WORKERS = 3
_MOST_TURNS = 60_000
_TICK = 0.001
"""The clock counts microseconds: what is due at a time is due a tick later without doubt."""
_PERSON = 0.02
"""How likely somebody does something between two calls, as long as there is something to be done."""
_COUNTS_CALLS = 0.1
"""How many stories have processes that count their calls together."""
_SECONDS = (1.0, 3.0, 12.0, 45.0)

Mutation = Callable[[Context], Context]


@dataclass(frozen=True)
class Bent:
    """A story that is not left to its seed: with a safeguard taken away, or with rates of its own."""

    mutated: Mutation = lambda context: context
    """What becomes of every process's context."""
    sweeps: bool = True
    rates: Rates | None = None
    days: int = 0
    """How long the first phase is, where that is not left to the seed."""


@dataclass
class Task:
    """Something that a process is at: a message, a timer, or what a person asked for."""

    worker: Worker
    host: Host
    message: Message | None = None


class Story:
    """One seed at one PSA. The same seed is the same story, in every process."""

    def __init__(self, site: AnySite, seed: int, bent: Bent | None = None, trace: list[str] | None = None) -> None:
        bent = bent or Bent()
        self.site, self.seed = site, seed
        self.chance = Random(seed)
        random.seed(seed)  # the HTTP client spreads its waits with it
        self.setup = Setup.drawn(self.chance, abilities(site))
        self.rates = bent.rates or Rates.drawn(self.chance)
        self.days = bent.days or self.chance.choice((*[1] * 14, 2, 3))
        self.clock = ManualClock(BEGINS)
        self.calls = Calls(self.clock, self.chance, self.rates, trace)
        self.calls.alone = self._is_alone
        self._bent = bent
        self._prepare()
        self.act: Callable[[], None] = lambda: None
        """Somebody does something."""
        self.tasks: list[Task] = []
        self._late: list[tuple[float, Callable[[], object]]] = []
        self._next_sweep = next_slot(SETTINGS.sweep_schedule, self.clock.now())
        self._deeds = 0
        self._hosts: list[Host] = []
        self._made_hosts = 0

    def _prepare(self) -> None:
        world = made(self.site, self.setup)
        self.places = world.places
        self.site.restore(world.books, self.clock)
        self.store = world.tables.copied()
        self.queue = MemoryQueue(self.clock, self.chance, self.rates.duplicate)
        first = 10 if self.setup.adopts else 0
        units = {tenant(number): [first + self.chance.choice((0, 1, 2, 2)) for _ in range(self.setup.skus)] for number in range(self.setup.customers)}
        self.licences = Licences(self.clock, self.chance, self.rates, self.calls.told, units)
        self.mailbox = Mailbox(self.chance, self.rates, self.calls.told)
        self.auditor = Auditor(self.site, self.places, {tenant(number): self.setup.mode for number in range(self.setup.customers)})
        secrets, blobs = MemorySecrets(self.site.secrets), MemoryBlobs()
        fates = Fates(self.calls, self.chance, self.later, self.site.settle_seconds)
        ports = (self.store, self.queue, blobs, secrets, self.licences, self.mailbox)
        counts_calls = self.chance.random() < _COUNTS_CALLS
        self.world = World(self.site, SETTINGS, self.clock, self.calls, *ports, self.auditor, fates, counts_calls)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Held while it is played: calls to the PSA go to its simulator, and what is left at the end is dropped."""
        try:
            with self._carried():
                yield
        finally:
            for task in self.tasks:
                task.worker.drop()

    def _carried(self) -> AbstractContextManager[None]:
        site = self.site
        if isinstance(site, MemorySite):
            return nullcontext()
        return carried_by(Wire(site, self.calls, self.world.fates, lambda request: self.auditor.writing(site, self._host(), request)))

    def expect(self, deeds: int) -> None:
        """So many things people will do from here on."""
        self._deeds = deeds

    def work(self) -> None:
        """Lets everything happen until nothing is left to do."""
        for _ in range(_MOST_TURNS):
            if self._go_on():
                continue
            self.auditor.check_books()
            if not self._deeds:
                return
            self._somebody_acts()  # between two nights
        raise Violation("I7: the night never ended")

    def next_day(self) -> None:
        """On to the time of the next daily run."""
        day = self.clock.now().date() + timedelta(days=1)
        self.pass_time((BEGINS.replace(year=day.year, month=day.month, day=day.day) - self.clock.now()).total_seconds())

    def add(self, name: str, work: Callable[[Context], object], message: Message | None = None, is_desk: bool = False) -> None:
        """Something more that happens at the same time, in a process of its own or one that is free."""
        host = self._free_host(is_desk)
        host.begins(applying=message is not None and message.queue == messages.APPLY_PLAN)
        self.tasks.append(Task(Worker(f"{host.name} {name}", lambda: work(host.context)), host, message))

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Lets a write be carried out after some seconds."""
        self._late.append((self.clock.monotonic() + seconds, action))

    def may_edit(self) -> bool:
        """Whether no process is between its last look and its write, and no write is on its way."""
        return not self._late and not any(task.host.looked or task.host.executing for task in self.tasks)

    def calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self.calls.rates = self.licences.rates = self.mailbox.rates = self.rates = Rates()
        self.queue.stop_duplicates()

    def _go_on(self) -> bool:
        now = self.clock.monotonic()
        ready = [task for task in self.tasks if task.worker.wakes <= now]
        if self._deeds and self.chance.random() < _PERSON:
            self._somebody_acts()
        elif len(self.tasks) < _MOST_WORKERS and self.chance.random() < 0.3 and (message := self.queue.receive()):
            self.add(message.queue, partial(self._deliver, message), message)
        elif ready:
            if self.rates.slow and self.chance.random() < self.rates.slow:
                self.pass_time(self.chance.choice(_SECONDS))
            self._turn(self.chance.choice(ready))
        else:
            return self._wait()
        return True

    def _is_alone(self) -> bool:
        if len(self.tasks) > 1 or self._deeds or self.rates.slow:
            return False
        due = self.queue.next_visible()
        return due is None or due > self.clock.now()

    def _somebody_acts(self) -> None:
        self._deeds -= 1
        self.act()

    def _deliver(self, message: Message, context: Context) -> None:
        if message.dequeue_count > _MOST_TRIES:
            self.calls.told("poison")
            poison(context, message.queue, message.body)
        else:
            STAGES[message.queue](context, messages.Message.read(message.body))

    def _turn(self, task: Task) -> None:
        self.calls.worker = task.worker
        task.worker.turn()
        self.calls.worker = None
        if task.worker.done:
            self.tasks.remove(task)
            task.host.ended()
            self._ended(task)

    def _ended(self, task: Task) -> None:
        error, message = task.worker.error, task.message
        if isinstance(error, Killed):  # its message comes back when its lease is over
            self._hosts.remove(task.host)
            return
        if isinstance(error, SyncError):
            self.calls.told(f"fails: {error.code}", task.worker.name)
            if message:
                self.queue.put_back(message, 30)
        elif error:
            raise error
        elif message:
            self.queue.delete(message)

    def _wait(self) -> bool:
        """On to whatever comes next; ``False`` when there is nothing to wait for."""
        now = self.clock.monotonic()
        times = [task.worker.wakes for task in self.tasks] + [due for due, _ in self._late]
        if (visible := self.queue.next_visible()) is not None and len(self.tasks) < _MOST_WORKERS:
            times.append(now + (visible - self.clock.now()).total_seconds())
        if self._bent.sweeps and open_runs(self.store):
            times.append(now + (self._next_sweep - self.clock.now()).total_seconds())
        if not times:
            return False
        self.pass_time(max(min(times) - now, 0.0) + _TICK)
        return True

    def pass_time(self, seconds: float) -> None:
        """Moves the clock on; late writes and the sweep happen at their times."""
        until = self.clock.monotonic() + seconds
        while self._late and (due := min(self._late, key=lambda each: each[0]))[0] <= until:
            self._late.remove(due)
            self.clock.advance(max(due[0] - self.clock.monotonic(), 0.0))
            self.calls.told("a late write is carried out")
            due[1]()
        self.clock.advance(max(until - self.clock.monotonic(), 0.0))
        if self._next_sweep <= self.clock.now():
            self._next_sweep = next_slot(SETTINGS.sweep_schedule, self.clock.now())
            if self._bent.sweeps and open_runs(self.store):
                self.add("sweep", sweep)

    def _free_host(self, is_desk: bool) -> Host:
        """A process that has nothing to do, or another one."""
        free = next((host for host in self._hosts if not host.busy and host.is_desk is is_desk), None)
        if free is None:
            self._made_hosts += 1
            free = Host(self.world, f"{'desk' if is_desk else 'host'} {self._made_hosts}", is_desk)
            free.context = self._bent.mutated(free.context)
            self._hosts.append(free)
        return free

    def _host(self) -> Host | None:
        return next((task.host for task in self.tasks if task.worker is self.calls.worker), None)
