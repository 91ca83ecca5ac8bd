"""What may be shown of a text that came from outside."""

from __future__ import annotations

import pytest

from adapters.redaction import HIDDEN, redact, shown, shown_url


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefgh.ijkl",
        "Basic c2VjcmV0OnNlY3JldA==",
        "token eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln in the text",
        "client_secret=s3cr3t~value&scope=x",
        '{"refresh_token": "0.AXsecret"}',
        "https://x.blob.example/a?sv=1&sig=abc%2Bdef",
        "AccountKey=abcd==;Endpoint=x",
    ],
)
def test_tokens_keys_and_passwords_are_hidden_by_their_shape(text: str) -> None:
    assert HIDDEN in redact(text)


def test_known_secrets_are_hidden_wherever_they_stand() -> None:
    assert redact("key pk-123456 is wrong", ["pk-123456"]) == f"key {HIDDEN} is wrong"


def test_plain_words_stay_as_they_are() -> None:
    assert redact("Quantity must be a number; the secret of success is basic arithmetic") == (
        "Quantity must be a number; the secret of success is basic arithmetic"
    )


def test_line_breaks_terminal_codes_and_direction_marks_do_not_survive() -> None:
    assert shown("one\r\ntwo\x1b[31m\u202ethree\u2028four") == "one two [31m three four"


def test_long_texts_are_cut() -> None:
    assert shown("x" * 500, limit=10) == "xxxxxxxxx…"


def test_an_address_is_shown_without_user_query_and_fragment() -> None:
    assert shown_url("https://user:pw@psa.example:8443/a/b?code=1#c") == "https://psa.example:8443/a/b"
