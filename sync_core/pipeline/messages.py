"""Queue messages: ids only, versioned, small. One that is put back carries its attempt and first time, so that waiting ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync_core.documents import dumps, loads
from sync_core.errors import Rejected
from sync_core.events import event
from sync_core.pipeline.context import Context
from sync_core.rows import safe_key

SYNC_CUSTOMER = "sync-customer"
APPLY_PLAN = "apply-plan"
SEND_NOTICES = "send-notices"
CUT_OVER = "cut-over"

_LONGEST_DELAY = 900.0
_LONGEST_ID = 200


@dataclass(frozen=True)
class Message:
    """What a stage is asked to do: which run, and which customer of it (empty where it is about the run)."""

    run_id: str
    tenant_id: str = ""
    attempt: int = 0
    first: datetime | None = None
    version: int = 1

    @classmethod
    def read(cls, body: str) -> Message:
        """The message in a queue body; raises ``Rejected`` for one that is none of ours."""
        try:
            message = loads(cls, body)
        except ValueError as error:
            raise Rejected("The queue message cannot be read", code="bad-message", why="It is not one of this app's messages") from error
        if message.version != 1:
            raise Rejected(f"The queue message has version {message.version}", code="bad-message", why="This app reads version 1")
        if not message.run_id or any(safe_key(name) != name or len(name) > _LONGEST_ID for name in (message.run_id, message.tenant_id)):
            raise Rejected("The queue message names no run or customer", code="bad-message", why="Its ids cannot be keys of our tables")
        return message


def send(context: Context, queue: str, message: Message, delay: float = 0.0) -> None:
    """Puts a message, visible after ``delay`` seconds."""
    context.queue.send(queue, dumps(message), delay)


def put_back(context: Context, queue: str, message: Message, delay: float = 0.0) -> bool:
    """Sends the message again after ``delay`` seconds (0: a growing delay of our own); ``False`` when it has waited too long."""
    now = context.clock.now()
    first = message.first or now
    if now - first > timedelta(minutes=context.settings.wait_limit_minutes):
        return False
    backoff = min(context.settings.retry_seconds * 2.0**message.attempt, _LONGEST_DELAY)
    event("message.put-back", queue=queue, run=message.run_id, customer=message.tenant_id, attempt=message.attempt + 1)
    send(context, queue, replace(message, attempt=message.attempt + 1, first=first), delay or backoff)
    return True
