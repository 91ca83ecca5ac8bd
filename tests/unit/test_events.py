"""Log lines: one JSON object each, with what the work around them is about, and numbers of one shape."""

from collections.abc import Iterator

import pytest

from sandbox.memory.clock import ManualClock
from sync_core.events import about, event, metric, stage, tally
from tests.pipeline.logbook import Logbook, logbook


@pytest.fixture
def book() -> Iterator[Logbook]:
    with logbook(ManualClock()) as book:
        yield book


def test_a_line_is_one_json_object_whatever_is_in_it(book: Logbook) -> None:
    event("customer.done", reason="two\nlines \u2028 and a \ud800")
    assert [line.text for line in book.lines] == ['{"event": "customer.done", "reason": "two\\nlines \\u2028 and a \\ud800"}']


def test_lines_say_what_the_work_around_them_is_about(book: Logbook) -> None:
    with about(run="r1"), about(customer="c1"):
        event("step.confirmed", step="s1")
    event("step.confirmed")
    assert [line.fields for line in book.lines] == [
        {"event": "step.confirmed", "run": "r1", "customer": "c1", "step": "s1"},
        {"event": "step.confirmed"},
    ]


def test_what_a_line_says_itself_goes_before_what_is_around_it(book: Logbook) -> None:
    with about(run="this", customer=""):
        event("run.started", run="another")
    assert book.events("run.started") == [{"event": "run.started", "run": "another"}]


def test_a_metric_has_a_name_a_value_and_a_unit(book: Logbook) -> None:
    metric("queue.age", 1.5, "seconds", queue="apply-plan")
    assert book.metrics("queue.age") == [{"event": "metric", "name": "queue.age", "value": 1.5, "unit": "seconds", "queue": "apply-plan"}]


def test_a_stage_says_how_long_it_took_and_what_it_counted(book: Logbook) -> None:
    clock = ManualClock()
    with stage(clock, "sync-customer", "i1", run="r1", customer="c1"):
        clock.advance(2.5)
        tally("calls", service="Microsoft Graph")
        tally("calls", service="Microsoft Graph")
    common = {"event": "metric", "stage": "sync-customer", "invocation": "i1", "run": "r1", "customer": "c1"}
    assert [line.fields for line in book.lines] == [
        {**common, "name": "stage.duration", "value": 2.5, "unit": "seconds", "outcome": "done"},
        {**common, "name": "calls", "value": 2, "unit": "calls", "service": "Microsoft Graph"},
    ]


def test_a_stage_that_raises_says_so_and_leaves_nothing_behind(book: Logbook) -> None:
    with pytest.raises(ValueError), stage(ManualClock(), "sweep", "i1"):
        raise ValueError
    tally("calls", service="Microsoft Graph")
    event("run.started")
    assert book.metrics("stage.duration")[0]["outcome"] == "failed"
    assert book.lines[-1].fields == {"event": "run.started"}
