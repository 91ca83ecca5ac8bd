"""The last stage: what a run tells, one mail for each circle of recipients. One that is refused is tried again on its own and never
touches the PSA's work.

After an unknown outcome the same mail is sent at most once more, and says that it may be a second copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sync_core.documents import to_document
from sync_core.errors import Conflict, OutcomeUnknown, Rejected, RetryLater, SyncError
from sync_core.events import event
from sync_core.model.configuration import Notices
from sync_core.model.history import Record, RecordKind
from sync_core.model.notices import NoticeKind
from sync_core.model.runs import Run, RunState
from sync_core.pipeline.bulletins import Bulletin, Edition, claimed_tickets, edition_of, give_back, give_tickets_back, journal_key, told_in
from sync_core.pipeline.context import Context
from sync_core.pipeline.history import record_write
from sync_core.pipeline.messages import SEND_NOTICES, Message, put_back
from sync_core.pipeline.people_list import findings_list, people_list
from sync_core.pipeline.runs import RUNS, change_run, close_run, load_run
from sync_core.pipeline.tickets import UNOPENED, TicketJournal, TicketState, is_unopened, journal_of_ticket, open_tickets
from sync_core.ports import Mail, Row
from sync_core.rows import Stored, insert_or_replace, read, to_row

_SECOND_COPY = "possibly a second copy"
_LOST_WORKER = 300.0
_SENT = "sent"
_NOTHING = "nothing to tell"
_TWICE = "sent twice, neither confirmed"


class MailState(StrEnum):
    """The journal of a mail of the run."""

    NEW = "new"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"


@dataclass(frozen=True)
class MailJournal:
    """How far a mail of the run is; ``unknown`` counts the tries whose outcome nobody knows. ``failed`` says why it was given up."""

    state: MailState = MailState.NEW
    unknown: int = 0
    failed: str = ""


def send_notices(context: Context, message: Message) -> None:
    """Handles one message; a run that is told already stays as it is."""
    run = load_run(context.store, message.run_id)
    if run is None or run.value.state is not RunState.FINISHED:
        return
    try:
        edition = edition_of(context, run.value)
        waits = [error for bulletin in edition.bulletins if (error := _tell(context, run.value, bulletin, message))]
        waits += open_tickets(context, run.value, edition.tickets)
    except Conflict:
        return
    except RetryLater as error:
        edition, waits = Edition(), [error]
    if not waits or not put_back(context, SEND_NOTICES, message, min(each.delay for each in waits)):
        if waits and not edition.bulletins and not edition.tickets:
            give_up_notices(context, run.value)
        _conclude(context, run.value, edition, waits)


def give_up_notices(context: Context, run: Run) -> None:
    """Ends the telling of a run whose message failed again and again: what was not sent is the next run's to tell."""
    notices = context.configuration(run.configuration).notices
    routes = {kind: route for kind in NoticeKind if (route := notices.route(kind))}
    sent = {
        key
        for key in {journal_key(notices, route.recipients) for route in routes.values()}
        if _entry(context, run, key).value.state is MailState.SENT
    }
    give_back(context, run, [kind for kind, route in routes.items() if journal_key(notices, route.recipients) not in sent])
    _give_tickets_back(context, run)


def _tell(context: Context, run: Run, bulletin: Bulletin, message: Message) -> RetryLater | None:
    """Sends one mail, unless that is done or given up; the wait that it asks for does not keep the others."""
    entry = _entry(context, run, bulletin.key)
    if entry.value.state is MailState.SENT or entry.value.failed or not bulletin.worth_sending:
        return None
    try:
        _send(context, run, bulletin, entry, message)
    except RetryLater as error:
        return error
    except Conflict:
        raise
    except SyncError as error:
        entry = _entry(context, run, bulletin.key)
        _journal(context, entry, replace(entry.value, failed=str(error)))
    return None


def _send(context: Context, run: Run, bulletin: Bulletin, entry: Stored[MailJournal], message: Message) -> None:
    if entry.value.state is MailState.SENDING and not message.attempt:
        raise RetryLater("Another worker may still be sending the mail", delay=_LOST_WORKER)
    unknown = entry.value.unknown + (entry.value.state is MailState.SENDING)
    if unknown > 1:
        _journal(context, entry, replace(entry.value, failed=_TWICE))
        return
    configuration = context.configuration(run.configuration)
    mailer, mail = context.adapters.mailer(configuration), _mail(context, run, bulletin, configuration.notices, unknown)
    entry = _journal(context, entry, MailJournal(MailState.SENDING, unknown), mail)
    try:
        mailer.send(mail)
    except OutcomeUnknown as error:
        _journal(context, entry, MailJournal(MailState.UNKNOWN, unknown + 1), mail)
        raise RetryLater("Nobody knows whether the mail was sent", delay=context.settings.retry_seconds, why=error.what) from error
    except (RetryLater, Rejected):
        _journal(context, entry, MailJournal(MailState.NEW, unknown), mail)
        raise
    _journal(context, entry, MailJournal(MailState.SENT, unknown), mail)


