"""What a night logs: whose work each line is, the numbers that charts need, and nothing that is nobody's business."""

import re

from sandbox.memory.psa import Mishap
from sync_core.errors import Rejected, RetryLater, SkipCustomer, Throttled
from tests.pipeline.logbook import Logbook, logbook
from tests.pipeline.night import Night, tenant

PRIVATE = "person@contoso.example did this with eyJhbGciOi.secret"
IDS = re.compile(r"[\w.:~-]{0,120}")


def faulty_night() -> tuple[Night, Logbook]:
    """A night in which the vendors say in their errors what nobody may log: names, addresses, tokens."""
    night = Night(customers=6)
    with logbook(night.clock) as book:
        night.microsoft.always[tenant(1)] = SkipCustomer(PRIVATE, code="consent-missing", where=PRIVATE, why=PRIVATE, fix=PRIVATE)
        night.microsoft.errors[tenant(2)] = [Throttled(PRIVATE, delay=40, why=PRIVATE), RetryLater(PRIVATE, delay=9, where=PRIVATE)]
        for mishap in (Mishap.LOSE_ANSWER, Mishap.REJECT, Mishap.THROTTLE):
            night.psa.fail_next_write(mishap)
        night.mail.errors = [Rejected(PRIVATE, why=PRIVATE)]
        night.run()
    return night, book


def test_every_line_says_which_stage_and_invocation_it_comes_from() -> None:
    _, book = faulty_night()
    assert book.lines
    assert [line.text for line in book.lines if not {"event", "stage", "invocation"} <= line.fields.keys()] == []


def test_every_line_about_a_customer_names_it_and_its_run() -> None:
    night, book = faulty_night()
    run_id = book.events("run.started")[0]["run"]
    work = [line.fields for line in book.lines if line.fields["stage"] in ("sync-customer", "apply-plan")]
    assert {fields["run"] for fields in work} == {run_id}
    assert {fields["customer"] for fields in work if not fields["event"].startswith("run.")} == set(night.microsoft.bought)


def test_nothing_private_is_logged_whatever_the_vendors_say() -> None:
    night, book = faulty_night()
    notices, customers = night.configuration.notices, night.configuration.customers
    known = {PRIVATE, *PRIVATE.split(), *notices.recipients, notices.sender, *(item.customer.name for item in customers)}
    logged = "\n".join(line.text for line in book.lines)
    assert "step.unknown" in logged
    assert [text for text in known - {"did", "this", "with"} if text in logged] == []


def test_texts_in_the_log_are_ids_states_and_codes() -> None:
    """Whatever is not one of these may hold anything, and is not logged: the exceptions are our own words."""
    _, book = faulty_night()
    texts = {text for line in book.lines for text in line.fields.values() if isinstance(text, str)}
    assert {text for text in texts if not IDS.fullmatch(text)} <= {"needs approval", "set quantity"}


def test_the_changes_of_a_night_are_counted_by_kind_and_verdict_and_their_money_by_currency() -> None:
    night = Night(customers=2, seats=12, billed=10)
    with logbook(night.clock) as book:
        night.run()
    counted = sorted((fields["kind"], fields["verdict"], fields["value"]) for fields in book.metrics("changes"))
    assert counted == [("adopt", "safe", 1)] * 2 + [("set quantity", "safe", 1)] * 2
    assert [(fields["unit"], fields["verdict"], fields["value"]) for fields in book.metrics("money")] == [("USD", "safe", 41.2)] * 2


def test_a_customer_that_fails_says_how_old_its_last_good_read_is() -> None:
    night = Night()
    night.run()
    with logbook(night.clock) as book:
        night.microsoft.always[tenant(1)] = SkipCustomer("No consent")
        for _ in range(2):
            night.next_day()
            night.run()
    assert [fields["value"] for fields in book.metrics("last-read.age")] == [1, 2]


def test_a_message_that_is_put_back_is_logged_with_its_attempt() -> None:
    night = Night()
    night.microsoft.errors[tenant(1)] = [Throttled("Slow down", delay=40), Throttled("Slow down", delay=40)]
    with logbook(night.clock) as book:
        night.run()
    assert [(fields["queue"], fields["attempt"]) for fields in book.events("message.put-back")] == [("sync-customer", 1), ("sync-customer", 2)]
