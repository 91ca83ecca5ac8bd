"""What ``dev.py config`` does, apart from where the store and the ports come from. Every function returns an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_file, to_text
from adapters.psa import KINDS
from adapters.psa.kind import Kind
from adapters.psa.tickets import checked, tickets_of
from sandbox.memory.clock import ManualClock
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sync_core.budget import Budget
from sync_core.configuration.differences import differences
from sync_core.configuration.discovery import Progress, discover
from sync_core.configuration.draft import draft
from sync_core.configuration.layout import json_schema
from sync_core.configuration.live_check import live_check
from sync_core.configuration.nodes import InvalidFile
from sync_core.configuration.overview import overview
from sync_core.configuration.reading import Reading
from sync_core.configuration.removals import StillBilled, still_billed
from sync_core.configuration.versions import current_version, load_current, load_source, load_version, save_version, versions
from sync_core.configuration.writing import file_document
from sync_core.documents import dumps, loads
from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, SkipCustomer
from sync_core.model.configuration import Configuration, Connection
from sync_core.model.licences import Sku, Source
from sync_core.pipeline.context import Adapters
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.leaving import note_unmanaged
from sync_core.pipeline.wording import number_of
from sync_core.ports import Microsoft, Store

WRONG, ASKS = 1, 2
"""Exit codes: something is wrong; nothing is wrong, but a person has to confirm."""


def _checker(kind: Kind) -> Callable[[Connection], object]:
    """Connects as the app would, which calls nothing yet and names a setting that is wrong."""

    def check(connection: Connection) -> object:
        clock = ManualClock()
        return kind.connect(connection, MemorySecrets(), Budget(MemoryStore(), connection.name, kind.limits(connection), clock), clock)

    return check


CHECKERS = {name: _checker(kind) for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Importer:
    """Who imports, when (UTC), and the word they leave with it. ``confirmed`` means that what stays billed was seen."""

    who: str
    when: datetime
    comment: str = ""
    confirmed: bool = False


def validate(path: Path, out: TextIO, adapters: Adapters | None = None) -> int:
    """Checks a file and shows where everything goes; with ``adapters``, against what customers and PSAs hold at this moment."""
    read = _read(path, out)
    if read is None:
        return WRONG
    configuration = read[0].configuration
    connections = [connection.name for connection in configuration.connections]
    held = _held(adapters.microsoft(configuration), configuration, out) if adapters else None
    faults = [fault for name in connections for fault in live_check(configuration, adapters.psa(configuration, name))] if adapters else []
    rows = [
        (item.customer, item.sku, "" if item.seats is None else str(item.seats), item.goes_to, item.profile) for item in overview(configuration, held)
    ]
    _print_table(("customer", "SKU", "seats", "goes to", "profile"), rows, out)
    if faults:
        print("\nWhat the PSA does not have, and a run would ask about:", *(f"  {_safe(fault)}" for fault in faults), sep="\n", file=out)
        return WRONG
    linked = sum(len(item.links) for item in configuration.customers)
    print(f"\n{path.name} is right: {number_of(len(configuration.customers), 'customer')}, {number_of(linked, 'link')}.", file=out)
    return 0


def import_file(path: Path, store: Store, importer: Importer, out: TextIO) -> int:
    """Makes a file the current version. Lines that would no longer be managed are listed, and wait for a confirmation."""
    read = _read(path, out)
    if read is None:
        return WRONG
    reading, source = read
    old = load_current(store) if current_version(store) else None
    if old is not None and not _confirmed(old, reading.configuration, store, importer, out):
        return ASKS
    left = [(line.tenant_id, line.customer, line.binding) for line in _left_behind(old, reading.configuration, store)]
    note_unmanaged(store, left, importer.when)  # first: after a death between the two, the next import finds nothing taken out
    saved = save_version(store, reading.configuration, importer.who, importer.when, source, importer.comment)
    note_unmanaged(store, left, importer.when)  # again: who looked in between saw them managed, and dropped the note
    if old is not None and saved.version == old.version:
        print(f"Nothing changed: version {saved.version} stays current.", file=out)
        return 0
    for change in versions(store)[-1].changes:
        print(f"  {_safe(change)}", file=out)
    print(f"Version {saved.version} is current: {number_of(len(saved.customers), 'customer')}.", file=out)
    return 0


def _confirmed(old: Configuration, new: Configuration, store: Store, importer: Importer, out: TextIO) -> bool:
    lines = _left_behind(old, new, store)
    if not lines:
        return True
    print("No longer managed after this import, and still billed until a person says what is to become of them (offboard):", file=out)
    for line in lines:
        print(f"  {_safe(line.text)}", file=out)
    if not importer.confirmed:
        print("Nothing was imported. If this is meant, import again with --yes.", file=out)
    return importer.confirmed


def _left_behind(old: Configuration | None, new: Configuration, store: Store) -> tuple[StillBilled, ...]:
    return still_billed(old, new, lambda tenant_id: load_record(store, tenant_id).bindings.values()) if old else ()


def export(store: Store, out: TextIO, version: int | None = None, expanded: bool = False) -> int:
    """Writes a version as YAML: the text it was imported from, or, ``expanded``, with every link written out."""
    number = version or load_current(store).version
    source = "" if expanded else load_source(store, number)
    out.write(source or to_text(file_document(load_version(store, number))))
    return 0


def diff(store: Store, out: TextIO, old: int | None = None, new: int | Path | None = None) -> int:
    """What changes from a version (the current one) to another or to a file; without either, what each version changed."""
    if new is None:
        return _history(store, out)
    before = load_version(store, old) if old else load_current(store)
    if isinstance(new, int):
        after = load_version(store, new)
    else:
        read = _read(new, out)
        if read is None:
            return WRONG
        after = read[0].configuration
    for sentence in differences(before, after) or ("Nothing differs.",):
        print(_safe(sentence), file=out)
    return 0


def _history(store: Store, out: TextIO) -> int:
    current = current_version(store)
    for version in versions(store):
        mark = " (current)" if version.number == current else ""
        comment = f": {_safe(version.comment)}" if version.comment else ""
        print(f"Version {version.number}{mark}, {version.when:%Y-%m-%d %H:%M} UTC, by {_safe(version.who)}{comment}", file=out)
        for change in version.changes:
            print(f"  {_safe(change)}", file=out)
    if current is None:
        print("No configuration was imported yet.", file=out)
    return 0


def discover_to(path: Path, starter: Path, adapters: Adapters, when: datetime, out: TextIO) -> int:
    """Writes a first file from what Microsoft and the PSAs hold. ``starter`` holds the partner and the connections.

    What was read is kept beside the file; an interrupted discovery goes on from there, and a complete one takes it away.
    """
    read = _read(starter, out)
    if read is None:
        return WRONG
    if path.exists():
        print(f"{path.name} is there already: move it away first, it is not written over.", file=out)
        return WRONG
    configuration, kept = read[0].configuration, path.with_name(f"{path.name}.progress.json")
    progress = loads(Progress, kept.read_text(encoding="utf-8")) if kept.exists() else Progress()
    psas = [adapters.psa(configuration, connection.name) for connection in configuration.connections]
    found = discover(adapters.microsoft(configuration), psas, when.date(), progress, lambda now: _keep(kept, now))
    head = {name: part for name, part in file_document(configuration).items() if name in ("partner", "connections", "notices")}
    path.write_text(draft(found, to_text(head)), encoding="utf-8")
    print(f"Wrote {path.name}: {number_of(len(found.progress.customers), 'customer')}. {len(found.failed)} could not be read.", file=out)
    for why in found.failed.values():
        print(f"  {_safe(why)}", file=out)
    if not found.failed:
        kept.unlink(missing_ok=True)
    return 0


def _keep(path: Path, progress: Progress) -> None:
    """Writes beside and renames, so that an interruption never leaves half a file."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(dumps(progress), encoding="utf-8")
    beside.replace(path)


