"""What the host is told: ``host.json``, the app settings, and the ``%NAME%`` references of bindings to settings."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

OVERRIDE_PREFIX = "AzureFunctionsJobHost__"


class ConfigurationError(Exception):
    """The host cannot start with this; the text says which file or setting is wrong."""


@dataclass(frozen=True)
class QueueOptions:
    """``extensions.queues`` of ``host.json``, with the real host's defaults (Microsoft Learn, "Azure Queue storage trigger")."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_polling_interval: timedelta = timedelta(minutes=1)
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    message_encoding: str = "base64"

    @classmethod
    def read(cls, section: Mapping[str, Any]) -> Self:
        """From the section as JSON; a missing threshold is half the batch."""
        batch_size = int(section.get("batchSize", cls.batch_size))
        return cls(
            batch_size=batch_size,
            new_batch_threshold=int(section.get("newBatchThreshold", batch_size // 2)),
            max_polling_interval=time_span(section.get("maxPollingInterval", "00:01:00")),
            max_dequeue_count=int(section.get("maxDequeueCount", cls.max_dequeue_count)),
            visibility_timeout=time_span(section.get("visibilityTimeout", "00:00:00")),
            message_encoding=section.get("messageEncoding", cls.message_encoding),
        )


@dataclass(frozen=True)
class HostOptions:
    """All of ``host.json`` that this host follows."""

    queues: QueueOptions = QueueOptions()
    route_prefix: str = "api"

    @classmethod
    def read(cls, app: Path, settings: Mapping[str, str]) -> Self:
        """From ``host.json`` in the app's folder; a setting ``AzureFunctionsJobHost__a__b`` stands for its value ``a.b``, as in Azure.

        Raises:
            ConfigurationError: the file is missing, is no JSON, or is not version 2.0.
        """
        try:
            document = json.loads((app / "host.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{app / 'host.json'} cannot be read: {error}") from error
        if document.get("version") != "2.0":
            raise ConfigurationError(f"{app / 'host.json'}: version has to be '2.0'.")
        for name, value in settings.items():
            if name.startswith(OVERRIDE_PREFIX):
                _put(document, name.removeprefix(OVERRIDE_PREFIX).split("__"), value)
        extensions = document.get("extensions", {})
        return cls(QueueOptions.read(extensions.get("queues", {})), extensions.get("http", {}).get("routePrefix", cls.route_prefix).strip("/"))


def _put(document: dict[str, Any], path: list[str], value: str) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    document[path[-1]] = value


def time_span(text: str) -> timedelta:
    """A .NET time span: ``hh:mm:ss``, with days before and fractions after it if need be."""
    match = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)", text)
    if match is None:
        raise ConfigurationError(f"{text!r} is no time span; write hh:mm:ss.")
    days, hours, minutes, seconds = match.groups(default="0")
    return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def read_settings(path: Path) -> dict[str, str]:
    """The app settings of a file in the form of ``local.settings.json``.

    Raises:
        ConfigurationError: there is no such file, or it has another form.
    """
    if not path.exists():
        raise ConfigurationError(f"There is no settings file {path}; local.settings.example.json shows what belongs in it.")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["Values"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is no settings file like local.settings.json: {error!r}") from error
    return {str(name): str(value) for name, value in values.items()}


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """``text`` with every ``%NAME%`` replaced by that setting."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise ConfigurationError(f"A binding names %{match[1]}%, but there is no such setting.")
        return settings[match[1]]

    return re.sub(r"%(\w+)%", value, text)


def connection_string(name: str, settings: Mapping[str, str]) -> str:
    """The connection string that a binding's ``connection`` names; ``X`` may stand for ``AzureWebJobsX``, as in the real host."""
    for setting in (name, f"AzureWebJobs{name}"):
        if settings.get(setting):
            return settings[setting]
    raise ConfigurationError(f"A binding uses the connection {name!r}, but there is no such setting.")
