"""The end of a message that failed too often: a failed customer with a reason, a run that still finishes, a notice that still goes out."""

from __future__ import annotations

import logging
from contextlib import suppress

from sync_core.errors import Conflict, Rejected, SkipCustomer
from sync_core.events import event
from sync_core.model.runs import CustomerState, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover.stage import give_up_cutover
from sync_core.pipeline.ending import give_up
from sync_core.pipeline.messages import CUT_OVER, SEND_NOTICES, SYNC_CUSTOMER, Message
from sync_core.pipeline.runs import change_run, close_run, load_customer, load_run
from sync_core.pipeline.send_notices import give_up_notices


def poison(context: Context, queue: str, body: str) -> None:
    """Handles a message from the poison queue of ``queue``; a body that is none of ours is noted and dropped."""
    try:
        message = Message.read(body)
    except Rejected as error:
        event("poison.unreadable", logging.ERROR, queue=queue, code=error.code)
        return
    event("poison.message", logging.ERROR, queue=queue, run=message.run_id, customer=message.tenant_id)
    if queue == CUT_OVER:
        _give_up_cutover(context, message)
    elif queue == SEND_NOTICES:
        _give_up_notice(context, message)
    else:
        _give_up_customer(context, queue, message)


def _give_up_customer(context: Context, queue: str, message: Message) -> None:
    customer = load_customer(context.store, message.run_id, message.tenant_id)
    if customer is None or customer.value.state.final:
        return
    if queue == SYNC_CUSTOMER and customer.value.state is not CustomerState.QUEUED:
        return  # another copy of the message was read, and goes on
    error = SkipCustomer(
        f"The stage {queue} failed again and again",
        code="poison-message",
        why="The function's log says why, under the run's and the customer's id",
        fix="Mend the cause, then start a resync of the customer",
    )
    try:
        give_up(context, customer, error)
    except Conflict:
        return


def _give_up_cutover(context: Context, message: Message) -> None:
    fix = "Mend the cause, then let the cut-over go on"
    error = SkipCustomer("The cut-over failed again and again", code="poison-message", why="The function's log says why, under its id", fix=fix)
    with suppress(Conflict, Rejected):
        give_up_cutover(context, message.run_id, error)


def _give_up_notice(context: Context, message: Message) -> None:
    run = load_run(context.store, message.run_id)
    if run and run.value.state is RunState.FINISHED:
        give_up_notices(context, run.value)
    if run and run.value.state is RunState.FINISHED and change_run(context.store, run, state=RunState.TOLD, notice="failed: see the function's log"):
        close_run(context.store, message.run_id)
