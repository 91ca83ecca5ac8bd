"""Look at plans, approve or reject changes, and undo what was written (plan list|show|approve|reject|approve-safe|release|drop|undo)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from sandbox.asking import Ask, agreed, answer
from sandbox.customer_choice import HELP, chosen_customer
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.operator import operator
from sandbox.plan_tables import print_list, print_plan, summary
from sandbox.terminal import Colour, Terminal
from sync_core.errors import Rejected, RetryLater
from sync_core.model.people import Who
from sync_core.model.plans import Decision, Undo
from sync_core.model.runs import CustomerRun, CustomerState
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.decisions import ALL, SAFE, VALID_DAYS, Decided, PlanOnShow, chosen_changes, decide, list_plans, show_plan
from sync_core.pipeline.messages import Message
from sync_core.pipeline.runs import load_customer, load_run
from sync_core.pipeline.sync_customer import sync_customer
from sync_core.pipeline.together import DecidedTogether, approve_safe, decide_held_run
from sync_core.pipeline.undo import customers_to_undo, start_undo, undo_of_changes
from sync_core.pipeline.wording import money, number_of

Pause = Callable[[float], None]
_LOOKS = 30
_LOOK_EVERY = 2.0
DECISIONS = {"approve": Decision.APPROVED, "reject": Decision.REJECTED}
WHOLE_RUNS = {"release": Decision.APPROVED, "drop": Decision.REJECTED}


def main(arguments: Sequence[str]) -> int:
    """Run one of the plan commands on the storage that the settings name; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal(), answer))


