"""What is known of findings from run to run: since when each stands, which run tells it, and that it is solved.

A run first claims what it tells, by the ETag of the row, and then tells it: of two runs at once one tells it, and the same run
finds its own claims again however often it begins anew. What could not be told in the end is given back to the next run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sync_core.model.notices import Finding, NoticeKind

_KEPT = timedelta(days=30)
"""For how long a solved finding is kept after it was told: a run that is told late still finds it."""


@dataclass(frozen=True)
class Remembered:
    """One finding. ``told_by`` is the run that told it in the state ``told``, ``solved_by`` the one that told it as solved; dates are PSA dates."""

    finding: Finding
    first: date
    told_by: str = ""
    told: str = ""
    gone: date | None = None
    """The first day on which it was not found any more."""
    solved_by: str = ""
    ticket: str = ""
    """The marker of the ticket that it stands in."""
    closed_by: str = ""
    """The run that noted in the ticket that all of it is solved."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one customer, or of the partner, by the ids of the findings."""

    entries: Mapping[str, Remembered] = field(default_factory=dict)


def turned(
    memory: Memory,
    found: Iterable[Finding],
    judged: Collection[NoticeKind],
    due: Collection[NoticeKind],
    quiet: Collection[str],
    run_id: str,
    today: date,
) -> Memory:
    """The memory after a run: what it found, and what it claims to tell of the kinds that are ``due``. Turning it twice changes nothing.

    Args:
        judged: the kinds of which ``found`` is all there is.
        quiet: the ids of findings that are not to be told.
    """
    entries = dict(memory.entries)
    here = {finding.finding_id: finding for finding in found}
    for finding_id, finding in here.items():
        tells = finding.kind in due and finding_id not in quiet
        seen = _seen(entries.get(finding_id), finding, tells, run_id, today)
        entries[finding_id] = replace(seen, told_by="", told="") if finding_id in quiet else seen  # so that it is told when it is quiet no more
    for finding_id in [key for key, entry in entries.items() if key not in here and entry.finding.kind in judged]:
        after = _missed(entries.pop(finding_id), due, quiet, run_id, today)
        if after:
            entries[finding_id] = after
    return Memory(entries)


def only(memory: Memory, kinds: Collection[NoticeKind]) -> Memory:
    """The memory with what is of these kinds."""
    return Memory({key: entry for key, entry in memory.entries.items() if entry.finding.kind in kinds})


def release(memory: Memory, kinds: Collection[NoticeKind], run_id: str) -> Memory:
    """The memory after a run whose mail about these kinds never went out: what it claimed is as if it had not been told."""
    return Memory({key: _released(entry, run_id) if entry.finding.kind in kinds else entry for key, entry in memory.entries.items()})


def ticketed(memory: Memory, markers: Mapping[str, str]) -> Memory:
    """The memory after a run claimed a ticket (its marker) for findings, by their ids; one that stands in a ticket stays there."""
    entries = {
        key: replace(entry, ticket=markers[key]) if key in markers and not entry.ticket and not entry.gone else entry
        for key, entry in memory.entries.items()
    }
    return Memory(entries)


def without_ticket(memory: Memory, markers: Collection[str]) -> Memory:
    """The memory after tickets could not be opened: the next run tries again."""
    return Memory({key: replace(entry, ticket="") if entry.ticket in markers else entry for key, entry in memory.entries.items()})


def closed(memory: Memory, markers: Collection[str], run_id: str) -> Memory:
    """The memory after a run claimed to note in these tickets that all of them is solved."""
    return Memory(
        {key: replace(entry, closed_by=run_id) if entry.ticket in markers and entry.gone else entry for key, entry in memory.entries.items()}
    )


def _seen(entry: Remembered | None, finding: Finding, tells: bool, run_id: str, today: date) -> Remembered:
    if entry is None or (entry.gone and (entry.solved_by or entry.closed_by)):
        entry = Remembered(finding, today)
    entry = replace(entry, finding=replace(finding, since=entry.first), gone=None)
    new = not entry.told_by or entry.told != finding.state
    return replace(entry, told_by=run_id, told=finding.state) if tells and new else entry


def _missed(entry: Remembered, due: Collection[NoticeKind], quiet: Collection[str], run_id: str, today: date) -> Remembered | None:
    if not (entry.told_by or entry.ticket) or entry.finding.finding_id in quiet:
        return None
    entry = replace(entry, gone=entry.gone or today)
    if entry.finding.kind in due and entry.told_by and not entry.solved_by:
        return replace(entry, solved_by=run_id)
    told = (entry.solved_by or not entry.told_by) and (entry.closed_by or not entry.ticket)
    return None if told and entry.gone and today - entry.gone > _KEPT else entry


def _released(entry: Remembered, run_id: str) -> Remembered:
    if entry.told_by == run_id:
        entry = replace(entry, told_by="", told="")
    return replace(entry, solved_by="") if entry.solved_by == run_id else entry
