"""Mail through Microsoft Graph, from a mailbox of the partner's tenant."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote

from adapters.microsoft.graph import GraphService
from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, SkipCustomer, StopRun, SyncError
from sync_core.model.configuration import Partner
from sync_core.model.customers import SignIn
from sync_core.ports import Attachment, Health, Mail

WHERE = "mail through Microsoft Graph"
SEND_WITHIN = 30.0
"""Seconds from now within which a request has to leave; later the caller's picture of the run may be old."""


class GraphMailer:
    """The ``Mailer`` port over ``sendMail``. Graph takes one body, so the HTML goes; Exchange makes the text part itself."""

    def __init__(self, service: GraphService, partner: Partner) -> None:
        """Signs in app-only: the service account could send from its own mailbox only, and Exchange can confine an app to one mailbox."""
        self._graph = service.tenant(partner.tenant_id, SignIn.APPLICATION, at_partner=True)
        self._clock = service.clock

    def send(self, mail: Mail) -> None:
        """Hands the mail over: 202 says accepted, not delivered.

        Raises:
            Rejected: sender, recipients or rights are wrong, or the partner's sign-in does not work.
            RetryLater: not sent, and passing.
            OutcomeUnknown: sent, without an answer; Graph has no way to ask.
        """
        try:
            answer = self._graph.post(f"/users/{quote(mail.sender)}/sendMail", _message(mail), self._clock.monotonic() + SEND_WITHIN)
        except (InvalidConfiguration, SkipCustomer, StopRun) as error:
            raise _rejected(error) from error
        if answer.status == 202:
            return
        refusal = self._graph.error_of(answer)
        if answer.status == 401:
            self._graph.drop_token()
            raise RetryLater(refusal.what, delay=30.0, code=refusal.code, where=WHERE, why=refusal.why, fix=refusal.fix)
        raise refusal if isinstance(refusal, RetryLater) else _rejected(refusal)

    def health(self) -> Health:
        """Whether the sign-in that mail is sent with works; whether the mailbox may be used shows with the first mail."""
        try:
            self._graph.sign_in()
        except SyncError as error:
            return Health("mail", ok=False, detail=str(error), fix=error.fix)
        return Health("mail", ok=True)


def _message(mail: Mail) -> dict[str, Any]:
    recipients = [{"emailAddress": {"address": address}} for address in mail.recipients]
    body = {"contentType": "HTML", "content": mail.html}
    message = {"subject": mail.subject, "body": body, "toRecipients": recipients}
    attached = [_file(each) for each in mail.attachments]
    return {"message": message | ({"attachments": attached} if attached else {}), "saveToSentItems": True}


def _file(attachment: Attachment) -> dict[str, str]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.content_type,
        "contentBytes": b64encode(attachment.content).decode(),
    }


def _rejected(error: SyncError) -> Rejected:
    return Rejected(error.what, code=error.code, where=WHERE, why=error.why, fix=error.fix)
