"""The lines that a run reads together, shared by all its workers: whoever needs some first reads those of hundreds of agreements.

They are read in parts, in the order in which the run goes through its customers, one part at a time. In memory they stay JSON text: an
agreement's lines become objects when its customer is planned, so that a process holds some 20 MB for 50,000 of them. They serve for planning
only, in the run that read them: what a write rests on is read by its id right before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sync_core.documents import dumps, loads
from sync_core.model.agreements import Agreement, AgreementLines, Line
from sync_core.pipeline.context import Context
from sync_core.pipeline.reading import counted_from
from sync_core.pipeline.shared import remembered, shared
from sync_core.ports import Psa

FRESH = timedelta(hours=1)
"""How long lines that were read together may be planned with; after that each agreement is read by itself."""


@dataclass(frozen=True)
class _Part:
    """Agreements that are read together for one day."""

    name: str
    agreements: tuple[Agreement, ...]
    on: date


@dataclass(frozen=True)
class _Held:
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Together:
    """What was read of a part, by agreement id; ``at`` is when reading began."""

    at: datetime
    lines: Mapping[str, str]


def lines_together(
    context: Context, run_id: str, psa: Psa, coming: Callable[[], Iterable[Agreement]], agreement: Agreement, business_date: date
) -> AgreementLines | None:
    """An agreement with its lines, out of what is read together for the run; ``None`` where it is to be read by itself.

    ``coming`` are the agreements that the run will ask for, in that order, the same for all its workers. Raises ``RetryLater`` while another
    worker reads, and what reading raises.
    """
    part = _parts(context, run_id, psa, coming, business_date).get(agreement.agreement_id) if psa.together > 1 else None
    if part is None or part.on != counted_from(agreement, business_date):
        return None

    def load() -> list[_Together]:
        began, found = context.clock.now(), psa.read_together(part.agreements, part.on)
        return [_Together(began, {agreement_id: dumps(_Held(lines)) for agreement_id, lines in found.items()})]

    (read,) = shared(context, run_id, part.name, _Together, load, turn=f"lines-{psa.connection}")
    text = read.lines.get(agreement.agreement_id)
    if text is None or context.clock.now() - read.at > FRESH:
        return None
    return AgreementLines(agreement, loads(_Held, text).lines)


def drop_lines(context: Context, run_id: str = "") -> None:
    """Deletes the lines that a run left for its workers, or those of all runs: whoever still needs some reads anew."""
    for name in list(context.blobs.names(f"runs/{run_id}/" if run_id else "runs/")):
        if is_lines(name):
            context.blobs.delete(name)


def is_lines(blob: str) -> bool:
    """Whether a blob of this name holds lines that a run left: they may name people, and are of no use after it."""
    return blob.startswith("runs/") and "/shared-lines-" in blob


def _parts(context: Context, run_id: str, psa: Psa, coming: Callable[[], Iterable[Agreement]], business_date: date) -> Mapping[str, _Part]:
    """The part of each agreement, found out once a process: all its workers come to the same."""

    def make() -> Mapping[str, _Part]:
        return {head.agreement_id: part for part in _in_parts(psa, coming(), business_date) for head in part.agreements}

    return remembered(context, run_id, f"parts-{psa.connection}", make)


def _in_parts(psa: Psa, coming: Iterable[Agreement], business_date: date) -> Iterable[_Part]:
    by_day: dict[date, dict[str, Agreement]] = {}
    for head in coming:
        by_day.setdefault(counted_from(head, business_date), {})[head.agreement_id] = head
    for day, heads in by_day.items():
        of_day = list(heads.values())
        for start in range(0, len(of_day), psa.together):
            yield _Part(f"lines-{psa.connection}-{day}-{start}", tuple(of_day[start : start + psa.together]), day)
