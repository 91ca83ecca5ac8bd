"""What a run is about to ask for, read together before it asks. Keeps nothing longer than minutes, and gives nothing twice.

``expect`` names the contracts that a run is about to go through. The first one whose lines are asked for brings those of up to 500
others of the same day along. What was read ahead is given out once: who asks again wants to know anew. What is read by id takes its
place, and what is written is forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from adapters.psa.autotask.books import Account
from adapters.psa.autotask.client import MOST_VALUES
from sync_core.errors import RetryLater
from sync_core.model.agreements import Agreement
from sync_core.ports import Clock

FRESH_SECONDS = 1200.0
"""How long what was read ahead may be planned with. What is written is read anew right before."""
FRESH_BY_ID_SECONDS = 60.0
"""How long after its head an account read by id may be asked for."""
ALONE = 5
"""After so many contracts read one by one in that time a run is under way, and another process has read the heads."""


FEWEST = 25
"""A reading that takes more calls than there is room for is tried again with half as many contracts, down to these."""


@dataclass(frozen=True)
class _Kept:
    account: Account
    until: float


class Ahead:
    """The accounts that were read ahead. Safe to share between threads.

    Args:
        load: reads the accounts of some contracts for one day, in bulk.
        heads: reads the heads of all contracts that bill.
    """

    def __init__(self, clock: Clock, load: Callable[[list[str], date], list[Account]], heads: Callable[[], Iterable[Agreement]]) -> None:
        self._clock = clock
        self._load = load
        self._heads = heads
        self._kept: dict[str, _Kept] = {}
        self._expected: dict[str, Agreement] = {}
        self._expected_until = 0.0
        self._alone: list[float] = []
        self._most = MOST_VALUES
        self._lock = threading.Lock()

    def expect(self, heads: Iterable[Agreement]) -> None:
        """The contracts that will be asked for; what was read of any before is forgotten."""
        with self._lock:
            self._kept.clear()
            self._expect(heads)

    def by_id(self, accounts: Iterable[Account]) -> None:
        """Accounts that were just read for themselves, in place of what was read ahead."""
        with self._lock:
            until = self._clock.monotonic() + FRESH_BY_ID_SECONDS
            for account in accounts:
                self._expected.pop(account.agreement_id, None)
                self._kept[account.agreement_id] = _Kept(account, until)

    def forget(self, agreement_id: str) -> None:
        """A contract that is written, and is to be read anew."""
        with self._lock:
            self._kept.pop(agreement_id, None)
            self._expected.pop(agreement_id, None)

    def take(self, agreement: Agreement, on: date, today: date) -> Account | None:
        """What was read ahead of a contract for this day, or is now read together with others; ``None`` when it is to be read alone.

        Raises what reading raises.
        """
        with self._lock:
            if self._is_run(agreement.agreement_id):
                self._expect(self._heads())
            if account := self._taken(agreement.agreement_id, on):
                return account
            if self._clock.monotonic() > self._expected_until or agreement.agreement_id not in self._expected:
                return None
            self._read(agreement, on, today)
            return self._taken(agreement.agreement_id, on)

    def _read(self, agreement: Agreement, on: date, today: date) -> None:
        """Reads the contract and others that will be asked for with the same day."""
        business = on if on > _opens(agreement, date.min) else min(today, on)
        same_day = (each for each in self._expected.values() if _opens(each, business) == on and each.agreement_id != agreement.agreement_id)
        chosen = [agreement.agreement_id, *(each.agreement_id for each in same_day)][: self._most]
        until = self._clock.monotonic() + FRESH_SECONDS
        try:
            accounts = self._load(chosen, on)
        except RetryLater:
            self._most = max(self._most // 2, FEWEST)
            raise
        for account in accounts:
            self._kept[account.agreement_id] = _Kept(account, until)
            self._expected.pop(account.agreement_id, None)

    def _taken(self, agreement_id: str, on: date) -> Account | None:
        kept = self._kept.pop(agreement_id, None)
        usable = kept is not None and kept.until >= self._clock.monotonic() and kept.account.first <= on <= kept.account.last
        return kept.account if kept and usable else None

    def _expect(self, heads: Iterable[Agreement]) -> None:
        self._alone.clear()
        self._expected = {head.agreement_id: head for head in heads}
        self._expected_until = self._clock.monotonic() + FRESH_SECONDS

    def _is_run(self, agreement_id: str) -> bool:
        """Counts a contract that nobody announced; whether it is one of so many that others will follow."""
        if agreement_id in self._kept or agreement_id in self._expected:
            return False
        now = self._clock.monotonic()
        self._alone = [*(at for at in self._alone if at > now - FRESH_SECONDS), now]
        return len(self._alone) > ALONE


def _opens(head: Agreement, business: date) -> date:
    """The day that the lines of a contract are asked for on a business date: the first that is not invoiced."""
    return max(business, head.start, head.next_invoice or business)
