"""Check, import, export and compare the configuration, or draft a first one from what is there (config validate|import|...)."""

from __future__ import annotations

import argparse
import getpass
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters.azure.connection import StorageConnection
from adapters.azure.tables import AzureTables
from sandbox import configuration_tool as tool
from sandbox.azurite import Azurite
from sandbox.environment import DATA, ROOT
from sandbox.host.configuration import ConfigurationError, read_settings
from sync_core.errors import SyncError
from sync_core.pipeline.context import Adapters
from sync_core.ports import Store
from sync_core.settings import Settings

STORAGE = "AzureWebJobsStorage"
DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"


def main(arguments: Sequence[str]) -> int:
    """Run one of the config commands; returns its exit code: 0 done, 1 something is wrong, 2 a person has to confirm."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return tool.WRONG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py config", description=__doc__)
    parser.add_argument(
        "--settings", type=Path, default=ROOT / "local.settings.json", help="settings file (default: local.settings.json, else the environment)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    validate = commands.add_parser("validate", help="check a file and show every customer, every SKU and where it goes")
    validate.add_argument("file", type=Path)
    validate.add_argument("--live", action="store_true", help="show what the customers hold at this moment, and what is not linked")
    validate.set_defaults(run=_validate)

    importing = commands.add_parser("import", help="make a file the current version")
    importing.add_argument("file", type=Path)
    importing.add_argument("--comment", default="", help="your word on the change, kept with the version")
    importing.add_argument("--who", default=None, help="who imports (default: the user of this machine)")
    importing.add_argument("--yes", action="store_true", help="go on although lines stay billed that are no longer managed")
    importing.set_defaults(run=_import)

    export = commands.add_parser("export", help="print the current version as YAML")
    export.add_argument("--version", type=int, help="another version")
    export.add_argument("--expanded", action="store_true", help="with every link written out in place of the rules")
    export.set_defaults(run=_export)

    diff = commands.add_parser("diff", help="what differs between versions or from a file; alone: what each version changed")
    diff.add_argument("new", nargs="?", help="a file, or the number of a version")
    diff.add_argument("--from", dest="old", type=int, help="the version to compare with (default: the current one)")
    diff.set_defaults(run=_diff)

    discover = commands.add_parser("discover", help="write a first file from what Microsoft and the PSA hold; reads only")
    discover.add_argument("starter", type=Path, help="a file with partner and connections")
    discover.add_argument("--output", type=Path, default=Path("configuration.yaml"))
    discover.set_defaults(run=_discover)
    return parser


def _validate(options: argparse.Namespace) -> int:
    if not options.live:
        return tool.validate(options.file, sys.stdout)
    with _store_settings(options.settings) as settings:
        return tool.validate(options.file, sys.stdout, _adapters(settings))


def _import(options: argparse.Namespace) -> int:
    importer = tool.Importer(options.who or getpass.getuser(), datetime.now(UTC), options.comment, options.yes)
    with _store_settings(options.settings) as settings:
        return tool.import_file(options.file, _store(settings), importer, sys.stdout)


def _export(options: argparse.Namespace) -> int:
    with _store_settings(options.settings) as settings:
        return tool.export(_store(settings), sys.stdout, options.version, options.expanded)


def _diff(options: argparse.Namespace) -> int:
    new = int(options.new) if options.new and options.new.isdigit() else Path(options.new) if options.new else None
    with _store_settings(options.settings) as settings:
        return tool.diff(_store(settings), sys.stdout, options.old, new)


def _discover(options: argparse.Namespace) -> int:
    with _store_settings(options.settings) as settings:
        return tool.discover_to(options.output, options.starter, _adapters(settings), datetime.now(UTC), sys.stdout)


@contextmanager
def _store_settings(path: Path) -> Iterator[Mapping[str, str]]:
    """The settings of the file, or of the environment where there is no file, with storage that answers: Azurite's where they ask for it."""
    settings = {**os.environ, **(read_settings(path) if path.exists() else {})}
    if settings.get(STORAGE, DEVELOPMENT_STORAGE) != DEVELOPMENT_STORAGE or f"{STORAGE}__accountName" in settings:
        yield settings
        return
    location = DATA / "run" / "azurite"  # the data of dev.py run
    location.mkdir(parents=True, exist_ok=True)
    with Azurite(location) as azurite:
        yield {**settings, STORAGE: azurite.connection_string}


def _store(settings: Mapping[str, str]) -> Store:
    return AzureTables(StorageConnection(settings))


def _adapters(settings: Mapping[str, str]) -> Adapters:
    wiring = importlib.import_module("adapters.wiring")  # only these two commands call vendors, so only they load the adapters
    adapters: Adapters = wiring.build(Settings.from_environment(settings)).adapters
    return adapters


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
