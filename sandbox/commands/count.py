"""Show a customer's subscriptions with their terms, and who its custom licences and splits count (count CUSTOMER); reads Microsoft only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_file
from sandbox.count_tables import print_preview, print_subscriptions
from sandbox.customer_choice import HELP, chosen_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.terminal import Terminal
from sync_core.counting import count_customer, usage_needs
from sync_core.counting.custom.preview import preview
from sync_core.errors import Rejected
from sync_core.pipeline.context import Context


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal()))


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py count", description=__doc__)
    add_settings(whole)
    whole.add_argument("--file", type=Path, help="a configuration file to try, in place of the current version")
    whole.add_argument("--item", default="", metavar="NAME", help="only this item, by its name in the configuration or its title")
    whole.add_argument("customer", metavar="CUSTOMER", help=HELP)
    return whole


def perform(options: argparse.Namespace, context: Context, terminal: Terminal) -> int:
    """Reads the customer and shows every item that is counted by a rule or divided. Raises ``SyncError``."""
    configuration = read_file(options.file, known_skus())[0].configuration if options.file else context.current_configuration()
    item = chosen_customer(configuration, options.customer)
    needs = usage_needs(configuration.custom_licences_of(item), item.splits, terms=configuration.partner.terms)
    snapshot = context.adapters.microsoft(configuration).read_usage(item.customer, needs)
    previews = list(preview(snapshot, count_customer(snapshot, configuration, item), configuration, item))
    wanted = options.item.casefold()
    chosen = [each for each in previews if wanted in ("", each.item.item_id.removeprefix("custom:").casefold(), each.item.name.casefold())]
    if wanted and not chosen:
        known = ", ".join(each.item.name for each in previews) or "none"
        raise Rejected(
            "Nothing of this name is counted by a rule or divided", code="unknown-item", where=ascii(options.item), fix=f"There is: {known}"
        )
    if not wanted:
        print_subscriptions(snapshot, terminal)
    if not chosen:
        terminal.say("No link of this customer bills a custom licence or divides an item.")
    for each in chosen:
        print_preview(each, terminal)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
