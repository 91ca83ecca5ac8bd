"""OpenTelemetry, where it is switched on: every number reaches the collector, no id makes a series of its own, and a wrong setting is named."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from adapters import telemetry
from sandbox.environment import ROOT
from sandbox.web import Request, Response, serve
from sync_core import events
from sync_core.errors import InvalidConfiguration
from sync_core.events import about, measure_no_more, metric

Sums = dict[tuple[str, str, frozenset[tuple[str, str]]], float]


class Collector:
    """An OpenTelemetry collector that keeps what arrives, and the provider that sends to it."""

    provider: Any

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200)

    def arrived(self) -> Any:
        """What has been measured so far, of the one process that measures."""
        self.provider.force_flush()
        [resource] = ExportMetricsServiceRequest.FromString(self.requests[-1].body).resource_metrics
        return resource

    def sums(self) -> Sums:
        """The same by name, unit and labels, each with its sum."""
        return {
            (each.name, each.unit, frozenset((label.key, label.value.string_value) for label in point.attributes)): _value(point)
            for scope in self.arrived().scope_metrics
            for each in scope.metrics
            for point in (each.histogram.data_points or each.sum.data_points)
        }


def _value(point: Any) -> float:
    return point.sum if hasattr(point, "bucket_counts") else point.as_double or float(point.as_int)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the telemetry is started for."""
    kept, before = Collector(), list(events._SINKS)
    with serve(kept) as server:
        monkeypatch.setenv(telemetry.ENDPOINT, server.url)
        kept.provider = telemetry.start({telemetry.ENDPOINT: server.url}, "mspa1")
        yield kept
        kept.provider.shutdown()
    for sink in [each for each in events._SINKS if each not in before]:
        measure_no_more(sink)


def test_numbers_arrive_summed_by_what_they_can_be_told_apart_by(collector: Collector) -> None:
    with about(stage="sync-customer", run="daily-1", customer="11111111-0000-4000-8000-000000000001", invocation="i1"):
        metric("calls", 2, "calls", service="Microsoft Graph")
    with about(stage="sync-customer", run="daily-1", customer="11111111-0000-4000-8000-000000000002", invocation="i2"):
        metric("calls", 3, "calls", service="Microsoft Graph")
        metric("stage.duration", 1.5, "seconds", outcome="done")
    sums = collector.sums()
    assert sums["sync.calls", "calls", frozenset({("stage", "sync-customer"), ("service", "Microsoft Graph")})] == 5
    assert sums["sync.stage.duration", "seconds", frozenset({("stage", "sync-customer"), ("outcome", "done")})] == 1.5
    assert "11111111" not in str(collector.requests[-1].body)


def test_money_falls_too_and_each_currency_is_a_series_of_its_own(collector: Collector) -> None:
    for amount, currency in ((100.0, "USD"), (-30.0, "USD"), (7.5, "EUR")):
        metric("money", amount, currency, verdict="safe")
    sums = collector.sums()
    assert sums["sync.money.usd", "USD", frozenset({("verdict", "safe"), ("currency", "USD")})] == 70
    assert sums["sync.money.eur", "EUR", frozenset({("verdict", "safe"), ("currency", "EUR")})] == 7.5


def test_they_say_whose_they_are(collector: Collector) -> None:
    metric("calls", 1, "calls")
    named = {each.key: each.value.string_value for each in collector.arrived().resource.attributes}
    assert (named["service.name"], named["service.namespace"]) == (telemetry.SERVICE, "mspa1")
    assert collector.requests[-1].path == "/v1/metrics"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
        ({telemetry.ENDPOINT: "http://collector.example.com:4318"}, "is plain http to another machine"),
        ({telemetry.ENDPOINT: "https://one.example", telemetry.METRICS_ENDPOINT: "one"}, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is not a URL"),
        ({telemetry.ENDPOINT: "https://one.example", telemetry.HEADERS: "@Microsoft.KeyVault(SecretUri=x)"}, "OTEL_EXPORTER_OTLP_HEADERS"),
    ],
)
def test_a_setting_that_leads_nowhere_is_named(environment: dict[str, str], expected: str) -> None:
    with pytest.raises(InvalidConfiguration, match=expected):
        telemetry.start(environment, "mspa1")


def test_without_its_packages_the_error_says_how_to_bring_them() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from adapters import telemetry\n"
        "try: telemetry.start({telemetry.ENDPOINT: 'https://one.example'}, 'mspa1')\n"
        "except telemetry.InvalidConfiguration as error: print(error.fix)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-r requirements-opentelemetry.txt" in done.stdout


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    program = "import sys, function_app, adapters.wiring, adapters.telemetry; print([name for name in sys.modules if name.startswith('opentel')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
