"""Timer triggers by the rules of the real host (source: ``TimerListener`` and ``ScheduleMonitor`` of azure-webjobs-sdk-extensions).

Schedules are read in UTC. One host at a time holds a timer, by the lease of a blob. A blob remembers when it should fire
next, so that a host which was away at that time runs it once, as past due, when it is back.
"""

import json
import logging
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient, BlobServiceClient

from sandbox.host import runtime
from sync_core.schedule import latest_slot, next_slot

CONTAINER = "azure-webjobs-hosts"
LOCK_SECONDS = 60
RENEW_SECONDS = 20
SHORTEST_MONITORED = timedelta(minutes=1)
NEVER = datetime(1, 1, 1, tzinfo=UTC)

Status = dict[str, str]
log = logging.getLogger(__name__)


class TimerListener:
    """Fires one timer function at the slots of its schedule, as long as no other host does."""

    def __init__(self, app: runtime.Runtime, function: runtime.Function, schedule: str, blobs: BlobServiceClient, host_id: str) -> None:
        self._app = app
        self._function = function
        self._schedule = schedule
        self._monitored = bool(function.trigger.get("useMonitor", True)) and _interval(schedule) >= SHORTEST_MONITORED
        name = f"Host.Functions.{function.name}"
        self._status_blob = blobs.get_blob_client(CONTAINER, f"timers/{host_id}/{name}/status")
        self._lock = TimerLock(blobs.get_blob_client(CONTAINER, f"locks/{host_id}/{name}.Listener"))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"timer {function.name}", daemon=True)

    def start(self) -> None:
        """Begin to wait for the next slot."""
        self._thread.start()

    def stop(self) -> None:
        """Fire no more, and wait for a run that is under way."""
        self._stopping.set()
        self._thread.join()

    def fire(self, past_due: bool = False) -> runtime.Outcome:
        """Run the function now, whatever its schedule says and whoever holds the lock; what is remembered stays as it is."""
        return self._run(self._read_status(), past_due)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._lock.acquire():
                    try:
                        self._fire_at_slots()
                    finally:
                        self._lock.release()
            except AzureError as error:
                log.warning("Timer %s cannot reach the storage, trying again: %s", self._function.name, error)
            self._stopping.wait(RENEW_SECONDS)

    def _fire_at_slots(self) -> None:
        status = self._status_at_start()
        if self._monitored and datetime.now(UTC) > _moment(status, "Next"):
            log.info("Timer %s is past due since %s", self._function.name, status["Next"])
            status = self._run_and_remember(status, past_due=True)
        if self._function.trigger.get("runOnStartup"):
            status = self._run_and_remember(status)
        while self._wait_until(next_slot(self._schedule, datetime.now(UTC))):
            status = self._run_and_remember(status)

    def _wait_until(self, slot: datetime) -> bool:
        while (left := slot - datetime.now(UTC)) > timedelta(0):
            if self._stopping.wait(left.total_seconds()):
                return False
        return True

    def _status_at_start(self) -> Status:
        """What was remembered. A new timer, and one whose schedule was changed, begin anew: nothing was missed."""
        now, status = datetime.now(UTC), self._read_status()
        if status is None:
            return self._write_status(NEVER, now)
        last = _moment(status, "Last")
        unchanged = _moment(status, "Next") == next_slot(self._schedule, last if last != NEVER else _moment(status, "LastUpdated"))
        return status if unchanged else self._write_status(last, now)

    def _run_and_remember(self, status: Status, past_due: bool = False) -> Status:
        self._run(status, past_due)
        now = datetime.now(UTC)
        return self._write_status(latest_slot(self._schedule, now), now)

    def _run(self, status: Status | None, past_due: bool) -> runtime.Outcome:
        request = {"IsPastDue": past_due, "Schedule": {"AdjustForDST": True}, "ScheduleStatus": status if self._monitored else None}
        outcome = self._app.invoke(self._function, runtime.as_json(request)).result()
        if not outcome.ok:  # the schedule goes on all the same
            log.error("Executed 'Functions.%s' (Failed): %s\n%s", self._function.name, outcome.error, outcome.trace)
        return outcome

    def _read_status(self) -> Status | None:
        try:
            status: Status = json.loads(self._status_blob.download_blob().readall())
        except ResourceNotFoundError:
            return None
        return status

    def _write_status(self, last: datetime, now: datetime) -> Status:
        status = {"Last": last.isoformat(), "Next": next_slot(self._schedule, now).isoformat(), "LastUpdated": now.isoformat()}
        if self._monitored:
            self._status_blob.upload_blob(json.dumps(status), overwrite=True)
        return status


class TimerLock:
    """The lease that lets one host at a time hold a timer; a host that was killed loses it within a minute."""

    def __init__(self, blob: BlobClient) -> None:
        self._blob = blob
        self._lease: BlobLeaseClient | None = None
        self._released = threading.Event()

    def acquire(self) -> bool:
        """Take the lock and keep it; false when another host has it."""
        if not self._blob.exists():
            self._blob.upload_blob(b"", overwrite=False)
        try:
            self._lease = self._blob.acquire_lease(LOCK_SECONDS)
        except ResourceExistsError:
            return False
        self._released.clear()
        threading.Thread(target=self._keep, args=(self._lease,), name="timer lock", daemon=True).start()
        return True

    def release(self) -> None:
        """Let another host have it at once."""
        self._released.set()
        if self._lease is not None:
            self._lease.release()

    def _keep(self, lease: BlobLeaseClient) -> None:
        while not self._released.wait(RENEW_SECONDS):
            try:
                lease.renew()
            except AzureError as error:
                log.warning("A timer's lock could not be renewed: %s", error)


def create_container(blobs: BlobServiceClient, name: str) -> None:
    """Create the container unless it is there."""
    with suppress(ResourceExistsError):
        blobs.create_container(name)


def _interval(schedule: str) -> timedelta:
    first = next_slot(schedule, datetime.now(UTC))
    return next_slot(schedule, first) - first


def _moment(status: Status, name: str) -> datetime:
    return datetime.fromisoformat(status[name])
