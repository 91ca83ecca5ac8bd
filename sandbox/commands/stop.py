"""Stop all writes to every PSA at once (stop --reason TEXT), until dev.py go."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from adapters.azure.connection import StorageConnection
from adapters.azure.tables import AzureTables
from sandbox.host.configuration import ConfigurationError
from sandbox.local_storage import add_settings, settings_from, with_storage
from sandbox.operator import operator
from sandbox.terminal import Colour, Terminal
from sync_core.configuration.versions import load_current
from sync_core.errors import SyncError
from sync_core.pipeline.control import StopSwitch, set_stop_switch, stop_switch
from sync_core.ports import Store


def main(arguments: Sequence[str]) -> int:
    """Turn the switch off for all writes; returns the exit code. ``stop go`` does what ``go`` does."""
    parser = argparse.ArgumentParser(prog="dev.py stop", description=__doc__)
    parser.add_argument("go", nargs="?", choices=("go",), help="let the writes go on again, as dev.py go does")
    parser.add_argument("--reason", default="", help="why; everybody whose change is held reads it")
    add_settings(parser)
    options = parser.parse_args(arguments)
    if not (options.go or options.reason.strip()):
        parser.error("nothing was stopped: say why, with --reason TEXT")
    return turn(options.settings, options.reason.strip() if not options.go else "")


def turn(settings: Path, reason: str) -> int:
    """Stops all writes for a reason, or lets them go on without one; returns the exit code. No other setting needs to be right for it."""
    try:
        with with_storage(settings_from(settings)) as found:
            switch(AzureTables(StorageConnection(found)), reason, Terminal())
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def switch(store: Store, reason: str, terminal: Terminal) -> None:
    """Turns the switch in the name of whoever sits here. A stop does not wait for the Azure CLI: a verified name is added to it afterwards."""
    if reason:
        turn_switch(store, reason, f"{getpass.getuser()} (unverified)", datetime.now(UTC), terminal)
    by = operator(_partner(store))
    if not reason:
        turn_switch(store, "", str(by), datetime.now(UTC), terminal)
    elif by.verified and stop_switch(store).stopped:
        set_stop_switch(store, StopSwitch(True, reason, str(by), datetime.now(UTC)))


def _partner(store: Store) -> str:
    """The partner's tenant; empty where no configuration can be read, and then nobody is verified."""
    try:
        return load_current(store).partner.tenant_id
    except (SyncError, ValueError):
        return ""


def turn_switch(store: Store, reason: str, by: str, now: datetime, terminal: Terminal) -> None:
    """Sets the switch and says what that means."""
    before = stop_switch(store)
    set_stop_switch(store, StopSwitch(bool(reason), reason, by, now))
    if reason:
        terminal.say("All writes are stopped. A write that was already sent may still arrive; none is sent from now on.", Colour.BAD)
        terminal.say("Let them go on with: python3 dev.py go")
    elif before.stopped:
        terminal.say(f"Writes go on. They were stopped by {before.by}: {before.reason}", Colour.GOOD)
        terminal.say("What was held meanwhile is planned again by the next run.")
    else:
        terminal.say("Writes were not stopped.", Colour.GOOD)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
