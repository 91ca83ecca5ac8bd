"""The simulated mailbox: accepts what Graph accepts, refuses what it refuses, and shows what it got."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from sandbox.web import Response
from tests.sandbox.microsoft_caller import Caller

TO = [{"emailAddress": {"address": "office@fabrikam-it.example", "name": "Office"}}]
MAILBOX = "licences@fabrikam-it.example"


@pytest.fixture
def caller() -> Caller:
    return Caller()


def message(**members: Any) -> dict[str, Any]:
    return {"subject": "Changes", "body": {"contentType": "HTML", "content": "<p>1</p>"}, "toRecipients": TO, **members}


def attachment(**members: Any) -> dict[str, Any]:
    content = base64.b64encode(b"a;b").decode()
    return {"@odata.type": "#microsoft.graph.fileAttachment", "name": "r.csv", "contentType": "text/csv", "contentBytes": content, **members}


def send(caller: Caller, payload: Any, mailbox: str = MAILBOX) -> Response:
    return caller.post(caller.world.partner, f"/users/{mailbox}/sendMail", payload)


def refusal(response: Response) -> tuple[int, str]:
    return response.status, response.json()["error"]["code"]


@pytest.mark.parametrize("payload", [{"saveToSentItems": True}, {"saveToSentItems": "false"}, {}])
def test_a_mail_is_accepted_without_a_body_and_kept(caller: Caller, payload: dict[str, Any]) -> None:
    response = send(caller, {"message": message(attachments=[attachment()]), **payload})
    assert (response.status, response.body) == (202, b"")
    assert (caller.microsoft.mails[0].sender, caller.microsoft.mails[0].message["subject"]) == (MAILBOX, "Changes")


def test_a_mailbox_is_known_by_its_id_as_well(caller: Caller) -> None:
    assert send(caller, {"message": message()}, caller.world.partner.users[0].user_id).status == 202


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        {"Message": message()},
        {"message": message(to=TO)},
        {"message": message(body={"contentType": "Markdown", "content": "x"})},
        {"message": message(attachments=[attachment(contentBytes="not base64!")])},
        {"message": message(attachments=[{"name": "r.csv"}])},
        {"message": message(), "saveToSentItems": "perhaps"},
    ],
)
def test_a_mail_that_graph_cannot_read_is_refused_and_not_kept(caller: Caller, payload: Any) -> None:
    assert refusal(send(caller, payload)) == (400, "RequestBodyRead")
    assert caller.microsoft.mails == []


@pytest.mark.parametrize("address", ["", "office", "office@", "of fice@fabrikam-it.example"])
def test_a_mail_needs_recipients_that_can_exist(caller: Caller, address: str) -> None:
    recipients = [{"emailAddress": {"address": address}}] if address else []
    assert refusal(send(caller, {"message": message(toRecipients=recipients)})) == (400, "ErrorInvalidRecipients")


def test_a_user_without_a_mailbox_cannot_send(caller: Caller) -> None:
    caller.world.partner.users[0].mail = None
    assert refusal(send(caller, {"message": message()})) == (404, "MailboxNotEnabledForRESTAPI")
    assert refusal(send(caller, {"message": message()}, "nobody@fabrikam-it.example")) == (404, "ErrorInvalidUser")


def test_sending_needs_its_own_permission(caller: Caller) -> None:
    caller.world.partner.permissions -= {"Mail.Send"}
    assert refusal(send(caller, {"message": message()})) == (403, "ErrorAccessDenied")


def test_a_request_of_more_than_four_megabytes_is_too_large(caller: Caller) -> None:
    large = base64.b64encode(bytes(3 * 1024 * 1024 + 100_000)).decode()
    assert send(caller, {"message": message(attachments=[attachment(contentBytes=large)])}).status == 413


def test_a_throttled_mailbox_accepts_later(caller: Caller) -> None:
    caller.world.partner.conditions.refuse("/sendMail")
    assert [send(caller, {"message": message()}).status for _ in range(2)] == [429, 202]
