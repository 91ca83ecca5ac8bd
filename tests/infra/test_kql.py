"""The evaluator of queries: what it knows it does as Kusto does, and what it does not know it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.infra.kql import evaluate
from tests.infra.kql_functions import KqlError

NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)
TEXTS = ('{"event": "a", "n": 3}', '{"event": "b", "n": 4}', '{"event": "b"}', "no JSON")
ROWS = [{"TimeGenerated": NOW - timedelta(hours=hours), "Message": text, "SeverityLevel": 1} for hours, text in enumerate(TEXTS)]
LINE = '| where Message startswith "{" | extend line = parse_json(Message)'


def ask(query: str) -> list[dict[str, Any]]:
    return evaluate(f"AppTraces {query}", ROWS, NOW)


def test_conditions_are_joined_and_times_compared() -> None:
    assert len(ask("| where TimeGenerated > ago(90m)")) == 2
    assert len(ask(f'{LINE} | where tostring(line.event) == "a" or tostring(line.event) in ("b") and TimeGenerated > ago(1h)')) == 1


def test_groups_are_made_and_summed_and_what_is_missing_is_null() -> None:
    grouped = ask(f"{LINE} | summarize n = sum(todouble(line.n)), most = max(tolong(line.n)), rows = count() by event = tostring(line.event)")
    assert grouped == [{"event": "a", "n": 3.0, "most": 3, "rows": 1}, {"event": "b", "n": 4.0, "most": 4, "rows": 2}]


def test_nothing_summed_without_groups_is_one_row_and_with_groups_none() -> None:
    assert ask("| where SeverityLevel > 4 | summarize n = count()") == [{"n": 0}]
    assert ask("| where SeverityLevel > 4 | summarize n = count() by SeverityLevel") == []


def test_whole_numbers_are_divided_as_whole_numbers() -> None:
    assert ask("| take 1 | project whole = 3 / 2, part = 100.0 * 3 / 2") == [{"whole": 1, "part": 150.0}]


def test_a_day_begins_at_midnight() -> None:
    assert ask("| take 1 | project day = bin(TimeGenerated, 1d)") == [{"day": datetime(2026, 3, 17, tzinfo=UTC)}]


def test_rows_are_ordered_and_nulls_are_the_smallest() -> None:
    ordered = ask(f"{LINE} | project n = tolong(line.n) | order by n desc")
    assert [row["n"] for row in ordered] == [4, 3, None]


REFUSED = {
    "another table": "requests",
    "an operator": "AppTraces | render timechart",
    "a column": 'AppTraces | where message == "a"',
    "a function": "AppTraces | where TimeGenerated > now()",
    "an aggregate": "AppTraces | summarize n = percentile(SeverityLevel, 95)",
    "an aggregate of another type": "AppTraces | summarize n = sum(Message)",
    "an aggregate without a name": "AppTraces | summarize count()",
    "a number in place of a condition": "AppTraces | where SeverityLevel",
    "a text compared with a number": "AppTraces | where Message > 3",
    "JSON that was not converted": f'AppTraces {LINE} | where line.event == "a"',
    "groups by JSON": f"AppTraces {LINE} | summarize n = count() by event = line.event",
    "an order that is not said": "AppTraces | order by TimeGenerated",
    "a column that was summed away": "AppTraces | summarize n = count() | where SeverityLevel > 1",
    "an end that is missing": "AppTraces | where Message startswith",
    "something left over": "AppTraces | take 1 2",
    "a sign": "AppTraces | where SeverityLevel % 2 == 0",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
def test_what_it_does_not_know_is_refused_even_on_an_empty_log(query: str) -> None:
    with pytest.raises(KqlError):
        evaluate(query, [], NOW)
