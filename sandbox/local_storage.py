"""Where the commands of ``dev.py`` keep things: the storage the settings name, or an Azurite of our own under ``.data/``.

Commands that are started side by side share one Azurite: whoever starts it leaves its address beside the data.
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.azurite import Azurite
from sandbox.environment import DATA, ROOT
from sandbox.host.configuration import read_settings

STORAGE = "AzureWebJobsStorage"
DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"
DEFAULT_SETTINGS = ROOT / "local.settings.json"


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The option that names the settings file."""
    parser.add_argument("--settings", type=Path, default=DEFAULT_SETTINGS, help="settings file (default: local.settings.json, else the environment)")


def settings_from(path: Path) -> dict[str, str]:
    """The settings of a file over those of the environment; a default file that is not there is no error.

    Raises:
        ConfigurationError: the file is missing or is none.
    """
    return {**os.environ, **(read_settings(path) if path.exists() or path != DEFAULT_SETTINGS else {})}


@contextmanager
def with_storage(settings: dict[str, str], in_memory: bool = False) -> Iterator[dict[str, str]]:
    """The settings with a storage that answers. What goes into an Azurite on disk outlives the process.

    ``in_memory`` leaves a storage that the settings name alone.
    """
    if in_memory:
        with Azurite() as azurite:
            yield {**settings, STORAGE: azurite.connection_string}
    elif not needs_azurite(settings):
        yield settings
    else:
        with _shared(DATA / "storage") as connection_string:
            yield {**settings, STORAGE: connection_string}


def needs_azurite(settings: dict[str, str]) -> bool:
    """Whether the settings name no storage account."""
    named = any(settings.get(f"{STORAGE}__{part}") for part in ("accountName", "tableServiceUri"))
    return not named and settings.get(STORAGE, DEVELOPMENT_STORAGE) in ("", DEVELOPMENT_STORAGE)


@contextmanager
def _shared(location: Path) -> Iterator[str]:
    address = location / "connection.txt"
    running = address.read_text(encoding="utf-8") if address.exists() else ""
    if running and _answers(running):
        yield running
        return
    location.mkdir(parents=True, exist_ok=True)
    with Azurite(location) as azurite:
        address.write_text(azurite.connection_string, encoding="utf-8")
        try:
            yield azurite.connection_string
        finally:
            address.unlink(missing_ok=True)


def _answers(connection_string: str) -> bool:
    parts = dict(part.split("=", 1) for part in connection_string.split(";") if "=" in part)
    url = urlsplit(parts.get("TableEndpoint", ""))
    try:
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=2):
            return True
    except OSError:
        return False
