"""The night's mail: tried again on its own, sent at most twice, and never a reason to touch the PSA again."""

from __future__ import annotations

from sync_core.errors import Rejected, RetryLater
from sync_core.model.runs import RunState
from sync_core.pipeline.messages import SEND_NOTICES, Message, send
from tests.pipeline.night import Night


def test_a_refused_mail_is_tried_again_and_the_psa_left_alone() -> None:
    night = Night()
    night.mail.errors = [RetryLater("The mail server is busy", delay=60), RetryLater("The mail server is busy", delay=60)]
    run = night.run()
    assert len(night.mail.mails) == len(night.psa.writes) == 1
    assert (run.state, run.notice) == (RunState.TOLD, "sent")
    assert "second copy" not in night.mail.mails[0].subject


def test_a_mail_whose_outcome_is_unknown_is_sent_once_more_and_says_so() -> None:
    night = Night()
    night.mail.lost_answers = 1
    night.run()
    first, second = night.mail.mails
    assert first.message_id == second.message_id
    assert "second copy" not in first.subject
    assert second.subject.endswith("(possibly a second copy)")


def test_there_is_no_third_mail() -> None:
    night = Night()
    night.mail.lost_answers = 5
    run = night.run()
    assert len(night.mail.mails) == 2
    assert run.notice == "sent twice, neither confirmed"


def test_a_mail_that_is_refused_for_good_leaves_a_word_on_the_run() -> None:
    night = Night()
    night.mail.errors = [Rejected("The sender may not send", fix="Grant Mail.Send")]
    run = night.run()
    assert run.state is RunState.TOLD
    assert "Grant Mail.Send" in run.notice
    assert night.quantities() == [12]


def test_a_mail_server_that_is_down_all_night_does_not_keep_the_run_open() -> None:
    night = Night(wait_limit_minutes=60)
    night.mail.errors = [RetryLater("The mail server is busy", delay=600)] * 50
    run = night.run()
    assert run.state is RunState.TOLD
    assert run.notice.startswith("failed: The mail server is busy")


def test_a_second_notice_message_sends_no_second_mail() -> None:
    night = Night()
    run = night.run()
    send(night.context, SEND_NOTICES, Message(run.run_id))
    night.work()
    assert len(night.mail.mails) == 1
