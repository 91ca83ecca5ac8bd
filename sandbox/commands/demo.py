"""Two nights of a made-up MSP and the day after, on this machine: everything real but Microsoft and the PSA, which are simulated."""

from __future__ import annotations

import argparse
import getpass
import io
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.mail.digest import render
from sandbox.argument_types import new_file
from sandbox.configuration_tool import Importer, import_file
from sandbox.environment import DATA
from sandbox.host.configuration import ConfigurationError
from sandbox.invoice_page import invoice_page
from sandbox.local_app import LocalApp, run_document
from sandbox.local_storage import with_storage
from sandbox.run_tables import print_run, progress_on
from sandbox.terminal import Colour, Terminal
from sandbox.tour import Tour
from sandbox.world import Promise, WorldProcess
from sandbox.world.books import CHOICES
from sync_core.errors import SyncError
from sync_core.model.reports import RunReport

QUICK = {"SYNC_SETTLE_SECONDS": "5", "SYNC_RETRY_SECONDS": "1"}
"""A person watches: waits are short where the simulated PSA allows it."""


def main(arguments: Sequence[str]) -> int:
    """Plays the nights and the day; returns 0 only if they came to what the demo promises."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description=__doc__)
    parser.add_argument("--customers", type=int, default=12, metavar="N", help="how many customers the MSP has (default: 12)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="makes other customers after the first twelve (default: 0)")
    parser.add_argument("--report", type=new_file, metavar="FILE", help="write what happened as JSON")
    parser.add_argument("--folder", type=Path, default=DATA / "demo", help="where the e-mail, the invoices and the logs go (default: .data/demo)")
    parser.add_argument("--psa", choices=CHOICES, default=CHOICES[0], help="the PSA, or mixed: each customer in another one (default: connectwise)")
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    terminal = Terminal(sys.stdout)
    try:
        with WorldProcess(options.customers, options.seed, folder / "sandbox.log", options.psa) as world:
            return _Demo(world, folder, terminal).play(options.report)
    except (SyncError, ConfigurationError) as error:
        terminal.say(str(error), Colour.BAD)
        return 1


class _Demo:
    """The two nights over one world, and the day after them."""

    def __init__(self, world: WorldProcess, folder: Path, terminal: Terminal) -> None:
        self._world = world
        self._folder = folder
        self._terminal = terminal

    def play(self, report: Path | None) -> int:
        """Plays, shows and judges."""
        terminal = self._terminal
        terminal.say(f"Simulated Microsoft 365 and {self._world.psas} are up. Starting Azurite ...")
        before = self._world.previews()
        with with_storage(self._world.settings, in_memory=True) as settings:
            terminal.say("Starting the function app on the local host, and importing the configuration ...")
            with self._app(settings, datetime.now(UTC)) as app:
                first, document = self._night("First night", app)
            (self._folder / "digest.html").write_text(render(first).html, encoding="utf-8")
            written = self._world.writes()
            (self._folder / "invoices.html").write_text(invoice_page(before, self._world.previews()), encoding="utf-8")
            with self._app(settings, datetime.now(UTC) + timedelta(minutes=1)) as app:
                second, again = self._night("Second night, nothing changed at Microsoft or in the PSA", app)
                written_again, mails = self._world.writes()[len(written) :], self._world.mails()
                told = Tour(self._world, app, terminal).play()
        if report:
            nights = {**document, "psaWrites": written, "mails": mails, "secondNight": {**again, "psaWrites": written_again}, "day": told.document}
            report.write_text(json.dumps(nights, indent=2), encoding="utf-8")
            terminal.say(f"Report: {report}")
        return self._judge(first, second, len(written), len(written_again), told.broken)

    def _app(self, settings: dict[str, str], slot: datetime) -> LocalApp:
        """An app whose daily schedule has just come due."""
        due = slot - timedelta(minutes=2)
        schedule = {"SYNC_SCHEDULE": f"0 {due.minute} {due.hour} * * *"}
        return LocalApp({**settings, **QUICK, **schedule}, self._folder / "functions.log")

    def _night(self, title: str, app: LocalApp) -> tuple[RunReport, dict[str, Any]]:
        """One night from the timer to the mail."""
        terminal = self._terminal
        terminal.say()
        terminal.say(title, Colour.STRONG)
        self._import(app)
        report = app.follow(app.start_daily_run(), progress_on(terminal))
        terminal.end_progress()
        print_run(report, terminal)
        return report, run_document(app.context, report)

    def _import(self, app: LocalApp) -> None:
        file = self._folder / "configuration.yaml"
        file.write_text(self._world.configuration_yaml, encoding="utf-8")
        said = io.StringIO()
        if import_file(file, app.context.store, Importer(getpass.getuser(), datetime.now(UTC)), said):
            raise SyncError(said.getvalue())

    def _judge(self, first: RunReport, second: RunReport, written: int, written_again: int, broken_by_day: list[str]) -> int:
        """Holds the nights and the day against what was promised."""
        terminal = self._terminal
        promises = {promise.tenant_id: promise for promise in self._world.promises}
        broken = [f"{promise.customer}: {fault}" for promise in promises.values() for fault in _faults(promise, first)]
        promised = sum(promise.writes for promise in promises.values())
        if written != promised:
            broken.append(f"{written} writes in the PSA instead of {promised}")
        if written_again:
            broken.append(f"the second night wrote {written_again} times although nothing had changed")
        if len(second.customers) != len(first.customers):
            broken.append("the second night did not see every customer")
        broken += broken_by_day
        terminal.say()
        for name, what in (("digest.html", "The e-mail of the first night"), ("invoices.html", "The coming invoices before and after it")):
            terminal.say(f"{what}: {self._folder / name}")
        terminal.say(f"The configuration and the logs lie beside them, in {self._folder}")
        terminal.say()
        for fault in broken:
            terminal.say(f"Not as promised: {fault}", Colour.BAD)
        if not broken:
            nights = f"{written} writes in the first night, none in the second, and every customer ended as it should"
            terminal.say(f"As promised: {nights}; so did the day after.", Colour.GOOD)
        return 1 if broken else 0


def _faults(promise: Promise, report: RunReport) -> list[str]:
    """How a customer's first night differs from what was promised."""
    found = next((item for item in report.customers if item.customer.tenant_id == promise.tenant_id), None)
    if found is None:
        return ["it is not in the run"]
    faults = []
    if (found.customer.state, found.customer.code) != (promise.state, promise.code):
        faults.append(f"{found.customer.state} {found.customer.code} instead of {promise.state} {promise.code} ({found.customer.reason})")
    done = {(change.item_id, change.kind, change.result) for change in found.changes}
    faults += [
        f"{change.item}: {change.kind} is not {change.result}"
        for change in promise.changes
        if (change.item_id, change.kind, change.result) not in done
    ]
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
