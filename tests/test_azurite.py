"""Azurite as a child process: it keeps data where it is told to, and never outlives who started it."""

import subprocess
import sys
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from sandbox.azurite import Azurite
from sandbox.environment import ROOT
from tests.eventually import eventually

STARTED_AND_KILLED = """
import os
from sandbox.azurite import Azurite
print(Azurite().connection_string, flush=True)
os._exit(9)
"""


def test_what_was_written_to_disk_is_there_after_a_restart(tmp_path: Path) -> None:
    with Azurite(tmp_path) as first:
        queue = QueueClient.from_connection_string(first.connection_string, "orders")
        queue.create_queue()
        queue.send_message("kept")
    with Azurite(tmp_path) as second:
        received = QueueClient.from_connection_string(second.connection_string, "orders").receive_message()
    assert received is not None
    assert received.content == "kept"


def test_two_run_side_by_side_on_ports_of_their_own(azurite: Azurite) -> None:
    with Azurite() as other:
        assert other.connection_string != azurite.connection_string


def test_it_ends_with_the_process_that_started_it_even_by_a_kill() -> None:
    killed = subprocess.run([sys.executable, "-c", STARTED_AND_KILLED], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    queue = QueueClient.from_connection_string(killed.stdout.strip(), "orders", retry_total=0)

    def is_gone() -> bool:
        try:
            queue.create_queue()
        except AzureError:
            return True
        return False

    eventually(is_gone)
