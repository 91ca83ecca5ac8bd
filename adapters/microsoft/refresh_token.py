"""The partner's refresh token: read from its secret, and its newest successor written back often enough that it never ages out.

A refresh token lives 90 days; each redemption gives a new one and leaves the old one valid (Microsoft identity platform,
"Refresh tokens"). So a lost write is harmless, and one write in a few days is enough.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sync_core.ports import Clock, Row, RowWrite, Secrets, Store, Write

TABLE = "signin"
ROW_KEY = "refresh-token"
WRITE_BACK_AFTER = timedelta(days=5)
"""Below a week, so that a daily run that fails once or twice still writes weekly."""
LOOK_AGAIN_AFTER = timedelta(hours=1)


class RefreshToken:
    """One partner's refresh token. Safe for threads. The time of the last write is a row, since secrets do not tell."""

    def __init__(self, secrets: Secrets, store: Store, clock: Clock, secret: str, tenant_id: str) -> None:
        """``secret`` is the secret's name; ``tenant_id`` the partner's, the partition of the row."""
        self._secrets = secrets
        self._store = store
        self._clock = clock
        self._secret = secret
        self._tenant_id = tenant_id
        self._look_again: datetime | None = None
        self._lock = threading.Lock()

    def current(self, fresh: bool = False) -> str:
        """The token, ``fresh`` from where it is kept if asked for; raises ``InvalidConfiguration`` when there is none."""
        return self._secrets.get(self._secret, fresh)

    def due(self) -> bool:
        """Whether the newest token has to be written back."""
        now = self._clock.now()
        with self._lock:
            if self._look_again is not None and now < self._look_again:
                return False
            self._look_again = now + LOOK_AGAIN_AFTER
        return self.old()

    def old(self) -> bool:
        """Whether the last write back is so long ago that the next one is due; asks the store."""
        row = self._store.get(TABLE, self._tenant_id, ROW_KEY)
        written = row.values.get("written") if row else None
        return not isinstance(written, datetime) or self._clock.now() - written >= WRITE_BACK_AFTER

    def write_back(self, redeemed: str, newest: str) -> None:
        """Stores the successor of ``redeemed``, unless a person has stored another token meanwhile.

        The secret comes first: whoever dies before the row has only to write once more. Two hosts at once store one of two
        successors, and both are good, as ``redeemed`` stays.
        """
        if self.current(fresh=True) == redeemed:
            self._secrets.put(self._secret, newest)
            row = Row(self._tenant_id, ROW_KEY, {"written": self._clock.now()})
            self._store.transact(TABLE, [RowWrite(Write.UPSERT, row)])
