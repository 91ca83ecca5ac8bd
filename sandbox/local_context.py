"""What the commands of ``dev.py`` have in common that work with the whole app: its context over the settings they name, and how they end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.wiring import working_context
from sandbox.host.configuration import ConfigurationError
from sandbox.local_storage import settings_from, with_storage
from sync_core.errors import SyncError
from sync_core.pipeline.context import Context


def on_context(settings: Path, work: Callable[[Context], int]) -> int:
    """Does the work of a command over the app's context; returns its exit code, 1 where it failed and the reason was said."""
    try:
        with local_context(settings) as context:
            return work(context)
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1


@contextmanager
def local_context(settings: Path) -> Iterator[Context]:
    """The app's context on the storage that the settings name; an Azurite of our own where they name none.

    Raises:
        SyncError: a setting of the app is wrong.
        ConfigurationError: the file is missing or is none.
    """
    with with_storage(settings_from(settings)) as found, working_context(found) as context:
        yield context
