"""Compare every pinned package with published security advisories, from a copy that is kept here: it works without a network, too."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from sandbox.environment import DATA, ROOT
from sandbox.supply_chain.advisories import EXPORT, advisories_in, findings
from sandbox.supply_chain.lock import Locked, read_lock
from sandbox.terminal import Cell, Colour, Terminal
from sync_core.web_addresses import address_fault

LOCKS = ("requirements.txt", "requirements-dev.txt")
COPY = DATA / "advisories" / "pypi.zip"
_FRESH = timedelta(days=1)
_WAIT = (10, 120)
CLEAN, AFFECTED, UNKNOWN = 0, 1, 2
"""Exit codes. ``UNKNOWN``: there is nothing to compare with."""


def main(arguments: Sequence[str]) -> int:
    """Run the audit; returns its exit code."""
    options = parser().parse_args(arguments)
    terminal = Terminal()
    try:
        archive = options.advisories or current_copy(options.url, options.copy, terminal)
        return audit(archive, terminal)
    except (OSError, ValueError) as error:
        print(f"The audit could not be made: {error}", file=sys.stderr)
        return UNKNOWN


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(
        prog="dev.py audit", description=__doc__, epilog="Exit code 0: no advisory; 1: some package is affected; 2: no advisories at hand."
    )
    whole.add_argument("--advisories", type=Path, metavar="ZIP", help="an export of advisories that was brought here; nothing is downloaded then")
    whole.add_argument("--url", type=_address, default=EXPORT, help="where the export is published (default: OSV's for PyPI)")
    whole.add_argument("--copy", type=Path, default=COPY, help="where the copy is kept (default: .data/advisories/pypi.zip)")
    return whole


def _address(text: str) -> str:
    if fault := address_fault(text):
        raise argparse.ArgumentTypeError(f"it {fault}")
    return text


def current_copy(url: str, copy: Path, terminal: Terminal) -> Path:
    """The copy, fetched anew where it is older than a day; an older one serves where the network does not reach.

    Raises:
        OSError: there is no copy, and none can be fetched.
    """
    age = datetime.now(UTC) - _date_of(copy) if copy.exists() else None
    if age is not None and age < _FRESH:
        return copy
    try:
        answer = requests.get(url, timeout=_WAIT, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException as error:
        if age is None:
            raise OSError(f"no copy of the advisories is here, and {url} cannot be reached. Bring one: --advisories ZIP") from error
        terminal.say(f"The advisories cannot be fetched; the copy here is {age.days} days old.", Colour.WAITING)
        return copy
    copy.parent.mkdir(parents=True, exist_ok=True)
    half = copy.with_suffix(".half")
    half.write_bytes(answer.content)
    half.replace(copy)
    return copy


def audit(archive: Path, terminal: Terminal) -> int:
    """Shows what an export says of the pinned packages; returns the exit code."""
    packages = locked()
    found = findings(packages, advisories_in(archive))
    if not found:
        terminal.say(f"No advisory speaks of the {len(packages)} pinned packages (advisories of {_date_of(archive):%Y-%m-%d}).", Colour.GOOD)
        return CLEAN
    rows: list[list[Cell | str]] = [
        [Cell(f"{item.package.name} {item.package.version}", Colour.BAD), item.advisory, item.fixed or "no version yet", item.summary]
        for item in found
    ]
    terminal.table(["Package", "Advisory", "Mended in", "What"], rows)
    terminal.say(f"{len(found)} advisories (of {_date_of(archive):%Y-%m-%d}). Pin the mended versions, or write down why they do no harm here.")
    return AFFECTED


def locked() -> list[Locked]:
    """Every package that is pinned for the app or for development, once."""
    return list(dict.fromkeys(package for name in LOCKS for package in read_lock((ROOT / name).read_text(encoding="utf-8"))))


def _date_of(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
