"""The stage that takes cut-overs further, a slice at a time: a search and a preparation read on, a confirmed one goes from run to run.

What it was at stands in the cut-over's rows, so that a slice may end, die or come twice at any line.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from sync_core.errors import Conflict, Rejected, RetryLater, SyncError
from sync_core.events import event
from sync_core.model.cutovers import Cutover, CutoverState, LineState
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover.prepare import prepare_on
from sync_core.pipeline.cutover.rows import UNKNOWN_CUTOVER, change_cutover, close_cutover, load_cutover, open_cutovers
from sync_core.pipeline.cutover.search import search_on
from sync_core.pipeline.cutover.waves import carry_on
from sync_core.pipeline.messages import CUT_OVER, Message, put_back, send
from sync_core.pipeline.runs import left, load_run
from sync_core.rows import Stored

SLICE_SECONDS = 60.0
"""How long one invocation reads on; what is left is for the next one."""
_LOST_AFTER = timedelta(minutes=15)
_READING = (CutoverState.SEARCHING, CutoverState.PREPARING)


def ask_for_work(context: Context, cutover_id: str) -> None:
    """Has the app take a cut-over further."""
    send(context, CUT_OVER, Message(cutover_id))


def cut_over(context: Context, message: Message) -> None:
    """Handles one message. One that goes on with a reading names where that is, so that a duplicate finds it moved, and ends.

    A cut-over that is being carried out is looked at again when its run is over, which says so itself.
    """
    try:
        if message.tenant_id and message.tenant_id != _position(load_cutover(context.store, message.run_id).value):
            return
        stored = work(context, message.run_id)
    except Conflict:  # another worker is at it, and goes on
        return
    except RetryLater as error:
        if not put_back(context, CUT_OVER, message, error.delay):
            give_up_cutover(context, message.run_id, error)
        return
    except SyncError as error:
        if error.code != UNKNOWN_CUTOVER:
            give_up_cutover(context, message.run_id, error)
        return
    if stored.value.state in _READING:
        send(context, CUT_OVER, Message(message.run_id, _position(stored.value)))


def work(context: Context, cutover_id: str, seconds: float = SLICE_SECONDS, most: int = 500) -> Stored[Cutover]:
    """Takes a cut-over further for some seconds, or ``most`` companies or units; raises what the ports raise, and ``Conflict``."""
    stored = load_cutover(context.store, cutover_id)
    ends = context.clock.monotonic() + seconds
    match stored.value.state:
        case CutoverState.SEARCHING:
            return search_on(context, cutover_id, ends, most)
        case CutoverState.PREPARING:
            return prepare_on(context, cutover_id, ends, most)
        case CutoverState.RUNNING | CutoverState.STOPPED:
            return carry_on(context, stored)
    return stored


def progress(context: Context, cutover: Cutover) -> tuple[int, int, str]:
    """How far its present work is: done, in all, and of what."""
    if cutover.run_id and (run := load_run(context.store, cutover.run_id)):
        return (
            run.value.customers - left(context.store, cutover.run_id).open,
            run.value.customers,
            f"{cutover.state}: companies of run {cutover.run_id}",
        )
    if cutover.state is CutoverState.PREPARING:
        return cutover.done, max(cutover.total, 1), f"{cutover.state}: parts of {cutover.cutover_id}"
    if cutover.state in (CutoverState.SEARCHING, CutoverState.FOUND):
        return cutover.done, max(cutover.total, 1), f"{cutover.state}: companies of {cutover.cutover_id}"
    chosen = sum(cutover.tally.lines.values()) - cutover.tally.count(LineState.FOUND, LineState.REFUSED)
    return chosen - cutover.tally.count(LineState.CHOSEN), max(chosen, 1), f"{cutover.state}: lines of {cutover.cutover_id}"


def sweep_cutovers(context: Context) -> None:
    """Sends messages again that were lost, and gathers what a stopped cut-over's last run came to."""
    now = context.clock.now()
    for cutover_id in open_cutovers(context.store):
        try:
            stored = load_cutover(context.store, cutover_id)
            if stored.value.state.working and now - stored.value.touched > _LOST_AFTER:
                event("message.sent-again", cutover=cutover_id, queue=CUT_OVER)
                change_cutover(context, stored)
                ask_for_work(context, cutover_id)
            elif stored.value.state is CutoverState.STOPPED and stored.value.run_id:
                work(context, cutover_id)
            elif not stored.value.state.working:
                close_cutover(context.store, cutover_id)
        except (Conflict, Rejected, RetryLater) as error:
            event("sweep.failed", logging.ERROR, code=error.code, cutover=cutover_id)


def give_up_cutover(context: Context, cutover_id: str, error: SyncError) -> None:
    """Stops a cut-over that cannot go on by itself; a person lets it go on once the cause is mended."""
    stored = load_cutover(context.store, cutover_id)
    event("cutover.error", logging.WARNING, cutover=cutover_id, code=error.code)
    if stored.value.state.working:
        change_cutover(context, stored, state=CutoverState.STOPPED, trouble=str(error))


def _position(cutover: Cutover) -> str:
    """Where a reading is, as a message names it."""
    return hashlib.sha256(f"{cutover.state}~{cutover.cursor}~{cutover.choice}".encode()).hexdigest()[:16]
