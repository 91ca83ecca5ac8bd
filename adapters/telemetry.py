"""Metrics on their way to an OpenTelemetry collector, beside the log lines, where ``SYNC_TELEMETRY`` asks for it.

Where to is for OpenTelemetry's own variables to say: ``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_EXPORTER_OTLP_HEADERS``,
``OTEL_METRIC_EXPORT_INTERVAL`` and so on (OpenTelemetry specification, "OTLP Exporter Configuration"); over HTTP with protobuf. Its packages
are not among those of the app, because every cold start would pay for them: ``requirements-opentelemetry.txt`` says how they come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sync_core.errors import InvalidConfiguration
from sync_core.events import Field, also_measure
from sync_core.settings import is_unresolved
from sync_core.web_addresses import address_fault

ENDPOINT, METRICS_ENDPOINT, HEADERS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"
SERVICE = "m365-psa-sync"
LABELS = frozenset({"stage", "outcome", "kind", "verdict", "service", "changes", "queue"})
"""The fields that a series may be told apart by. Ids of runs, customers and invocations would make a series for each of them."""
_COUNTED = frozenset({"calls", "throttles", "changes", "customers"})


class Meter(Protocol):
    """What is used of OpenTelemetry's meter."""

    def create_counter(self, name: str, unit: str = "") -> Any:
        """An instrument whose sums grow."""
        ...

    def create_up_down_counter(self, name: str, unit: str = "") -> Any:
        """An instrument whose sums grow and shrink."""
        ...

    def create_histogram(self, name: str, unit: str = "") -> Any:
        """An instrument of which the distribution matters."""
        ...


class Instruments:
    """A sink of the pipeline's metrics: each name is an instrument of its own, made when it is first measured.

    What is counted is a counter, ``money`` a sum that also falls, in the currency that is its unit, and everything else a histogram.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._made: dict[tuple[str, str], Any] = {}

    def measured(self, name: str, value: float, unit: str, fields: Mapping[str, Field]) -> None:
        """See ``sync_core.events.MetricSink``."""
        labels = {label: each for label, each in fields.items() if label in LABELS}
        if name in _COUNTED:
            self._instrument(name, unit, self._meter.create_counter).add(value, labels)
        elif name == "money":
            self._instrument(name, unit, self._meter.create_up_down_counter).add(value, {**labels, "currency": unit})
        else:
            self._instrument(name, unit, self._meter.create_histogram).record(value, labels)

    def _instrument(self, name: str, unit: str, create: Any) -> Any:
        known = (name, unit)
        if known not in self._made:
            self._made[known] = create(f"sync.{name}" if name != "money" else f"sync.money.{unit.lower()}", unit=unit)
        return self._made[known]


def start(environment: Mapping[str, str], installation: str) -> Any:
    """Begins to export all metrics that are measured from here on; returns the provider, which exports by itself and at the process's end.

    Raises:
        InvalidConfiguration: no usable endpoint is named, or the packages were not deployed.
    """
    _check(environment)
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
    except ImportError as error:
        raise InvalidConfiguration(
            "SYNC_TELEMETRY asks for OpenTelemetry, and its packages were not deployed",
            code="invalid-setting",
            fix="Add the line `-r requirements-opentelemetry.txt` to requirements.txt and publish the app again, or set SYNC_TELEMETRY to logs",
        ) from error
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = MeterProvider(metric_readers=[reader], resource=Resource.create({"service.name": SERVICE, "service.namespace": installation}))
    also_measure(Instruments(provider.get_meter(SERVICE)))
    return provider


def _check(environment: Mapping[str, str]) -> None:
    name = METRICS_ENDPOINT if environment.get(METRICS_ENDPOINT) else ENDPOINT
    if fault := address_fault(environment.get(name, "")):
        raise InvalidConfiguration(
            f"SYNC_TELEMETRY asks for OpenTelemetry, and the setting {name} {fault if environment.get(name) else 'is not set'}",
            code="invalid-setting",
            fix=f"Set {ENDPOINT} to your collector, such as https://collector.example.com:4318, or SYNC_TELEMETRY to logs",
        )
    if is_unresolved(environment.get(HEADERS, "")):
        raise InvalidConfiguration(
            f"The setting {HEADERS} is a Key Vault reference that Azure did not resolve",
            code="invalid-setting",
            fix="Check that the app's identity may read the secret and that the reference names it correctly",
        )
