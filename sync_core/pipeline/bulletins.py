"""What a run tells whom: the kinds that are due, without what is off, accepted or told before, one mail for each circle of recipients.

Making it claims what is told, so that no other run tells it, too; made again for the same run it comes out the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sync_core.errors import Conflict, RetryLater
from sync_core.model.configuration import Configuration, Notices
from sync_core.model.notices import BY_REQUEST, REMEMBERED, Finding, NoticeKind
from sync_core.model.plans import ChangeResult
from sync_core.model.reports import CustomerReport, RunReport
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunKind
from sync_core.notices import Clock, Memory, due_kinds, gone, not_configured, not_told, of_access, only, release, turned, without_ticket, wound
from sync_core.pipeline.context import Context
from sync_core.pipeline.leaving import all_leaving, findings_of_leaving
from sync_core.pipeline.notice_rows import PARTNER, accepted, load_clock, load_memories, save_clock, save_memories
from sync_core.pipeline.people_list import ids_of_people, names_of_people
from sync_core.pipeline.planning import relationships
from sync_core.pipeline.report import run_report
from sync_core.pipeline.run_findings import NOT_WRITTEN, findings_of
from sync_core.pipeline.ticketing import TicketPlace, WantedTicket, places_of, tickets_of, with_tickets
from sync_core.pipeline.watch_access import access_report

LISTED = BY_REQUEST | {NoticeKind.RELATIONSHIPS_ENDING, NoticeKind.SIGN_IN_ENDING, NoticeKind.LEFT_BEHIND}
"""The kinds that a report holds as findings, and not as parts of its customers."""
_OF_RELATIONSHIPS = frozenset({NoticeKind.NOT_CONFIGURED, NoticeKind.GONE})
_OF_TENANTS = _OF_RELATIONSHIPS | {NoticeKind.LEFT_BEHIND}
"""What may stand of a tenant that is not configured (any more)."""
_OF_ACCESS = frozenset({NoticeKind.RELATIONSHIPS_ENDING, NoticeKind.SIGN_IN_ENDING})
_OF_PLANS = frozenset({NoticeKind.WAITING, NoticeKind.HELD, NoticeKind.OBSERVED, NoticeKind.NOT_LINKED, NoticeKind.NOT_BILLED})
_EARLIER = {NoticeKind.APPLIED: (ChangeResult.APPLIED,), NoticeKind.FAILED: NOT_WRITTEN}


@dataclass(frozen=True)
class Bulletin:
    """One mail before it is one. ``key`` names its journal row; ``worth_sending``: whether there is something to tell, or a mail is sent anyway."""

    key: str
    recipients: tuple[str, ...]
    report: RunReport
    worth_sending: bool


@dataclass(frozen=True)
class Edition:
    """All that a run tells."""

    bulletins: tuple[Bulletin, ...] = ()
    tickets: tuple[WantedTicket, ...] = ()


def edition_of(context: Context, run: Run) -> Edition:
    """Claims what the run tells, and puts it together; raises ``RetryLater`` while another run claims, too."""
    configuration = context.configuration(run.configuration)
    report = run_report(context, run.run_id)
    assert report is not None, "a finished run can be reported"
    try:
        told, tickets = _Claims(context, run, configuration, report).told()
    except Conflict as error:
        raise RetryLater("Another run is telling its findings at this moment", delay=2.0) from error
    return Edition(tuple(_bulletins(configuration.notices, told)), tickets)


def give_back(context: Context, run: Run, kinds: Collection[NoticeKind]) -> None:
    """Makes what a run claimed of these kinds the next run's to tell: the mail about them never went out. May run twice."""
    memories, clock = load_memories(context.store), load_clock(context.store)
    save_memories(context.store, memories, {key: release(stored.value, kinds, run.run_id) for key, stored in memories.items()})
    save_clock(context.store, clock, not_told(clock.value, kinds, run.run_id))


def claimed_tickets(context: Context, run: Run) -> frozenset[str]:
    """The markers of the tickets that a run claimed."""
    entries = [entry for stored in load_memories(context.store).values() for entry in stored.value.entries.values() if entry.ticket]
    findings, configuration = (entry.finding for entry in entries), context.configuration(run.configuration)
    own = {place.marker for place in places_of(findings, configuration, context.settings.installation, run.run_id).values()}
    return frozenset(entry.ticket for entry in entries if entry.ticket in own)


