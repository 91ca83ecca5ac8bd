"""What every PSA adapter reads."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sync_core.errors import Rejected, RetryLater, StopRun, SyncError, Throttled
from sync_core.model.agreements import Ability, AgreementStatus
from tests.conformance.subjects import APRIL, LINES, OVER, PRICE, START, TODAY, Subject
from tests.conformance.whole import whole_agreement


def test_a_working_connection_is_healthy(subject: Subject) -> None:
    assert subject.psa.health().ok


def test_a_refused_key_is_seen_by_the_health_check_with_a_fix(subject: Subject) -> None:
    subject.refuse_key()
    health = subject.psa.health()
    assert not health.ok
    assert health.fix


def test_a_refused_key_stops_the_run(subject: Subject) -> None:
    subject.refuse_key()
    with pytest.raises(StopRun):
        subject.psa.read_headers(None)


def test_the_headers_of_all_agreements_are_those_that_bill(subject: Subject) -> None:
    assert [head.agreement_id for head in subject.psa.read_headers(None)] == [subject.agreement_id]


def test_headers_are_read_by_id_whatever_their_status_and_unknown_ones_are_left_out(subject: Subject) -> None:
    heads = subject.psa.read_headers([subject.agreement_id, subject.cancelled_agreement_id, "99999", "not an id"])
    assert {head.agreement_id: head.status for head in heads} == {
        subject.agreement_id: AgreementStatus.ACTIVE,
        subject.cancelled_agreement_id: subject.cancelled,
    }


def test_a_header_tells_what_planning_needs(subject: Subject) -> None:
    head = subject.psa.read_headers([subject.agreement_id])[0]
    assert (head.connection, head.company_id, head.name) == (subject.psa.connection, subject.company_id, "Cloud")
    assert (head.type_name, head.start, head.end, head.period_months) == ("Managed Services", START, subject.agreement_ends, 1)
    assert (head.anchor, head.next_invoice, head.prorates, head.currency) == (START, APRIL, subject.prorates, "EUR")


def test_a_companys_agreements_are_those_that_bill(subject: Subject) -> None:
    assert [head.agreement_id for head in subject.psa.company_agreements(subject.company_id)] == [subject.agreement_id]
    assert subject.psa.company_agreements("99999") == []


def test_all_lines_are_read_over_several_pages_those_that_are_over_included(subject: Subject) -> None:
    lines = subject.psa.read_lines(subject.psa.read_headers(None)[0], TODAY)
    assert [(line.product, line.quantity) for line in lines] == [(f"M365-{number}", Decimal(number)) for number in range(1, LINES + 1)]
    assert [line.ends for line in lines] == [None] * (LINES - 1) + [OVER]


def test_a_list_that_is_longer_than_a_page_is_read_to_its_end(subject: Subject) -> None:
    """Seven products, three at a time."""
    if subject.served is None:
        pytest.skip("It has no pages")
    before = subject.served.requests
    assert len(subject.psa.products()) == LINES
    assert subject.served.requests - before >= 3, "its subject has to ask for pages of three rows"


def test_a_line_tells_what_comparing_needs(subject: Subject) -> None:
    line = subject.psa.read_lines(subject.psa.read_headers(None)[0], TODAY)[0]
    assert (line.unit_price, line.included, line.starts, line.marker) == (PRICE, Decimal(0), subject.line_starts, "")
    assert line.billed == Decimal(1)


def test_an_agreement_is_read_whole_or_not_at_all(subject: Subject) -> None:
    found = whole_agreement(subject.psa, subject.agreement_id, TODAY)
    assert found is not None
    assert len(found.lines) == LINES
    assert whole_agreement(subject.psa, "99999", TODAY) is None


def test_the_lines_of_a_missing_agreement_are_an_error_and_not_an_empty_list(subject: Subject) -> None:
    gone = replace(subject.psa.read_headers(None)[0], agreement_id="99999")
    with pytest.raises(Rejected):
        subject.psa.read_lines(gone, TODAY)


def test_companies_come_with_the_domains_of_website_and_contacts(subject: Subject) -> None:
    companies = {company.name: company.domains for company in subject.psa.companies()}
    assert companies == {"Contoso Ltd": {"contoso.example", "mail.contoso.example"}, "Fabrikam Ltd": frozenset()}


def test_products_are_read_all_or_by_identifier(subject: Subject) -> None:
    assert len(subject.psa.products()) == LINES
    (product,) = subject.psa.products(["M365-2", "M365-99", 'quoted "] * name'])
    assert (product.identifier, product.price, product.active) == ("M365-2", PRICE, True)


def test_a_persons_edit_is_visible_with_the_next_read(subject: Subject) -> None:
    line = subject.psa.read_lines(subject.psa.read_headers(None)[0], TODAY)[0]
    subject.edit_quantity(line.line_id, 42)
    edited = subject.psa.read_lines(subject.psa.read_headers(None)[0], TODAY)[0]
    assert (edited.quantity, edited.edited_by) == (Decimal(42), "a person" if subject.names_editors else "")


def test_a_read_that_is_throttled_waits_as_long_as_the_psa_asks(subject: Subject) -> None:
    subject.answer_reads(429, '{"errors": ["Too many requests."]}')
    with pytest.raises((Throttled, RetryLater)) as caught:
        subject.psa.read_headers(None)
    assert caught.value.delay == 30.0


@pytest.mark.parametrize("body", ["", "<html>Sign in</html>", "{}", "[[]]", '{"items": null}'])
def test_an_answer_that_is_no_list_is_never_taken_for_an_empty_one(subject: Subject, body: str) -> None:
    subject.answer_reads(200, body)
    with pytest.raises(SyncError):
        subject.psa.read_headers(None)


def test_a_list_of_which_a_page_fails_gives_no_part_of_it(subject: Subject) -> None:
    """A line that was not read would be added a second time, or be taken for ended."""
    head = subject.psa.read_headers(None)[0]
    subject.answer_reads(429, '{"errors": ["Too many requests."]}', after=1)
    with pytest.raises(SyncError):
        while True:
            assert len(subject.psa.read_lines(head, TODAY)) == LINES
            subject.psa.read_headers(None)


def test_lines_that_are_read_together_are_those_that_are_read_alone(subject: Subject) -> None:
    """Of dated quantities they show the one day that was asked for."""
    heads = subject.psa.read_headers(None)
    together = subject.psa.read_together(heads, APRIL) if subject.psa.together > 1 else {}
    alone = {head.agreement_id: tuple(replace(line, held=()) for line in subject.psa.read_lines(head, APRIL)) for head in heads}
    assert together == (alone if subject.psa.together > 1 else {})


def test_what_a_psa_can_do_is_said_by_its_agreements(subject: Subject) -> None:
    """Only one way of billing by days can be planned for, and what needs another ability comes with it."""
    abilities = subject.psa.read_headers(None)[0].abilities
    assert not {Ability.SELF_ENDING_LINES, Ability.DATED_QUANTITIES} <= abilities
    assert Ability.DATED_QUANTITIES in abilities or Ability.INVOICED_TIME not in abilities


def test_where_nothing_was_invoiced_otherwise_the_invoices_have_nothing_against_the_first_open_day(subject: Subject) -> None:
    """Asked in any case, so that what is asked is listened to."""
    held = whole_agreement(subject.psa, subject.agreement_id, TODAY)
    assert held is not None
    assert subject.psa.invoices_against(held) == ""
