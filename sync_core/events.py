"""What the pipeline says while it works: one JSON object a line, ids only, never a person, a name or a secret.

What the lines of one piece of work have in common is said once, around it: ``stage`` for an invocation, ``about`` for a part of it.
Numbers are events of one shape, ``metric`` with ``name``, ``value`` and ``unit``, so that a log query can chart them and no
telemetry package is needed. Where one is wanted all the same, it is a sink that is told of them, too.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from sync_core.ports import Clock

Field = str | int | float | bool
Tallied = tuple[str, tuple[tuple[str, str], ...]]

_LOG = logging.getLogger("sync")
_ABOUT: ContextVar[Mapping[str, Field]] = ContextVar("about", default={})  # noqa: B039  # never changed, only replaced
_TALLIES: ContextVar[Counter[Tallied] | None] = ContextVar("tallies", default=None)


class MetricSink(Protocol):
    """Who else wants to know of numbers. It must not raise and not wait."""

    def measured(self, name: str, value: float, unit: str, fields: Mapping[str, Field]) -> None:
        """One number, with all fields of its log line."""
        ...


_SINKS: list[MetricSink] = []


def event(name: str, level: int = logging.INFO, /, **fields: Field) -> None:
    """Logs one thing that happened; ``fields`` are ids, states, counts and seconds, and go before what the line is ``about``."""
    if _LOG.isEnabledFor(level):
        _LOG.log(level, "%s", json.dumps({"event": name, **_ABOUT.get(), **fields}, sort_keys=True, default=str))


def metric(name: str, value: float, unit: str, **fields: Field) -> None:
    """Logs a number, for charts. ``unit`` is a plural such as ``seconds``, or a currency."""
    event("metric", name=name, value=value, unit=unit, **fields)
    for sink in _SINKS:
        sink.measured(name, value, unit, {**_ABOUT.get(), **fields})


def also_measure(sink: MetricSink) -> None:
    """From here on the sink is told of every number of this process."""
    _SINKS.append(sink)


def measure_no_more(sink: MetricSink) -> None:
    """The sink is not told of numbers any more."""
    _SINKS.remove(sink)


def tally(name: str, **labels: str) -> None:
    """Counts one more of something that is too frequent for a line each; the stage logs the sums when it ends. Outside a stage nothing counts."""
    counts = _TALLIES.get()
    if counts is not None:
        counts[name, tuple(sorted(labels.items()))] += 1


@contextmanager
def about(**fields: Field) -> Iterator[None]:
    """Every event logged inside carries these fields; empty ones say nothing and are left out."""
    token = _ABOUT.set({**_ABOUT.get(), **{name: value for name, value in fields.items() if value != ""}})
    try:
        yield
    finally:
        _ABOUT.reset(token)


@contextmanager
def stage(clock: Clock, name: str, invocation: str, **ids: Field) -> Iterator[None]:
    """Held around one invocation of a stage: its events carry ``stage``, ``invocation`` and ``ids``, and its duration and tallies are logged."""
    counts: Counter[Tallied] = Counter()
    token, began, outcome = _TALLIES.set(counts), clock.monotonic(), "failed"
    with about(stage=name, invocation=invocation, **ids):
        try:
            yield
            outcome = "done"
        finally:
            _TALLIES.reset(token)
            metric("stage.duration", round(clock.monotonic() - began, 3), "seconds", outcome=outcome)
            for (tallied, labels), number in sorted(counts.items()):
                metric(tallied, number, tallied, **dict(labels))
