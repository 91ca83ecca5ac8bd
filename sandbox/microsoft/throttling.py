"""Graph's budget of resource units per app and tenant: identity and access resources refill within ten seconds.

Numbers follow Microsoft Learn, "Microsoft Graph service-specific throttling limits"; Microsoft may change them any day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

WINDOW_SECONDS = 10
SMALL, MEDIUM, LARGE = 3500, 5000, 8000


@dataclass
class _Bucket:
    level: float
    filled: datetime


@dataclass
class Throttling:
    """A token bucket per app and tenant. Off unless ``enabled``; ``units`` replaces the budget that the tenant's size gives."""

    enabled: bool = False
    units: int | None = None
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def take(self, app_id: str, tenant_id: str, users: int, cost: int, now: datetime) -> tuple[float, int]:
        """Takes ``cost`` units; returns the share of the budget in use and the seconds to wait, 0 when the units were there."""
        if not self.enabled:
            return 0.0, 0
        budget = self.units or (SMALL if users < 50 else MEDIUM if users <= 500 else LARGE)
        bucket = self._buckets.setdefault((app_id, tenant_id), _Bucket(budget, now))
        rate = budget / WINDOW_SECONDS
        bucket.level = min(budget, bucket.level + rate * (now - bucket.filled).total_seconds())
        bucket.filled = now
        if bucket.level < cost:
            return 1.0 + cost / budget, max(1, math.ceil((cost - bucket.level) / rate))
        bucket.level -= cost
        return 1 - bucket.level / budget, 0
