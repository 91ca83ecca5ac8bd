"""Queues in memory that deliver as a storage queue may: more than once, and in any order."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sandbox.memory.store import OnCall, quietly
from sync_core import limits
from sync_core.ports import Clock

LEASE_SECONDS = 600.0
"""How long a received message stays invisible; the Functions host asks for ten minutes."""


@dataclass
class Message:
    """A message in its queue; invisible until ``visible`` (UTC)."""

    queue: str
    body: str
    visible: datetime
    dequeue_count: int = 0


class MemoryQueue:
    """Queues by name.

    Args:
        clock: tells which messages are due.
        chance: with it, due messages come in any order, else in the order in which they became visible.
        duplicates: the share of messages that are put twice, as by a send that is repeated because its answer was lost; needs ``chance``.
        on_call: is told each send before it happens.
    """

    def __init__(self, clock: Clock, chance: Random | None = None, duplicates: float = 0.0, on_call: OnCall = quietly) -> None:
        self._clock = clock
        self._chance = chance
        self._duplicates = duplicates
        self._on_call = on_call
        self._messages: list[Message] = []
        self._lock = threading.Lock()

    def send(self, queue: str, body: str, delay: float = 0.0) -> None:
        """See ``Queue.send``."""
        limits.check_message(queue, body, delay)
        self._on_call(f"queue.send {queue}")
        copies = 2 if self._chance and self._chance.random() < self._duplicates else 1
        visible = self._clock.now() + timedelta(seconds=delay)
        with self._lock:
            self._messages.extend(Message(queue, body, visible) for _ in range(copies))

    def stop_duplicates(self) -> None:
        """From here on no message is put twice."""
        self._duplicates = 0.0

    def receive(self, *queues: str) -> Message | None:
        """One due message of these queues (of all, when none is named); it is invisible for ``LEASE_SECONDS`` then."""
        with self._lock:
            now = self._clock.now()
            due = [message for message in self._messages if message.visible <= now and (not queues or message.queue in queues)]
            if not due:
                return None
            message = self._chance.choice(due) if self._chance else min(due, key=lambda message: message.visible)
            message.dequeue_count += 1
            message.visible = now + timedelta(seconds=LEASE_SECONDS)
            return message

    def delete(self, message: Message) -> None:
        """Takes a message out for good, as the host does after a success."""
        with self._lock:
            self._messages = [other for other in self._messages if other is not message]

    def put_back(self, message: Message, delay: float = 0.0) -> None:
        """Makes a received message visible again, as the host does after a failure."""
        with self._lock:
            message.visible = self._clock.now() + timedelta(seconds=delay)

    def waiting(self, *queues: str) -> list[Message]:
        """All messages of these queues, also the invisible ones, in the order they were sent in."""
        with self._lock:
            return self._of(queues)

    def next_visible(self) -> datetime | None:
        """When the next message is due; ``None`` when there is no message at all."""
        with self._lock:
            return min([message.visible for message in self._messages], default=None)

    def _of(self, queues: tuple[str, ...]) -> list[Message]:
        return [message for message in self._messages if not queues or message.queue in queues]
