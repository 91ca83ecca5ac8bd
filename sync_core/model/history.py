"""What happened and is kept for people: who decided what, what was read, written, answered and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sync_core.model.billing import CountedItem
from sync_core.model.licences import Source


class RecordKind(StrEnum):
    """What a record is about. Records of other kinds are kept and shown all the same."""

    READ = "read"
    """Something is counted otherwise than before: the counts, and the evidence they come from."""
    DECIDED = "decided"
    """A person said something about a change."""
    SENT = "sent"
    """A step of the journal moved on: sent, answered, read back, or not sent after all."""
    APPLIED = "applied"
    """What became of the changes of a plan."""
    FOLLOWED = "followed"
    """A link follows a line from now on, or none any more, without a write to the PSA."""
    UNDONE = "undone"
    """Units were taken back, and are not set again by themselves for a while."""
    MAILED = "mailed"
    """A run's mail moved on."""
    FORGOTTEN = "forgotten"
    """A person was replaced by a pseudonym in all that is stored."""
    TICKETED = "ticketed"
    """A ticket that a run opens, or notes something in, moved on."""
    SWITCHED = "switched"
    """All writes were stopped, or let go on."""


@dataclass(frozen=True)
class Record:
    """One thing that happened, never changed afterwards.

    ``at`` (UTC) and ``about`` say which one it is: the same thing noted twice has the same of both, and is kept once. ``document`` is
    what ``json`` can hold, for whoever knows the ``kind``; ``version`` is that of its form.
    """

    at: datetime
    kind: str
    about: str
    document: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = ""
    by: str = ""
    version: int = 1


@dataclass(frozen=True)
class Counts:
    """The document of ``RecordKind.READ``. ``failed`` names the sources that could not be read; ``read_at`` is UTC."""

    read_at: datetime
    snapshot: str
    configuration: int
    items: tuple[CountedItem, ...] = ()
    failed: Mapping[Source, str] = field(default_factory=dict)
