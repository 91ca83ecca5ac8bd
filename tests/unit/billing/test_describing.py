"""Names on the invoice: when a line's text is written, and what never happens to it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sync_core.billing import Written, facts, fingerprint, take_back
from sync_core.billing.naming import text_mark
from sync_core.model.agreements import AgreementLines
from sync_core.model.billing import BillingProfile, ManualEdits, Names
from sync_core.model.licences import User
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Verdict
from tests.unit.billing.world import NAME, PRODUCT, World, agreement, binding, kinds, link, ours, running, subscription, words

PROFILE = BillingProfile("BP", "M365-BP", names=Names.DISPLAY_NAME)
NAMED = "As agreed | Users: Accountant, Buyer"


def people(*names: str) -> tuple[User, ...]:
    return tuple(User(f"u-{name}", display_name=name, user_principal_name=f"{name}@contoso.example") for name in names)


def world(text: str = "As agreed", profile: BillingProfile = PROFILE, **facts: Any) -> World:
    """Two units, bought and billed, held by two people; our line shows ``text``, which we left so where it has names."""
    held = ours("101", 2, text=text)
    bound = binding(held, text=text_mark(text) if "Users" in text else "")
    usual: dict[str, Any] = {"lines": (held,), "bindings": {"k": bound}, "people": people("Buyer", "Accountant"), "home": agreement(text_limit=1000)}
    return replace(running(2, 2), links=(link(profile=profile),), **usual | facts)


def only(changes: tuple[Change, ...]) -> Change:
    """The one change."""
    (change,) = changes
    return change


def test_a_text_names_the_people_and_moves_neither_units_nor_money() -> None:
    change = only(world().plan())
    assert (change.kind, change.verdict, change.terms.text) == (ChangeKind.SET_TEXT, Verdict.SAFE, NAMED)
    assert (change.before, change.after, change.money, change.prorated, change.effective) == (None, None, Decimal(0), Decimal(0), None)


def test_a_text_that_was_written_leaves_nothing_to_do() -> None:
    present = world()
    assert present.after(present.plan()).plan() == ()


def test_another_order_is_no_change() -> None:
    assert world("As agreed | Users: Buyer, Accountant").plan() == ()
    assert world(NAMED, people=people("Accountant", "Buyer")).plan() == ()


def test_whoever_joins_or_leaves_is_a_change_that_needs_nobody() -> None:
    change = only(world(NAMED, people=people("Accountant", "Courier")).plan())
    assert (change.verdict, change.terms.text) == (Verdict.SAFE, "As agreed | Users: Accountant, Courier")


def test_a_text_that_a_person_edited_needs_a_word_and_keeps_what_they_wrote() -> None:
    edited = replace(ours("101", 2, text="As promised | Users: Accountant, Buyer"), edited_by="billing")
    present = world(NAMED, lines=(edited,))
    assert present.plan() == ()
    change = only(replace(present, people=people("Accountant")).plan())
    assert (change.verdict, change.terms.text) == (Verdict.NEEDS_APPROVAL, "As promised | Users: Accountant")
    assert "edited by billing" in words([change])


def test_names_that_somebody_else_wrote_are_not_replaced_without_a_word() -> None:
    present = world(bindings={"k": binding(ours("101", 2))}, lines=(ours("101", 2, text="Ten | Users: Manager"),))
    assert only(present.plan()).verdict is Verdict.NEEDS_APPROVAL


def test_people_who_could_not_be_read_change_no_text() -> None:
    assert world(people=None).plan() == world(NAMED, people=None).plan() == ()


@pytest.mark.parametrize("facts", [{"private": True}, {"profile": replace(PROFILE, names=Names.NONE)}], ids=["customer", "profile"])
def test_names_that_are_not_to_be_shown_any_more_are_taken_out(facts: dict[str, Any]) -> None:
    """Nobody is read for that."""
    change = only(world(NAMED, people=None, **facts).plan())
    assert (change.verdict, change.terms.text) == (Verdict.SAFE, "As agreed")
    assert world(**facts).plan() == ()


def test_a_private_customers_new_line_has_the_catalogues_text() -> None:
    change = only(
        World((subscription(2),), links=(link(profile=PROFILE),), home=agreement(text_limit=1000), people=people("Buyer"), private=True).plan()
    )
    assert change.terms.text == ""


@pytest.mark.parametrize(("catalogue", "text"), [("", NAME), ("Monthly licence", "Monthly licence")])
def test_a_new_line_names_people_at_once(catalogue: str, text: str) -> None:
    home, product = agreement(text_limit=1000), replace(PRODUCT, text=catalogue)
    present = World((subscription(2),), links=(link(profile=PROFILE),), home=home, people=people("Buyer"), product=product)
    assert only(present.plan()).terms.text == f"{text} | Users: Buyer"
    assert present.after(present.plan()).plan() == ()


def test_unassigned_units_are_counted_where_the_profile_says_so() -> None:
    profile = replace(PROFILE, names=Names.UPN, show_unassigned=True)
    change = only(world(profile=profile, people=people("buyer")).plan())
    assert change.terms.text == "As agreed | Users: buyer@contoso.example, 1 unassigned"


def test_names_stay_within_what_the_psa_takes() -> None:
    change = only(world(home=agreement(text_limit=45)).plan())
    assert change.terms.text == "As agreed | Users: Accountant, Buyer"[:45]
    assert only(world(home=agreement(text_limit=35)).plan()).terms.text == "As agreed | Users: + 2 more"


def test_a_psa_that_takes_no_texts_is_said_and_bills_on() -> None:
    changes = world(home=agreement(), rows=(subscription(3),)).plan()
    assert kinds(changes) == [ChangeKind.SET_QUANTITY, ChangeKind.NONE]
    assert "cannot write a line's text" in words(changes)


def test_quantity_and_text_of_one_night_do_not_stand_in_each_others_way() -> None:
    """The quantity is written first; what the text rests on is only the text."""
    quantity, text = (present := world(rows=(subscription(3),), people=people("Buyer"))).plan()
    assert [quantity.kind, text.kind] == [ChangeKind.SET_QUANTITY, ChangeKind.SET_TEXT]
    risen = AgreementLines(present.home, (replace(present.lines[0], quantity=Decimal(3)),))
    reworded = AgreementLines(present.home, (replace(present.lines[0], text="Reworded"),))
    assert text.rests_on.items() <= facts(risen, "101", "M365-BP", "ab12").items()
    assert not text.rests_on.items() <= facts(reworded, "101", "M365-BP", "ab12").items()


def test_a_text_that_was_written_takes_over_no_edit_of_the_quantity() -> None:
    edited = ours("101", 7, text="As agreed")
    present = world(lines=(edited,))
    texts = [change for change in present.plan() if change.kind is ChangeKind.SET_TEXT]
    (quantity,) = present.after(texts).plan()
    assert (quantity.kind, quantity.verdict) == (ChangeKind.SET_QUANTITY, Verdict.NEEDS_APPROVAL)


def test_an_accepted_edit_of_the_quantity_leaves_the_names_in_step() -> None:
    present = world(lines=(ours("101", 7, text="As agreed"),))
    accepted = replace(present, rails=replace(present.rails, manual_edits=ManualEdits.ACCEPT))
    assert kinds(accepted.plan()) == [ChangeKind.ADOPT, ChangeKind.SET_TEXT]


def test_an_approval_holds_for_the_text_that_was_shown() -> None:
    one, other = (only(world(people=people(name)).plan()) for name in ("Buyer", "Courier"))
    assert fingerprint(one) != fingerprint(other)
    assert "Buyer" not in fingerprint(one)


def test_what_a_change_rests_on_and_its_reasons_name_nobody() -> None:
    change = only(world().plan())
    assert "Buyer" not in repr((change.rests_on, change.reasons))


def test_a_text_stands_in_no_undos_way_and_is_not_undone_itself() -> None:
    grown = world(rows=(subscription(3),))
    quantity, text = grown.plan()
    done = [Written("plan-1", replace(change, result=ChangeResult.APPLIED), {"quantity": "2"}) for change in (quantity, text)]
    present = grown.after(grown.plan())
    assert kinds(take_back(present.inputs, done, {done[0].name})) == [ChangeKind.SET_QUANTITY]
    assert "kept in step" in words(take_back(present.inputs, done, {done[1].name}))
