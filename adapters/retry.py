"""Whether and when a read is sent again. Pure: nothing here sleeps or asks the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

REQUEST_TIMEOUT = 408
RETRIED_STATUSES = frozenset({REQUEST_TIMEOUT, 429, 502, 503, 504})
LONGEST_ASKED = 3600.0


@dataclass(frozen=True)
class Policy:
    """How patient one call is. ``longest_wait`` is the most it sleeps at once; a longer wait belongs to the caller's queue. All in seconds."""

    tries: int = 4
    first_wait: float = 0.5
    longest_wait: float = 5.0


@dataclass(frozen=True)
class Failure:
    """A try that failed: its status, or ``None`` when there was no answer, and the wait the vendor asked for in seconds."""

    status: int | None = None
    asked: float | None = None


def wait_before_retry(failure: Failure, attempt: int, seconds_left: float, jitter: float, policy: Policy) -> float | None:
    """Seconds to wait before try ``attempt + 1``, or ``None`` when this call gives up.

    ``attempt`` counts from 1; ``jitter`` is a random number in [0, 1). What the vendor asked for is never shortened; our own
    waits double each time and are spread over half of their length, so that parallel callers do not come back together.
    """
    if failure.status is not None and failure.status not in RETRIED_STATUSES:
        return None
    if attempt >= policy.tries:
        return None
    own = min(policy.first_wait * 2 ** (attempt - 1), policy.longest_wait) * (0.5 + jitter / 2)
    wait = own if failure.asked is None else failure.asked + own * 0.2
    patience = policy.longest_wait * 1.2
    return wait if wait <= patience and wait < seconds_left else None


def asked_wait(retry_after: str | None, now: datetime) -> float | None:
    """The seconds a ``Retry-After`` header asks for (RFC 9110: whole seconds or an HTTP date; fractions are seen too), or ``None``.

    Never negative, and capped at an hour: a mistaken date must not stop us for days.
    """
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = _seconds_until(retry_after, now)
    return min(max(seconds, 0.0), LONGEST_ASKED) if seconds == seconds else None


def _seconds_until(text: str, now: datetime) -> float:
    """Seconds from ``now`` to an HTTP date; not a number when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return float("nan")
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
