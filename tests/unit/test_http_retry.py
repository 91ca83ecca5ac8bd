"""When a read is sent again: a pure decision."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.retry import LONGEST_ASKED, Failure, Policy, asked_wait, wait_before_retry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(tries=3, first_wait=1.0, longest_wait=4.0)


def decide(failure: Failure, attempt: int = 1, seconds_left: float = 60.0, jitter: float = 0.0) -> float | None:
    return wait_before_retry(failure, attempt, seconds_left, jitter, POLICY)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 501])
def test_what_would_fail_again_is_not_sent_again(status: int) -> None:
    assert decide(Failure(status)) is None


def test_waits_double_and_stay_below_the_longest() -> None:
    policy = Policy(tries=9, first_wait=1.0, longest_wait=4.0)
    assert [wait_before_retry(Failure(), attempt, 60.0, 0.999999, policy) for attempt in (1, 2, 3, 6)] == pytest.approx([1, 2, 4, 4], abs=0.01)


def test_jitter_spreads_a_wait_over_half_of_its_length() -> None:
    assert (decide(Failure(), jitter=0.0), decide(Failure(), jitter=0.5)) == (0.5, 0.75)


def test_what_the_vendor_asks_for_is_never_shortened() -> None:
    wait = decide(Failure(429, asked=3.0))
    assert wait is not None
    assert wait >= 3.0


def test_a_longer_wait_than_the_policy_allows_is_left_to_the_caller() -> None:
    assert decide(Failure(429, asked=60.0)) is None


def test_a_wait_that_would_outlast_the_deadline_is_not_begun() -> None:
    assert decide(Failure(503, asked=2.0), seconds_left=1.5) is None


def test_the_last_try_is_the_last() -> None:
    assert decide(Failure(), attempt=3) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("Sun, 01 Mar 2026 12:00:10 GMT", 10.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Mon, 01 Mar 2027 12:00:00 GMT", LONGEST_ASKED),
        ("inf", LONGEST_ASKED),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(header: str | None, seconds: float | None) -> None:
    assert asked_wait(header, NOON) == seconds
