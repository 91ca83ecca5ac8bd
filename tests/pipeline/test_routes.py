"""Who is told of what, and how often: by kind, once for the same thing, and never lost when a mail or a process fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.access import DIRECTORY_READERS
from sync_core.documents import dumps
from sync_core.errors import Rejected, RetryLater
from sync_core.history.forget import Forgetting
from sync_core.model.access import Delegation
from sync_core.model.licences import Mailbox, MailboxKind, Source, User
from sync_core.model.notices import Frequency, NoticeKind, Route, Silence, Weekday
from sync_core.model.people import Who
from sync_core.model.runs import RunState
from sync_core.pipeline.messages import SEND_NOTICES, Message, send
from sync_core.pipeline.poison import poison
from sync_core.pipeline.resync import resync
from sync_core.pipeline.watch_access import watch_access
from sync_core.ports import Mail
from tests.pipeline.night import OTHER_SKU, SKU, Night, tenant

SALES = ("sales@msp.example",)
WEEKLY = Route(SALES, Frequency.WEEKLY, Weekday.THURSDAY)
"""The first night is a Tuesday."""


def night_with(routes: dict[NoticeKind, Route], customers: int = 1, **options: object) -> Night:
    """A night whose kinds go these ways; the customers hold as many seats as they are billed, and use them all."""
    night = Night(0, **options)  # type: ignore[arg-type]  # a test's own options
    night.notices = replace(night.notices, routes=routes)
    night.configure(*(night.add_customer(number, seats=10) for number in range(1, customers + 1)))
    night.microsoft.assigned = {tenant(number): 10 for number in range(1, customers + 1)}
    return night


def to(night: Night, people: tuple[str, ...] = SALES) -> list[Mail]:
    """The mails that these people got."""
    return [mail for mail in night.mail.mails if mail.recipients == people]


def lines(mail: Mail, word: str) -> list[str]:
    """The lines of a mail with a word in them."""
    return [line for line in mail.text.splitlines() if word in line]


def another_night(night: Night) -> None:
    """The next night, as a whole."""
    night.next_day()
    night.run()


def test_a_kind_goes_to_its_own_recipients_and_not_to_the_others() -> None:
    night = night_with({NoticeKind.APPLIED: Route(SALES)})
    night.buy(12)
    night.run()
    assert lines(to(night)[0], "applied 12")
    (general,) = to(night, night.notices.recipients)
    assert not lines(general, "applied 12")


def test_a_mail_about_nothing_is_not_sent_unless_that_is_asked_for() -> None:
    quiet, asked = night_with({NoticeKind.APPLIED: Route(SALES)}), night_with({NoticeKind.APPLIED: Route(SALES, when_empty=True)})
    for night in (quiet, asked):
        night.run()  # takes the line over
        another_night(night)
    assert [len(to(quiet)), len(to(asked))] == [1, 2]


def test_the_digest_of_a_quiet_run_can_be_left_out() -> None:
    night = night_with({})
    night.notices = replace(night.notices, when_empty=False)
    night.configure(*night.configuration.customers)
    night.run()
    night.next_day()
    assert (night.run().notice, len(night.mail.mails)) == ("nothing to tell", 1)


def test_seats_that_nobody_holds_are_told_once_and_once_more_when_they_are_solved() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route()})
    night.microsoft.assigned[tenant(1)] = 7
    told = []
    for held in (7, 6, 10, 10):
        night.microsoft.assigned[tenant(1)] = held
        another_night(night)
        told.append([line.partition(":")[0] for line in lines(night.mail.mails[-1], "unassigned")])
    assert told == [["Customer 1, unassigned"], [], ["Customer 1, solved unassigned"], []]


def test_a_route_may_ask_for_the_whole_list_each_time() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(repeat=True)})
    night.microsoft.assigned[tenant(1)] = 7
    for _ in range(2):
        another_night(night)
    assert [len(lines(mail, "3 of 10 bought")) for mail in night.mail.mails] == [1, 1]


def test_nothing_is_read_for_a_kind_that_nobody_asked_for() -> None:
    night = night_with({})
    night.run()
    assert night.microsoft.asked[-1].sources == frozenset()
    assert night.customer(night.run()).findings == ()


def test_licences_of_users_who_may_not_sign_in_are_told_by_name_and_kept_without() -> None:
    night = night_with({NoticeKind.DISABLED_USERS: Route(SALES)})
    night.microsoft.users[tenant(1)] = (
        User("u1", frozenset({SKU}), user_principal_name="left@contoso.example", enabled=False),
        User("u2", frozenset({SKU}), user_principal_name="here@contoso.example"),
        User("u3", user_principal_name="nothing@contoso.example", enabled=False),
    )
    run = night.run()
    assert night.microsoft.asked[-1].sources == {Source.USERS}
    assert [line.split(": ")[1].split()[0] for line in lines(to(night)[0], "disabled users")] == ["left@contoso.example"]
    kept = str(night.customer(run).findings)
    assert "contoso.example" not in kept and "u1" not in kept
    assert not any("contoso.example" in str(row.values) for row in night.store.query("notices", "memory"))


def test_a_person_who_is_forgotten_is_not_named_any_more() -> None:
    night = night_with({NoticeKind.DISABLED_USERS: Route(SALES, repeat=True)})
    night.microsoft.users[tenant(1)] = (User("u1", frozenset({SKU}), user_principal_name="left@contoso.example", enabled=False),)
    night.run()
    Forgetting(night.context, tenant(1), "left@contoso.example").forget(Who("a clerk"))
    another_night(night)
    assert lines(to(night)[1], "holds Product")
    assert "left@contoso.example" not in to(night)[1].text


def test_shared_mailboxes_with_licences_are_told_apart_from_users_who_left() -> None:
    routes = {NoticeKind.DISABLED_USERS: Route(SALES), NoticeKind.SHARED_MAILBOXES: Route(SALES)}
    night = night_with(routes)
    night.microsoft.users[tenant(1)] = (User("u1", frozenset({SKU}), user_principal_name="Info@contoso.example", enabled=False),)
    night.microsoft.mailboxes[tenant(1)] = (Mailbox("info@contoso.example", MailboxKind.SHARED),)
    night.run()
    assert len(lines(to(night)[0], "shared mailboxes")) == 1
    assert not lines(to(night)[0], "disabled users")


def test_a_report_that_does_not_say_which_mailboxes_are_shared_is_told_and_solves_nothing() -> None:
    night = night_with({NoticeKind.SHARED_MAILBOXES: Route(SALES)})
    night.microsoft.users[tenant(1)] = (User("u1", frozenset({SKU}), user_principal_name="info@contoso.example"),)
    night.microsoft.mailboxes[tenant(1)] = (Mailbox("info@contoso.example", MailboxKind.SHARED),)
    night.run()
    night.microsoft.mailboxes[tenant(1)] = (Mailbox("info@contoso.example"),)
    another_night(night)
    assert lines(to(night)[1], "does not say which mailboxes are shared")
    assert not lines(to(night)[1], "solved")


def test_a_source_that_fails_solves_nothing() -> None:
    night = night_with({NoticeKind.DISABLED_USERS: Route(SALES)})
    left = (User("u1", frozenset({SKU}), user_principal_name="left@contoso.example", enabled=False),)
    night.microsoft.users[tenant(1)] = left
    night.run()
    del night.microsoft.users[tenant(1)]
    another_night(night)
    night.microsoft.users[tenant(1)] = left
    another_night(night)
    assert len(to(night)) == 1


def test_a_relationship_that_ends_is_told_at_sixty_thirty_and_seven_days_and_when_it_is_extended() -> None:
    night = night_with({})
    ends = night.clock.now() + timedelta(days=62, hours=1)
    delegation = Delegation(tenant(1), "Customer 1", "Managed services", ends, role_ids=frozenset({DIRECTORY_READERS}))
    night.microsoft.delegated = [delegation]
    told = []
    for day in range(60):
        watch_access(night.context)
        night.run()
        if lines(night.mail.mails[-1], "relationships ending"):
            told.append(62 - day)
        night.next_day()
    night.microsoft.delegated = [replace(delegation, renews=True)]
    watch_access(night.context)
    night.run()
    assert told == [60, 30, 7]
    assert lines(night.mail.mails[-1], "solved relationships ending")


def test_ends_that_could_not_be_looked_at_are_not_solved() -> None:
    night = night_with({})
    ends = night.clock.now() + timedelta(days=20)
    night.microsoft.delegated = [Delegation(tenant(1), "Customer 1", "Managed services", ends, role_ids=frozenset({DIRECTORY_READERS}))]
    watch_access(night.context)
    night.run()
    night.microsoft.delegated = Rejected("Forbidden")
    night.next_day()
    watch_access(night.context)
    night.run()
    assert not lines(night.mail.mails[-1], "solved")


def test_a_weekly_kind_is_told_on_its_day_with_all_that_was_written_since() -> None:
    night = night_with({NoticeKind.APPLIED: WEEKLY})
    mails = []
    for seats in (11, 12, 13, 14, 14, 14, 14, 14, 14, 15):  # Tuesday to the Thursday after next
        night.buy(seats)
        night.run()
        mails.append(len(to(night)))
        night.next_day()
    first, second = to(night)
    assert mails == [0, 0, 1, 1, 1, 1, 1, 1, 1, 2]
    assert [line.split()[-1] for line in sorted(lines(first, "applied"))] == ["10", "11", "12", "13"]  # 10: the line was taken over
    assert [line.split()[-1] for line in sorted(lines(second, "applied"))] == ["14", "15"]


@pytest.mark.parametrize(("zone", "told"), [("UTC", 0), ("America/New_York", 1)])
def test_a_weekday_is_one_of_the_first_psas_own_calendar(zone: str, told: int) -> None:
    """The first night is a Tuesday in UTC, and still Monday in New York."""
    night = night_with({NoticeKind.UNASSIGNED: replace(WEEKLY, weekday=Weekday.MONDAY)})
    night.time_zone = zone
    night.configure(*night.configuration.customers)
    night.microsoft.assigned[tenant(1)] = 7
    night.run()
    assert len(to(night)) == told


def test_a_weekday_without_a_run_is_made_up_for_with_the_next_one() -> None:
    night = night_with({NoticeKind.UNASSIGNED: WEEKLY})
    night.microsoft.assigned[tenant(1)] = 7
    night.run()
    night.clock.advance(3 * 24 * 3600)  # Friday
    night.run()
    assert len(to(night)) == 1


def test_a_daily_kind_is_told_once_a_business_date_whatever_resyncs_there_are() -> None:
    night = night_with({NoticeKind.APPLIED: Route(SALES, Frequency.DAILY)})
    night.run()
    for seats in (12, 13):
        night.buy(seats)
        night.clock.advance(3600)
        resync(night.context, tenant(1))
        night.work()
    assert [len(to(night)), len(night.mail.mails)] == [1, 4]
    another_night(night)
    assert [line.split()[-1] for line in sorted(lines(to(night)[1], "applied"))] == ["12", "13"]


def test_what_is_off_for_a_customer_or_an_item_is_not_told() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES, repeat=True)}, customers=3)
    night.microsoft.assigned = {tenant(number): 7 for number in (1, 2, 3)}
    silences = [Silence(), Silence(frozenset({NoticeKind.UNASSIGNED})), Silence(items={SKU: frozenset({NoticeKind.UNASSIGNED})})]
    night.configure(*(replace(item, silence=silence) for item, silence in zip(night.configuration.customers, silences, strict=True)))
    night.run()
    assert [line[:10] for line in lines(to(night)[0], "unassigned")] == ["Customer 1"]


def test_an_item_that_is_not_linked_can_be_off_for_everybody() -> None:
    night = night_with({})
    night.notices = replace(night.notices, silence=Silence(items={OTHER_SKU: frozenset({NoticeKind.NOT_LINKED})}))
    night.configure(*night.configuration.customers)
    night.microsoft.bought[tenant(1)] |= {OTHER_SKU: 3, "a-third-one": 4}
    night.run()
    assert [line.split()[-1] for line in lines(night.mail.mails[0], "not linked")] == ["a-third-"]


def test_what_a_mail_could_not_tell_is_the_next_runs_to_tell() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES), NoticeKind.APPLIED: Route(SALES, Frequency.DAILY)})
    night.microsoft.assigned[tenant(1)] = 7
    night.buy(12)
    night.mail.errors = [Rejected("The mailbox is unknown")] * 2
    run = night.run()
    assert (run.state, run.notice.partition(":")[0], night.mail.mails) == (RunState.TOLD, "failed", [])
    another_night(night)
    assert lines(to(night)[0], "unassigned")
    assert lines(to(night)[0], "applied 12")


def test_what_a_poisoned_message_did_not_tell_is_the_next_runs_to_tell() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES), NoticeKind.APPLIED: WEEKLY})
    night.microsoft.assigned[tenant(1)] = 7
    night.mail.errors = [RetryLater("busy", delay=60)] * 2
    run = night.start()
    while night.reload(run).state is not RunState.FINISHED or night.mail.errors:
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.take()
    poison(night.context, SEND_NOTICES, dumps(Message(run.run_id)))
    assert night.reload(run).state is RunState.TOLD
    night.work()
    told = len(to(night))
    another_night(night)
    assert (told, len(to(night))) == (0, 1)


def test_a_customer_that_is_taken_out_is_forgotten_without_a_word() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES)}, customers=2)
    night.microsoft.assigned[tenant(1)] = 7
    night.run()
    first, second = night.configuration.customers
    night.configure(second)
    another_night(night)
    assert not any(lines(mail, "solved") for mail in night.mail.mails)
    night.configure(first, second)
    another_night(night)
    assert [len(lines(mail, "Customer 1, unassigned")) for mail in to(night)] == [1, 1]


def test_one_refused_mail_does_not_keep_the_other() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES)})
    night.microsoft.assigned[tenant(1)] = 7
    night.mail.errors = [Rejected("The first one is refused")]
    run = night.run()
    assert len(night.mail.mails) == 1
    assert run.notice.startswith("failed: The first one is refused")


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_each_mail_of_a_run_is_sent_at_most_twice(lost: int) -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES)})
    night.microsoft.assigned[tenant(1)] = 7
    night.mail.lost_answers = lost
    run = night.run()
    for people in (SALES, night.notices.recipients):
        mails = to(night, people)
        assert 1 <= len(mails) <= 2
        assert ["second copy" in mail.subject for mail in mails] == [False, True][: len(mails)]
        assert len({mail.message_id for mail in mails}) == 1
    assert len({mail.message_id for mail in night.mail.mails}) == 2
    another_night(night)
    assert len([mail for mail in to(night) if lines(mail, "unassigned")]) == len([mail for mail in to(night) if run.run_id in mail.subject])


def test_a_second_message_tells_nothing_again() -> None:
    night = night_with({NoticeKind.UNASSIGNED: Route(SALES)})
    night.microsoft.assigned[tenant(1)] = 7
    run = night.run()
    send(night.context, SEND_NOTICES, Message(run.run_id))
    night.work()
    assert len(night.mail.mails) == 2


def test_a_change_that_waits_can_be_told_once() -> None:
    night = night_with({NoticeKind.WAITING: Route(SALES, repeat=False)})
    night.run()
    night.buy(30)
    told = []
    for seats in (30, 30, 31, 10):
        night.buy(seats)
        another_night(night)
        told.append([line for mail in to(night) if mail.subject.endswith(f"{night.clock.now():%Y%m%d}T020000Z]") for line in lines(mail, "aiting")])
    assert [len(each) for each in told] == [1, 0, 2, 1]  # told, quiet, told anew as another change, solved


def test_what_a_long_list_of_a_run_leaves_out_goes_with_it_as_a_file() -> None:
    few, many = night_with({}, customers=30), night_with({}, customers=31)
    for night in (few, many):
        for each in night.microsoft.bought.values():
            each[OTHER_SKU] = 3
        night.run()
        another_night(night)  # the first one also took the lines over
    assert [attachment.name for attachment in few.mail.mails[1].attachments] == []
    (attachment,) = many.mail.mails[1].attachments
    assert attachment.content.count(b"not linked,Customer") == 31


def test_many_findings_go_with_the_mail_as_a_file_too() -> None:
    night = night_with({NoticeKind.DISABLED_USERS: Route(SALES)})
    night.microsoft.users[tenant(1)] = tuple(
        User(f"u{number:02d}", frozenset({SKU}), user_principal_name=f"=u{number}@contoso.example", enabled=False) for number in range(20)
    )
    night.run()
    (attachment,) = to(night)[0].attachments
    assert attachment.name == "findings.csv"
    assert attachment.content.count(b"'=u") == 20
