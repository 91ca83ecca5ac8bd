"""The last stage: one digest a run. A mail that is refused is tried again on its own and never touches the PSA's work.

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
from sync_core.model.runs import Run, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.history import record_write
from sync_core.pipeline.messages import SEND_NOTICES, Message, put_back
from sync_core.pipeline.people_list import people_list
from sync_core.pipeline.report import run_report
from sync_core.pipeline.runs import RUNS, change_run, close_run, load_run
from sync_core.ports import Mail, Row
from sync_core.rows import Stored, insert_or_replace, read, to_row

_SECOND_COPY = "possibly a second copy"
_LOST_WORKER = 300.0


class MailState(StrEnum):
    """The journal of the run's mail."""

    NEW = "new"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"


@dataclass(frozen=True)
class MailJournal:
    """How far the run's mail is; ``unknown`` counts the tries whose outcome nobody knows."""

    state: MailState = MailState.NEW
    unknown: int = 0


def send_notices(context: Context, message: Message) -> None:
    """Handles one message; a run that is told already stays as it is."""
    run = load_run(context.store, message.run_id)
    if run is None or run.value.state is not RunState.FINISHED:
        return
    notices = context.configuration(run.value.configuration).notices
    if not notices.recipients:
        _told(context, message.run_id, "no recipients are configured")
        return
    try:
        _send(context, run.value, notices, message)
    except Conflict:
        return
    except RetryLater as error:
        if not put_back(context, SEND_NOTICES, message, error.delay):
            _told(context, message.run_id, f"failed: {error}")
    except SyncError as error:
        _told(context, message.run_id, f"failed: {error}")


def _send(context: Context, run: Run, notices: Notices, message: Message) -> None:
    entry = read(context.store, RUNS, run.run_id, "mail", MailJournal) or Stored(MailJournal(), Row(run.run_id, "mail"))
    if entry.value.state is MailState.SENT:
        _told(context, run.run_id, "sent")
        return
    if entry.value.state is MailState.SENDING and not message.attempt:
        raise RetryLater("Another worker may still be sending the mail", delay=_LOST_WORKER)
    unknown = entry.value.unknown + (entry.value.state is MailState.SENDING)
    if unknown > 1:
        _told(context, run.run_id, "sent twice, neither confirmed")
        return
    mailer, mail = context.adapters.mailer(context.configuration(run.configuration)), _mail(context, run, notices, unknown)
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
    _told(context, run.run_id, "sent")


def _mail(context: Context, run: Run, notices: Notices, unknown: int) -> Mail:
    report = run_report(context, run.run_id)
    assert report is not None, "a finished run can be reported"
    mail = context.adapters.render(report)
    subject = f"{mail.subject} [{run.run_id}]"
    return replace(
        mail,
        message_id=f"<{run.run_id}.{context.settings.installation}@m365-psa-sync>",
        sender=notices.sender,
        recipients=notices.recipients,
        subject=f"{subject} ({_SECOND_COPY})" if unknown else subject,
        attachments=people_list(context, run),
    )


def _journal(context: Context, entry: Stored[MailJournal], value: MailJournal, mail: Mail) -> Stored[MailJournal]:
    run_id, now = entry.row.partition, context.clock.now()
    told = {"state": value.state, "mail": mail.message_id, "to": mail.recipients, "subject": mail.subject}
    record = Record(now, RecordKind.MAILED, f"{value.state} {entry.row.etag}", to_document(told), run_id)
    moved = insert_or_replace(to_row(run_id, entry.row.key, value, entry.row.etag))
    context.store.transact(RUNS, [moved, record_write(run_id, record)])
    after = read(context.store, RUNS, entry.row.partition, entry.row.key, MailJournal)
    assert after is not None, "a row that was just stored can be read"
    return after


def _told(context: Context, run_id: str, notice: str) -> None:
    run = load_run(context.store, run_id)
    if run and run.value.state is RunState.FINISHED:
        if change_run(context.store, run, state=RunState.TOLD, notice=notice) is None:
            return
        event("run.told", run=run_id, notice=notice.partition(":")[0])  # what follows is a mail server's text, which may name people
    close_run(context.store, run_id)
