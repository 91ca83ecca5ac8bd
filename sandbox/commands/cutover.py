"""Move over from another tool: find its lines in the PSA, then end, replace or take over those you choose (cutover find|list|prepare|confirm|...)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.argument_types import day, new_file
from sandbox.asking import Ask, agreed, answer
from sandbox.commands.plan import show_and_undo
from sandbox.cutover_tables import print_cutover, print_cutovers, print_head, read_names, what_of, write_lines
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.operator import operator
from sandbox.terminal import Colour, Terminal
from sync_core.errors import RetryLater
from sync_core.model.cutovers import Choice, Cutover, CutoverState, LineState, Wanted, What
from sync_core.model.people import Who
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover.confirming import confirm, drop_cutover, resume_cutover, stop_cutover, undo_of_cutover
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import load_cutover, recent_cutovers, units_of
from sync_core.pipeline.cutover.search import start_search
from sync_core.pipeline.cutover.stage import ask_for_work, progress, work
from sync_core.pipeline.undo import customers_to_undo
from sync_core.pipeline.wording import number_of

_READING = (CutoverState.SEARCHING, CutoverState.PREPARING)
_SLICE = 2.0
_LOOK_EVERY = 2.0
_LONGEST_WAIT = 60.0


def main(arguments: Sequence[str]) -> int:
    """Run one of the cut-over commands on the storage that the settings name; returns its exit code."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal(), answer))


