"""Queue functions, one a stage, and the handlers of their poison queues, which never fail on a bad body."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import azure.functions as func

from adapters.functions.world import context as shared_context
from sync_core.events import metric, stage
from sync_core.pipeline import apply_plan as applying
from sync_core.pipeline import send_notices as noticing
from sync_core.pipeline import sync_customer as syncing
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover import stage as cutting_over
from sync_core.pipeline.messages import APPLY_PLAN, CUT_OVER, SEND_NOTICES, SYNC_CUSTOMER, Message
from sync_core.pipeline.poison import poison

STORAGE = "AzureWebJobsStorage"

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.queue_trigger(arg_name="message", queue_name=SYNC_CUSTOMER, connection=STORAGE)
def sync_customer(message: func.QueueMessage, context: func.Context) -> None:
    """Reads one customer and stores its plan."""
    _handle(SYNC_CUSTOMER, syncing.sync_customer, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=APPLY_PLAN, connection=STORAGE)
def apply_plan(message: func.QueueMessage, context: func.Context) -> None:
    """Writes one customer's released plan to the PSA."""
    _handle(APPLY_PLAN, applying.apply_plan, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=SEND_NOTICES, connection=STORAGE)
def send_notices(message: func.QueueMessage, context: func.Context) -> None:
    """Mails what a finished run came to."""
    _handle(SEND_NOTICES, noticing.send_notices, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=CUT_OVER, connection=STORAGE)
def cut_over(message: func.QueueMessage, context: func.Context) -> None:
    """Takes a cut-over of the PSA's lines a slice further."""
    _handle(CUT_OVER, cutting_over.cut_over, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=f"{SYNC_CUSTOMER}-poison", connection=STORAGE)
def sync_customer_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Fails a customer that could not be read however often it was tried."""
    _give_up(SYNC_CUSTOMER, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=f"{APPLY_PLAN}-poison", connection=STORAGE)
def apply_plan_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Fails a customer whose plan could not be written however often it was tried."""
    _give_up(APPLY_PLAN, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=f"{SEND_NOTICES}-poison", connection=STORAGE)
def send_notices_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Closes a run whose notice could not be sent however often it was tried."""
    _give_up(SEND_NOTICES, message, context)


@blueprint.queue_trigger(arg_name="message", queue_name=f"{CUT_OVER}-poison", connection=STORAGE)
def cut_over_poison(message: func.QueueMessage, context: func.Context) -> None:
    """Stops a cut-over that could not be taken further however often it was tried."""
    _give_up(CUT_OVER, message, context)


def _handle(queue: str, work: Callable[[Context, Message], None], delivery: func.QueueMessage, invocation: func.Context) -> None:
    world, message = shared_context(), Message.read(_body(delivery))
    with stage(world.clock, queue, invocation.invocation_id, run=message.run_id, customer=message.tenant_id):
        if message.attempt == 0 and delivery.dequeue_count == 1:  # later deliveries have waited because somebody asked for it
            _measure_age(world, delivery)
        work(world, message)


def _measure_age(world: Context, delivery: func.QueueMessage) -> None:
    if put := delivery.insertion_time:
        put = put if put.tzinfo else put.replace(tzinfo=UTC)
        metric("queue.age", round((world.clock.now() - put).total_seconds(), 1), "seconds")


def _give_up(queue: str, delivery: func.QueueMessage, invocation: func.Context) -> None:
    world = shared_context()
    with stage(world.clock, f"{queue}-poison", invocation.invocation_id):
        poison(world, queue, _body(delivery))


def _body(message: func.QueueMessage) -> str:
    return message.get_body().decode("utf-8", "replace")
