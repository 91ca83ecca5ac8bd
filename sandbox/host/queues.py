"""Queue triggers by the rules of the real host (source: ``QueueListener`` and ``QueueProcessor`` of azure-sdk-for-net).

A message is leased while its function runs, deleted when it succeeds, seen again after ``visibilityTimeout`` when it fails, and copied to
``<queue>-poison`` when it has failed ``maxDequeueCount`` times.
"""

import base64
import logging
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from sandbox.host import runtime
from sandbox.host.configuration import QueueOptions

LEASE = timedelta(minutes=10)
FIRST_POLLING_INTERVAL = timedelta(milliseconds=100)
LONGEST_QUEUE_NAME = 63

log = logging.getLogger(__name__)


class QueueListener:
    """Polls one queue and runs its function, as many at once as the options allow.

    Args:
        lease: how long a message stays invisible while its function runs; it is renewed at half time. The real host's is ten
            minutes; tests of crashes shorten it.
    """

    def __init__(
        self, app: runtime.Runtime, function: runtime.Function, queue: QueueClient, poison: QueueClient, options: QueueOptions, lease: timedelta
    ) -> None:
        self._app = app
        self._function = function
        self._queue = queue
        self._poison_queue = poison
        self._options = options
        self._lease = lease
        self._stopping = threading.Event()
        self._room = threading.Condition()
        self._running = 0
        self._workers = ThreadPoolExecutor(options.batch_size + options.new_batch_threshold, thread_name_prefix=function.name)
        self._poller = threading.Thread(target=self._poll, name=f"poll {queue.queue_name}", daemon=True)

    @property
    def running(self) -> int:
        """How many messages are being worked on."""
        return self._running

    def start(self) -> None:
        """Create the queue when it is missing, and begin to poll it."""
        create_queue(self._queue)
        self._poller.start()

    def stop(self) -> None:
        """Take no more messages, and wait for the functions that run: the real host does not cut them off either."""
        self._stopping.set()
        with self._room:
            self._room.notify_all()
        self._poller.join()
        self._workers.shutdown()

    def _poll(self) -> None:
        interval = FIRST_POLLING_INTERVAL
        while self._wait_for_room():
            messages = self._receive()
            for message in messages:
                self._workers.submit(self._process, message)
            if messages:
                interval = FIRST_POLLING_INTERVAL
            else:
                self._stopping.wait(interval.total_seconds())
                interval = min(interval * 2, max(self._options.max_polling_interval, FIRST_POLLING_INTERVAL))

    def _wait_for_room(self) -> bool:
        with self._room:
            self._room.wait_for(lambda: self._running <= self._options.new_batch_threshold or self._stopping.is_set())
        return not self._stopping.is_set()

    def _receive(self) -> list[QueueMessage]:
        batch = self._options.batch_size
        try:
            messages = list(self._queue.receive_messages(messages_per_page=batch, max_messages=batch, visibility_timeout=_seconds(self._lease)))
        except AzureError as error:
            log.warning("Queue %s cannot be read, trying again: %s", self._queue.queue_name, error)
            return []
        with self._room:
            self._running += len(messages)
        return messages

    def _process(self, message: QueueMessage) -> None:
        try:
            self._handle(message)
        except HttpResponseError as error:
            # The lease ran out and somebody else has the message now, or it is gone: it is delivered at least once, not exactly once.
            log.info("Message %s of %s could not be settled: %s", message.id, self._queue.queue_name, error.reason)
        except Exception:
            log.exception("Message %s of %s could not be settled", message.id, self._queue.queue_name)
        finally:
            with self._room:
                self._running -= 1
                self._room.notify_all()

    def _handle(self, message: QueueMessage) -> None:
        attempt, last_attempt = message.dequeue_count or 0, self._options.max_dequeue_count
        body = self._decode(message.content)
        if attempt > last_attempt or body is None:  # it ended its process every time, or is no message at all
            self._poison(message)
        elif self._succeeds(message, body):
            self._queue.delete_message(message.id, message.pop_receipt)
        elif attempt >= last_attempt:
            self._poison(message)
        else:
            self._change_visibility(message, self._options.visibility_timeout)

    def _succeeds(self, message: QueueMessage, body: Any) -> bool:
        future = self._app.invoke(self._function, body, _metadata(message))
        while True:
            try:
                outcome = future.result(timeout=self._lease.total_seconds() / 2)
            except FutureTimeout:
                self._change_visibility(message, self._lease)
                log.info("Renewed the lease of message %s of %s", message.id, self._queue.queue_name)
                continue
            if not outcome.ok:
                log.error(
                    "Executed 'Functions.%s' (Failed, attempt %s): %s\n%s", self._function.name, message.dequeue_count, outcome.error, outcome.trace
                )
            return outcome.ok

    def _poison(self, message: QueueMessage) -> None:
        name = self._poison_queue.queue_name
        if self._queue.queue_name.endswith("-poison") or len(name) > LONGEST_QUEUE_NAME:
            return  # there is no poison queue of a poison queue: the message comes back when its lease is over
        log.warning("Message has reached MaxDequeueCount of %s. Moving message to queue '%s'.", self._options.max_dequeue_count, name)
        create_queue(self._poison_queue)
        self._poison_queue.send_message(message.content)
        self._queue.delete_message(message.id, message.pop_receipt)

    def _change_visibility(self, message: QueueMessage, delay: timedelta) -> None:
        changed = self._queue.update_message(message.id, message.pop_receipt, visibility_timeout=_seconds(delay))
        message.pop_receipt = changed.pop_receipt

    def _decode(self, content: str) -> Any:
        try:
            raw = base64.b64decode(content, validate=True) if self._options.message_encoding == "base64" else content.encode()
        except ValueError:
            return None
        try:
            return runtime.string(raw.decode())
        except UnicodeDecodeError:
            return runtime.binary(raw)


def create_queue(queue: QueueClient) -> None:
    """Create the queue unless it is there."""
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # another host was faster
            queue.create_queue()


def _metadata(message: QueueMessage) -> dict[str, Any]:
    times = {"InsertionTime": message.inserted_on, "ExpirationTime": message.expires_on, "NextVisibleTime": message.next_visible_on}
    return {
        "Id": runtime.string(message.id),
        "PopReceipt": runtime.string(message.pop_receipt or ""),
        "DequeueCount": runtime.as_json(message.dequeue_count),
        **{name: runtime.as_json(moment.isoformat()) for name, moment in times.items() if moment is not None},
    }


def _seconds(duration: timedelta) -> int:
    return math.ceil(duration.total_seconds())
