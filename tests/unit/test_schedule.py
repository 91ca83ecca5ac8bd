"""Schedules: what an expression means, and which slot a moment belongs to."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from sync_core.schedule import FIELDS, Field, ScheduleError, latest_slot, next_slot, parse_schedule

NIGHTLY = "0 0 2 * * *"
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def field_texts(field: Field) -> st.SearchStrategy[str]:
    """Every way to write a field: star, number, range, step and lists of them."""
    number = st.integers(field.lowest, field.highest)
    # Never 'n-n', which croniter takes for the whole week in the last field.
    span = st.lists(number, min_size=2, max_size=2, unique=True).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    step = st.builds("{}/{}".format, st.one_of(st.just("*"), span), st.integers(1, 20))
    return st.one_of(st.just("*"), st.lists(st.one_of(number.map(str), span, step), min_size=1, max_size=3).map(",".join))


EXPRESSIONS = st.tuples(*map(field_texts, FIELDS)).map(" ".join)


def test_the_slot_of_a_moment_is_the_last_one_not_after_it() -> None:
    assert latest_slot(NIGHTLY, datetime(2026, 3, 1, 1, 59, 59, tzinfo=UTC)) == datetime(2026, 2, 28, 2, tzinfo=UTC)
    assert latest_slot(NIGHTLY, datetime(2026, 3, 1, 2, 0, 0, tzinfo=UTC)) == datetime(2026, 3, 1, 2, tzinfo=UTC)


def test_the_next_slot_is_after_the_moment_even_when_the_moment_is_a_slot() -> None:
    assert next_slot(NIGHTLY, datetime(2026, 3, 1, 2, 0, 0, tzinfo=UTC)) == datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_a_schedule_is_read_in_utc_whatever_zone_the_moment_is_told_in() -> None:
    in_sydney = datetime(2026, 3, 2, 12, 30, tzinfo=timezone(timedelta(hours=11)))
    assert latest_slot(NIGHTLY, in_sydney) == datetime(2026, 3, 1, 2, tzinfo=UTC)


def test_a_day_has_to_fit_the_day_of_the_month_and_the_day_of_the_week() -> None:
    """Unix cron would take either; the first Monday to Friday the 13th after New Year 2026 is Friday 13 February."""
    assert next_slot("0 0 2 13 * FRI", datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 2, 13, 2, tzinfo=UTC)


def test_the_29th_of_february_is_found_over_a_century_without_one() -> None:
    assert next_slot("0 0 2 29 2 0", datetime(2088, 3, 1, tzinfo=UTC)) == datetime(2128, 2, 29, 2, tzinfo=UTC)


def test_names_stand_for_months_and_weekdays() -> None:
    assert parse_schedule("0 0 2 * Jan,march Mon-Friday") == parse_schedule("0 0 2 * 1,3 1-5")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 2 * * *", "has 5 fields; a schedule has six"),
        ("0 0 24 * * *", "'24' is no hour: use numbers from 0 to 23"),
        ("0 0 2 * * 7", "'7' is no day of the week"),
        ("0 0 2 * * FRI-MON", "'FRI-MON' is no day of the week"),
        ("*/0 0 2 * * *", r"'\*/0' is no second"),
        ("0 0 2,, * * *", "'' is no hour"),
        ("0 0 2 30 2 *", "names a day that never comes"),
        ("%SYNC_SCHEDULE%", "has 1 fields"),
    ],
)
def test_a_wrong_schedule_is_refused_in_words(expression: str, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        parse_schedule(expression)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        latest_slot(NIGHTLY, datetime(2026, 3, 1))


@given(EXPRESSIONS, MOMENTS)
def test_slots_agree_with_an_independent_implementation(expression: str, moment: datetime) -> None:
    try:
        ours = next_slot(expression, moment)
    except ScheduleError:
        return  # 30 February and the like; croniter searches them in vain too
    oracle = croniter(expression, moment, second_at_beginning=True, day_or=False, max_years_between_matches=50)
    assert ours == oracle.get_next(datetime)


@given(EXPRESSIONS, MOMENTS)
def test_the_slot_before_and_the_slot_after_leave_no_slot_between(expression: str, moment: datetime) -> None:
    try:
        before, after = latest_slot(expression, moment), next_slot(expression, moment)
    except ScheduleError:
        return
    assert before <= moment < after
    assert next_slot(expression, before) == after
    assert latest_slot(expression, after - timedelta(seconds=1)) == before
