"""Look at what is assumed of each PSA and documented nowhere: what its own data say, which setting to change, and what to check by hand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_file
from adapters.psa import KINDS
from adapters.psa.assumptions import NOT_LOOKED_AT, Assumption, Finding, Verdict
from sandbox.local_context import on_context
from sandbox.local_storage import add_settings
from sandbox.terminal import Cell, Colour, Terminal
from sync_core.billing.resolve import resolve
from sync_core.errors import Rejected, SyncError
from sync_core.model.configuration import Configuration, Connection
from sync_core.pipeline.context import Context
from sync_core.ports import Psa

_COLOURS = {Verdict.CONFIRMED: Colour.GOOD, Verdict.CONTRADICTED: Colour.BAD, Verdict.UNSEEN: Colour.WAITING}


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns 0, or 1 where something contradicts an assumption or could not be read."""
    options = parser().parse_args(arguments)
    return on_context(options.settings, lambda context: perform(options, context, Terminal()))


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="dev.py verify-psa", description=__doc__)
    add_settings(whole)
    whole.add_argument("--file", type=Path, help="a configuration file to take the connections from, in place of the current version")
    whole.add_argument("--connection", default="", metavar="NAME", help="only this connection")
    return whole


def perform(options: argparse.Namespace, context: Context, terminal: Terminal) -> int:
    """Looks at every connection, and writes nothing. Raises ``SyncError``."""
    configuration = read_file(options.file, known_skus())[0].configuration if options.file else context.current_configuration()
    chosen = [each for each in configuration.connections if options.connection in ("", each.name)]
    if not chosen:
        known = ", ".join(each.name for each in configuration.connections)
        raise Rejected("There is no such connection", code="unknown-connection", where=ascii(options.connection), fix=f"There is: {known}")
    wrong = [connection.name for connection in chosen if not _look_at(context, configuration, connection, terminal)]
    return 1 if wrong else 0


def _look_at(context: Context, configuration: Configuration, connection: Connection, terminal: Terminal) -> bool:
    """Prints what is seen of one connection; returns whether nothing is contradicted."""
    kind = KINDS[connection.kind]
    terminal.say(f"{connection.name} ({kind.name})", Colour.STRONG)
    found: dict[str, Finding] = {}
    failed = ""
    if kind.look:
        psa = context.adapters.psa(configuration, connection.name)
        try:
            found = dict(kind.look(psa, _billed(configuration, psa)))
        except SyncError as error:
            failed = str(error)
    rows = [_row(each, found.get(each.name, NOT_LOOKED_AT)) for each in kind.assumptions]
    if rows:
        terminal.table(("Assumption", "Setting", "Verdict", "Seen"), rows)
    for each in kind.assumptions:
        _explain(each, found.get(each.name, NOT_LOOKED_AT), terminal)
    if failed:
        terminal.say(f"Could not be read: {failed}", Colour.BAD)
    terminal.say("")
    return not failed and all(finding.verdict is not Verdict.CONTRADICTED for finding in found.values())


def _billed(configuration: Configuration, psa: Psa) -> frozenset[str]:
    """The agreements of this connection that the configuration bills to, as far as they are found."""
    links = [link for item in configuration.customers for link in item.links if link.connection == psa.connection]
    resolved, questions = resolve(links, psa.read_headers(None)) if links else ((), ())
    return frozenset(link.agreement_id for link in (*resolved, *(question.link for question in questions)) if link.agreement_id)


def _row(assumed: Assumption, finding: Finding) -> tuple[Cell, ...]:
    verdict = Cell(finding.verdict, _COLOURS[finding.verdict])
    return Cell(assumed.name), Cell(assumed.setting or "none"), verdict, Cell(finding.seen)


def _explain(assumed: Assumption, finding: Finding, terminal: Terminal) -> None:
    if finding.verdict is Verdict.CONTRADICTED:
        terminal.say(
            f"{assumed.name}: it is assumed that {assumed.text}, and {finding.seen}. Do this: {finding.instead or assumed.by_hand}.", Colour.BAD
        )
    elif finding.verdict is Verdict.UNSEEN:
        terminal.say(f"{assumed.name}: it is assumed that {assumed.text}. To check it by hand: {assumed.by_hand}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
