"""Reconciling, where the scenario files are not the right form: what is read, what a change rests on, and several links at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sync_core.billing import Needs, agreements_to_read, facts, needs, reconcile
from sync_core.model.agreements import Ability, AgreementLines, Charge
from sync_core.model.billing import BillingProfile, LineChoice, Question
from sync_core.model.plans import ChangeKind, Verdict
from tests.unit.billing.world import COMPANY, HOME, World, agreement, binding, kinds, line, link, ours, running, subscription, words

SUPPORT = link(key="support", profile=BillingProfile("Support", "SUPPORT"))


def test_a_customer_whose_lines_are_all_there_needs_nothing_more() -> None:
    assert needs(running(12, 10).inputs) == Needs()


def test_a_first_add_needs_the_companys_lines_and_the_product() -> None:
    assert needs(World(rows=(subscription(4),)).inputs) == Needs(frozenset({COMPANY}), frozenset({("cw", "M365-BP")}))


def test_a_link_with_nothing_to_bill_needs_nothing_and_asks_nothing() -> None:
    unresolved = Question(link(key="other", agreement_id=""), "Agreement name Cloud was not found.")
    world = World(questions=(unresolved,))
    assert (needs(world.inputs), world.propose()) == (Needs(), ())


def test_a_strange_line_beside_ours_asks_for_the_companys_lines() -> None:
    world = running(12, 12)
    world = replace(world, lines=(*world.lines, line("102", 3, marker="M365-zz99-0000000000")))
    assert needs(world.inputs).companies == {COMPANY}
    assert "another installation (zz99)" in words(world.propose())


def test_another_customers_line_on_the_same_agreement_is_no_stranger() -> None:
    neighbour = line("102", 3, marker="M365-ab12-0000000000")
    world = running(12, 12)
    world = replace(world, lines=(*world.lines, neighbour))
    assert "bills the product a second time" in words(world.propose())
    assert needs(world.inputs).companies == {COMPANY}
    assert reconcile(replace(world.inputs, lines_of_others=frozenset({("cw", "102")}))) == ()


def test_company_lines_that_could_not_be_read_hold_an_add() -> None:
    world = World(rows=(subscription(4),))
    assert kinds(world.propose()) == [ChangeKind.ADD]
    (change,) = reconcile(replace(world.inputs, company_lines={}))
    assert change.verdict is Verdict.HELD
    assert "could not be read" in change.reasons[-1]


@pytest.mark.parametrize(
    ("terms", "abilities", "text_limit", "refused"),
    [
        ({"taxable": False}, frozenset({Ability.PRICES}), 100, "charged or taxed"),
        ({"charge": Charge.NO_CHARGE}, frozenset(), 100, "charged or taxed"),
        ({"taxable": False}, frozenset({Ability.TERMS}), 0, ""),
        ({"description": "Cloud"}, frozenset(), 100, ""),
        ({"description": "Cloud"}, frozenset({Ability.TERMS}), 0, "cannot write a line's text"),
    ],
)
def test_a_new_line_is_given_only_what_the_connection_can_write(
    terms: dict[str, Any], abilities: frozenset[Ability], text_limit: int, refused: str
) -> None:
    profile = replace(link().profile, **terms)
    world = World(rows=(subscription(4),), links=(link(profile=profile),), home=agreement(abilities=abilities, text_limit=text_limit))
    (change,) = world.propose()
    assert (change.kind, change.verdict is Verdict.HELD) == (ChangeKind.NONE if refused else ChangeKind.ADD, bool(refused))
    assert refused in words([change])


def test_the_agreements_to_read_are_those_linked_and_those_that_hold_a_line() -> None:
    moved = {"k": binding(ours("101", 1), agreement_id="5")}
    assert agreements_to_read([link(), link(key="lost", agreement_id="")], moved) == {HOME, ("cw", "5")}


def test_an_agreement_whose_lines_could_not_be_read_holds_its_links() -> None:
    (change,) = reconcile(replace(running(12, 10).inputs, agreements={}))
    assert change.reasons == ("The lines of agreement 7 could not be read.",)


def test_a_question_of_resolving_is_shown_as_it_is() -> None:
    world = World(rows=(subscription(4),), links=(), questions=(Question(link(agreement_id=""), "Agreement name Cloud was not found."),))
    (change,) = world.propose()
    assert (change.kind, change.verdict, change.reasons) == (ChangeKind.NONE, Verdict.HELD, ("Agreement name Cloud was not found.",))


def test_one_sku_may_bill_two_products_but_not_one_product_twice() -> None:
    world = World(rows=(subscription(4),), links=(link(), SUPPORT))
    assert kinds(world.propose()) == [ChangeKind.ADD, ChangeKind.ADD]
    twice = replace(world, links=(link(), link(key="again", agreement_id="8")))
    assert "billed twice" in words(twice.propose())


def test_one_line_is_not_adopted_by_two_links() -> None:
    chosen = link(choice=LineChoice.ADOPT, adopt_line_id="55")
    other = replace(chosen, key="other", item_id="another sku")
    world = World(rows=(subscription(4),), lines=(line("55", 4),), links=(chosen, other))
    assert "more than one link is to adopt it" in words(world.propose())
    assert ChangeKind.ADOPT not in kinds(world.propose())


def test_a_line_of_a_link_that_was_taken_out_stands_in_the_way_of_its_successor() -> None:
    held = ours("101", 12)
    world = World(rows=(subscription(12),), lines=(held,), bindings={"old key": binding(held, link_key="old key")})
    assert "Existing line 101, quantity 12" in words(world.propose())


def test_a_link_taken_out_of_the_configuration_changes_nothing() -> None:
    assert replace(running(12, 10), links=()).propose() == ()


def test_a_line_that_vanished_is_a_question_and_a_fresh_start_answers_it() -> None:
    world = replace(running(12, 12), lines=())
    assert "Line 101, which we manage, is no longer on the agreement." in words(world.propose())
    answered = replace(world, links=(link(choice=LineChoice.NEW, start=date(2025, 5, 1)),))
    assert kinds(answered.propose()) == [ChangeKind.ADD]


def test_an_old_answer_does_not_answer_the_next_loss() -> None:
    world = replace(running(12, 12), lines=(), links=(link(choice=LineChoice.NEW, start=date(2024, 5, 1)),))
    assert kinds(world.propose()) == [ChangeKind.NONE]


def test_a_link_that_moved_begins_anew_once_its_old_line_is_ended() -> None:
    old = ours("101", 12, ends=date(2025, 5, 31))
    world = running(12, 12, lines=(old,), links=(link(agreement_id="9", choice=LineChoice.NEW, start=date(2025, 6, 1)),))
    world = replace(world, others=(AgreementLines(agreement(agreement_id="9"), ()),))
    (change,) = world.propose()
    assert (change.kind, change.agreement_id, change.effective) == (ChangeKind.ADD, "9", date(2025, 6, 1))


def test_a_change_rests_on_the_line_and_its_agreement() -> None:
    world = running(12, 10)
    (change,) = world.propose()
    edited = AgreementLines(world.home, (replace(world.lines[0], quantity=Decimal(11)),))
    invoiced = AgreementLines(replace(world.home, next_invoice=date(2025, 6, 1)), world.lines)
    rests_on = change.rests_on.items()
    assert rests_on <= facts(AgreementLines(world.home, world.lines), "101", "M365-BP", "ab12").items()
    assert not rests_on <= facts(edited, "101", "M365-BP", "ab12").items()
    assert not rests_on <= facts(invoiced, "101", "M365-BP", "ab12").items()
    assert facts(AgreementLines(world.home, ()), "101", "M365-BP", "ab12")["line"] == "gone"


def test_an_add_rests_on_the_lines_of_others_but_not_on_what_its_own_plan_made() -> None:
    (change,) = World(rows=(subscription(4),)).propose()
    assert facts(AgreementLines(agreement(), (ours("1", 2),)), "", "M365-BP", "ab12") == change.rests_on
    assert facts(AgreementLines(agreement(), (line("1", 2),)), "", "M365-BP", "ab12") != change.rests_on


def test_an_add_carries_a_marker_of_its_plan() -> None:
    world = World(rows=(subscription(4),))
    (one,), (same,), (other,) = world.propose(), world.propose(), replace(world, plan_id="plan-2").propose()
    assert one.marker == same.marker != other.marker


def test_a_line_added_twice_under_different_markers_is_asked_about() -> None:
    world = running(12, 12)
    again = line("102", 12, marker="M365-ab12-0000000000")
    assert "Line 102, quantity 12, on agreement 7 bills the product a second time." in words(replace(world, lines=(*world.lines, again)).propose())
