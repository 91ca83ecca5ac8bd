"""Run ruff, mypy --strict and the import contracts over everything."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from sandbox.environment import ROOT

CHECKS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy --strict": ("-m", "mypy", "."),
    "import contracts": ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
}


def main(arguments: Sequence[str]) -> int:
    """Run every check, print the output of those that fail, and end with a table; returns 1 when one failed."""
    argparse.ArgumentParser(prog="dev.py check", description=__doc__).parse_args(arguments)
    rows = [(name, *_run(command)) for name, command in CHECKS.items()]
    print(f"{'check':<18}result  seconds")
    for name, passed, seconds in rows:
        print(f"{name:<18}{'ok' if passed else 'FAILED':<6}  {seconds:.1f}")
    return 0 if all(passed for _, passed, _ in rows) else 1


def _run(command: Sequence[str]) -> tuple[bool, float]:
    started = time.monotonic()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0, time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
