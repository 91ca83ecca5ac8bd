"""Checks the settings of a PSA connection. Whatever is wrong is an ``InvalidConfiguration`` that names the connection, the setting and the fix."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from sync_core.errors import InvalidConfiguration
from sync_core.model.configuration import Connection

Choice = TypeVar("Choice", bound=StrEnum)


def known(connection: Connection, settings: Mapping[str, str], secrets: Mapping[str, str], required: Collection[str]) -> Mapping[str, str]:
    """The values and the names of secrets that are given; each is one of those described, and none that is required is missing."""
    given = {**connection.settings, **connection.secrets}
    for name in given:
        if name not in settings and name not in secrets:
            raise wrong(connection, name, "is not known", f"Use one of: {', '.join((*settings, *secrets))}")
    for name in sorted(required):
        if not given.get(name):
            raise wrong(connection, name, "is missing", {**settings, **secrets}[name])
    return given


def choice(connection: Connection, name: str, default: Choice) -> Choice:
    """One of the values of the default's own enum."""
    value = connection.settings.get(name, default)
    try:
        return type(default)(value)
    except ValueError:
        raise wrong(connection, name, f"cannot be '{value}'", f"Use one of: {', '.join(type(default))}") from None


def number(connection: Connection, name: str, default: int, least: int, most: int = 1_000_000) -> int:
    """A whole number within bounds."""
    text = str(connection.settings.get(name, default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise wrong(connection, name, f"cannot be '{text}'", f"Use a whole number from {least} to {most}")
    return int(text)


def months_by_name(connection: Connection, name: str) -> dict[str, int]:
    """``name=months`` pairs, separated by commas, by case-folded name."""
    months: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in connection.settings.get(name, "").split(","))):
        period, _, length = part.rpartition("=")
        if not period.strip() or not length.strip().isdecimal() or not 1 <= int(length) <= 12:
            raise wrong(connection, name, f"cannot hold '{part}'", "Write name=months, separated by commas")
        months[period.strip().casefold()] = int(length)
    return months


def wrong(connection: Connection, name: str, what: str, fix: str) -> InvalidConfiguration:
    """The error for a setting."""
    return InvalidConfiguration(f"The setting '{name}' {what}", where=f"PSA connection {connection.name}", fix=fix)
