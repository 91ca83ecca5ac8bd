"""What was read of a contract together with its head, for whoever asks for its lines next. Kept for a minute, and given once.

The rows that say what is invoiced are the rows of its lines, so only its services are still to be read. Who asks again wants to know
anew, and what is written is forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date

from adapters.psa.autotask.books import Account
from sync_core.ports import Clock

FRESH_SECONDS = 60.0
"""How long after its head a contract's lines may be asked for."""


class ReadByHead:
    """The accounts that came with heads. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[Account, float]] = {}
        self._lock = threading.Lock()

    def keep(self, accounts: Iterable[Account]) -> None:
        """Accounts that were just read, in place of older ones."""
        with self._lock:
            now = self._clock.monotonic()
            self._kept = {each: kept for each, kept in self._kept.items() if kept[1] >= now}
            self._kept.update({account.agreement_id: (account, now + FRESH_SECONDS) for account in accounts})

    def forget(self, agreement_id: str) -> None:
        """A contract that is written, and is to be read anew."""
        with self._lock:
            self._kept.pop(agreement_id, None)

    def take(self, agreement_id: str, on: date) -> Account | None:
        """What was read with the head, if it is whole on this day."""
        with self._lock:
            account, until = self._kept.pop(agreement_id, (None, 0.0))
            usable = account is not None and until >= self._clock.monotonic() and account.first <= on <= account.last
            return account if usable else None