def _mail(context: Context, run: Run, bulletin: Bulletin, notices: Notices, unknown: int) -> Mail:
    mail = context.adapters.render(bulletin.report)
    subject = f"{mail.subject} [{run.run_id}]"
    part = bulletin.key.removeprefix("mail").replace("-", ".")
    people = people_list(context, run) if NoticeKind.APPLIED in bulletin.report.kinds else ()
    return replace(
        mail,
        message_id=f"<{run.run_id}{part}.{context.settings.installation}@m365-psa-sync>",
        sender=notices.sender,
        recipients=bulletin.recipients,
        subject=f"{subject} ({_SECOND_COPY})" if unknown else subject,
        attachments=(*people, *findings_list(told_in(bulletin.report))),
    )


def _entry(context: Context, run: Run, key: str) -> Stored[MailJournal]:
    return read(context.store, RUNS, run.run_id, key, MailJournal) or Stored(MailJournal(), Row(run.run_id, key))


def _journal(context: Context, entry: Stored[MailJournal], value: MailJournal, mail: Mail | None = None) -> Stored[MailJournal]:
    run_id, now = entry.row.partition, context.clock.now()
    moved = [insert_or_replace(to_row(run_id, entry.row.key, value, entry.row.etag))]
    if mail:
        told = {"state": value.state, "mail": mail.message_id, "to": mail.recipients, "subject": mail.subject}
        moved.append(
            record_write(run_id, Record(now, RecordKind.MAILED, f"{value.state} {entry.row.key} {entry.row.etag}", to_document(told), run_id))
        )
    context.store.transact(RUNS, moved)
    after = read(context.store, RUNS, entry.row.partition, entry.row.key, MailJournal)
    assert after is not None, "a row that was just stored can be read"
    return after


def _conclude(context: Context, run: Run, edition: Edition, waits: list[RetryLater]) -> None:
    """Ends the telling: what nobody heard of is the next run's to tell. A mail that was sent twice without a word may have been heard of."""
    outcomes = {bulletin.key: _outcome(_entry(context, run, bulletin.key).value, bulletin) for bulletin in edition.bulletins}
    unheard = [bulletin for bulletin in edition.bulletins if outcomes[bulletin.key] not in (_SENT, _NOTHING, _TWICE)]
    if kinds := {kind for bulletin in unheard for kind in bulletin.report.kinds}:
        give_back(context, run, kinds)
    tickets = [(each, journal_of_ticket(context, run, each)) for each in edition.tickets]
    if any(journal.state in UNOPENED and not each.solved for each, journal in tickets):
        _give_tickets_back(context, run)
    _told(context, run.run_id, _notice([*outcomes.values(), *(_ticket_outcome(journal) for _, journal in tickets)], waits))


def _give_tickets_back(context: Context, run: Run) -> None:
    if unopened := {marker for marker in claimed_tickets(context, run) if is_unopened(context, run, marker)}:
        give_tickets_back(context, unopened)


def _ticket_outcome(journal: TicketJournal) -> str:
    return f"failed: {journal.outcome}" if journal.state is TicketState.FAILED else _SENT


def _outcome(entry: MailJournal, bulletin: Bulletin) -> str:
    if entry.state is MailState.SENT:
        return _SENT
    if not bulletin.worth_sending:
        return _NOTHING
    return entry.failed if entry.failed in ("", _TWICE) else f"failed: {entry.failed}"


def _notice(outcomes: list[str], waits: list[RetryLater]) -> str:
    """The worst of what became of the run's mails, in words; what an alert looks for stands first."""
    if waits:
        return f"failed: {waits[0]}"
    if not outcomes:
        return "no recipients are configured"
    failed = [outcome for outcome in outcomes if outcome.startswith("failed")]
    return next((outcome for outcome in (*failed, _TWICE, _SENT, _NOTHING) if outcome in outcomes), _NOTHING)


def _told(context: Context, run_id: str, notice: str) -> None:
    run = load_run(context.store, run_id)
    if run and run.value.state is RunState.FINISHED:
        if change_run(context.store, run, state=RunState.TOLD, notice=notice) is None:
            return
        event("run.told", run=run_id, notice=notice.partition(":")[0])  # what follows is a mail server's text, which may name people
    close_run(context.store, run_id)
