"""Nights that deserve an alert, each exactly one, and what they logged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.memory.psa import Mishap
from sync_core.errors import Rejected, SkipCustomer, StopRun, SyncError, Throttled
from sync_core.model.configuration import GuardRails
from sync_core.pipeline.watch_access import watch_access
from tests.infra.log_rows import Rows, rows_of
from tests.pipeline.logbook import logbook
from tests.pipeline.night import Night, tenant

MANY = 12
"""So many customers that one of them that fails is less than a tenth."""


@dataclass(frozen=True)
class Played:
    """What was logged, and when the night was over (UTC)."""

    night: Night
    rows: Rows
    now: datetime


def played(play: Callable[[Night], object], customers: int = MANY) -> Played:
    """Collects what is logged while ``play`` happens to a night."""
    night = Night(customers=customers)
    with logbook(night.clock) as book:
        play(night)
    return Played(night, rows_of(book.lines), night.clock.now())


def good(night: Night) -> None:
    """Two days: lines grow, and a message that nobody can be blamed for waits."""
    night.run()
    night.next_day()
    night.microsoft.errors[tenant(1)] = [Throttled("Slow down", delay=40)]
    night.run()
    night.microsoft.credential_end = night.clock.now() + timedelta(days=40)  # told, and nobody is woken for it
    watch_access(night.context)


def forgotten(night: Night) -> None:
    """The timer does not fire any more."""
    night.run()
    night.clock.advance(27 * 3600)


def poisoned(night: Night) -> None:
    """A stage fails in a way that it does not foresee, however often it is tried."""
    night.microsoft.always[tenant(1)] = SyncError("Nobody knows")
    night.run()


def implausible(night: Night) -> None:
    """All customers change at once."""
    night.configure(*night.configuration.customers, rails=GuardRails(run_customers_share=Decimal("0.3"), run_customers=5))
    night.run()


def unsent(night: Night) -> None:
    """The mail server refuses the mail."""
    night.mail.errors = [Rejected("No such mailbox")]
    night.run()


def failing(night: Night) -> None:
    """Two of twelve customers cannot be read, and the one before could."""
    night.run()
    night.next_day()
    for number in (1, 2):
        night.microsoft.always[tenant(number)] = SkipCustomer("No consent", code="consent-missing")
    night.run()


def revoked(night: Night) -> None:
    """A good night, and the stored sign-in is revoked after it."""
    night.run()
    night.microsoft.unrenewed = StopRun("The partner's stored sign-in is no longer valid", code="sign-in-expired")
    watch_access(night.context)


def faulty(night: Night) -> None:
    """A bit of everything, for charts."""
    night.run()
    night.next_day()
    for number in range(1, MANY + 1):
        night.buy(14, number)
    night.microsoft.always[tenant(1)] = SkipCustomer("No consent", code="consent-missing")
    night.microsoft.errors[tenant(2)] = [Throttled("Slow down", delay=40)]
    for mishap in (Mishap.LOSE_ANSWER, Mishap.REJECT, Mishap.THROTTLE):
        night.psa.fail_next_write(mishap)
    night.run()


DESERVED: Mapping[str, Callable[[Night], None]] = {
    "no-run-finished": forgotten,
    "poison-message": poisoned,
    "run-held": implausible,
    "notice-failed": unsent,
    "failed-customers": failing,
    "access-at-risk": revoked,
}
"""The night for each alert."""
