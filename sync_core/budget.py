"""What all processes together may ask of one PSA: requests at once, requests a minute, and a pause that any of them can call.

The limits belong to the PSA connection and not to a process, so they are kept in one row per connection. A process does not
touch that row for each request: it takes a *block* of calls and slots, spends it from memory, and comes back when it is spent
or over. That is two storage operations for dozens of requests.

How the limits are kept
    Parallel: every block holds a lease on its slots that lasts until its last call must have ended. The slots of all
    unexpired leases never exceed the limit; those of a process that crashed are free again when its lease ends.

    Rate: time is cut into slices of a third of the limit's span. A span of any position touches four slices at most, so each
    slice may spend a quarter of the calls. A block ends with its slice.

    A block gets at most half of what is left of both, so that the next process finds some too.

    Giving back: where a PSA takes few requests at once, a process that is idle would keep the others out until its lease ends. There
    (``gives_back``) it gives its slots and the calls that it did not make back as soon as none of its requests is under way.

    Pause: when the PSA throttles anybody, a not-before time is set in the row and no new block starts before it. Another
    process that still holds a block learns of it with its next one, one slice later at most.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sync_core.errors import Conflict, RetryLater, SyncError, Throttled
from sync_core.ports import Clock, Store
from sync_core.rows import insert_or_replace, read, safe_key, to_row

TABLE = "budget"
SLICES = 3
MOST_CONFLICTS = 50
LOOK_AGAIN = 1.0
"""Seconds after which who waits for slots looks again, where they are given back."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Limits:
    """The PSA's limits for the whole app: ``calls`` in any span of ``seconds``, ``parallel`` at once; ``longest_call`` bounds one, in seconds."""

    parallel: int = 8
    calls: int = 800
    seconds: float = 60.0
    longest_call: float = 60.0
    block: int = 50
    """The calls a process takes at once."""
    gives_back: bool = False
    """Whether slots are given back between calls: two storage operations more for each, and nobody waits for who is idle."""

    def __post_init__(self) -> None:
        if self.parallel < 1 or self.calls < SLICES + 1:
            raise ValueError(f"A budget needs at least 1 request at once and {SLICES + 1} calls")

    @property
    def slice_seconds(self) -> float:
        """How long a slice of time is."""
        return self.seconds / SLICES

    @property
    def slice_calls(self) -> int:
        """How many calls all processes may make in a slice."""
        return self.calls // (SLICES + 1)


@dataclass(frozen=True)
class Lease:
    """The slots of one process, until ``ends`` (UTC)."""

    holder: str
    slots: int
    ends: datetime


@dataclass(frozen=True)
class Ledger:
    """What the row holds: the calls taken in a numbered slice, the slots by process, and the pause (UTC)."""

    not_before: datetime = LONG_AGO
    slice: int = 0
    taken: int = 0
    leases: tuple[Lease, ...] = ()


@dataclass(frozen=True)
class Block:
    """What a process may spend: ``calls`` until ``ends`` (UTC), ``slots`` at once."""

    slots: int = 0
    calls: int = 0
    ends: datetime = LONG_AGO


@dataclass(frozen=True)
class Grant:
    """The answer to a process that asks for a block: the ledger with it and the block, or the seconds to ``wait``."""

    ledger: Ledger
    block: Block = Block()
    wait: float = 0.0


