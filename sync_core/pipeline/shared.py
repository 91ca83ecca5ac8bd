"""What a run reads once for all its customers: the heads of the agreements, the partner's relationships.

Whoever needs it first reads it and leaves it as a blob; the others put their message back for a moment. A process keeps
it in memory for the run, so that most customers cost no storage operation for it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
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

_CLAIM = timedelta(minutes=5)
_WAIT = 2.0


@dataclass(frozen=True)
class _Claim:
    until: datetime
    blob: str = ""


def shared(context: Context, run_id: str, name: str, kind: type[T], load: Callable[[], Sequence[T]]) -> Sequence[T]:
    """The run's common reading called ``name``; raises ``RetryLater`` while another worker reads it, and whatever ``load`` raises."""
    known = context.remembered.shared
    if (run_id, name) not in known:
        value = _fetch(context, run_id, name, kind, load)
        for stale in [key for key in known if key[0] != run_id and len(known) > 8]:
            known.pop(stale, None)
        known[(run_id, name)] = value
    return known[(run_id, name)]  # type: ignore[return-value]  # stored under this name by the line above


def _fetch(context: Context, run_id: str, name: str, kind: type[T], load: Callable[[], Sequence[T]]) -> Sequence[T]:
    key = f"shared-{safe_key(name)}"
    claim = read(context.store, RUNS, run_id, key, _Claim) or Stored(_Claim(context.clock.now()), Row(run_id, key))
    if claim.value.blob:
        content = context.blobs.get(claim.value.blob)
        if content is not None:
            return [from_document(kind, item) for item in json.loads(zlib.decompress(content))]
    elif claim.row.etag and claim.value.until > context.clock.now():
        raise RetryLater("Another worker reads it for the whole run", delay=_WAIT, where=name)
    try:
        context.store.transact(RUNS, [insert_or_replace(to_row(run_id, key, _Claim(context.clock.now() + _CLAIM), claim.row.etag))])
    except Conflict as error:
        raise RetryLater("Another worker reads it for the whole run", delay=_WAIT, where=name) from error
    return _read_and_leave(context, run_id, key, load)


def _read_and_leave(context: Context, run_id: str, key: str, load: Callable[[], Sequence[T]]) -> Sequence[T]:
    mine = read(context.store, RUNS, run_id, key, _Claim)
    try:
        value = load()
    except Exception:
        if mine is not None:
            _give_up(context, run_id, key, mine)
        raise
    blob = f"runs/{run_id}/{key}.json.z"
    context.blobs.put(blob, zlib.compress(json.dumps(to_document(list(value)), separators=(",", ":")).encode()))
    if mine is not None:
        context.store.transact(RUNS, [insert_or_replace(to_row(run_id, key, _Claim(mine.value.until, blob), mine.row.etag))])
    return value


def _give_up(context: Context, run_id: str, key: str, mine: Stored[_Claim]) -> None:
    context.store.transact(RUNS, [insert_or_replace(to_row(run_id, key, _Claim(context.clock.now()), mine.row.etag))])
