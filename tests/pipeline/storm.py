"""A night in which everything happens at once, by seed: several workers between whose calls others go on, messages twice and in
any order, lost answers, late commits, slow and killed workers, a resync in between. The same seed is the same night."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random

from sandbox.memory.psa import Mishap
from sandbox.memory.queue import Message
from sync_core.errors import SyncError
from sync_core.pipeline.context import Context
from sync_core.pipeline.resync import resync
from sync_core.pipeline.runs import open_runs
from sync_core.pipeline.sweep import sweep
from sync_core.schedule import next_slot
from tests.pipeline.baton import Worker, pause
from tests.pipeline.faults import Killed, TappedAdapters, tapped
from tests.pipeline.night import Night, tenant
from tests.pipeline.scenes import SCENES, Scene

Mutation = Callable[[Context], Context]
"""Takes a safeguard away, to see that the storm notices."""

_WORKERS = 3
_MISHAPS = (Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.COMMIT_LATE, Mishap.THROTTLE)
_PAUSES = (3, 12, 45, 200)
"""Seconds for which a worker may be slow."""


class Storm:
    """One seed's night. ``trace`` tells what happened, in order."""

    def __init__(self, seed: int, mutation: Mutation = lambda context: context, scenes: Mapping[str, Scene] = SCENES) -> None:
        self.chance = Random(seed)
        self.scene = scenes[self.chance.choice(sorted(scenes))]
        self.night = self.scene.ready(chance=Random(seed), duplicates=self.chance.choice((0.0, 0.1, 0.5)))
        self.trace: list[str] = []
        self._mutation = mutation
        self._workers: list[tuple[Worker, Message | None]] = []
        self._deaths = self.chance.randrange(2)
        self._late_until = self.night.clock.now()
        self._next_sweep = next_slot(self.night.settings.sweep_schedule, self.night.clock.now())
        for _ in range(self.chance.randrange(3)):
            self.night.psa.fail_next_write(self.chance.choice(_MISHAPS))

    def play(self, most: int = 100_000) -> Night:
        """Lets the night happen until nothing is left to do."""
        self.scene.begin(self.night)
        if self.chance.random() < 0.3:
            self._add(lambda: resync(self._host(), tenant(1)), None)
        for _ in range(most):
            if not self._go_on():
                return self.night
        raise AssertionError("the night never ended")

    def _go_on(self) -> bool:
        message = self.night.queue.receive() if len(self._workers) < _WORKERS and self.chance.random() < 0.2 else None
        if message:
            self._add(lambda: self._deliver(message), message)
        elif self._workers:
            if self.chance.random() < 0.01:
                self._pass_time(self.chance.choice(_PAUSES))
            self._turn(*self.chance.choice(self._workers))
        else:
            return self._wait()
        return True

    def _deliver(self, message: Message) -> None:
        night = Night.__new__(Night)  # another host over the same storage
        night.__dict__.update(self.night.__dict__, context=self._host())
        night.deliver(message)

    def _host(self) -> Context:
        night, tap = self.night, self._tap
        store, queue, blobs = tapped(night.store, "store", tap), tapped(night.queue, "queue", tap), tapped(night.blobs, "blobs", tap)
        return self._mutation(Context(night.settings, night.clock, store, queue, blobs, TappedAdapters(night.adapters, tap)))

    def _tap(self, call: str, done: bool) -> None:
        if not done:
            pause()
            self.trace.append(f"{self.night.clock.now():%H:%M:%S} {call}")
        if done and call == "psa.execute" and self.night.psa.late:
            self._late_until = self.night.clock.now() + timedelta(seconds=self.chance.uniform(0, self.night.psa.settle_seconds))
        if done and self._deaths and self.chance.random() < 0.01:
            self._deaths -= 1
            raise Killed(call)

    def _add(self, work: Callable[[], object], message: Message | None) -> None:
        self._workers.append((Worker(work), message))

    def _turn(self, worker: Worker, message: Message | None) -> None:
        worker.turn()
        if not worker.done:
            return
        self._workers.remove((worker, message))
        if isinstance(worker.error, Killed):
            self.trace.append("killed")
        elif isinstance(worker.error, SyncError):
            if message:
                self.night.queue.put_back(message, 30)
        elif worker.error:
            raise worker.error
        elif message:
            self.night.queue.delete(message)

    def _wait(self) -> bool:
        """On to the next message or sweep; ``False`` when there is nothing to wait for."""
        due = self.night.queue.next_visible()
        if due is None and not open_runs(self.night.store) and not self.night.psa.late:
            return False
        self._pass_time((min(due or self._next_sweep, self._next_sweep) - self.night.clock.now()).total_seconds())
        return True

    def _pass_time(self, seconds: float) -> None:
        until = self.night.clock.now() + timedelta(seconds=max(seconds, 0))
        if self.night.psa.late and self._late_until <= until:
            self.trace.append("a late write is done")
            self.night.psa.commit_late_writes()
        if self._next_sweep <= until:
            self._next_sweep = next_slot(self.night.settings.sweep_schedule, until)
            self._add(lambda: sweep(self._host()), None)
        self.night.clock.move_to(until)
