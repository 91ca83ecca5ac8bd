"""Offboard a customer: final counts, and its lines end on a day (offboard CUSTOMER --on DATE); without a customer, who is gone and not answered."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sandbox.argument_types import day
from sandbox.asking import Ask, answer
from sandbox.commands.cutover import print_and_confirm, read_on
from sandbox.customer_choice import HELP, chosen_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.operator import operator
from sandbox.terminal import Cell, Colour, Terminal
from sync_core.billing.identity import plain
from sync_core.errors import Rejected
from sync_core.model.customers import Leaving
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.cutover.offboarding import final_counts, start_offboarding
from sync_core.pipeline.leaving import all_leaving, come_back, keep_line, say_leaving, unmanaged, way_out, words_on
from sync_core.pipeline.start_run import business_dates


def main(arguments: Sequence[str]) -> int:
    """Run the command on the storage that the settings name; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal(), answer))


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py offboard", description=__doc__)
    add_settings(whole)
    whole.add_argument("customer", nargs="?", default="", metavar="CUSTOMER", help=f"{HELP}; of one that was taken out, its tenant id")
    answer = whole.add_mutually_exclusive_group()
    answer.add_argument("--on", type=day, metavar="DATE", help="end all its managed lines; DATE is their last billed day")
    answer.add_argument("--keep", action="store_true", help="leave its lines as they are, and ask no more")
    answer.add_argument("--keep-line", default="", metavar="LINE", help="leave one line that nobody manages as it is, and ask no more")
    answer.add_argument("--back", action="store_true", help="let the nights read it again")
    whole.add_argument("--why", default="", help="your reason, kept with the word")
    whole.add_argument("--yes", action="store_true", help="do not ask back")
    return whole


def perform(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Carries out what ``options`` ask for; returns the exit code. Raises ``SyncError``."""
    if not options.customer and not options.keep_line:
        return _print_unanswered(context, terminal)
    by = operator(context.current_configuration().partner.tenant_id)
    if options.keep_line:
        line = keep_line(context, options.keep_line, str(by), options.why)
        terminal.say(f"{line.customer}: line {line.line_id} of agreement {line.agreement_id} is left as it is.", Colour.GOOD)
        return 0
    tenant_id, name = _who(context, options.customer)
    if options.back:
        known = come_back(context, tenant_id, str(by))
        terminal.say(f"{name} is read again from the next night on." if known else f"Nothing was said of {name}.")
        return 0
    if options.keep:
        say_leaving(context.store, tenant_id, name, Leaving(str(by), context.clock.now(), options.why))
        terminal.say(f"{name} is left as it is: its lines stay, and nothing is read or changed. “--back” takes that back.", Colour.GOOD)
        return 0
    if options.on is None:
        raise Rejected("Nothing says what is to become of it", code="nothing-chosen", fix="Give --on DATE, --keep or --back")
    _print_counts(context, tenant_id, name, terminal)
    cutover = read_on(context, start_offboarding(context, tenant_id, name, options.on, str(by)).cutover_id, terminal)
    terminal.say("Credits are not written: what is invoiced stays invoiced. The units are frozen from your word on.", Colour.CALM)
    return print_and_confirm(context, cutover.cutover_id, terminal, ask, by, options.why, options.yes)


def _who(context: Context, text: str) -> tuple[str, str]:
    """Tenant id and name, also of a customer that was taken out of the configuration while its lines are billed."""
    configuration = context.current_configuration()
    taken_out = {line.tenant_id: line.customer for line in unmanaged(context.store, configuration) if configuration.customer(line.tenant_id) is None}
    wanted = text.strip().casefold()
    for tenant_id, name in taken_out.items():
        if wanted in (tenant_id, name.casefold()):
            return tenant_id, name
    customer = chosen_customer(configuration, text).customer
    return customer.tenant_id, customer.name


def _print_counts(context: Context, tenant_id: str, name: str, terminal: Terminal) -> None:
    read_at, counts = final_counts(context, tenant_id)
    when = f"read {read_at:%Y-%m-%d %H:%M} UTC" if read_at else "it was never read"
    terminal.say(f"Final counts of {name} ({when})", Colour.STRONG)
    rows = [(each.item, _number(each.purchased), _number(each.assigned), Cell(plain(each.billed), right=True)) for each in counts]
    if rows:
        terminal.table(("Item", "Bought", "Assigned", "Billed"), rows)
    terminal.say()


def _print_unanswered(context: Context, terminal: Terminal) -> int:
    """Customers that go, and lines that nobody manages: those that wait for an answer, and those that have one."""
    configuration = context.current_configuration()
    today = max(business_dates(configuration, context.clock.now()).values(), default=context.clock.now().date())
    left = list(unmanaged(context.store, configuration))
    for line in left:
        terminal.say(f"{line.customer}: {line.text}.", Colour.WAITING)
        terminal.say(f"{way_out(line, configuration)}; or python3 dev.py offboard --keep-line {line.name}", Colour.CALM, 2)
    said = [(name or tenant_id, *words_on(load_record(context.store, tenant_id), today)) for tenant_id, name, _ in all_leaving(context.store)]
    for name, words, asks in said:
        terminal.say(f"{name}: {words}.", Colour.WAITING if asks else Colour.CALM)
    related = {each.tenant_id for each in context.adapters.microsoft(configuration).relationships()}
    known = {tenant_id for tenant_id, _, _ in all_leaving(context.store)}
    gone = [item.customer for item in configuration.customers if related and item.customer.tenant_id not in related | known]
    for customer in gone:
        terminal.say(
            f"{customer.name}: there is no active relationship; nothing of it changes until you say what is to become of it.", Colour.WAITING
        )
    if not (left or said or gone):
        terminal.say("Nobody is gone, and every line that we began is managed.", Colour.GOOD)
    return 0


def _number(value: int | None) -> Cell:
    return Cell("?" if value is None else str(value), right=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
