"""Why is this 12? Any line, on any day, from what was stored."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.commands.explain import parser, perform
from sandbox.terminal import Terminal
from sync_core.errors import Rejected, SkipCustomer
from sync_core.history.explain import explain
from sync_core.history.explanation import Explanation
from sync_core.history.words import facts, question
from sync_core.model.billing import BillingProfile, ByTerm, Names, Per
from sync_core.model.customers import Mode
from sync_core.model.people import Who
from sync_core.model.plans import Decision
from sync_core.pipeline.decisions import ALL, decide
from tests.pipeline.night import SKU, Night, tenant
from tests.pipeline.test_names import naming, people
from tests.pipeline.test_subscriptions import MONTHLY, OTHER, Nights, held

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (17, 18, 19))


def on(night: Night, day: date, item: str = "", line: str = "") -> Explanation:
    """The one line of the first customer on a day."""
    (found,) = explain(night.context, tenant(1), day, item, line)
    return found


def approve(night: Night, why: str) -> None:
    """A minute later a clerk approves all that waits for the first customer, and it is applied."""
    night.clock.advance(60)
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a clerk"), why)
    night.work()


def text(found: Explanation) -> str:
    """The whole answer."""
    return "\n".join((question(found), *(f"{heading}: {words}" for heading, words in facts(found))))


@pytest.fixture
def three_days() -> Night:
    """Twelve, then fifteen, which waits for a person, then fifteen and approved."""
    night = Night(seats=12, billed=10, mode=Mode.APPROVE)
    night.run()
    approve(night, "the order of Monday")
    night.next_day()
    night.buy(15)
    night.run()
    night.next_day()
    night.run()
    approve(night, "the order of Thursday")
    return night


def test_each_day_is_explained_as_it_was(three_days: Night) -> None:
    days = [on(three_days, day) for day in (FIRST, SECOND, THIRD)]
    assert [found.units for found in days] == [Decimal(12), Decimal(12), Decimal(15)]
    assert [found.counted.purchased for found in days if found.counted] == [12, 15, 15]
    assert [len(found.open) for found in days] == [0, 1, 0]


def test_the_answer_names_count_rule_change_approver_answer_and_mail(three_days: Night) -> None:
    found = on(three_days, THIRD)
    said = text(found)
    assert "Why is Product cbdc14ab of Customer 1 15 on 2026-03-19?" in said
    assert "15 bought, 0 assigned, so since the run of 2026-03-18 02:01 UTC" in said
    assert "Profile “Business Premium” of configuration version 1, imported by a test on 2026-03-17 02:00 UTC" in said
    assert "billed by purchased, minimum 0, included 0: 15 bought → 15" in said
    assert "12 → 15, from 2026-04-01 on, 0.00 USD this period, +61.80 USD a month, first on the invoice of 2026-04-01" in said
    assert "Decided: approved by a clerk (unverified) on 2026-03-19" in said and "“the order of Thursday”" in said
    assert "quantity was 12 and is 15" in said
    assert "to billing@msp.example" in said
    assert "the order of Monday" not in said


def test_what_waits_is_told_beside_what_the_line_holds(three_days: Night) -> None:
    said = text(on(three_days, SECOND))
    assert "Customer 1 12 on 2026-03-18?" in said
    assert "Open: 12 → 15" in said and "waiting" in said


def test_a_day_without_a_run_is_that_of_the_run_before(three_days: Night) -> None:
    later = on(three_days, date(2026, 12, 24))
    assert (later.units, later.look and later.look.at.date()) == (Decimal(15), THIRD)


def test_a_day_on_which_the_customer_could_not_be_read_says_so() -> None:
    night = Night(seats=12, billed=12)
    night.run()
    night.next_day()
    night.microsoft.always[tenant(1)] = SkipCustomer("Microsoft refused", code="test")
    night.run()
    found = on(night, SECOND)
    assert found.look and found.look.at.date() == FIRST and "Microsoft refused" in found.look.unread


def test_a_line_is_found_by_item_name_sku_and_line_id(three_days: Night) -> None:
    for item, line in ((SKU, ""), ("product CBDC14AB", ""), ("", "1")):
        assert on(three_days, THIRD, item, line).link_key.startswith(SKU)
    with pytest.raises(Rejected, match="Nothing of this kind is known"):
        on(three_days, THIRD, line="4711")
    with pytest.raises(Rejected, match="2025-01-01"):
        on(three_days, date(2025, 1, 1))


def test_whoever_may_see_names_is_told_who_was_counted() -> None:
    night = naming(Night(seats=12, billed=12))
    night.microsoft.users[tenant(1)] = people("Buyer", "Accountant")
    night.run()
    night.next_day()
    night.microsoft.users[tenant(1)] = people("Buyer", "Accountant", "Courier")
    night.run()
    assert on(night, FIRST).people.names == ("Accountant", "Buyer")
    assert on(night, SECOND).people.names == ("Accountant", "Buyer", "Courier")
    (without,) = explain(night.context, tenant(1), SECOND, names=False)
    assert (without.people.names, without.people.withheld) == ((), True)


def test_an_older_day_is_explained_by_the_profile_of_its_own_time() -> None:
    night = Night(seats=12, billed=12)
    night.run()
    first = night.configuration.customers[0]
    link = first.links[0]
    night.configure(replace(first, links=(replace(link, profile=replace(link.profile, minimum=20, names=Names.NONE)),)))
    night.next_day()
    night.run()
    rules = [found.rule for found in (on(night, FIRST), on(night, SECOND))]
    assert [(rule.configuration, rule.profile.minimum, rule.units) for rule in rules if rule] == [(1, 0, 12), (2, 20, 20)]


def test_a_line_that_was_added_and_ended_is_told_from_its_add_to_its_end() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    night.buy(0)
    for _ in range(2):
        night.next_day()
        night.run()
    approve(night, "all gave notice")
    assert [on(night, day).units for day in (FIRST, SECOND, THIRD)] == [Decimal(4), Decimal(4), Decimal(0)]
    assert "new line with 4" in text(on(night, THIRD)) and "all gave notice" in text(on(night, THIRD))


def test_the_command_prints_the_answer_and_gives_it_as_json(three_days: Night, capsys: pytest.CaptureFixture[str]) -> None:
    shown = io.StringIO()
    options = parser().parse_args(["Customer 1", "--on", "2026-03-19"])
    assert perform(options, three_days.context, Terminal(shown, {}, 100)) == 0
    assert "Why is Product cbdc14ab of Customer 1 15 on 2026-03-19?" in shown.getvalue()
    options = parser().parse_args([tenant(1), "--line", "1", "--json", "--on", "2026-03-18"])
    assert perform(options, three_days.context, Terminal(shown, {}, 100)) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["units"], document["open"][0]["change"]["after"]) == ("12", "15")


def test_of_a_customer_that_was_never_there_nothing_is_known(three_days: Night) -> None:
    with pytest.raises(Rejected, match="There is: nothing"):
        explain(three_days.context, tenant(9), THIRD)


def test_the_lines_of_an_items_terms_are_each_explained_by_the_profile_of_their_term() -> None:
    """The undivided item has no line any more, and nothing to explain."""
    nights = Nights(held("s-a", 10), held("s-b", 2, MONTHLY))
    nights.bill(per=Per.TERM, terms=(ByTerm("P1M", "", BillingProfile("Monthly", OTHER.identifier)),))
    nights.nights(4)
    told = explain(nights.context, tenant(1), nights.clock.now().date(), names=False)
    found = {(each.product, each.rule.profile.name if each.rule else "", int(each.units or 0)) for each in told}
    assert found == {("M365-BP", "Business Premium", 10), ("M365-BP-M", "Monthly", 2)}
