"""The queries of the alerts and the workbook, evaluated over what whole nights really log."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from sandbox.environment import ROOT
from tests.infra.kql import evaluate
from tests.infra.log_rows import Rows
from tests.infra.nights import DESERVED, MANY, Played, faulty, good, played
from tests.infra.template import Template, evaluated, files
from tests.infra.watching import WINDOWS, alerts_of, queries_of_workbook
from tests.pipeline.night import Night, tenant

SPANS = {"PT1H": timedelta(hours=1), "PT2H": timedelta(hours=2), "P1D": timedelta(days=1), "P2D": timedelta(days=2)}
NEEDS_REAL_CALLS = {"throttling"}
"""Queries over what only HTTP and queues make: ``tests/nights`` asks them of a real chain's log."""


@pytest.fixture(scope="module")
def subject() -> Template:
    """The template, whose alerts and workbook are asked."""
    return evaluated(files())


@pytest.fixture(scope="module")
def bad_night() -> Played:
    """A night with a bit of everything."""
    return played(faulty)


def fired(subject: Template, log: Played, after: timedelta = timedelta()) -> set[str]:
    """The alerts that a log sets off, by the rules as they are deployed, some time after it ended."""
    rules = {name: rule.body["properties"] for name, rule in alerts_of(subject.smallest).items()}
    return {name for name, rule in rules.items() if _fires(rule, log, after)}


def _fires(rule: Mapping[str, Any], log: Played, after: timedelta) -> bool:
    now, (condition,) = log.now + after, rule["criteria"]["allOf"]
    seen = [row for row in log.rows if now - SPANS[rule["windowSize"]] < row["TimeGenerated"] <= now]
    found = evaluate(condition["query"], seen, now)
    measured = [row[condition["metricMeasureColumn"]] or 0 for row in found] if condition["metricMeasureColumn"] else [len(found)]
    return bool(max(measured, default=0) > condition["threshold"])


def rows(name: str, log: Rows, bad: Played) -> list[dict[str, Any]]:
    """What a query of the files finds in a log."""
    return evaluate(files()[f"queries/{name}.kql"], log, bad.now)


@pytest.mark.parametrize(("alert", "night"), DESERVED.items(), ids=DESERVED)
def test_an_alert_fires_on_a_night_that_deserves_it_and_no_other_does(subject: Template, alert: str, night: Callable[[Night], None]) -> None:
    assert fired(subject, played(night)) == {alert}


def test_good_nights_set_off_nothing(subject: Template) -> None:
    assert fired(subject, played(good)) == set()


def test_every_alert_has_its_night() -> None:
    assert DESERVED.keys() == WINDOWS.keys()


def test_a_run_that_never_ends_is_missed(subject: Template) -> None:
    assert fired(subject, played(Night.start), after=timedelta(hours=1)) == {"no-run-finished"}


def test_what_happened_once_is_over_after_its_window(subject: Template) -> None:
    assert fired(subject, played(DESERVED["poison-message"]), after=timedelta(hours=2)) == set()


def test_a_share_is_not_judged_before_all_customers_were_read(subject: Template) -> None:
    """One of twelve fails first: it counts as one of twelve, not as one of one."""

    def begin(night: Night) -> None:
        DESERVED["failed-customers"](night)
        night.next_day()
        del night.microsoft.always[tenant(2)]
        night.start()
        night.take()

    assert "failed-customers" not in fired(subject, played(begin))


def test_every_chart_and_table_of_the_workbook_finds_something(subject: Template, bad_night: Played) -> None:
    asked = queries_of_workbook(subject.smallest)
    empty = [name for name, content in asked.items() if not evaluate(content["query"], bad_night.rows, bad_night.now)]
    assert set(empty) == NEEDS_REAL_CALLS


def test_a_chart_shows_columns_that_its_query_has(subject: Template, bad_night: Played) -> None:
    asked = queries_of_workbook(subject.smallest)
    charts = {name: content["chartSettings"] for name, content in asked.items() if content["visualization"] == "timechart"}
    assert charts
    for name, chart in charts.items():
        found = rows(name, bad_night.rows, bad_night)
        assert {chart["xAxis"], *chart["yAxis"], chart["group"]} == set(found[0])


def test_the_runs_show_what_became_of_their_customers(bad_night: Played) -> None:
    second, first = rows("runs", bad_night.rows, bad_night)
    assert first["run"] < second["run"]
    counted = {name: second[name] for name in ("customers", "done", "waiting", "failed", "unanswered", "stopped", "told")}
    assert counted == {"customers": MANY, "done": MANY - 2, "waiting": 0, "failed": 2, "unanswered": 1, "stopped": 0, "told": 1}
    assert first["written"] + second["written"] == len(bad_night.night.psa.writes)


def test_money_and_changes_are_those_of_the_plans(bad_night: Played) -> None:
    changes = {row["day"].day: row["changes"] for row in rows("changes", bad_night.rows, bad_night)}
    money = {row["day"].day: round(row["amount"], 2) for row in rows("money", bad_night.rows, bad_night)}
    assert changes == {17: 2 * MANY, 18: MANY - 1}
    assert money == {17: round(MANY * 2 * 20.60, 2), 18: round((MANY - 1) * 2 * 20.60, 2)}


def test_a_customer_that_fails_is_named_with_its_code_and_its_age(bad_night: Played) -> None:
    named = {(row["customer"], row["code"]) for row in rows("failed-by-customer", bad_night.rows, bad_night)}
    assert (tenant(1), "consent-missing") in named
    assert {row["customer"]: row["days"] for row in rows("last-read", bad_night.rows, bad_night)}[tenant(1)] == 1


def test_the_operations_page_shows_a_query_that_works(bad_night: Played) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    shown = [block.partition("```")[0] for block in page.split("```kusto\n")[1:]]
    assert shown
    for query in shown:
        assert evaluate(query.replace("<tenant id>", tenant(1)), bad_night.rows, bad_night.now)
