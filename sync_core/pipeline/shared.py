"""What a run reads once for all its customers: the heads of the agreements and their lines, the partner's relationships.

Whoever needs it first claims it, reads it and leaves it as a blob; the others wait some seconds for it and put their message back
if that is not enough. A process keeps it in memory for the run, so that most customers cost no storage operation for it. A reader that
dies is replaced once its claim is over. One that takes longer than its claim costs calls, and nothing else: two have read the same.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sync_core.documents import from_document, to_document
from sync_core.errors import Conflict, RetryLater
from sync_core.pipeline.context import Context
from sync_core.pipeline.runs import RUNS
from sync_core.ports import Row
from sync_core.rows import Stored, insert_or_replace, read, safe_key, to_row

T = TypeVar("T")
M = TypeVar("M")

CLAIM = timedelta(minutes=2)
"""How long a reader is left alone: the longest reading is a hundred pages or so, and a dead reader holds up the run no longer than this."""
WAITS = (1.0, 2.0, 3.0, 4.0)
"""Seconds between looks at what another worker reads. A message that waits here costs less than one that is put back, read and put back again."""
PUT_BACK = 15.0
"""After how many seconds a message comes again that waited in vain. At any time only as many wait as there are threads, however many customers."""
_RUNS_KEPT = 2


@dataclass(frozen=True)
class _Claim:
    until: datetime


def shared(context: Context, run_id: str, name: str, kind: type[T], load: Callable[[], Sequence[T]], turn: str = "") -> Sequence[T]:
    """The run's common reading called ``name``; raises ``RetryLater`` while another worker reads it, and whatever ``load`` raises.

    Of the readings with the same ``turn`` one is read at a time.
    """
    return remembered(context, run_id, name, lambda: _fetch(context, run_id, name, kind, load, turn or name))


def remembered(context: Context, run_id: str, name: str, make: Callable[[], M]) -> M:
    """What this process keeps under a name for the run, made if it is not there. Older runs' things are let go."""
    known = context.remembered.shared
    found = known.get((run_id, name))
    if found is None:
        found = known[(run_id, name)] = make()
        runs = list(dict.fromkeys(each for each, _ in list(known)))[-_RUNS_KEPT:]
        for stale in [key for key in list(known) if key[0] not in runs]:
            known.pop(stale, None)
    return found  # type: ignore[return-value]  # stored under this name by the lines above


def _fetch(context: Context, run_id: str, name: str, kind: type[T], load: Callable[[], Sequence[T]], turn: str) -> Sequence[T]:
    blob = f"runs/{run_id}/shared-{safe_key(name)}.json.z"
    for wait in (*WAITS, 0.0):
        if content := context.blobs.get(blob):
            return _read_out(content, kind)
        if claim := _claimed(context, run_id, f"shared-{safe_key(turn)}"):
            return _read_and_leave(context, claim, blob, kind, load)
        if wait:
            context.clock.sleep(wait)
    raise RetryLater("Another worker reads it for the whole run", delay=PUT_BACK, where=name)


def _claimed(context: Context, run_id: str, key: str) -> Stored[_Claim] | None:
    """The claim, if nobody else holds it."""
    now = context.clock.now()
    there = read(context.store, RUNS, run_id, key, _Claim) or Stored(_Claim(now), Row(run_id, key))
    if there.value.until > now:
        return None
    try:
        context.store.transact(RUNS, [insert_or_replace(to_row(run_id, key, _Claim(now + CLAIM), there.row.etag))])
    except Conflict:
        return None
    return read(context.store, RUNS, run_id, key, _Claim)


def _read_and_leave(context: Context, claim: Stored[_Claim], blob: str, kind: type[T], load: Callable[[], Sequence[T]]) -> Sequence[T]:
    try:
        content = context.blobs.get(blob)  # it may have been left between our look and our claim
        value = _read_out(content, kind) if content else load()
        if not content:
            context.blobs.put(blob, zlib.compress(json.dumps(to_document(list(value)), separators=(",", ":")).encode()))
    except Exception:
        _give_up(context, claim)
        raise
    _give_up(context, claim)
    return value


def _read_out(content: bytes, kind: type[T]) -> Sequence[T]:
    return [from_document(kind, item) for item in json.loads(zlib.decompress(content))]


def _give_up(context: Context, claim: Stored[_Claim]) -> None:
    with suppress(Conflict):  # it was over, and another worker has it
        over = to_row(claim.row.partition, claim.row.key, _Claim(context.clock.now()), claim.row.etag)
        context.store.transact(RUNS, [insert_or_replace(over)])