def perform(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Carries out the command that ``options`` name; returns its exit code. Raises ``SyncError``."""
    if options.command == "list":
        print_list(list_plans(context), terminal)
        return 0
    if options.command == "undo":
        return undo(options, context, terminal, ask)
    if options.command == "approve-safe":
        return _approve_safe(options, context, terminal, ask)
    if options.command in WHOLE_RUNS:
        return _settle(options, context, terminal, ask)
    tenant_id = chosen_customer(context.current_configuration(), options.customer).customer.tenant_id
    if options.command == "show":
        print_plan(show_plan(context, tenant_id), terminal)
        return 0
    return _decide(options, context, tenant_id, terminal, ask)


def undo(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask, pause: Pause = time.sleep) -> int:
    """Undoes what the options name; returns the exit code."""
    customers, wanted = _undo_of(options, context)
    return show_and_undo(context, customers, wanted, terminal, ask, options.yes, pause)


def show_and_undo(
    context: Context, customers: Sequence[str], wanted: Undo, terminal: Terminal, ask: Ask, yes: bool, pause: Pause = time.sleep
) -> int:
    """Shows what an undo would write at each customer, asks, and approves exactly that; returns the exit code."""
    by = _operator(context)
    started = start_undo(context, wanted, customers, str(by))
    plans = []
    for tenant_id in customers:
        customer = _planned(context, started.run.run_id, tenant_id, pause)
        plans += [_show_undo(context, tenant_id, customer, terminal)] if customer else []
    open_ones = [(shown, [change.change_id for change in shown.plan.changes if not shown.refusal(change)]) for shown in plans if shown]
    chosen = [(shown, names) for shown, names in open_ones if names]
    number = sum(len(names) for _, names in chosen)
    if not number:
        terminal.say("There is nothing that an undo could write.")
        return 1
    if not yes and not agreed(ask, f"Approve {number_of(number, 'change')}?"):
        terminal.say("Nothing was approved. The plans stay until the next run; “plan approve” still takes them.")
        return 1
    for shown, names in chosen:
        decided = decide(context, shown.plan.tenant_id, names, Decision.APPROVED, by, wanted.why, plan_id=shown.plan.plan_id)
        _tell(decided, Decision.APPROVED, context, terminal)
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments of the plan commands."""
    whole = argparse.ArgumentParser(prog="dev.py plan", description=__doc__)
    add_settings(whole)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the plans that hold something to decide, to answer or to look at")
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
    safe = commands.add_parser("approve-safe", help="approve what waits at all customers and no guard rail objects to")
    safe.add_argument("--why", default="", help="your reason, kept with the decision")
    safe.add_argument("--yes", action="store_true", help="do not ask back")
    for name, verb in (("release", "let a held run go"), ("drop", "drop a held run")):
        command = commands.add_parser(name, help=f"{verb}, as a whole")
        command.add_argument("run", metavar="RUN", help="the run's id, as its mail names it")
        command.add_argument("--why", default="", help="your reason, kept with the decision")
        command.add_argument("--yes", action="store_true", help="do not ask back")
    undoing = commands.add_parser("undo", help="take back what was written: changes, a customer's newest plan, or a whole run")
    undoing.add_argument("customer", nargs="?", default="", metavar="CUSTOMER", help="tenant id or name; without one, all customers of --run")
    undoing.add_argument("changes", nargs="*", metavar="CHANGE", help="PLAN/CHANGE, or CHANGE for the newest one of that id")
    undoing.add_argument("--run", default="", help="all that this run wrote, at the customer or at every customer")
    undoing.add_argument("--why", default="", help="your reason, kept with the undo")
    undoing.add_argument("--yes", action="store_true", help="do not ask back")
    return whole


def _undo_of(options: argparse.Namespace, context: Context) -> tuple[tuple[str, ...], Undo]:
    """The customers that are meant, and what is to be taken back at them."""
    if bool(options.run) == bool(options.changes) and (options.run or not options.customer):
        raise Rejected("Nothing says what to undo", code="nothing-chosen", fix="Give CUSTOMER, CUSTOMER with CHANGE ids, or --run RUN")
    chosen = chosen_customer(context.current_configuration(), options.customer).customer.tenant_id if options.customer else ""
    if not options.run:
        return (chosen,), undo_of_changes(context, chosen, options.changes, options.why)
    customers = customers_to_undo(context, options.run)
    if chosen and chosen not in customers:
        raise Rejected("The run planned nothing for this customer", code="nothing-written", where=options.run)
    return (chosen,) if chosen else customers, Undo(run_id=options.run, why=options.why)


def _planned(context: Context, run_id: str, tenant_id: str, pause: Pause) -> CustomerRun | None:
    """A customer of an undo run, planned here and now so that it can be shown; the queued message finds it done.

    Where the app was faster and is at it, or the PSA asks to wait, it is looked at again for a while.
    """
    for _ in range(_LOOKS):
        sync_customer(context, Message(run_id, tenant_id))
        customer = load_customer(context.store, run_id, tenant_id)
        if customer is None or customer.value.state is not CustomerState.QUEUED:
            return customer.value if customer else None
        pause(_LOOK_EVERY)
    raise RetryLater("The customer is still being read", delay=_LOOK_EVERY, where=tenant_id)


def _show_undo(context: Context, tenant_id: str, customer: CustomerRun, terminal: Terminal) -> PlanOnShow | None:
    """What an undo comes to at a customer; ``None`` where it is nothing, and the screen says why."""
    if not customer.plan_id:
        terminal.say(f"{customer.name}: {customer.reason or 'all is already as it was'} {customer.fix}".rstrip())
        return None
    shown = show_plan(context, tenant_id)
    print_plan(shown, terminal)
    return shown


def _operator(context: Context) -> Who:
    return operator(context.current_configuration().partner.tenant_id)


def _customer(command: argparse.ArgumentParser) -> None:
    command.add_argument("customer", metavar="CUSTOMER", help=HELP)


def _decide(options: argparse.Namespace, context: Context, tenant_id: str, terminal: Terminal, ask: Ask) -> int:
    """Shows what is meant, asks, and decides on exactly the plan that was shown."""
    if bool(options.changes) == bool(options.wide):
        raise Rejected("Nothing says which changes are meant", code="nothing-chosen", fix="Give change ids, or --safe, or --all")
    shown = show_plan(context, tenant_id)
    chosen = options.wide or options.changes
    terminal.say(f"{shown.customer}, plan {shown.plan.plan_id}", Colour.STRONG)
    for change in chosen_changes(shown, chosen):
        terminal.say(summary(change), indent=2)
    if not options.yes and not agreed(ask, f"{options.command.capitalize()} these changes?"):
        terminal.say("Nothing was decided.")
        return 1
    decision, by, plan_id = DECISIONS[options.command], _operator(context), options.plan or shown.plan.plan_id
    decided = decide(context, tenant_id, chosen, decision, by, options.why, plan_id=plan_id, days=options.days)
    _tell(decided, decision, context, terminal)
    return 0


def _approve_safe(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Shows the safe changes of all customers, asks, and approves them."""
    number = 0
    for shown in list_plans(context):
        if shown.safe:
            terminal.say(f"{shown.customer}, plan {shown.plan.plan_id}", Colour.STRONG)
            number += len(shown.safe)
        for change in shown.safe:
            terminal.say(summary(change), indent=2)
    if number and not options.yes and not agreed(ask, f"Approve {number_of(number, 'change')}?"):
        terminal.say("Nothing was decided.")
        return 1
    _tell_together(approve_safe(context, _operator(context), options.why), "approved", terminal)
    return 0


def _tell_together(decided: DecidedTogether, what: str, terminal: Terminal) -> None:
    for text in decided.left_out:
        terminal.say(f"Left out: {text}", Colour.WAITING)
    terminal.say(f"{what.capitalize()}: {number_of(decided.changes, 'change')} of {number_of(len(decided.customers), 'customer')}.", Colour.GOOD)
    if decided.run:
        terminal.say(f"Run {decided.run.run.run_id} reads them anew as soon as the function app runs, and applies what is still the same.")


def _settle(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Shows what a held run comes to, asks, and releases or drops it."""
    run = load_run(context.store, options.run)
    if run and run.value.held and run.value.totals:
        totals = run.value.totals
        amounts = ", ".join(money(amount, currency) for currency, amount in totals.money.items())
        terminal.say(f"Run {options.run} was held: {run.value.held}", Colour.STRONG)
        terminal.say(f"{totals.changed} of {totals.customers} customers change, {amounts or 'no money'} moves a period")
        if not options.yes and not agreed(ask, f"{options.command.capitalize()} it as a whole?"):
            terminal.say("Nothing was decided.")
            return 1
    decided = decide_held_run(context, options.run, WHOLE_RUNS[options.command], _operator(context), options.why)
    _tell_together(decided, WHOLE_RUNS[options.command], terminal)
    return 0


def _tell(decided: Decided, decision: Decision, context: Context, terminal: Terminal) -> None:
    terminal.say(f"{decision.capitalize()}: {number_of(len(decided.changes), 'change')}.", Colour.GOOD)
    if decision is Decision.REJECTED:
        return
    if not decided.complete:
        terminal.say("Another person has to approve them too, before anything is applied.", Colour.WAITING)
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
