"""Names on the invoice: what a line's text becomes, within what the PSA takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.billing.naming import has_names, own_text, replaced_names, same_names, shown_names, text_mark, with_names, without_names
from sync_core.model.billing import Names
from sync_core.model.languages import Language
from sync_core.model.licences import User

ROLES = ("Accountant", "Buyer", "Courier")
TEXT = "Business Premium"


def person(display_name: str = "", upn: str = "", user_id: str = "u1") -> User:
    return User(user_id, user_principal_name=upn, display_name=display_name)


def test_the_text_keeps_its_own_part_and_names_the_people_behind_it() -> None:
    text = with_names(TEXT, ROLES, 2, 1000)
    assert text == "Business Premium | Users: Accountant, Buyer, Courier, 2 unassigned"
    assert own_text(text) == TEXT and has_names(text)


def test_names_take_the_place_of_those_before_them() -> None:
    assert with_names(with_names(TEXT, ROLES, 0, 1000), ("Driver",), 0, 1000) == "Business Premium | Users: Driver"


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (53, "Business Premium | Users: Accountant, Buyer, Courier"),
        (52, "Business Premium | Users: Accountant, Buyer, Courier"),
        (51, "Business Premium | Users: Accountant, + 2 more"),
        (45, "Business Premium | Users: + 3 more"),
        (33, "Business Premium"),
    ],
)
def test_names_that_do_not_fit_are_counted(limit: int, text: str) -> None:
    """At 52 all of it fits to the last character; ``Accountant, Buyer, + 1 more`` would be longer than the names themselves."""
    assert with_names(TEXT, ROLES, 0, limit) == text


@pytest.mark.parametrize("language", Language)
def test_the_words_beside_the_names_are_those_of_the_psas_invoices(language: Language) -> None:
    words = language.words
    text = with_names(TEXT, ("Accountant" * 9, "Buyer"), 2, 70, language)
    assert text == f"{TEXT} | {words.users}: + 2 {words.more}, 2 {words.unassigned}"
    assert own_text(text) == TEXT and has_names(text)
    assert without_names(text) == f"{TEXT} | {words.users}: names deleted"


def test_a_text_in_german_says_so_in_german() -> None:
    assert with_names(TEXT, ROLES, 2, 1000, Language.GERMAN) == "Business Premium | Benutzer: Accountant, Buyer, Courier, 2 nicht zugewiesen"


def test_in_another_language_than_before_the_names_are_written_anew_and_once() -> None:
    before, after = with_names(TEXT, ROLES, 0, 1000), with_names(with_names(TEXT, ROLES, 0, 1000), ROLES, 0, 1000, Language.FRENCH)
    assert after == "Business Premium | Utilisateurs: Accountant, Buyer, Courier"
    assert not same_names(before, after) and same_names(after, f"{after} ")


@pytest.mark.parametrize("language", Language)
def test_a_person_who_is_forgotten_is_forgotten_in_every_language(language: Language) -> None:
    text = with_names(TEXT, ROLES, 0, 1000, language)
    assert "Buyer" not in replaced_names(text, frozenset({"buyer"}), "someone")


def test_no_two_languages_have_the_same_mark() -> None:
    assert len({language.words.users for language in Language}) == len(Language)


def test_nobody_to_name_leaves_the_text_alone() -> None:
    assert with_names(TEXT, (), 0, 1000) == TEXT == with_names(f"{TEXT} | Users: Accountant", (), 0, 1000)
    assert with_names(TEXT, (), 3, 1000) == "Business Premium | Users: 3 unassigned"


def test_a_line_without_a_text_of_its_own_gets_names_all_the_same() -> None:
    text = with_names("", ROLES, 0, 1000)
    assert own_text(text) == "" and has_names(text)
    assert with_names(text, ROLES, 0, 1000) == text


def test_another_order_and_other_spaces_are_no_difference() -> None:
    assert same_names("A | Users: Buyer, Clerk, 1 unassigned", "B | Users: 1 unassigned, Clerk,  Buyer")
    assert not same_names("A | Users: Buyer", "A | Users: Buyer, Clerk")
    assert not same_names("A | Users: Buyer", "A")


def test_people_are_sorted_and_shown_by_another_name_where_one_is_missing() -> None:
    users = (person("courier"), person("Buyer"), person("", "accountant@contoso.example"), person("", "", "u4"))
    assert shown_names(users, Names.DISPLAY_NAME) == ("accountant@contoso.example", "Buyer", "courier", "u4")
    assert shown_names((person("Buyer", "buyer@contoso.example"),), Names.UPN) == ("buyer@contoso.example",)


def test_a_hostile_name_can_neither_break_the_line_nor_make_the_text_grow() -> None:
    (name,) = shown_names((person("Evil\r\n\u202e | Users: Buyer"),), Names.DISPLAY_NAME)
    text = with_names(TEXT, (name,), 0, 1000)
    assert text.isprintable() and own_text(text) == TEXT
    assert with_names(text, (name,), 0, 1000) == text


def test_the_limit_counts_as_the_psas_do() -> None:
    """A character beyond the first plane counts twice in what they store."""
    assert with_names("", ("\N{GRINNING FACE}" * 5,), 0, 19) == "| Users: + 1 more"
    assert with_names("", ("\N{GRINNING FACE}" * 5,), 0, 20).endswith("\N{GRINNING FACE}")


def test_the_mark_of_a_text_tells_an_edit_and_no_name() -> None:
    assert text_mark("A  b") == text_mark("A b") != text_mark("A c")
    assert "Buyer" not in text_mark("Buyer")


@given(st.text(max_size=40), st.lists(st.text(max_size=30), max_size=30), st.integers(0, 5), st.integers(60, 200), st.sampled_from(Language))
def test_whatever_the_names_the_text_fits_and_is_stable(own: str, names: list[str], unassigned: int, limit: int, language: Language) -> None:
    shown = shown_names([person(name, user_id=f"u{number}") for number, name in enumerate(names)], Names.DISPLAY_NAME)
    text = with_names(own, shown, unassigned, limit, language)
    assert len(text.encode("utf-16-le", "surrogatepass")) // 2 <= max(limit, len(own.encode("utf-16-le", "surrogatepass")) // 2)
    assert with_names(text, shown, unassigned, limit, language) == text and own_text(text) == own_text(own)
