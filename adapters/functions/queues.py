"""Queue functions, one a stage, and the handlers of their poison queues, which never fail on a bad body."""

from __future__ import annotations

import azure.functions as func

from adapters.functions.world import context
from sync_core.pipeline import apply_plan as applying
from sync_core.pipeline import send_notices as noticing
from sync_core.pipeline import sync_customer as syncing
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER, Message
from sync_core.pipeline.poison import poison

STORAGE = "AzureWebJobsStorage"

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.queue_trigger(arg_name="message", queue_name=SYNC_CUSTOMER, connection=STORAGE)
def sync_customer(message: func.QueueMessage) -> None:
    """Reads one customer and stores its plan."""
    syncing.sync_customer(context(), Message.read(_body(message)))


@blueprint.queue_trigger(arg_name="message", queue_name=APPLY_PLAN, connection=STORAGE)
def apply_plan(message: func.QueueMessage) -> None:
    """Writes one customer's released plan to the PSA."""
    applying.apply_plan(context(), Message.read(_body(message)))


@blueprint.queue_trigger(arg_name="message", queue_name=SEND_NOTICES, connection=STORAGE)
def send_notices(message: func.QueueMessage) -> None:
    """Mails what a finished run came to."""
    noticing.send_notices(context(), Message.read(_body(message)))


@blueprint.queue_trigger(arg_name="message", queue_name=f"{SYNC_CUSTOMER}-poison", connection=STORAGE)
def sync_customer_poison(message: func.QueueMessage) -> None:
    """Fails a customer that could not be read however often it was tried."""
    poison(context(), SYNC_CUSTOMER, _body(message))


@blueprint.queue_trigger(arg_name="message", queue_name=f"{APPLY_PLAN}-poison", connection=STORAGE)
def apply_plan_poison(message: func.QueueMessage) -> None:
    """Fails a customer whose plan could not be written however often it was tried."""
    poison(context(), APPLY_PLAN, _body(message))


@blueprint.queue_trigger(arg_name="message", queue_name=f"{SEND_NOTICES}-poison", connection=STORAGE)
def send_notices_poison(message: func.QueueMessage) -> None:
    """Closes a run whose notice could not be sent however often it was tried."""
    poison(context(), SEND_NOTICES, _body(message))


def _body(message: func.QueueMessage) -> str:
    return message.get_body().decode("utf-8", "replace")
