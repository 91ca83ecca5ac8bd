"""Cut-overs for people's eyes: what was found, what would happen, how far it is; and the list of lines as a CSV file that is edited and read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from sandbox.terminal import Cell, Colour, Terminal
from sync_core.billing.identity import plain
from sync_core.errors import Rejected
from sync_core.hostile_text import clean
from sync_core.model.cutovers import Cutover, CutoverLine, CutoverState, LineState, Unit, What
from sync_core.pipeline.wording import money, money_effect
from sync_core.spreadsheet import BYTE_ORDER_MARK, csv_row, plain_cell

MOST_SHOWN = 40
HEADINGS = (
    "Line",
    "Company",
    "Agreement",
    "Product",
    "Units",
    "Unit price",
    "Currency",
    "Money a period",
    "Marker",
    "From",
    "Until",
    "A link bills it",
    "State",
    "What",
    "Last billed day",
    "Says",
)
_STATES = {LineState.CHOSEN: Colour.WAITING, LineState.DONE: Colour.GOOD, LineState.FAILED: Colour.BAD, LineState.REFUSED: Colour.BAD}
_STATES |= {LineState.HELD: Colour.WAITING, LineState.FOUND: Colour.CALM}
_FIRST = (LineState.FAILED, LineState.HELD, LineState.REFUSED, LineState.CHOSEN, LineState.DONE, LineState.FOUND)


def print_cutovers(cutovers: Iterable[Cutover], terminal: Terminal) -> None:
    """One row a cut-over, newest first."""
    rows = [(each.cutover_id, each.state, _numbers(each), each.asked_by, f"{each.started:%Y-%m-%d %H:%M}") for each in cutovers]
    if not rows:
        terminal.say("There is no cut-over. Look for lines with: python3 dev.py cutover find", Colour.GOOD)
        return
    terminal.table(("Cut-over", "State", "Lines", "Asked for by", "Begun (UTC)"), rows)


def print_cutover(cutover: Cutover, units: Iterable[Unit], terminal: Terminal, everything: bool = False) -> None:
    """The cut-over with its lines, those first that ask for a person; without ``everything`` no more than a screen of them."""
    print_head(cutover, terminal)
    lines = [(unit.company, line) for unit in units for line in unit.lines if everything or line.what or cutover.choice is None]
    lines.sort(key=lambda pair: _FIRST.index(pair[1].state))
    shown = lines if everything else lines[:MOST_SHOWN]
    if shown:
        terminal.say()
        terminal.table(("Company", "Line", "Product", "Units", "Money a period", "Marker", "State", "Says"), (_row(*pair) for pair in shown))
    if len(shown) < len(lines):
        terminal.say(f"and {len(lines) - len(shown)} more: --all shows them, “cutover lines” writes them into a file", Colour.CALM)


def print_head(cutover: Cutover, terminal: Terminal) -> None:
    """How far a cut-over is, what it moves, and what can be done next."""
    terminal.say(f"Cut-over {cutover.cutover_id}: {cutover.state}", Colour.STRONG)
    terminal.say(_numbers(cutover) or "No lines.", indent=2)
    if cutover.choice:
        day = f", last billed day {cutover.choice.last}" if cutover.choice.last else ""
        terminal.say(f"Chosen lines: {cutover.choice.what}{day}", indent=2)
    for currency, amount in cutover.tally.money.items():
        terminal.say(f"{money_effect(amount, currency)} a period (net, estimated)", indent=2)
    if word := cutover.confirmed:
        second = f" and {word.second}" if word.second else ""
        terminal.say(f"Confirmed by {word.by}{second} on {word.at:%Y-%m-%d %H:%M} UTC. {word.why}".rstrip(), Colour.CALM, 2)
    if cutover.trouble:
        terminal.say(cutover.trouble, Colour.BAD, 2)
    terminal.say(_next(cutover), Colour.CALM, 2)


def write_lines(path: Path, units: Iterable[Unit]) -> int:
    """Writes all lines into a CSV file, row by row; returns how many."""
    number = 0
    with path.open("wb") as file:
        file.write(BYTE_ORDER_MARK + csv_row(HEADINGS))
        for unit in units:
            for line in unit.lines:
                file.write(csv_row(_cells(unit, line)))
                number += 1
    return number


def read_names(path: Path) -> list[str]:
    """The lines that a file names in its first column, as ``write_lines`` wrote it and a person shortened it; raises ``Rejected``."""
    where = ascii(str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), _dialect(text)))
    except (OSError, UnicodeError, csv.Error) as error:
        raise Rejected("The list of lines cannot be read", code="bad-list", where=where, fix="Give the CSV file of “cutover lines”") from error
    named = [(number, plain_cell(row[0].strip())) for number, row in enumerate(rows, start=1) if row and row[0].strip() not in ("", HEADINGS[0])]
    fix = "Keep its first column as it is, and delete the rows that are not meant"
    if not named:
        raise Rejected("The list names no lines", code="bad-list", where=where, fix=fix)
    if wrong := next(((number, name) for number, name in named if name.count("/") != 2), None):
        what = f"Row {wrong[0]} of the list begins with {clean(wrong[1], 60)!a}, and no line has such a name"
        raise Rejected(what, code="bad-list", where=where, fix=fix)
    return [name for _, name in named]


def _dialect(text: str) -> type[csv.Dialect]:
    """How a spreadsheet saved the file; one with a single column shows no separator, and needs none."""
    try:
        return csv.Sniffer().sniff(text[:4096], ",;\t")
    except csv.Error:
        return csv.excel


def _cells(unit: Unit, line: CutoverLine) -> Iterator[str]:
    yield from (line.name, unit.company, line.agreement, line.product, plain(line.quantity), plain(line.unit_price), line.currency)
    yield from (plain(-line.money), line.marker, str(line.starts or ""), str(line.ends or ""), "yes" if line.link_key else "")
    yield from (line.state, line.what or "", str(line.last or ""), line.why or " ".join(line.shown))


def _row(company: str, line: CutoverLine) -> tuple[Cell | str, ...]:
    amount = money(-line.money, line.currency) if line.what is None else money_effect(line.money, line.currency)
    units, state = Cell(plain(line.quantity), right=True), Cell(line.state, _STATES[line.state])
    return company, line.name, line.product, units, Cell(amount, right=True), line.marker, state, line.why or " ".join(line.shown)


def _numbers(cutover: Cutover) -> str:
    parts = [f"{number} {state}" for state, number in cutover.tally.lines.items() if number]
    done = f"{cutover.done} of {cutover.total} {'companies' if cutover.state is CutoverState.SEARCHING else 'parts'} read"
    return ", ".join([*parts, done] if cutover.state in (CutoverState.SEARCHING, CutoverState.PREPARING) else parts)


def _next(cutover: Cutover) -> str:
    command = f"python3 dev.py cutover {{}} {cutover.cutover_id}"
    match cutover.state:
        case CutoverState.FOUND if not cutover.tally.lines:
            return "Nothing fits. Look otherwise: python3 dev.py cutover find --help"
        case CutoverState.PREPARED if not cutover.tally.count(LineState.CHOSEN):
            refused = "Each line says why it is refused" if cutover.tally.count(LineState.REFUSED) else "No line that was found is meant"
            return f"There is nothing to confirm. {refused}: {command.format('prepare')} with another choice or day"
        case CutoverState.FOUND:
            return f"Choose: {command.format('prepare')} --end DATE (or --replace DATE, --take-over)"
        case CutoverState.PREPARED:
            return f"Let it go: {command.format('confirm')}"
        case CutoverState.STOPPED:
            return f"Let it go on: {command.format('resume')}"
        case CutoverState.FINISHED if cutover.tally.count(LineState.HELD, LineState.FAILED):
            return f"Try the held and failed lines again: {command.format('resume')}. Take back what was written: {command.format('undo')}"
        case CutoverState.FINISHED:
            return f"Take it back: {command.format('undo')}"
    return f"Look again: {command.format('status')}" if cutover.state.working else ""


def what_of(end: bool, replace: bool) -> What:
    """What the options of the command say is to happen."""
    return What.END if end else What.REPLACE if replace else What.TAKE_OVER
