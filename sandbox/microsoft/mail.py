"""Simulated ``sendMail``: checks a message as Graph does, and keeps it for whoever wants to look."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from sandbox.microsoft.directory import User
from sandbox.microsoft.graph_call import Call, GraphError, bad_request, denied
from sandbox.web import Response

LARGEST_REQUEST = 4 * 1024 * 1024
_MESSAGE_MEMBERS = frozenset(
    {"subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "importance", "attachments", "from", "internetMessageHeaders"}
)
_RECIPIENT_LISTS = ("toRecipients", "ccRecipients", "bccRecipients")
_ATTACHMENT_MEMBERS = frozenset({"@odata.type", "name", "contentType", "contentBytes", "isInline", "contentId"})


@dataclass(frozen=True)
class Mail:
    """One accepted message, as Graph's ``message`` object."""

    tenant_id: str
    sender: str
    message: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The mail for the inspection endpoint."""
        return {"tenantId": self.tenant_id, "sender": self.sender, **self.message}


def send_mail(call: Call, id_or_name: str, mails: list[Mail]) -> Response:
    """Accepts a message for delivery (202, no body) and keeps it in ``mails``; raises ``GraphError`` as Graph refuses."""
    if "Mail.Send" not in call.token.permissions:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    if not call.token.app_only and call.tenant is not call.directory.partner:
        raise denied()
    sender = _mailbox(call, id_or_name)
    if len(call.body) > LARGEST_REQUEST:
        raise GraphError(413, "RequestEntityTooLarge", "The request entity is too large.")
    mails.append(Mail(call.tenant.tenant_id, sender.user_principal_name, _checked_message(call)))
    return Response(202)


def _mailbox(call: Call, id_or_name: str) -> User:
    user = call.tenant.find_user(id_or_name)
    if user is None:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{id_or_name}' is invalid.")
    if user.mail is None:
        message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", message)
    return user


def _checked_message(call: Call) -> dict[str, Any]:
    try:
        payload = call.json()
    except ValueError as error:
        raise _unreadable("Unable to read JSON request payload.") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("message"), dict):
        raise _unreadable("The parameter 'Message' is required.")
    _refuse_unknown(payload, frozenset({"message", "saveToSentItems"}), "sendMail")
    if str(payload.get("saveToSentItems", True)).lower() not in ("true", "false"):
        raise _unreadable("Cannot convert the value of 'saveToSentItems' to the expected type 'Edm.Boolean'.")
    message: dict[str, Any] = payload["message"]
    _refuse_unknown(message, _MESSAGE_MEMBERS, "message")
    _check_body(message.get("body", {}))
    _check_recipients(message)
    for attachment in message.get("attachments", []):
        _check_attachment(attachment)
    return message


def _check_body(body: dict[str, Any]) -> None:
    _refuse_unknown(body, frozenset({"contentType", "content"}), "itemBody")
    if str(body.get("contentType", "text")).lower() not in ("text", "html"):
        raise _unreadable(f"Requested value '{body['contentType']}' was not found.")


def _check_recipients(message: dict[str, Any]) -> None:
    recipients = [recipient for name in _RECIPIENT_LISTS for recipient in message.get(name, [])]
    addresses = [recipient.get("emailAddress", {}).get("address", "") for recipient in recipients]
    if not addresses or not all(_is_address(address) for address in addresses):
        raise bad_request("At least one recipient isn't valid.", "ErrorInvalidRecipients")


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and "." in domain and " " not in text)


def _check_attachment(attachment: dict[str, Any]) -> None:
    if attachment.get("@odata.type") != "#microsoft.graph.fileAttachment":
        raise _unreadable("An attachment must name its type in '@odata.type'.")
    _refuse_unknown(attachment, _ATTACHMENT_MEMBERS, "fileAttachment")
    try:
        base64.b64decode(attachment["contentBytes"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise _unreadable("Cannot convert the value of 'contentBytes' to the expected type 'Edm.Binary'.") from error
    if not attachment.get("name"):
        raise bad_request("Required property 'Name' is missing.", "ErrorInvalidProperty")


def _refuse_unknown(value: dict[str, Any], known: frozenset[str], type_name: str) -> None:
    for name in value:
        if name not in known:
            raise _unreadable(f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'.")


def _unreadable(message: str) -> GraphError:
    return bad_request(message, "RequestBodyRead")
