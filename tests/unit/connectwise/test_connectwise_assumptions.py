"""What ConnectWise's own books say of the assumptions: confirmed, contradicted with the setting to change, or not to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapters.clock import SystemClock
from adapters.psa import KINDS
from adapters.psa.assumptions import Finding, Verdict
from adapters.psa.connectwise.assumptions import findings
from adapters.psa.connectwise.looking import Book
from adapters.psa.connectwise.settings import ConnectWiseSettings
from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import Access
from sandbox.connectwise.records import Agreement as Contract
from sandbox.connectwise.records import PeriodType
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.web import serve
from sync_core.budget import Budget
from sync_core.model.agreements import Agreement, AgreementStatus
from sync_core.model.configuration import Connection

CLIENT = "00000000-0000-4000-8000-00000000c11d"
SETTINGS = ConnectWiseSettings("psa", "https://psa.example", "contoso", CLIENT, "public-key", "private-key")
JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


class Books:
    """A ConnectWise with one agreement that is invoiced to March, and the look at it."""

    def __init__(self, **facts: object) -> None:
        self.ledger = Ledger(now=lambda: datetime(2026, 3, 17, 9, 0, tzinfo=UTC))
        self.server = serve(ConnectWiseSimulator(self.ledger, Access()))
        self.product = self.ledger.product("M365-1", price="31.00")
        self.agreement = self.another(**facts)

    def another(self, **facts: object) -> Contract:
        usual = {"next_invoice": MARCH, "period_type": PeriodType.CURRENT, "prorate": True}
        return self.ledger.agreement(self.ledger.company("Contoso"), "Cloud", JANUARY, **{**usual, **facts})  # type: ignore[arg-type]  # an agreement's facts

    def line(self, quantity: int = 10, **facts: object) -> None:
        self.ledger.addition(self.agreement, self.product, quantity, **facts)

    def invoice(self) -> None:
        self.ledger.send_invoice(self.agreement.id)

    def look(self, **settings: str) -> dict[str, Finding]:
        connection = Connection(
            "psa",
            "connectwise",
            self.server.url,
            settings={"company": "contoso", "client_id": CLIENT, **settings},
            secrets={"public_key": "public-key", "private_key": "private-key"},
        )
        kind, clock = KINDS["connectwise"], SystemClock()
        budget = Budget(MemoryStore(), "psa", kind.limits(connection), clock)
        psa = kind.connect(connection, MemorySecrets({"public-key": "public", "private-key": "private"}), budget, clock)
        assert kind.look is not None
        return dict(kind.look(psa, {str(self.agreement.id)}))


@pytest.fixture
def books() -> Iterator[Books]:
    made = Books()
    yield made
    made.server.close()


def test_a_look_finds_every_assumption_that_it_names_and_writes_nothing(books: Books) -> None:
    books.line(serial_number="M365-ab12-0123456789")
    books.invoice()
    found = books.look()
    assert found.keys() <= {each.name for each in KINDS["connectwise"].assumptions}
    assert (books.ledger.writes, len(books.ledger.additions)) == ([], 1)


def test_nothing_there_tells_nothing(books: Books) -> None:
    assert {finding.verdict for name, finding in books.look().items() if name not in ("first day", "billing cycles")} == {Verdict.UNSEEN}


def test_an_invoice_that_bills_the_period_of_its_date_confirms_it(books: Books) -> None:
    books.line(effective=JANUARY)
    books.line(3, effective=date(2026, 4, 1))
    books.invoice()
    assert books.look()["covered period"].verdict is Verdict.CONFIRMED


def test_an_invoice_that_bills_another_period_names_the_setting(books: Books) -> None:
    books.line(effective=JANUARY)
    books.line(3, effective=date(2026, 4, 1))
    books.invoice()
    finding = books.look(next_invoice_date="following")["covered period"]
    assert (finding.verdict, finding.instead) == (Verdict.CONTRADICTED, "next_invoice_date: containing")


def test_a_next_invoice_inside_a_period_is_told(books: Books) -> None:
    books.ledger.agreements.put(replace(books.agreement, next_invoice=date(2026, 3, 9)))
    finding = books.look()["first day"]
    assert (finding.verdict, "on 2026-03-09" in finding.seen) == (Verdict.CONTRADICTED, True)


@pytest.mark.parametrize(("billed", "verdict"), [(True, Verdict.CONFIRMED), (False, Verdict.CONTRADICTED)])
def test_a_line_cancelled_inside_an_invoiced_period_shows_whether_its_last_day_is_billed(books: Books, billed: bool, verdict: Verdict) -> None:
    books.ledger.cancelled_day_billed = billed
    books.line(effective=JANUARY, cancelled=date(2026, 3, 20))
    invoice = books.ledger.send_invoice(books.agreement.id)
    finding = books.look()["last day"]
    assert invoice.total == (Decimal("200.00") if billed else Decimal("190.00"))
    assert (finding.verdict, finding.instead) == (verdict, "" if billed else "cancelled_date: exclusive")


def test_the_prorated_price_of_a_line_shows_how_days_are_counted(books: Books) -> None:
    books.line(2, effective=date(2026, 3, 17))
    assert books.look()["days"].verdict is Verdict.CONFIRMED


def test_a_total_that_fits_no_reading_tells_nothing(books: Books) -> None:
    books.line(effective=JANUARY)
    books.line(3, effective=date(2026, 4, 1))
    books.invoice()
    books.line(1, effective=JANUARY)
    assert books.look()["covered period"].verdict is Verdict.UNSEEN


def test_lines_with_free_units_show_what_is_billed(books: Books) -> None:
    books.line(10, less_included=Decimal(2))
    assert books.look()["included units"].verdict is Verdict.CONFIRMED


def test_a_line_below_zero_contradicts_that_it_is_refused(books: Books) -> None:
    books.line(-1)
    assert books.look()["credits"].verdict is Verdict.CONTRADICTED
    assert books.look(credits="negative_quantity")["credits"].verdict is Verdict.CONFIRMED


def test_a_filter_by_serial_number_is_tried_where_a_line_has_one(books: Books) -> None:
    books.line(serial_number="M365-ab12-0123456789")
    assert "gives just these lines" in books.look()["markers"].seen


def test_a_cycle_of_an_unknown_length_is_named() -> None:
    head = Agreement("psa", "7", "250", "Cloud", "", AgreementStatus.ACTIVE, JANUARY, None, 0, JANUARY, None, True, "USD", cycle="Fortnightly")
    finding = findings([Book(head, {}, (), None)], SETTINGS, None)["billing cycles"]
    assert (finding.verdict, finding.seen) == (Verdict.CONTRADICTED, "1 of 1 names of billing cycles in use say otherwise: Fortnightly")
