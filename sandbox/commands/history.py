"""What happened, as a file (history export [CUSTOMER] [--from DATE] [--to DATE] [--format csv|json] [--out FILE])."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date

from sandbox.argument_types import day, new_file
from sandbox.customer_choice import HELP, past_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sync_core.history.export import Entry, as_csv, as_json, common_history, customer_history, nights_of
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CUSTOMERS

FORMATS = {"csv": as_csv, "json": as_json}


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context))


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py history", description=__doc__)
    add_settings(whole)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    export = commands.add_parser("export", help="counts, plans, decisions, writes and mails in the order of time")
    export.add_argument("customer", nargs="?", default="", metavar="CUSTOMER", help=f"{HELP}; without one, all customers and what is common to them")
    export.add_argument("--from", dest="first", type=day, default=date.min, metavar="DATE", help="first day, UTC (default: the first)")
    export.add_argument("--to", dest="last", type=day, default=date.max, metavar="DATE", help="last day, UTC (default: the last)")
    export.add_argument("--format", choices=FORMATS, default="csv", help="csv for spreadsheets, json with all that is known (default: csv)")
    export.add_argument("--out", type=new_file, metavar="FILE", help="write to this file (default: to the terminal)")
    return whole


def perform(options: argparse.Namespace, context: Context) -> int:
    """Writes the file. Raises ``SyncError``."""
    content = FORMATS[options.format](_entries(options, context))
    if options.out:
        with options.out.open("wb") as file:
            file.writelines(content)
        print(f"Written: {options.out}")
    else:
        sys.stdout.buffer.writelines(content)
    return 0


def _entries(options: argparse.Namespace, context: Context) -> Iterator[Entry]:
    """One customer after the other, so that no more than one is held at once."""
    if options.customer:
        tenant_id = past_customer(context, options.customer)
        nights = nights_of(context.store, options.first, options.last, tenant_id)
        yield from sorted((*customer_history(context.store, tenant_id, options.first, options.last), *nights), key=lambda entry: entry.at)
        return
    yield from common_history(context.store, options.first, options.last)
    yield from nights_of(context.store, options.first, options.last)
    for tenant_id in context.store.partitions(CUSTOMERS):
        yield from customer_history(context.store, tenant_id, options.first, options.last)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
