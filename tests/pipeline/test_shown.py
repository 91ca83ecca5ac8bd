"""What a plan shows of each change, in the terminal and over HTTP: line, units, unit price, dates, money now and a month, invoice and reason."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

from adapters.functions.plan_documents import plan_document
from sandbox.commands.plan import parser, perform
from sandbox.terminal import Terminal
from sync_core.model.customers import Mode
from sync_core.pipeline.decisions import show_plan
from tests.pipeline.night import Night, tenant


def planned() -> Night:
    """10 → 12 at 20.60 a month waits; March is invoiced, so it costs nothing more, and April is the first that shows it."""
    night = Night(mode=Mode.APPROVE)
    night.run()
    return night


def test_the_command_says_what_a_change_comes_to_now_and_a_month_and_on_which_invoice() -> None:
    output = io.StringIO()
    perform(parser().parse_args(["show", "Customer 1"]), planned().context, Terminal(output, {}), lambda question: "")
    assert "(product M365-BP, line 1)" in output.getvalue()
    assert "10 -> 12, at 20.60 USD a unit, 0.00 USD this period, +41.20 USD a month" in output.getvalue()
    assert "From 2026-04-01, first on the invoice of 2026-04-01" in output.getvalue()
    assert "12 bought" in output.getvalue()


def test_the_route_says_the_same() -> None:
    [_, change] = plan_document(show_plan(planned().context, tenant(1)))["changes"]
    assert (change["line"], change["before"], change["after"], change["unitPrice"]) == ("1", Decimal(10), Decimal(12), Decimal("20.60"))
    assert (change["moneyThisPeriod"], change["moneyAMonth"], change["moneyForDaysBefore"]) == (Decimal(0), Decimal("41.20"), Decimal(0))
    assert (change["effective"], change["invoice"]) == (date(2026, 4, 1), date(2026, 4, 1))
    assert "12 bought" in change["reasons"][0]
