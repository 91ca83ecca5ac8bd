"""How long the app takes to import, as a ratio to importing the packages alone that it cannot do without.

Fresh interpreters in turns: a cold start pays for it once. What is imported later, on the first message, is not part of it.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from sandbox.bench.figures import Figure, Section
from sandbox.environment import ROOT

MOST_RATIO = 1.25
APP = "function_app"
PACKAGES = "azure.functions, azure.data.tables, azure.storage.queue, azure.storage.blob, azure.identity, azure.keyvault.secrets, requests, msal"


def measure_imports(times: int = 7) -> list[Section]:
    """Imports both in turns, after one import of each that nobody counts: it writes the bytecode and warms the disk's cache."""
    for modules in (APP, PACKAGES):
        import_seconds(modules)
    pairs = [(import_seconds(APP), import_seconds(PACKAGES)) for _ in range(times)]
    app, packages = median(app for app, _ in pairs), median(packages for _, packages in pairs)
    figures = (
        Figure("function_app", 1000 * app, "ms"),
        Figure("its Azure packages, requests and msal alone", 1000 * packages, "ms"),
        Figure("ratio", app / packages, most=MOST_RATIO),
    )
    return [Section("Import", figures, (f"Medians of {times} fresh interpreters each, in turns, with warm disk caches.",))]


def import_seconds(modules: str) -> float:
    """Imports modules in a new interpreter; returns the time it took, without that of the interpreter's own start."""
    code = f"import time; start = time.perf_counter(); import {modules}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
