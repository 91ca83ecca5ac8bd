"""Names on the invoice through whole nights: written once, read only where asked for, and in nobody's log."""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import replace

import pytest

from sandbox.memory.psa import Keeping, Mishap
from sync_core.model.billing import Names
from sync_core.model.configuration import CustomerConfiguration
from sync_core.model.languages import Language
from sync_core.model.licences import Source, User
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.pipeline.people_list import as_csv
from tests.pipeline.night import SKU, Night, agreement, tenant

NAMED = "| Users: Accountant, Buyer"


def people(*names: str) -> tuple[User, ...]:
    """People who hold the SKU."""
    return tuple(User(f"u-{name}", frozenset({SKU}), user_principal_name=f"{name}@contoso.example", display_name=name) for name in names)


def naming(night: Night, *, names: bool = True, form: Names = Names.DISPLAY_NAME) -> Night:
    """The night's first customer, whose profile shows names from now on."""
    configured = night.configuration.customers
    first = configured[0]
    links = tuple(replace(link, profile=replace(link.profile, names=form)) for link in first.links)
    night.psa.add_agreement(replace(agreement("a1", "c1"), text_limit=1000))
    night.configure(replace(first, links=links, names=names), *configured[1:])
    return night


def text(night: Night) -> str:
    """The text of the first customer's line."""
    return night.psa.lines("a1")[0].text


@pytest.fixture(params=Keeping)
def night(request: pytest.FixtureRequest) -> Night:
    """One customer whose two people hold all of the twelve seats that are billed."""
    made = naming(Night(seats=12, billed=12, keeping=request.param))
    made.microsoft.users[tenant(1)] = people("Buyer", "Accountant")
    return made


def test_the_first_night_names_people_and_the_second_writes_nothing(night: Night) -> None:
    night.run()
    assert (text(night), night.quantities(), len(night.psa.writes)) == (NAMED, [12], 1)
    night.next_day()
    night.run()
    assert len(night.psa.writes) == 1


def test_people_are_named_in_the_language_of_the_psas_invoices_from_the_night_on_that_it_is_given(night: Night) -> None:
    night.run()
    night.language = Language.GERMAN
    night.configure(*night.configuration.customers)
    night.next_day()
    night.run()
    assert text(night) == "| Benutzer: Accountant, Buyer"
    night.next_day()
    night.run()
    assert len(night.psa.writes) == 2


def test_whoever_comes_is_named_the_next_night(night: Night) -> None:
    night.run()
    night.next_day()
    night.microsoft.users[tenant(1)] = people("Buyer", "Courier", "Accountant")
    night.run()
    assert text(night) == "| Users: Accountant, Buyer, Courier"


def test_a_seat_and_its_holder_that_come_in_one_night_are_both_remembered(night: Night) -> None:
    """A PSA that is written agreement by agreement takes both in one write."""
    night.run()
    night.next_day()
    night.buy(13)
    night.microsoft.users[tenant(1)] = people("Buyer", "Courier", "Accountant")
    run = night.run()
    assert (text(night), night.quantities()) == ("| Users: Accountant, Buyer, Courier", [13])
    assert {change.result for change in night.report(run).changes} == {ChangeResult.APPLIED}
    night.next_day()
    assert night.report(night.run()).changes == ()


def test_people_who_cannot_be_read_leave_text_and_quantity_alone(night: Night) -> None:
    night.run()
    night.next_day()
    night.microsoft.users.clear()
    run = night.run()
    assert (text(night), night.report(run).changes) == (NAMED, ())


def test_a_lost_answer_costs_no_second_text(night: Night) -> None:
    night.psa.fail_next_write(Mishap.LOSE_ANSWER)
    run = night.run()
    assert (text(night), len(night.psa.writes)) == (NAMED, 1)
    assert {change.result for change in night.report(run).changes} == {ChangeResult.APPLIED}


def test_a_text_that_a_person_edits_in_between_is_held(night: Night) -> None:
    night.run()
    night.psa.edit("1", text="As promised")
    night.next_day()
    run = night.run()
    (change,) = night.report(run).changes
    assert (change.kind, change.result, text(night)) == (ChangeKind.SET_TEXT, ChangeResult.WAITING, "As promised")


def test_a_private_customer_has_its_names_taken_out_again(night: Night) -> None:
    night.run()
    naming(night, names=False)
    night.next_day()
    night.run()
    assert text(night) == ""
    assert night.microsoft.asked[-1].sources == frozenset()


def test_users_are_read_only_of_customers_whose_lines_name_them() -> None:
    night = naming(Night(customers=2))
    night.run()
    assert sorted(Source.USERS in needs.sources for needs in night.microsoft.asked) == [False, True]


def test_no_name_reaches_the_log(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        night.run()
    assert caplog.records and not any("Buyer" in repr(record.__dict__) for record in caplog.records)


def test_everybody_goes_with_the_digest_as_a_file() -> None:
    """Also those for whom the line has no room."""
    night = naming(Night(seats=12, billed=12))
    night.psa.add_agreement(replace(agreement("a1", "c1"), text_limit=20))
    night.microsoft.users[tenant(1)] = people("=Buyer", "Accountant")
    night.run()
    assert text(night) == "| Users: + 2 more"
    (attached,) = night.mail.mails[0].attachments
    rows = list(csv.reader(io.StringIO(attached.content.decode("utf-8-sig"))))
    assert rows == [["Customer", "Item", "User"], ["Customer 1", rows[1][1], "'=Buyer"], ["Customer 1", rows[1][1], "Accountant"]]


@pytest.mark.parametrize("names", [True, False], ids=["unread", "private"])
def test_without_a_name_no_file_goes_with_the_digest(names: bool) -> None:
    night = naming(Night(), names=names)
    night.run()
    assert night.mail.mails[0].attachments == ()


def test_the_file_says_of_somebody_who_left_only_what_is_true_now() -> None:
    night = naming(Night(seats=12, billed=12))
    for names in (("Buyer", "Accountant"), ("Buyer",)):
        night.microsoft.users[tenant(1)] = people(*names)
        night.run()
        night.next_day()
    assert [b"Accountant" in mail.attachments[0].content for mail in night.mail.mails] == [True, False]


def test_a_file_that_would_be_too_large_says_how_many_are_missing() -> None:
    content = as_csv([("Contoso", "E5", f"Role {number}") for number in range(100)], largest=100)
    assert content.decode("utf-8-sig").splitlines()[-1].startswith("and 9")
    assert len(content) < 200


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM", "\tx"])
def test_no_cell_is_a_formula(name: str) -> None:
    row = as_csv([("Contoso", "E5", name)]).decode("utf-8-sig").splitlines()[1]
    assert row.endswith(f"'{name}")


def test_a_customer_names_each_item_once() -> None:
    night = naming(Night())
    item: CustomerConfiguration = night.configuration.customers[0]
    assert replace(item, links=(*item.links, *item.links)).named == (SKU,)
