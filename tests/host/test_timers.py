"""Timer triggers of the local host behave as those of the real host do."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobClient, BlobServiceClient

from sandbox.azurite import Azurite
from sandbox.host.timers import CONTAINER, TimerLock, create_container
from sync_core.schedule import next_slot
from tests.eventually import eventually
from tests.host.example import ExampleApp, StartHost

YEARLY = "0 0 0 1 1 *"


def status_blob(example: ExampleApp) -> BlobClient:
    """Where the host remembers the timer ``tick``."""
    blobs = BlobServiceClient.from_connection_string(example.connection_string)
    create_container(blobs, CONTAINER)
    return blobs.get_blob_client(CONTAINER, f"timers/{example.prefix}/Host.Functions.tick/status")


def remember(example: ExampleApp, last: datetime, next_: datetime) -> None:
    """Leave what a host that was there before would have left."""
    status = {"Last": last.isoformat(), "Next": next_.isoformat(), "LastUpdated": last.isoformat()}
    status_blob(example).upload_blob(json.dumps(status), overwrite=True)


def remembered(example: ExampleApp) -> dict[str, Any]:
    """What the host remembers of the timer ``tick`` now; empty before its first start."""
    blob = status_blob(example)
    return dict(json.loads(blob.download_blob().readall())) if blob.exists() else {}


def test_a_timer_fires_at_its_slots(own_example: ExampleApp, start_host: StartHost) -> None:
    start_host(own_example.settings(EXAMPLE_SCHEDULE="* * * * * *"))
    assert own_example.seen("ticks", 2) == [{"pastDue": False}, {"pastDue": False}]


def test_a_new_timer_remembers_its_next_slot_and_does_not_fire(own_example: ExampleApp, start_host: StartHost) -> None:
    start_host(own_example.settings(EXAMPLE_SCHEDULE=YEARLY))
    status = eventually(lambda: remembered(own_example))
    assert datetime.fromisoformat(status["Next"]) == next_slot(YEARLY, datetime.now(UTC))
    assert own_example.waiting("seen-ticks") == 0


def test_slots_missed_while_no_host_ran_are_made_up_for_by_one_run(own_example: ExampleApp, start_host: StartHost) -> None:
    two_years_ago = next_slot(YEARLY, datetime.now(UTC) - timedelta(days=3 * 366))
    remember(own_example, two_years_ago, next_slot(YEARLY, two_years_ago))
    start_host(own_example.settings(EXAMPLE_SCHEDULE=YEARLY))
    assert own_example.seen("ticks", 1) == [{"pastDue": True}]
    eventually(lambda: datetime.fromisoformat(remembered(own_example)["Next"]) > datetime.now(UTC))
    assert own_example.waiting("seen-ticks") == 0


def test_a_changed_schedule_begins_anew(own_example: ExampleApp, start_host: StartHost) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    remember(own_example, yesterday - timedelta(hours=1), yesterday)
    start_host(own_example.settings(EXAMPLE_SCHEDULE=YEARLY))
    eventually(lambda: datetime.fromisoformat(remembered(own_example)["Next"]) > datetime.now(UTC))
    assert own_example.waiting("seen-ticks") == 0


def test_a_timer_is_fired_by_hand(own_example: ExampleApp, start_host: StartHost) -> None:
    host = start_host(own_example.settings())
    host.fire_timer("tick")
    host.fire_timer("tick", past_due=True)
    assert own_example.seen("ticks", 2) == [{"pastDue": False}, {"pastDue": True}]


def test_the_caller_learns_that_a_timer_fired_by_hand_failed(own_example: ExampleApp, start_host: StartHost) -> None:
    host = start_host(own_example.settings())
    with pytest.raises(RuntimeError, match="the timer is broken"):
        host.fire_timer("broken_timer")
    with pytest.raises(RuntimeError, match="no timer 'alive'"):
        host.fire_timer("alive")


def test_one_host_at_a_time_holds_a_timer(azurite: Azurite) -> None:
    blobs = BlobServiceClient.from_connection_string(azurite.connection_string)
    create_container(blobs, CONTAINER)
    blob = blobs.get_blob_client(CONTAINER, f"locks/{uuid.uuid4()}")
    first, second = TimerLock(blob), TimerLock(blob)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
