"""What a run's digest says, before it has a form: headline numbers, money by currency, and sections that leave out what is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from adapters.mail.digest_parts import MOST_LINES, Banner, Digest, Entry, Headline, Line, Section, Tone, entry_of, section_of
from adapters.mail.found_sections import found_sections, numbers_of
from sync_core.billing import money_this_period
from sync_core.model.notices import NoticeKind
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Verdict
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerRun, CustomerState, RunKind
from sync_core.pipeline.run_findings import NOT_WRITTEN, of_failure, reason_of, told_of
from sync_core.pipeline.wording import before_and_after, counts, money, money_by_currency, money_effect, money_of

_OBSERVED = "What would change. Nothing of it was written, and nobody has to decide: the customer, the kind of change or the run is in mode observe."


def digest_of(report: RunReport) -> Digest:
    """What there is to tell of a run."""
    report = told_of(report)
    banner, headlines, sections = _banner(report), _headlines(report), _sections(report)
    only = report.customers[0].customer.name if report.run.kind is RunKind.RESYNC and len(report.customers) == 1 else ""
    return Digest(
        title=f"Microsoft 365 licences of {only}" if only else "Microsoft 365 licences",
        subtitle=f"{report.run.kind.capitalize()} run of {report.run.slot:%Y-%m-%d, %H:%M} UTC",
        summary=_summary(report, banner, headlines, sections),
        banner=banner,
        headlines=headlines,
        money=_money(report),
        sections=sections,
        run_id=report.run.run_id,
        whole=_whole(report),
    )


def _whole(report: RunReport) -> bool:
    return report.kinds >= {NoticeKind.FAILED, NoticeKind.WAITING, NoticeKind.HELD}


def _banner(report: RunReport) -> Banner | None:
    run = report.run
    if run.stopped:
        return Banner("Writing was stopped on the way", run.stopped, "Mend the cause, then start a run again: it goes on from what is there.")
    if run.held:
        fix = "Check the changes below; approve those that are right, or raise the limit in the configuration."
        return Banner("The whole run was held, and nothing was applied", run.held, fix)
    return None


def _headlines(report: RunReport) -> tuple[Headline, ...]:
    read = [item for item in report.customers if item.customer.state is not CustomerState.FAILED or item.customer.plan_id]
    changed = _having(report, lambda change: change.result in (ChangeResult.APPLIED, ChangeResult.HALF_DONE))
    waiting = _having(report, lambda change: change.result in (ChangeResult.WAITING, ChangeResult.HELD))
    observed = _having(report, lambda change: change.result is ChangeResult.OBSERVED)
    failed = len(report.in_state(CustomerState.FAILED))
    told = (
        (NoticeKind.APPLIED, Headline(changed, "changed", Tone.GOOD if changed else Tone.CALM)),
        (NoticeKind.WAITING, Headline(waiting, "waiting", Tone.WAITING if waiting else Tone.CALM)),
        (NoticeKind.FAILED, Headline(failed, "failed", Tone.BAD if failed else Tone.CALM)),
    )
    headlines = (Headline(len(read), f"of {len(report.customers)} read", Tone.CALM), *(each for kind, each in told if kind in report.kinds))
    return (*headlines, Headline(observed, "would change", Tone.CALM)) if observed else headlines


def _having(report: RunReport, wanted: Callable[[Change], bool]) -> int:
    return sum(any(wanted(change) for change in item.changes) for item in (*report.customers, *report.earlier))


def _summary(report: RunReport, banner: Banner | None, headlines: Sequence[Headline], sections: Sequence[Section]) -> str:
    numbers = [*(f"{headline.number} {headline.word}" for headline in headlines[1:] if headline.number), *numbers_of(report)]
    if report.run.stopped:
        numbers.insert(0, "WRITING STOPPED")
    elif banner:
        numbers.insert(0, "RUN HELD")
    return ", ".join(numbers) or ("nothing changed" if sections or not _whole(report) else "all is equal")


def _money(report: RunReport) -> tuple[tuple[str, tuple[str, ...]], ...]:
    kinds = {
        "Applied": ChangeResult.APPLIED,
        "Waiting for approval": ChangeResult.WAITING,
        "Planned, not applied": ChangeResult.PLANNED,
        "Observed only": ChangeResult.OBSERVED,
    }
    changes = [change for item in (*report.customers, *report.earlier) for change in item.changes]
    rows = ((name, money_by_currency(change for change in changes if change.result is result)) for name, result in kinds.items())
    return tuple((name, _amounts(totals)) for name, totals in rows if totals)


def _amounts(totals: Mapping[str, Decimal]) -> tuple[str, ...]:
    return tuple(money_effect(amount, currency) for currency, amount in totals.items())


def _sections(report: RunReport) -> tuple[Section, ...]:
    """All that has entries, what needs a person first."""
    look = "Look at the line in the PSA before the next invoice; the next run plans again from what is there."
    decide = "Look at them with “dev.py plan list”, then “dev.py plan approve” or “dev.py plan reject”."
    sections = (
        section_of("Half done or refused by the PSA", Tone.BAD, look, _changes(report, _is(*NOT_WRITTEN))),
        section_of("Failed", Tone.BAD, "They are tried again in the next run; until then their lines stay as they are.", _failures(report)),
        section_of("Waiting for your approval", Tone.WAITING, decide, _changes(report, _is(ChangeResult.WAITING))),
        section_of("Planned, and not applied", Tone.WAITING, "The next run plans them again.", _changes(report, _is(ChangeResult.PLANNED))),
        section_of("Held", Tone.WAITING, "They stay held until the cause is gone.", _changes(report, _is_held)),
        section_of("Questions to you", Tone.WAITING, "Answer them in the configuration or in the PSA.", _changes(report, _is_question)),
        section_of("Applied", Tone.GOOD, "", _changes(report, _is(ChangeResult.APPLIED))),
        section_of("Not linked to a billing profile", Tone.WAITING, "Nobody is billed for these until they are linked.", _unlinked(report)),
        section_of("Observed only", Tone.CALM, _OBSERVED, _changes(report, _is(ChangeResult.OBSERVED))),
        section_of("Not read for days", Tone.BAD, "Their lines are billed as they were last known.", _unread(report.unread)),
        section_of("New customers", Tone.CALM, "They are not configured, so nothing is billed for them.", map(Entry, report.new)),
        section_of(
            "Customers without an active relationship", Tone.WAITING, "Renew it, or take them out of the configuration.", map(Entry, report.gone)
        ),
        *found_sections(report),
        section_of("Rejected", Tone.CALM, "Left alone on a person's word.", _changes(report, _is(ChangeResult.REJECTED))),
        section_of(
            "Also seen",
            Tone.CALM,
            "Trials, seats that somebody else sold or that cannot be used, and lines that bill more than is counted for the time being.",
            _notes(report),
        ),
    )
    return tuple(section for section in sections if section.entries)


def _is(*results: ChangeResult) -> Callable[[Change], bool]:
    return lambda change: change.result in results


def _is_question(change: Change) -> bool:
    return change.result is ChangeResult.HELD and change.kind is ChangeKind.NONE


def _is_held(change: Change) -> bool:
    return change.result is ChangeResult.HELD and change.kind is not ChangeKind.NONE


def _changes(report: RunReport, wanted: Callable[[Change], bool]) -> Iterable[Entry]:
    for item in (*report.customers, *report.earlier):
        lines = [_change_line(item.customer, change) for change in item.changes if wanted(change)]
        if lines:
            yield entry_of(item.customer.name, lines)


def _change_line(customer: CustomerRun, change: Change) -> Line:
    amount = money_effect(change.money, change.currency) if change.money else ""
    return Line(change.item, before_and_after(change), amount, details=_small_print(customer, change))


def _small_print(customer: CustomerRun, change: Change) -> tuple[str, ...]:
    match change.result:
        case ChangeResult.APPLIED:
            dates = f"From {change.effective}" if change.effective and change.kind is not ChangeKind.END else ""
            return tuple(filter(None, (dates, _money_in_full(change), change.decided_by and f"Approved by {change.decided_by}")))
        case ChangeResult.PLANNED:
            return (customer.reason or "Nothing is known of what became of it",)
        case ChangeResult.REJECTED:
            return (f"Rejected by {change.decided_by}",)
        case ChangeResult.HELD if change.verdict is not Verdict.HELD:
            return (change.result_reason or "What it rests on had changed",)
        case ChangeResult.HALF_DONE:
            return (f"HALF DONE: {change.result_reason}",)
        case ChangeResult.FAILED:
            return (change.result_reason,)
        case _:
            return tuple(filter(None, (_money_in_full(change), *change.reasons)))


def _money_in_full(change: Change) -> str:
    """The line, its unit price, and what the change comes to now and later; empty for one that moves no money."""
    if money_this_period(change) is None or not (change.money or change.prorated):
        return ""
    line = f"Line {change.line_id}" if change.line_id else "A new line"
    return f"{line} at {money(change.unit_price, change.currency)} a unit: {money_of(change)}"


def _failures(report: RunReport) -> Iterable[Entry]:
    """Customers with the same reason and fix are told of together: one lost key is one thing to mend, not eight hundred."""
    alike: dict[tuple[str, str], list[CustomerRun]] = {}
    for item in report.in_state(CustomerState.FAILED):
        failure = of_failure(item)
        if failure and failure.kind in report.kinds and failure.finding_id not in report.silent:
            alike.setdefault((reason_of(item.customer), item.customer.fix), []).append(item.customer)
    for (reason, fix), customers in alike.items():
        title = customers[0].name if len(customers) == 1 else f"{len(customers)} customers"
        names = (_enumeration([customer.name for customer in customers]),) if len(customers) > 1 else ()
        yield Entry(title, (Line("", reason, fix=fix, details=names),), customers=len(customers))


def _enumeration(names: Sequence[str]) -> str:
    more = len(names) - MOST_LINES
    return ", ".join(names[:MOST_LINES]) + (f" and {more} more" if more > 0 else "")


def _unlinked(report: RunReport) -> Iterable[Entry]:
    for item in report.customers:
        lines = [Line(unlinked.item, counts(unlinked)) for unlinked in item.customer.unlinked]
        if lines:
            yield entry_of(item.customer.name, lines)


def _notes(report: RunReport) -> Iterable[Entry]:
    for item in report.customers:
        if item.customer.notes:
            yield entry_of(item.customer.name, [Line("", note) for note in item.customer.notes])


def _unread(unread: Iterable[tuple[str, date]]) -> Iterable[Entry]:
    for name, day in unread:
        yield Entry(name, (Line("", f"last read on {day}"),))
