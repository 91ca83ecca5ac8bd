"""What Autotask's own contracts say of the assumptions: confirmed, contradicted with the setting to change, or not to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from adapters.clock import SystemClock
from adapters.psa import KINDS
from adapters.psa.assumptions import Finding, Verdict
from adapters.psa.autotask.assumptions import Seen, findings
from adapters.psa.autotask.settings import AutotaskSettings
from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.autotask.records import Reading
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.web import serve
from sync_core.budget import Budget
from sync_core.model.agreements import Agreement, AgreementStatus
from sync_core.model.configuration import Connection

KIND = KINDS["autotask"]
MARCH = date(2026, 3, 1)


class Today(SystemClock):
    """A calendar that a test moves, while seconds pass."""

    day = date(2026, 3, 17)

    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 9, tzinfo=UTC)


class Books:
    """An Autotask with a contract of two services, and the look at it."""

    def __init__(self, **switches: object) -> None:
        self.clock, self.access = Today(), Access()
        self.ledger = Ledger(now=self.clock.now, **switches)  # type: ignore[arg-type]  # the switches of a ledger
        self.server = serve(AutotaskSimulator(self.ledger, self.access))
        service = self.ledger.service("M365-1", price="31.00")
        self.contract = self.ledger.contract(self.ledger.company("Contoso"), "Cloud", date(2026, 1, 1))
        self.lines = [self.ledger.line(self.contract, service, 10) for _ in range(2)]

    def post(self, on: date) -> None:
        self.clock.day = on
        self.ledger.post(on)

    def change(self, units: int, day: date) -> None:
        for line in self.lines:
            self.ledger.adjust(line.id, units, day)

    def look(self, **settings: str) -> dict[str, Finding]:
        given = {"username": self.access.user, "calls_per_minute": "10000", **settings}
        connection = Connection("psa", "autotask", self.server.url, settings=given, secrets={"secret": "s", "integration_code": "c"})
        secrets = MemorySecrets({"s": self.access.secret, "c": self.access.integration_code})
        psa = KIND.connect(connection, secrets, Budget(MemoryStore(), "psa", KIND.limits(connection), self.clock), self.clock)
        assert KIND.look is not None
        return dict(KIND.look(psa, ["1"]))


@pytest.fixture
def books() -> Iterator[Books]:
    made = Books()
    yield made
    made.server.close()


@pytest.mark.parametrize("reading", Reading)
def test_unit_rows_tell_what_they_carry_and_which_setting_is_wrong(reading: Reading) -> None:
    books = Books(reading=reading)
    books.change(3, date(2026, 1, 12))
    books.post(date(2026, 2, 2))
    books.clock.day = date(2026, 3, 17)
    other = next(each for each in Reading if each is not reading)
    with books.server:
        assert books.look()["unit rows"].verdict is Verdict.CONFIRMED
        wrong = books.look(units_reading=other.value)["unit rows"]
    assert (wrong.verdict, wrong.instead) == (Verdict.CONTRADICTED, f"units_reading: {reading.value}")


def test_services_that_never_changed_within_a_period_tell_nothing_of_unit_rows(books: Books) -> None:
    books.post(MARCH)
    assert books.look()["unit rows"].verdict is Verdict.UNSEEN


def test_a_change_that_was_billed_after_its_period_was_posted_shows_that_posted_periods_are_charged(books: Books) -> None:
    books.post(date(2026, 2, 2))
    books.change(2, date(2026, 2, 16))
    books.post(date(2026, 3, 2))
    books.clock.day = date(2026, 3, 17)
    found = books.look()["posted periods"]
    assert (found.verdict, found.instead) == (Verdict.CONTRADICTED, "posted_periods: charged")
    assert books.look(posted_periods="charged")["posted periods"].verdict is Verdict.CONFIRMED


def test_a_change_before_its_period_was_posted_shows_nothing_of_posted_periods(books: Books) -> None:
    books.change(2, date(2026, 2, 16))
    books.post(date(2026, 3, 2))
    books.clock.day = date(2026, 3, 17)
    assert books.look()["posted periods"].verdict is Verdict.UNSEEN


def test_units_that_were_taken_off_within_a_period_and_posted_show_credits(books: Books) -> None:
    books.change(-2, date(2026, 2, 16))
    books.post(date(2026, 3, 2))
    books.clock.day = date(2026, 3, 17)
    assert books.look()["credits"].verdict is Verdict.CONFIRMED


def test_a_period_type_that_nobody_knows_is_named_with_its_setting() -> None:
    day = date(2026, 1, 1)
    head = Agreement("psa", "1", "1", "Cloud", "", AgreementStatus.ACTIVE, day, None, 0, day, None, True, "USD", cycle="Fortnightly")
    settings = AutotaskSettings("psa", "https://webservices.autotask.net", "UTC", "api@contoso.example", "s", "c")
    found = findings(Seen([head], [], None, 0), settings)["period types"]
    assert (found.verdict, found.instead) == (Verdict.CONTRADICTED, "billing_cycles: 'label=months, ...'")
    assert "Fortnightly" in found.seen


def test_a_currency_for_all_is_contradicted_by_a_site_that_has_several(books: Books) -> None:
    found = books.look(currency="USD")["currency"]
    assert (found.verdict, found.instead) == (Verdict.CONTRADICTED, "leave `currency` out")
    assert "USD, EUR, GBP" in found.seen
    assert books.look()["currency"].verdict is Verdict.UNSEEN


def test_currencies_that_the_user_may_not_see_tell_nothing(books: Books) -> None:
    books.access.denied.add("Currencies")
    assert books.look(currency="USD")["currency"].verdict is Verdict.UNSEEN


def test_a_contract_that_holds_a_service_twice_shows_that_it_may(books: Books) -> None:
    assert books.look()["second line"].verdict is Verdict.CONFIRMED


def test_every_finding_is_of_an_assumption_and_nothing_is_written(books: Books) -> None:
    books.post(MARCH)
    assert set(books.look()) <= {each.name for each in KIND.assumptions}
    assert books.ledger.writes == []
