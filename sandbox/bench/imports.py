"""How long the app takes to import, as a ratio to importing the packages alone that it cannot do without.

Fresh interpreters in turns: a cold start pays for it once. What is imported later, on the first message, is not part of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from sandbox.bench.figures import Figure, Section
from sandbox.environment import ROOT

MOST_RATIO = 1.25
APP = "function_app"
PACKAGES = "azure.functions, azure.data.tables, azure.storage.queue, azure.storage.blob, azure.identity, azure.keyvault.secrets, requests, msal"
LATER = "adapters.wiring, adapters.microsoft.connect, adapters.psa.connectwise, adapters.transport, adapters.mail.graph"
"""What the first messages import."""
TELEMETRY = "opentelemetry.exporter.otlp.proto.http.metric_exporter, opentelemetry.sdk.metrics, opentelemetry.sdk.metrics.export"
"""What is imported more where ``SYNC_TELEMETRY`` is ``opentelemetry``."""


def measure_imports(times: int = 7) -> list[Section]:
    """Imports in turns, after one import of each that nobody counts: it writes the bytecode and warms the disk's cache."""
    everything_too = f"{PACKAGES}, {APP}, {LATER}"
    app, packages, everything, with_telemetry = _medians((APP, PACKAGES, everything_too, f"{everything_too}, {TELEMETRY}"), times)
    figures = (
        Figure("function_app", 1000 * app, "ms"),
        Figure("its Azure packages, requests and msal alone", 1000 * packages, "ms"),
        Figure("ratio", app / packages, most=MOST_RATIO),
        Figure("those packages, function_app and our modules of the first messages", 1000 * everything, "ms"),
        Figure("ratio of that to the packages", everything / packages),
        Figure("the same with OpenTelemetry switched on", 1000 * with_telemetry, "ms"),
        Figure("ratio of that to plain logs", with_telemetry / everything),
    )
    notes = (f"Medians of {times} fresh interpreters each, in turns, with warm disk caches. The app imports most packages on its first message.",)
    return [Section("Import", figures, notes)]


def _medians(choices: Sequence[str], times: int) -> list[float]:
    for modules in choices:
        import_seconds(modules)
    rounds = [[import_seconds(modules) for modules in choices] for _ in range(times)]
    return [median(column) for column in zip(*rounds, strict=True)]


def import_seconds(modules: str) -> float:
    """Imports modules in a new interpreter; returns the time it took, without that of the interpreter's own start."""
    code = f"import time; start = time.perf_counter(); import {modules}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
