"""Show what is found beside the plans, and accept a finding until a day (notices list, accept, withdraw)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sandbox.argument_types import day
from sandbox.customer_choice import HELP, chosen_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.operator import operator
from sandbox.terminal import Colour, Terminal
from sync_core.model.people import Who
from sync_core.pipeline.accepting import Standing, accept, standing, withdraw
from sync_core.pipeline.context import Context
from sync_core.pipeline.people_list import names_of_people


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    options = parser().parse_args(arguments)

    def work(context: Context) -> int:
        return perform(options, context, operator(context.current_configuration().partner.tenant_id), Terminal())

    return on_context(options.settings, work)


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py notices", description=__doc__)
    add_settings(whole)
    verbs = whole.add_subparsers(dest="verb", required=True)
    shown = verbs.add_parser("list", help="what the last runs found and still stands, by customer")
    shown.add_argument("customer", nargs="?", default="", metavar="CUSTOMER", help=HELP)
    accepting = verbs.add_parser("accept", help="keep a finding quiet up to a day, that day included; afterwards it is told again")
    accepting.add_argument("finding", metavar="NOTICE", help="its id, as the mail and the list show it")
    accepting.add_argument("--until", type=day, required=True, metavar="DATE", help="the last quiet day, such as 2026-09-30")
    accepting.add_argument("--why", required=True, help="why it is all right")
    withdrawing = verbs.add_parser("withdraw", help="take the word back: the next run tells the finding")
    withdrawing.add_argument("finding", metavar="NOTICE", help="its id, as the list shows it")
    return whole


def perform(options: argparse.Namespace, context: Context, by: Who, terminal: Terminal) -> int:
    """Does what was asked for; returns the exit code. Raises ``SyncError``."""
    if options.verb == "list":
        _list(context, options.customer, terminal)
    elif options.verb == "accept":
        done = accept(context, options.finding, options.until, by, options.why)
        terminal.say(f"Quiet up to {options.until}: {_words(done)}", Colour.GOOD)
    else:
        terminal.say(f"Told again by the next run: {_words(withdraw(context, options.finding, by))}", Colour.GOOD)
    return 0


def _list(context: Context, customer: str, terminal: Terminal) -> None:
    found = standing(context)
    if customer:
        tenant_id = chosen_customer(context.current_configuration(), customer).customer.tenant_id
        found = [each for each in found if each.finding.tenant_id == tenant_id]
    if not found:
        terminal.say("Nothing that was found still stands.", Colour.GOOD)
        return
    named = names_of_people(context, [each.finding for each in found])
    rows = [
        (finding.finding_id, finding.customer or "(yourself)", str(finding.kind), finding.item, finding.text, str(each.since), _word(each))
        for each, finding in zip(found, named, strict=True)
    ]
    terminal.table(("Notice", "Customer", "Kind", "About", "What", "Since", "Accepted"), rows)


def _words(each: Standing) -> str:
    about = ", ".join(part for part in (each.finding.customer, each.finding.item, each.finding.text) if part)
    return f"{each.finding.kind}: {about}"


def _word(each: Standing) -> str:
    return f"until {each.word.until} by {each.word.by}: {each.word.why}" if each.word else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
