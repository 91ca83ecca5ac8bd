"""What a run came to, for everybody who tells people: the e-mail, the terminal, HTTP and the JSON report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sync_core.model.access import AccessFinding
from sync_core.model.notices import Finding, NoticeKind
from sync_core.model.plans import Change
from sync_core.model.runs import CustomerRun, CustomerState, Run


@dataclass(frozen=True)
class CustomerReport:
    """One customer of the run with its plan's changes."""

    customer: CustomerRun
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class RunReport:
    """A run with all its customers. ``unread`` are those that were read once and not for too long since, with the last good day (UTC)."""

    run: Run
    customers: tuple[CustomerReport, ...]
    unread: tuple[tuple[str, date], ...] = ()
    new: tuple[str, ...] = ()
    """Customers with an active relationship that are not configured, by name."""
    gone: tuple[str, ...] = ()
    """Configured customers without an active relationship, by name."""
    access: tuple[tuple[str, AccessFinding], ...] = ()
    """What the watch over access found, each with its customer's name, empty where it is everybody's."""
    kinds: frozenset[NoticeKind] = frozenset(NoticeKind)
    """What of it is told, in a mail that is not about everything."""
    silent: frozenset[str] = frozenset()
    """Ids of findings that are left out: they are off, accepted, or were told before."""
    found: tuple[Finding, ...] = ()
    """Findings besides what the customers' own parts say."""
    solved: tuple[Finding, ...] = ()
    """What was told in an earlier mail and is not there any more."""
    earlier: tuple[CustomerReport, ...] = ()
    """What earlier runs wrote, or failed to write, that were not told when they ended."""

    def in_state(self, state: CustomerState) -> list[CustomerReport]:
        """The customers in a state."""
        return [report for report in self.customers if report.customer.state is state]

    def changes(self) -> list[tuple[CustomerRun, Change]]:
        """All changes of the run with their customers."""
        return [(report.customer, change) for report in self.customers for change in report.changes]