def perform(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask) -> int:
    """Carries out the command that ``options`` name; returns its exit code. Raises ``SyncError``."""
    by = operator(context.current_configuration().partner.tenant_id)
    match options.command:
        case "find":
            return _show(context, read_on(context, start_search(context, _wanted(options), str(by)).cutover_id, terminal), options, terminal)
        case "list":
            print_cutovers(recent_cutovers(context.store), terminal)
        case "prepare":
            return _prepare(options, context, terminal)
        case "confirm":
            return print_and_confirm(context, options.cutover, terminal, ask, by, options.why, options.yes)
        case "resume":
            return _resume(options, context, terminal, by)
        case "undo":
            return _undo(options, context, terminal, ask, by)
        case "stop":
            print_head(stop_cutover(context, options.cutover, by, options.why), terminal)
        case "drop":
            print_head(drop_cutover(context, options.cutover, by), terminal)
        case "lines":
            number = write_lines(options.out, (unit.value for unit in units_of(context.store, options.cutover)))
            terminal.say(f"{options.out} holds {number_of(number, 'line')}.")
        case "status" if options.follow:
            return _follow(context, options.cutover, terminal)
        case _:
            return _show(context, load_cutover(context.store, options.cutover).value, options, terminal)
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments of the cut-over commands."""
    whole = argparse.ArgumentParser(prog="dev.py cutover", description=__doc__)
    add_settings(whole)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    finding = commands.add_parser("find", help="look for lines that are billed and that no link manages; changes nothing")
    _filters(finding)
    finding.add_argument("--out", type=new_file, help="write the lines into this CSV file, too")
    commands.add_parser("list", help="all cut-overs, newest first")
    preparing = commands.add_parser("prepare", help="choose lines, and see what would happen with each; changes nothing")
    _named(preparing)
    _filters(preparing)
    preparing.add_argument("--from", dest="chosen", type=Path, metavar="CSV", help="only the lines that this file names in its first column")
    happening = preparing.add_mutually_exclusive_group(required=True)
    happening.add_argument("--end", type=day, metavar="DATE", help="end the lines; DATE is their last billed day")
    happening.add_argument("--replace", type=day, metavar="DATE", help="end them, and begin a line of the link that bills them on the day after")
    happening.add_argument("--take-over", action="store_true", help="let the link that bills them manage them, as they are")
    preparing.add_argument("--out", type=new_file, help="write the lines with what would happen into this CSV file")
    _named(showing := commands.add_parser("show", help="a cut-over with its lines"))
    showing.add_argument("--all", action="store_true", help="every line, also those that were not chosen")
    _named(writing := commands.add_parser("lines", help="write all lines of a cut-over into a CSV file"))
    writing.add_argument("--out", type=new_file, required=True, help="the file")
    _named(confirming := commands.add_parser("confirm", help="let the app carry out what is shown"))
    _named(stopping := commands.add_parser("stop", help="stop its writes before the next one"))
    for command in (confirming, stopping):
        command.add_argument("--why", default="", help="your reason, kept with the word")
    confirming.add_argument("--yes", action="store_true", help="do not ask back")
    _named(commands.add_parser("resume", help="go on where it was stopped, with what was held or failed once more"))
    _named(commands.add_parser("drop", help="give it up before anything was written"))
    _named(status := commands.add_parser("status", help="how far it is"))
    status.add_argument("--follow", action="store_true", help="go on looking until it is over")
    _named(undoing := commands.add_parser("undo", help="take back what it wrote: shown first, then approved"))
    undoing.add_argument("--why", default="", help="your reason, kept with the undo")
    undoing.add_argument("--yes", action="store_true", help="do not ask back")
    return whole


def read_on(context: Context, cutover_id: str, terminal: Terminal, sleep: Callable[[float], None] = time.sleep) -> Cutover:
    """Searches or prepares to the end, here and now, with its progress on the screen; an interrupted one is resumed by its id."""
    cutover = load_cutover(context.store, cutover_id).value
    try:
        while cutover.state in _READING:
            terminal.progress(*progress(context, cutover))
            try:
                cutover = work(context, cutover_id, _SLICE).value
            except RetryLater as error:
                sleep(min(error.delay, _LONGEST_WAIT))
    finally:
        terminal.end_progress()
    return cutover


def _prepare(options: argparse.Namespace, context: Context, terminal: Terminal) -> int:
    choice = Choice(what_of(bool(options.end), bool(options.replace)), options.end or options.replace, wanted=_wanted(options))
    names = read_names(options.chosen) if options.chosen else None
    start_preparing(context, options.cutover, choice, names)
    return _show(context, read_on(context, options.cutover, terminal), options, terminal)


def print_and_confirm(context: Context, cutover_id: str, terminal: Terminal, ask: Ask, by: Who, why: str, yes: bool) -> int:
    """Shows what is meant, asks, and confirms exactly what was shown; returns the exit code."""
    cutover = load_cutover(context.store, cutover_id).value
    print_cutover(cutover, (unit.value for unit in units_of(context.store, cutover_id)), terminal)
    number, what = cutover.tally.count(LineState.CHOSEN), cutover.choice.what if cutover.choice else What.END
    if number and not yes and not agreed(ask, f"{what.capitalize()} {number_of(number, 'line')}?"):
        terminal.say("Nothing was confirmed.")
        return 1
    confirmed = confirm(context, cutover_id, cutover.prepared, by, why)
    if confirmed.state is not CutoverState.RUNNING:
        terminal.say("Another person has to confirm it too, before anything is written.", Colour.WAITING)
        return 0
    ask_for_work(context, cutover_id)
    terminal.say("The function app carries it out as soon as it runs: “cutover status --follow” shows how far it is.", Colour.GOOD)
    return 0


def _resume(options: argparse.Namespace, context: Context, terminal: Terminal, by: Who) -> int:
    cutover = resume_cutover(context, options.cutover, by)
    if cutover.state in _READING:
        cutover = read_on(context, options.cutover, terminal)
    else:
        ask_for_work(context, options.cutover)
    print_head(cutover, terminal)
    return 0


def _undo(options: argparse.Namespace, context: Context, terminal: Terminal, ask: Ask, by: Who) -> int:
    """Undoes all that a cut-over wrote, shown and asked about as every undo is; with a yes, a customer that was to leave comes back."""
    wanted = undo_of_cutover(context, options.cutover, options.why)
    customers = customers_to_undo(context, wanted.run_id, *wanted.beside)
    return show_and_undo(context, customers, wanted, terminal, ask, options.yes)


def _follow(context: Context, cutover_id: str, terminal: Terminal) -> int:
    cutover = load_cutover(context.store, cutover_id).value
    while cutover.state.working:
        terminal.progress(*progress(context, cutover))
        time.sleep(_LOOK_EVERY)
        cutover = load_cutover(context.store, cutover_id).value
    terminal.end_progress()
    print_head(cutover, terminal)
    return 0


def _show(context: Context, cutover: Cutover, options: argparse.Namespace, terminal: Terminal) -> int:
    print_cutover(cutover, (unit.value for unit in units_of(context.store, cutover.cutover_id)), terminal, getattr(options, "all", False))
    if out := getattr(options, "out", None):
        number = write_lines(out, (unit.value for unit in units_of(context.store, cutover.cutover_id)))
        terminal.say(f"{out} holds {number_of(number, 'line')}: delete the rows that are not meant, and give it to “prepare --from”.")
    return 0


def _filters(command: argparse.ArgumentParser) -> None:
    """The options that say which lines are meant; each may be given more than once, and may hold ``*`` and ``?``."""
    command.add_argument("--connection", action="append", default=[], metavar="NAME", help="a PSA connection")
    command.add_argument("--company", action="append", default=[], metavar="COMPANY", help="a company, by id or name")
    command.add_argument("--agreement", action="append", default=[], metavar="AGREEMENT", help="an agreement, by id, name or the name of its type")
    command.add_argument("--product", action="append", default=[], metavar="PRODUCT", help="a product, by its identifier")
    command.add_argument("--marker", action="append", default=[], metavar="TEXT", help="a serial number or reference, such as Cloudconsole")
    command.add_argument("--blank", action="store_true", help="lines without a marker, as people make them")
    command.add_argument("--linked", action="store_true", help="only agreements of companies that a configured customer bills to")


def _named(command: argparse.ArgumentParser) -> None:
    command.add_argument("cutover", metavar="CUTOVER", help="its id, as “cutover list” prints it")


def _wanted(options: argparse.Namespace) -> Wanted:
    return Wanted(
        connections=tuple(options.connection),
        companies=tuple(options.company),
        agreements=tuple(options.agreement),
        products=tuple(options.product),
        markers=tuple(options.marker),
        blank=options.blank,
        linked=options.linked,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
