"""Why a line holds what it holds, on any day (explain CUSTOMER [--item NAME | --line ID] [--on DATE]); asks nothing of Microsoft or the PSA."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence

from sandbox.argument_types import day
from sandbox.customer_choice import HELP, past_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.terminal import Colour, Terminal
from sync_core.documents import to_document
from sync_core.history.explain import explain, today
from sync_core.history.explanation import Explanation
from sync_core.history.words import facts, question
from sync_core.pipeline.context import Context


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal()))


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py explain", description=__doc__)
    add_settings(whole)
    whole.add_argument("customer", metavar="CUSTOMER", help=HELP)
    which = whole.add_mutually_exclusive_group()
    which.add_argument("--item", default="", metavar="NAME", help="only this item, by its id or name")
    which.add_argument("--line", default="", metavar="ID", help="only this line, by its id in the PSA")
    whole.add_argument("--on", type=day, metavar="DATE", help="the day, as 2026-03-20, by the PSA's date (default: today)")
    whole.add_argument("--json", action="store_true", help="everything that is known of it, for machines")
    return whole


def perform(options: argparse.Namespace, context: Context, terminal: Terminal) -> int:
    """Explains the lines that are asked for. Raises ``SyncError``."""
    on = options.on or today(context)
    found = explain(context, past_customer(context, options.customer), on, options.item, options.line)
    if options.json:
        print(json.dumps(to_document(found), indent=2))
    else:
        print_explanations(found, terminal)
    return 0


def print_explanations(found: Iterable[Explanation], terminal: Terminal) -> None:
    """Each line with what made it so."""
    for number, each in enumerate(found):
        if number:
            terminal.say()
        terminal.say(question(each), Colour.STRONG)
        for heading, text in facts(each):
            terminal.fact(heading, text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