def schema_text() -> str:
    """The published JSON Schema as it stands in ``docs/``."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _read(path: Path, out: TextIO) -> tuple[Reading, str] | None:
    """The file and its text, with its warnings printed; ``None`` when it is wrong, with every problem printed."""
    try:
        reading, text = read_file(path, known_skus(), CHECKERS)
    except InvalidFile as error:
        print(*(_safe(problem.text(path.name)) for problem in error.problems), sep="\n", file=out)
        print(f"\n{number_of(len(error.problems), 'problem')}; nothing was done.", file=out)
        return None
    except FileNotFoundError:
        print(f"There is no file {path}.", file=out)
        return None
    if faults := list(_ticket_faults(reading.configuration)):
        print(*map(_safe, faults), f"\n{number_of(len(faults), 'problem')}; nothing was done.", sep="\n", file=out)
        return None
    for warning in reading.warnings:
        print(f"Warning: {_safe(warning.text(path.name))}", file=out)
    return reading, text


def _ticket_faults(configuration: Configuration) -> Iterator[str]:
    """What is wrong with the settings of tickets, which each kind of PSA has its own of."""
    for kind, route in configuration.notices.routes.items():
        if route.ticket:
            try:
                known = tickets_of(KINDS[configuration.connection(route.ticket.connection).kind])
                checked(route.ticket.settings, known.settings, known.required)
            except InvalidConfiguration as error:
                yield f"notices.routes.{kind}.ticket: {error}"


def _held(microsoft: Microsoft, configuration: Configuration, out: TextIO) -> Mapping[str, Collection[Sku]]:
    held: dict[str, Collection[Sku]] = {}
    for item in configuration.customers:
        try:
            usage = microsoft.read_usage(item.customer)
            if Source.SKUS not in usage.failed:
                held[item.customer.tenant_id] = usage.skus
        except (SkipCustomer, RetryLater, Rejected) as error:
            print(f"{_safe(item.customer.name)} could not be read, its links are shown as configured: {_safe(str(error))}", file=out)
    return held


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], out: TextIO) -> None:
    cells = [tuple(headings), *(tuple(_safe(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), file=out)


def _safe(text: str) -> str:
    """A text from elsewhere without control and direction characters, and with part numbers in place of SKU ids."""
    return known_skus().named("".join(character if character.isprintable() else " " for character in text))