def give_tickets_back(context: Context, markers: Collection[str]) -> None:
    """Makes the findings of tickets that could not be opened the next run's to open one for. May run twice."""
    memories = load_memories(context.store)
    save_memories(context.store, memories, {key: without_ticket(stored.value, markers) for key, stored in memories.items()})


def journal_key(notices: Notices, recipients: Sequence[str]) -> str:
    """The row key of the journal of the mail to these people; that of the recipients of all notices has always been ``mail``."""
    if tuple(recipients) == notices.recipients:
        return "mail"
    return f"mail-{hashlib.sha256(chr(10).join(sorted(recipients)).encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class _Claims:
    """Turns what is remembered by one run."""

    context: Context
    run: Run
    configuration: Configuration
    report: RunReport

    def told(self) -> tuple[RunReport, tuple[WantedTicket, ...]]:
        """The report of the kinds that are due, with what of it is new or repeated, and the tickets for what is in none yet."""
        store, run, notices = self.context.store, self.run, self.configuration.notices
        clock = load_clock(store)
        due = due_kinds(clock.value, notices, run.run_id, not run.only and run.kind is not RunKind.UNDO, self._today)
        wound_clock = wound(clock.value, notices, due, run.run_id, self._today)
        of_partner = self._of_partner()
        found = [*findings_of(self.report), *of_partner]
        quiet = self._quiet(found)
        save_clock(store, clock, wound_clock)  # first: who has the clock tells what is due, and claims no finding otherwise
        memories = self._remember(found, due, quiet)
        entries = {key: entry for memory in memories.values() for key, entry in memory.entries.items()}
        claimed = {key for key, entry in entries.items() if entry.told_by == run.run_id}
        silent = quiet | {each.finding_id for each in found if not notices.repeats(each.kind) and each.finding_id not in claimed}
        listed = [
            replace(each, since=entries[each.finding_id].first) for each in found if each.kind in LISTED & due and each.finding_id not in silent
        ]
        solved = [entry.finding for entry in entries.values() if entry.solved_by == run.run_id and not notices.repeats(entry.finding.kind)]
        told = {each.tenant_id: each for each in of_partner if each.kind in _OF_RELATIONSHIPS and each.finding_id not in silent}
        report = replace(
            self.report,
            kinds=due,
            silent=frozenset(silent),
            found=names_of_people(self.context, _ordered(listed)),
            solved=names_of_people(self.context, _ordered(each for each in solved if each.kind in due)),
            new=tuple(sorted(each.customer for each in told.values() if each.kind is NoticeKind.NOT_CONFIGURED)),
            gone=tuple(sorted(each.customer for each in told.values() if each.kind is NoticeKind.GONE)),
            earlier=tuple(self._earlier(wound_clock, due)),
        )
        return report, tickets_of(self._places(found, due, quiet), found, entries, self.configuration, run.run_id, self._ids)

    @property
    def _today(self) -> date:
        """The business date of the first PSA connection: the partner's own."""
        dates = self.run.business_dates
        return next((dates[item.name] for item in self.configuration.connections if item.name in dates), self.run.slot.date())

    def _of_partner(self) -> list[Finding]:
        known = relationships(self.context, self.run, self.configuration)
        leaving = {tenant_id for tenant_id, _, _ in all_leaving(self.context.store)}
        return [
            *not_configured(known, self.configuration),
            *(each for each in gone(known, self.configuration) if each.tenant_id not in leaving),
            *findings_of_leaving(self.context.store, self.configuration, self._today),
            *of_access(self.report.access),
        ]

    def _quiet(self, found: Iterable[Finding]) -> frozenset[str]:
        """The ids of what is off, for all or for a customer, or was accepted."""
        words = frozenset(word.finding_id for word in accepted(self.context.store) if word.until >= self._today)
        of_customers = {item.customer.tenant_id: item.silence for item in self.configuration.customers}
        general = self.configuration.notices.silence
        off = (each.finding_id for each in found if general.of(each) or (each.tenant_id in of_customers and of_customers[each.tenant_id].of(each)))
        return words | frozenset(off)

    def _remember(self, found: Sequence[Finding], due: frozenset[NoticeKind], quiet: frozenset[str]) -> Mapping[str, Memory]:
        notices = self.configuration.notices
        kinds = REMEMBERED | {kind for kind in _OF_PLANS | {NoticeKind.FAILED} if not notices.repeats(kind) or notices.ticket(kind)}
        before = load_memories(self.context.store)
        by_tenant: dict[str, list[Finding]] = {}
        for finding in found:
            if finding.kind in kinds:
                by_tenant.setdefault(finding.tenant_id or PARTNER, []).append(finding)
        judged, of_partner = self._judged(), self._judged_of_partner()
        known = {PARTNER, *(item.customer.tenant_id for item in self.configuration.customers)}
        before_it = {key: stored.value if key in known else only(stored.value, _OF_TENANTS) for key, stored in before.items()}
        heard = frozenset(kind for kind in due if (route := notices.route(kind)) and route.mail and route.recipients)
        after = {
            key: turned(
                before_it.get(key, Memory()),
                by_tenant.get(key, ()),
                judged.get(key, frozenset()) | of_partner,
                heard,
                quiet,
                self.run.run_id,
                self._today,
            )
            for key in {*before, *by_tenant}
        }
        claimed = with_tickets(after, self._places(found, due, quiet), self.run.run_id)
        save_memories(self.context.store, before, claimed)
        return claimed

    def _places(self, found: Iterable[Finding], due: frozenset[NoticeKind], quiet: frozenset[str]) -> Mapping[str, TicketPlace]:
        told = (each for each in found if each.kind in due and each.finding_id not in quiet)
        return places_of(told, self.configuration, self.context.settings.installation, self.run.run_id)

    def _ids(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        return ids_of_people(self.context, findings)

    def _judged(self) -> dict[str, frozenset[NoticeKind]]:
        return {item.customer.tenant_id: _judged_at(item.customer, self.run) for item in self.report.customers}

    def _judged_of_partner(self) -> frozenset[NoticeKind]:
        """What could not be looked at solves nothing."""
        watched = access_report(self.context.store)
        of_access = _OF_ACCESS if watched.looked and not watched.unread else frozenset()
        return (
            of_access | {NoticeKind.LEFT_BEHIND} | (_OF_RELATIONSHIPS if relationships(self.context, self.run, self.configuration) else frozenset())
        )

    def _earlier(self, clock: Clock, due: frozenset[NoticeKind]) -> Iterator[CustomerReport]:
        """What the runs came to that left something to tell, changes that were written or not only."""
        for kind, results in _EARLIER.items():
            for run_id in clock.kinds[kind].telling if kind in due and kind in clock.kinds else ():
                report = run_report(self.context, run_id)
                for item in report.customers if report else ():
                    changes = tuple(change for change in item.changes if change.result in results)
                    if changes:
                        yield CustomerReport(item.customer, changes)


def _judged_at(customer: CustomerRun, run: Run) -> frozenset[NoticeKind]:
    """The kinds of which a customer's part of a run says all there is."""
    if run.by_people or not customer.state.final:
        return frozenset()
    read = customer.state is not CustomerState.FAILED or bool(customer.plan_id)
    return customer.judged | {NoticeKind.FAILED} | (_OF_PLANS if read else frozenset())


def _bulletins(notices: Notices, told: RunReport) -> Iterator[Bulletin]:
    circles: dict[tuple[str, ...], set[NoticeKind]] = {}
    for kind in NoticeKind:
        route = notices.route(kind)
        if kind in told.kinds and route and route.mail and route.recipients:
            circles.setdefault(route.recipients, set()).add(kind)
    for recipients, kinds in circles.items():
        results = [result for kind in kinds for result in _EARLIER.get(kind, ())]
        report = replace(
            told,
            kinds=frozenset(kinds),
            earlier=tuple(each for each in told.earlier if any(change.result in results for change in each.changes)),
            found=tuple(each for each in told.found if each.kind in kinds),
            solved=tuple(each for each in told.solved if each.kind in kinds),
        )
        asked = any(route.when_empty for kind in kinds if (route := notices.route(kind)))
        yield Bulletin(journal_key(notices, recipients), recipients, report, asked or _says_something(report))


def told_in(report: RunReport) -> list[Finding]:
    """Everything that a mail of this report tells, but for the names of new and gone customers, and what is solved."""
    parts = (each for each in findings_of(report) if each.kind in report.kinds - LISTED and each.finding_id not in report.silent)
    return [*report.found, *parts]


def _says_something(report: RunReport) -> bool:
    return bool(
        told_in(report)
        or report.solved
        or report.earlier
        or (report.new and NoticeKind.NOT_CONFIGURED in report.kinds)
        or (report.gone and NoticeKind.GONE in report.kinds)
        or ((report.run.held or report.run.stopped) and NoticeKind.HELD in report.kinds)
    )


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda each: (list(NoticeKind).index(each.kind), each.customer.casefold(), each.item, each.key)))
