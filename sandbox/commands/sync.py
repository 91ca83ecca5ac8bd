"""The real job against what the settings and the configuration name, on this machine; observes unless --mode allows more."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sandbox.argument_types import new_file
from sandbox.configuration_tool import Importer, import_file
from sandbox.environment import DATA
from sandbox.host.configuration import ConfigurationError
from sandbox.local_app import LocalApp, run_document
from sandbox.local_storage import DEFAULT_SETTINGS, settings_from, with_storage
from sandbox.run_tables import print_run, progress_on
from sandbox.terminal import Terminal
from sync_core.errors import SyncError
from sync_core.model.customers import Mode

NOT_KEPT = (
    "With storage in memory only --mode observe runs: what was sent to the PSA has to be remembered after this process has ended, "
    "so that nothing is ever written twice. Leave out --storage memory, or name a storage account in the settings."
)


def main(arguments: Sequence[str]) -> int:
    """Runs the sync; returns 0 when the run came to its end, 1 when it did not, 2 when a person has to confirm the import."""
    options = _parser().parse_args(arguments)
    mode = Mode(options.mode)
    if options.storage == "memory" and mode is not Mode.OBSERVE:
        print(NOT_KEPT, file=sys.stderr)
        return 1
    try:
        settings = settings_from(options.settings)
        with with_storage(settings, in_memory=options.storage == "memory") as kept:
            return _sync(options, kept, mode)
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py sync", description=__doc__)
    parser.add_argument("--settings", type=Path, default=DEFAULT_SETTINGS, help="settings file (default: local.settings.json)")
    parser.add_argument("--config", type=Path, required=True, help="configuration file; it becomes the current version")
    parser.add_argument("--customer", default="", metavar="TENANT", help="only the customer with this tenant id")
    parser.add_argument("--mode", choices=list(Mode), default=Mode.OBSERVE, help="how far any customer may go; one configured lower stays lower")
    parser.add_argument("--report", type=new_file, help="write what the run came to as JSON")
    parser.add_argument("--storage", choices=("kept", "memory"), default="kept", help="memory: forget everything afterwards; observes only")
    parser.add_argument("--yes", action="store_true", help="go on although lines stay billed that the configuration no longer manages")
    return parser


def _sync(options: argparse.Namespace, settings: dict[str, str], mode: Mode) -> int:
    log = DATA / "logs" / "sync.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    settings.setdefault("SYNC_SECRETS_FILE", str(DATA / "secrets.json"))
    settings.setdefault("SYNC_INSTALLATION", "local")
    with LocalApp(settings, log) as app:
        code = import_file(options.config, app.context.store, Importer(getpass.getuser(), datetime.now(UTC), confirmed=options.yes), sys.stdout)
        if code:
            return code
        run_id = app.ask_for_run(mode, options.customer)
        terminal = Terminal(sys.stdout)
        report = app.follow(run_id, progress_on(terminal))
        terminal.end_progress()
        print_run(report, terminal)
        if report.changes():
            print("\nEach plan, line by line: python3 dev.py plan list")
        print(f"\nWhat the functions logged: {log}")
        if options.report:
            options.report.write_text(json.dumps(run_document(app.context, report), indent=2), encoding="utf-8")
            print(f"Report: {options.report}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