def grant(ledger: Ledger, now: datetime, holder: str, in_use: int, limits: Limits) -> Grant:
    """Gives ``holder``, which has ``in_use`` requests under way, a new block in place of its old one, if there is one to give. Pure."""
    if ledger.not_before > now:
        return Grant(ledger, wait=_seconds(ledger.not_before - now))
    number = max(int(now.timestamp() // limits.slice_seconds), ledger.slice)
    slice_ends = datetime.fromtimestamp((number + 1) * limits.slice_seconds, UTC)
    taken = ledger.taken if number == ledger.slice else 0
    others = tuple(lease for lease in ledger.leases if lease.ends > now and lease.holder != holder)
    free = limits.parallel - sum(lease.slots for lease in others)
    slots = max((free + 1) // 2, in_use)
    calls = min(limits.block, (limits.slice_calls - taken + 1) // 2)
    if calls < 1:
        return Grant(ledger, wait=_seconds(slice_ends - now))
    if slots < 1:
        return Grant(ledger, wait=LOOK_AGAIN if limits.gives_back else _seconds(min(lease.ends for lease in others) - now))
    lease = Lease(holder, slots, slice_ends + timedelta(seconds=limits.longest_call))
    return Grant(Ledger(ledger.not_before, number, taken + calls, (*others, lease)), Block(slots, calls, slice_ends))


def given_back(ledger: Ledger, holder: str, block: Block, limits: Limits) -> Ledger:
    """The ledger without ``holder``'s slots, and with the calls that it took in this slice and did not make. Pure."""
    of_this_slice = block.ends == datetime.fromtimestamp((ledger.slice + 1) * limits.slice_seconds, UTC)
    taken = ledger.taken - block.calls if of_this_slice else ledger.taken
    return replace(ledger, taken=taken, leases=tuple(lease for lease in ledger.leases if lease.holder != holder))


class Budget:
    """One process's part in the budget of a PSA connection; shared by its threads.

    Args:
        patience: seconds a caller is kept waiting for room; where more are needed it gets ``Throttled`` with the time to wait.
        holder: names this process in the row; random by default.
        sleep: waits for a slice or a pause to end; the clock's own by default.
    """

    def __init__(
        self,
        store: Store,
        connection: str,
        limits: Limits,
        clock: Clock,
        *,
        patience: float = 5.0,
        holder: str = "",
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._store = store
        self._key = safe_key(connection)
        self._limits = limits
        self._clock = clock
        self._patience = patience
        self._holder = holder or uuid.uuid4().hex
        self._sleep = sleep or clock.sleep
        self._changed = threading.Condition()
        self._block = Block()
        self._in_use = 0
        self._waiting = threading.local()

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Within it this thread waits for a whole slice, if need be, before each call: for a long reading that would have to begin anew."""
        before = self._waits_for()
        self._waiting.patience = max(self._patience, self._limits.slice_seconds + LOOK_AGAIN)
        try:
            yield
        finally:
            self._waiting.patience = before

    @contextmanager
    def call(self) -> Iterator[None]:
        """Held while one request is under way.

        Raises:
            Throttled: there is no room within the patience; ``delay`` says when there may be.
        """
        self._enter()
        try:
            yield
        finally:
            with self._changed:
                self._in_use -= 1
                if self._limits.gives_back and not self._in_use:
                    self._give_back()
                self._changed.notify()

    def give_back(self) -> None:
        """Lets go the slots, and the calls that were not made, once no request is under way: nobody waits for a process that ends."""
        with self._changed:
            if self._block != Block() and not self._in_use:
                self._give_back()

    def throttled(self, seconds: float) -> None:
        """The PSA asked for a pause: nobody starts a new block for so long, and this process's own block is given up."""
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._changed:
            self._block = replace(self._block, calls=0)
            self._update(lambda ledger: Grant(replace(ledger, not_before=max(ledger.not_before, until))))

    def _waits_for(self) -> float:
        """The seconds for which this thread waits for room."""
        return float(getattr(self._waiting, "patience", self._patience))

    def _enter(self) -> None:
        patience = self._waits_for()
        give_up = self._clock.monotonic() + patience
        while True:
            with self._changed:
                wait = self._spend(give_up)
            if not wait:
                return
            if self._clock.monotonic() + wait > give_up:
                raise self._no_room(max(wait, patience) if self._limits.gives_back else wait)
            self._sleep(wait)

    def _spend(self, give_up: float) -> float:
        """Takes one call and one slot; returns 0, or the seconds to wait before the next try."""
        while True:
            if self._block.calls < 1 or self._block.ends <= self._clock.now():
                granted = self._update(lambda ledger: grant(ledger, self._clock.now(), self._holder, self._in_use, self._limits))
                if granted.wait:
                    return granted.wait
                self._block = granted.block
            if self._in_use < self._block.slots:
                self._block = Block(self._block.slots, self._block.calls - 1, self._block.ends)
                self._in_use += 1
                return 0.0
            if not self._changed.wait(max(give_up - self._clock.monotonic(), 0.0)):
                raise self._no_room(1.0)

    def _update(self, change: Callable[[Ledger], Grant]) -> Grant:
        """Reads the row, changes it, and writes it if nobody else did meanwhile; a ledger that stays as it is, is not written."""
        for _ in range(MOST_CONFLICTS):
            stored = read(self._store, TABLE, self._key, "ledger", Ledger)
            ledger = stored.value if stored else Ledger()
            granted = change(ledger)
            if granted.ledger == ledger:
                return granted
            etag = stored.row.etag if stored else ""
            try:
                self._store.transact(TABLE, [insert_or_replace(to_row(self._key, "ledger", granted.ledger, etag))])
            except Conflict:
                continue
            return granted
        raise RetryLater("The budget row is too busy", delay=5.0, code="budget-busy")

    def _give_back(self) -> None:
        """Never fails what the slot was for: one that cannot be given back is free again when its lease ends."""
        block, self._block = self._block, Block()
        with suppress(SyncError):
            self._update(lambda ledger: Grant(given_back(ledger, self._holder, block, self._limits)))

    def _no_room(self, wait: float) -> Throttled:
        return Throttled("All requests that the PSA takes at present are in use", delay=wait, code="budget-spent")


def _seconds(span: timedelta) -> float:
    return max(span.total_seconds(), 0.001)
