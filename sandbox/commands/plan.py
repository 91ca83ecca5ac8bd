"""Look at the plans that wait, and approve or reject changes (plan list|show|approve|reject)."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from adapters.wiring import context_from
from sandbox.host.configuration import ConfigurationError
from sandbox.local_storage import DEFAULT_SETTINGS, settings_from, with_storage
from sandbox.plan_tables import print_list, print_plan, summary
from sandbox.terminal import Colour, Terminal
from sync_core.errors import Rejected, SyncError
from sync_core.model.plans import Decision
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.decisions import ALL, SAFE, VALID_DAYS, Decided, chosen_changes, decide, list_plans, show_plan
from sync_core.pipeline.resync import UNKNOWN_CUSTOMER

Ask = Callable[[str], str]
DECISIONS = {"approve": Decision.APPROVED, "reject": Decision.REJECTED}


def main(arguments: Sequence[str]) -> int:
    """Run one of the plan commands on the storage that the settings name; returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        with with_storage(settings_from(options.settings)) as settings:
            return perform(options, context_from(settings), Terminal(), _answer)
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1


def perform(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Carries out the command that ``options`` name; returns its exit code. Raises ``SyncError``."""
    if options.command == "list":
        print_list(list_plans(context), terminal)
        return 0
    tenant_id = _tenant_id(context, options.customer)
    if options.command == "show":
        print_plan(show_plan(context, tenant_id), terminal)
        return 0
    return _decide(options, context, tenant_id, terminal, ask)


def parser() -> argparse.ArgumentParser:
    """The arguments of the plan commands."""
    whole = argparse.ArgumentParser(prog="dev.py plan", description=__doc__)
    whole.add_argument("--settings", type=Path, default=DEFAULT_SETTINGS, help="settings file (default: local.settings.json, else the environment)")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the plans that hold something to decide or to answer")
    _customer(commands.add_parser("show", help="one customer's plan as a diff of the PSA's lines"))
    for name, decision in DECISIONS.items():
        command = commands.add_parser(name, help=f"say that changes are {decision}")
        _customer(command)
        command.add_argument("changes", nargs="*", metavar="CHANGE", help="ids as plan show prints them")
        command.add_argument("--safe", dest="wide", action="store_const", const=SAFE, help="the undecided ones that no guard rail objects to")
        command.add_argument("--all", dest="wide", action="store_const", const=ALL, help="all that can be decided and were not rejected")
        command.add_argument("--why", default="", help="your reason, kept with the decision")
        command.add_argument("--plan", default="", help="the plan you looked at: a newer one is refused")
        days_help = f"how long the decision holds for exactly this change (default: {VALID_DAYS})"
        command.add_argument("--days", type=int, choices=range(1, 91), metavar="1-90", default=VALID_DAYS, help=days_help)
        command.add_argument("--yes", action="store_true", help="do not ask back")
    return whole


def _answer(question: str) -> str:
    """What the person types; nothing where nobody can."""
    try:
        return input(question)
    except EOFError:
        return ""


def _customer(command: argparse.ArgumentParser) -> None:
    command.add_argument("customer", metavar="CUSTOMER", help="tenant id, or the customer's name as configured")


def _tenant_id(context: Context, text: str) -> str:
    """The tenant id that is meant; raises ``Rejected`` for a name that no customer, or more than one, has."""
    wanted = text.strip().casefold()
    customers = [item.customer for item in context.current_configuration().customers]
    found = [customer.tenant_id for customer in customers if wanted in (customer.tenant_id, customer.name.casefold())]
    if len(found) != 1:
        what = "More than one customer is" if found else "No customer is"
        raise Rejected(f"{what} configured under this name", code=UNKNOWN_CUSTOMER, where=ascii(text), fix="Give the tenant id")
    return found[0]


def _decide(options: argparse.Namespace, context: Context, tenant_id: str, terminal: Terminal, ask: Ask) -> int:
    """Shows what is meant, asks, and decides on exactly the plan that was shown."""
    if bool(options.changes) == bool(options.wide):
        raise Rejected("Nothing says which changes are meant", code="nothing-chosen", fix="Give change ids, or --safe, or --all")
    shown = show_plan(context, tenant_id)
    chosen = options.wide or options.changes
    terminal.say(f"{shown.customer}, plan {shown.plan.plan_id}", Colour.STRONG)
    for change in chosen_changes(shown, chosen):
        terminal.say(summary(change), indent=2)
    if not options.yes and ask(f"{options.command.capitalize()} these changes? [y/N] ").strip().casefold() not in ("y", "yes"):
        terminal.say("Nothing was decided.")
        return 1
    decision, who, plan_id = DECISIONS[options.command], f"{getpass.getuser()} (unverified)", options.plan or shown.plan.plan_id
    decided = decide(context, tenant_id, chosen, decision, who, options.why, plan_id=plan_id, days=options.days)
    _tell(decided, decision, context, terminal)
    return 0


def _tell(decided: Decided, decision: Decision, context: Context, terminal: Terminal) -> None:
    terminal.say(f"{len(decided.changes)} changes are {decision}.", Colour.GOOD)
    if decision is Decision.REJECTED:
        return
    if decided.run is None:
        terminal.say("Another run of the customer is just starting; what is still the same then is applied.")
    elif decided.run.resumed:
        terminal.say(f"Run {decided.run.run.run_id} of the customer is under way already: if it has planned, the next run applies what is the same.")
    else:
        terminal.say(f"Run {decided.run.run.run_id} reads the customer anew as soon as the function app runs, and applies what is still the same.")
    if (switch := stop_switch(context.store)).stopped:
        terminal.say(f"All writes are stopped ({switch.reason}): nothing is applied before “dev.py go”.", Colour.BAD)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
