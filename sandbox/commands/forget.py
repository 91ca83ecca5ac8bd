"""Replace a person by a pseudonym in all that is stored (forget PERSON [--customer CUSTOMER]); nothing is counted otherwise."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

from sandbox.customer_choice import HELP, past_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.operator import operator
from sandbox.terminal import Colour, Terminal
from sync_core.errors import Rejected
from sync_core.history.forget import Forgetting, Traces
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CUSTOMERS

Ask = Callable[[str], str]
OUT_OF_REACH = (
    "What was sent stays with who has it: mails with their files, exports, and the PSA's invoices.",
    "Blobs that were just overwritten can be restored for as long as the storage account keeps them (deletedBlobDays).",
    "Tickets in the PSA may say Microsoft's user id, a random number. What is stored of notices is a mark that does not lead back.",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal(), input))


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py forget", description=__doc__)
    add_settings(whole)
    whole.add_argument("person", metavar="PERSON", help="the person's sign-in name, or Microsoft's user id")
    whole.add_argument("--customer", default="", metavar="CUSTOMER", help=f"{HELP} (default: all that are stored)")
    whole.add_argument("--preview", action="store_true", help="only show what would be replaced")
    whole.add_argument("--yes", action="store_true", help="do not ask back")
    return whole


def perform(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Shows where the person stands, asks, replaces, and says what is out of reach. Raises ``SyncError``."""
    tenants = [past_customer(context, options.customer)] if options.customer else list(context.store.partitions(CUSTOMERS))
    found = [(each, traces) for each in (Forgetting(context, tenant_id, options.person) for tenant_id in tenants) if (traces := each.preview()).any]
    if not found:
        fix = "Give the sign-in name, or Microsoft's user id; names alone are not unique"
        raise Rejected("Nothing stored names this person", code="unknown-person", fix=fix)
    _show([traces for _, traces in found], terminal)
    if options.preview:
        return 0
    if not options.yes and ask("Replace all of it? It cannot be taken back. [y/N] ").strip().casefold() not in ("y", "yes"):
        terminal.say("Nothing was replaced.")
        return 1
    by = operator(context.current_configuration().partner.tenant_id)
    done = [each.forget(by) for each, _ in found]
    left = [text for traces in done for text in traces.left]
    terminal.say("Replaced. Later reads keep the pseudonym in what is stored.", Colour.GOOD)
    for text in left:
        terminal.say(f"Left: {text}", Colour.WAITING)
    _say_out_of_reach(done, terminal)
    return 1 if left else 0


def _show(found: Sequence[Traces], terminal: Terminal) -> None:
    header = ("Tenant id", "Becomes", "Snapshots", "Plans", "Writes", "History", "Decisions")
    terminal.table(
        header,
        (
            (item.tenant_id, item.pseudonym, *(str(number) for number in (len(item.snapshots), item.plans, item.steps, item.records, item.decisions)))
            for item in found
        ),
    )
    for item in found:
        if item.live:
            terminal.say(f"{item.tenant_id}: {item.live}", Colour.WAITING)


def _say_out_of_reach(done: Iterable[Traces], terminal: Terminal) -> None:
    terminal.say("Out of reach:", Colour.STRONG)
    for item in done:
        if item.present:
            terminal.say(
                f"{item.tenant_id}: Microsoft still has the account. Lines with names show whoever holds an item, until they no longer do, "
                "or the customer has names: false.",
                indent=2,
            )
        for line in item.lines:
            terminal.say(f"{item.tenant_id}: {line}: its text in the PSA names people and may name this one", indent=2)
    for text in OUT_OF_REACH:
        terminal.say(text, indent=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
