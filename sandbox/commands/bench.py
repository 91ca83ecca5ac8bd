"""Measure what a customer costs: calls, storage operations, CPU and import time, a large customer, and time and memory of growing nights."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sandbox.bench.calls import measure_calls
from sandbox.bench.cpu import measure_cpu
from sandbox.bench.figures import Section, table
from sandbox.bench.imports import measure_imports
from sandbox.bench.large import measure_large
from sandbox.bench.psa_calls import measure_psa_calls
from sandbox.bench.real_limits import measure_real_limits
from sandbox.bench.scale import measure_scale
from sandbox.environment import DATA
from sandbox.world.books import KINDS

QUICK, USUAL, FULL = (25, 50), (100, 200, 400, 800), (100, 200, 400, 800, 2000)
"""The customers of the nights."""
AT_PSAS = {QUICK: 40, USUAL: 400, FULL: 2000}
"""The customers of a night at each PSA."""
NAMES = ("calls", "PSAs", "limits", "CPU", "large", "import", "nights")


def main(arguments: Sequence[str]) -> int:
    """Measures, prints a table and writes JSON; returns 0 whatever the values are: time is no test."""
    options = _parser().parse_args(arguments)
    sizes = FULL if options.full else QUICK if options.quick else USUAL
    measurements: dict[str, Callable[[], list[Section]]] = {
        "calls": measure_calls,
        "PSAs": lambda: measure_psa_calls(options.customers or AT_PSAS[sizes], options.psa or KINDS),
        "limits": lambda: measure_real_limits(options.customers or AT_PSAS[sizes], options.psa or KINDS),
        "CPU": measure_cpu,
        "large": measure_large,
        "import": measure_imports,
        "nights": lambda: measure_scale(sizes),
    }
    sections: list[Section] = []
    for name, measure in ((name, measure) for name, measure in measurements.items() if name in (options.only or NAMES)):
        print(f"Measuring: {name}", file=sys.stderr, flush=True)
        sections += measure()
    print(f"\n{_machine()}\n\n{table(sections)}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": _machine(), "when": datetime.now(UTC).isoformat(), "sections": [section.to_json() for section in sections]}
    options.json.write_text(json.dumps(document, indent=2), encoding="utf-8")
    print(f"\nJSON: {options.json}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="nights of up to 2,000 customers instead of 800")
    size.add_argument("--quick", action="store_true", help="nights of 25 and 50 customers only, for work on the code")
    parser.add_argument("--only", action="append", choices=NAMES, help="only this measurement; may be given several times")
    parser.add_argument("--psa", action="append", choices=KINDS, help="only this PSA, where each is measured; may be given several times")
    parser.add_argument("--customers", type=int, help="how many customers a night at each PSA has")
    parser.add_argument("--json", type=Path, default=DATA / "bench" / "bench.json", help="where the JSON goes (default: .data/bench/bench.json)")
    return parser


def _machine() -> str:
    return f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
