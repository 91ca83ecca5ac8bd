"""Texts of tenants and PSAs on one harmless line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.hostile_text import clean


@given(st.text(), st.integers(1, 50))
def test_whatever_comes_in_one_seen_line_comes_out(text: str, limit: int) -> None:
    line = clean(text, limit)
    assert len(line) <= limit
    assert not {unicodedata.category(character) for character in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize("name", ["Contoso", "Müller & Söhne", "株式会社コントソ", "שלום", "<b>O'Hara</b>"])
def test_honest_names_stay_as_they_are(name: str) -> None:
    assert clean(name) == name


def test_lines_terminal_codes_and_direction_marks_become_spaces() -> None:
    assert clean("one\r\ntwo\x1b[31m\u202ethree\u2028four\u200bfive") == "one two [31m three four five"


def test_a_long_text_is_cut_with_a_sign() -> None:
    assert clean("abcdef", 4) == "abc…"
