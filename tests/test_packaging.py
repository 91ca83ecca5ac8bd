"""What is deployed: the files that .funcignore leaves, and a host.json that the host understands."""

import fnmatch
import json
import subprocess
from pathlib import Path

from sandbox.environment import ROOT
from sandbox.host.configuration import HostOptions


def test_only_the_app_is_deployed() -> None:
    """``.funcignore`` is read like a ``.gitignore``: a pattern without a slash fits a name at any depth."""
    patterns = [line for line in (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    deployed = [path for path in tracked if not any(fnmatch.fnmatch(part, pattern) for part in Path(path).parts for pattern in patterns)]
    assert {Path(path).parts[0] for path in deployed} <= {
        "function_app.py",
        "host.json",
        "requirements.txt",
        "requirements-opentelemetry.txt",
        "sync_core",
        "adapters",
        "LICENSE",
    }
    assert {"host.json", "requirements.txt"} <= set(deployed)


def test_host_json_has_only_keys_that_the_host_knows() -> None:
    """Source: ``HostJsonFileConfigurationSource`` of the Functions host."""
    known = {"version", "functionTimeout", "extensionBundle", "extensions", "logging"}
    assert set(json.loads((ROOT / "host.json").read_text(encoding="utf-8"))) <= known


def test_queue_functions_fit_the_threads_of_the_smallest_instance() -> None:
    """One core gives five threads; a message that waits for a thread uses up its lease."""
    queues = HostOptions.read(ROOT, {}).queues
    assert queues.batch_size + queues.new_batch_threshold <= 5


def test_a_failed_message_waits_before_it_is_tried_again() -> None:
    assert HostOptions.read(ROOT, {}).queues.visibility_timeout.total_seconds() >= 10


def test_every_value_of_host_json_has_its_reason_in_the_docs() -> None:
    reasons = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    options = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]
    assert [name for section in options.values() for name in section if f".{name}`" not in reasons] == []
