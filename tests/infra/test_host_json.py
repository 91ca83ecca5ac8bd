"""``host.json`` against the options that the host and its extensions know."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.environment import ROOT

LEVELS = {"Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"}
KNOWN: Mapping[str, Any] = {
    "version": {"2.0"},
    "functionTimeout": None,
    "extensionBundle": {"id": {"Microsoft.Azure.Functions.ExtensionBundle"}, "version": {"[4.*, 5.0.0)"}},
    "extensions": {
        "queues": dict.fromkeys(
            ("batchSize", "newBatchThreshold", "maxPollingInterval", "visibilityTimeout", "maxDequeueCount", "messageEncoding"), None
        ),
        "http": dict.fromkeys(
            ("routePrefix", "maxOutstandingRequests", "maxConcurrentRequests", "dynamicThrottlesEnabled", "hsts", "customHeaders"), None
        ),
    },
    "logging": {
        "logLevel": {"*": LEVELS},
        "fileLoggingMode": {"never", "always", "debugOnly"},
        "console": None,
        "applicationInsights": {"samplingSettings": None, "enableLiveMetrics": None, "enableDependencyTracking": None},
    },
    "telemetryMode": {"OpenTelemetry", "ApplicationInsights"},
}
"""Microsoft Learn, "host.json reference for Azure Functions 2.x and later": members, and a set where only some values are taken."""


def unknown(value: Any, known: Any, path: str = "") -> Iterator[str]:
    """Paths that the host does not know, or whose value it does not take."""
    if isinstance(known, set) and value not in known:
        yield f"{path} = {value}"
    elif isinstance(known, Mapping):
        for name, item in value.items():
            if name in known or "*" in known:
                yield from unknown(item, known.get(name, known.get("*")), f"{path}/{name}")
            else:
                yield f"{path}/{name}"


def test_the_host_knows_every_key() -> None:
    assert list(unknown(json.loads((ROOT / "host.json").read_text(encoding="utf-8")), KNOWN)) == []


@pytest.mark.parametrize("typo", [("visibilityTimeout", "visibilityTimeOut"), ('"Warning"', '"Warn"'), ("extensionBundle", "extensionsBundle")])
def test_a_key_that_the_host_does_not_know_is_noticed(typo: tuple[str, str]) -> None:
    text = (ROOT / "host.json").read_text(encoding="utf-8")
    assert list(unknown(json.loads(text.replace(*typo)), KNOWN)) != []
