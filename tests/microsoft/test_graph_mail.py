"""Mail through Microsoft Graph."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest

from adapters.mail.graph import GraphMailer
from sandbox.faults import Effect, Fault
from sync_core.errors import OutcomeUnknown, Rejected, RetryLater, SyncError, Throttled
from sync_core.ports import Attachment, Mail
from tests.microsoft.conftest import World

MAIL = Mail("<run-1@sync.example>", "licences@fabrikam-it.example", ("billing@fabrikam-it.example",), "3 changes", "<p>3 changes</p>", "3 changes")


def mailer(world: World) -> GraphMailer:
    """Sends from the partner's tenant."""
    return GraphMailer(world.graph(), world.partner)


def test_an_accepted_mail_is_handed_over_once(world: World) -> None:
    mailer(world).send(MAIL)
    (mail,) = world.simulator.mails
    assert (mail.sender, mail.message["subject"], mail.message["body"]["contentType"]) == (MAIL.sender, MAIL.subject, "HTML")


@pytest.mark.parametrize("mail", [replace(MAIL, sender="nobody@fabrikam-it.example"), replace(MAIL, recipients=("no address",))])
def test_a_wrong_address_is_rejected_with_the_fix(world: World, mail: Mail) -> None:
    with pytest.raises(Rejected) as caught:
        mailer(world).send(mail)
    assert caught.value.fix and world.simulator.mails == []


def test_a_file_goes_with_the_mail(world: World) -> None:
    mailer(world).send(replace(MAIL, attachments=(Attachment("people.csv", "text/csv", "Café\r\n".encode()),)))
    (attached,) = world.simulator.mails[0].message["attachments"]
    assert (attached["name"], b64decode(attached["contentBytes"]).decode()) == ("people.csv", "Café\r\n")


def test_an_application_that_may_not_send_is_told_which_right_is_missing(world: World) -> None:
    partner = world.simulator.directory.partner
    partner.permissions = partner.permissions - {"Mail.Send"}
    with pytest.raises(Rejected, match=r"Mail\.Send"):
        mailer(world).send(MAIL)


def test_a_sign_in_that_fails_is_a_rejection_and_shows_in_health(world: World) -> None:
    world.secrets.put("app-secret", "wrong")
    with pytest.raises(Rejected, match="client secret"):
        mailer(world).send(MAIL)
    assert not mailer(world).health().ok


def test_health_is_good_when_the_sign_in_works(world: World) -> None:
    assert mailer(world).health().ok


@pytest.mark.parametrize(
    ("fault", "expected", "sent"),
    [
        (Fault(Effect.DROP_AFTER, path="sendMail"), OutcomeUnknown, 1),
        (Fault(Effect.ANSWER, path="sendMail", status=503), OutcomeUnknown, 0),
        (Fault(Effect.ANSWER, path="sendMail", status=429, headers={"Retry-After": "60"}), Throttled, 0),
        (Fault(Effect.ANSWER, path="sendMail", status=401, body="{}"), RetryLater, 0),
    ],
)
def test_trouble_on_the_way_is_never_answered_with_a_second_mail(world: World, fault: Fault, expected: type[SyncError], sent: int) -> None:
    world.simulator.graph_faults.add(fault)
    with pytest.raises(expected):
        mailer(world).send(MAIL)
    assert len(world.simulator.mails) == sent
