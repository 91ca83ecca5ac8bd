"""The example app on a local host of its own, over queues of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.azurite import Azurite
from sandbox.host.process import HostProcess
from tests.host.example import EXAMPLE_APP, ExampleApp, StartHost


@pytest.fixture(scope="module")
def example(azurite: Azurite) -> ExampleApp:
    """Queues for one module of tests."""
    return ExampleApp(azurite.connection_string)


@pytest.fixture(scope="module")
def host(example: ExampleApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """A running host of the example app, for one module of tests."""
    with HostProcess(EXAMPLE_APP, example.settings(), log=tmp_path_factory.mktemp("host") / "host.log") as running:
        yield running


@pytest.fixture
def own_example(azurite: Azurite) -> ExampleApp:
    """Queues for one test."""
    return ExampleApp(azurite.connection_string)


@pytest.fixture
def host_log(tmp_path: Path) -> Path:
    """Where the hosts of ``start_host`` log."""
    return tmp_path / "host.log"


@pytest.fixture
def start_host(host_log: Path) -> Iterator[StartHost]:
    """Starts hosts that one test stops or kills; those that it leaves are stopped."""
    with ExitStack() as running:

        def start(settings: dict[str, str], lease_seconds: float = 600) -> HostProcess:
            return running.enter_context(HostProcess(EXAMPLE_APP, settings, log=host_log, lease_seconds=lease_seconds))

        yield start
