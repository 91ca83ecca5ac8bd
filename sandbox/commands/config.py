"""Check, import, export and compare the configuration, or draft a first one from what is there (config validate|import|...)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters.azure.connection import StorageConnection
from adapters.azure.tables import AzureTables
from sandbox import configuration_tool as tool
from sandbox.host.configuration import ConfigurationError
from sandbox.local_context import local_context
from sandbox.local_storage import add_settings, settings_from, with_storage
from sandbox.operator import operator
from sync_core.configuration.versions import current_version, load_current
from sync_core.errors import SyncError
from sync_core.ports import Store


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
    add_settings(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    validate = commands.add_parser("validate", help="check a file and show every customer, every SKU and where it goes")
    validate.add_argument("file", type=Path)
    validate.add_argument("--live", action="store_true", help="show what the customers hold at this moment, and what is not linked")
    validate.set_defaults(run=_validate)

    importing = commands.add_parser("import", help="make a file the current version")
    importing.add_argument("file", type=Path)
    importing.add_argument("--comment", default="", help="your word on the change, kept with the version")
    importing.add_argument("--who", default=None, help="who imports, where nobody is signed in to the Azure CLI (default: the user of this machine)")
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
    with local_context(options.settings) as context:
        return tool.validate(options.file, sys.stdout, context.adapters)


def _import(options: argparse.Namespace) -> int:
    with _store(options) as store:
        partner = load_current(store).partner.tenant_id if current_version(store) else ""
        sitting = operator(partner)
        who = sitting.name if sitting.verified else options.who or sitting.name  # four eyes rest on who imported
        importer = tool.Importer(who, datetime.now(UTC), options.comment, options.yes)
        return tool.import_file(options.file, store, importer, sys.stdout)


def _export(options: argparse.Namespace) -> int:
    with _store(options) as store:
        return tool.export(store, sys.stdout, options.version, options.expanded)


def _diff(options: argparse.Namespace) -> int:
    new = int(options.new) if options.new and options.new.isdigit() else Path(options.new) if options.new else None
    with _store(options) as store:
        return tool.diff(store, sys.stdout, options.old, new)


def _discover(options: argparse.Namespace) -> int:
    with local_context(options.settings) as context:
        return tool.discover_to(options.output, options.starter, context.adapters, context.clock.now(), sys.stdout)


@contextmanager
def _store(options: argparse.Namespace) -> Iterator[Store]:
    """The store alone, which needs no other setting to be right."""
    with with_storage(settings_from(options.settings)) as settings:
        yield AzureTables(StorageConnection(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
