"""What tickets of all kinds of PSA have in common: the settings of a route, checked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from adapters.psa.kind import Kind, TicketKind
from sync_core.errors import InvalidConfiguration


class MarkerIn(StrEnum):
    """Where a ticket carries the marker by which it is found after a lost answer."""

    REFERENCE = "reference"
    """The PSA's own field for the id of another system."""
    TITLE = "title"
    """Behind the title, in brackets."""


def tickets_of(kind: Kind) -> TicketKind:
    """The tickets of a kind of PSA; raises ``InvalidConfiguration`` where it has none."""
    if kind.tickets is None:
        raise InvalidConfiguration(f"No tickets can be opened at a PSA of kind {kind.name}", fix="Take 'ticket' out of the routes of notices")
    return kind.tickets


def checked(settings: Mapping[str, str], known: Mapping[str, str], required: frozenset[str]) -> Mapping[str, str]:
    """The settings of a route, each of which is known; raises ``InvalidConfiguration`` that names the one that is wrong or missing."""
    for name in settings:
        if name not in known:
            raise _wrong(name, "is not known", f"Use one of: {', '.join(known)}")
    for name in sorted(required):
        if not settings.get(name):
            raise _wrong(name, "is missing", known[name])
    return settings


def number(settings: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """A setting that is an id of the PSA."""
    value = settings.get(name, "")
    if not value:
        return default
    if not value.isdecimal():
        raise _wrong(name, f"cannot be '{value}'", "Use the number that the PSA gives it")
    return int(value)


def marker_in(settings: Mapping[str, str], default: MarkerIn) -> MarkerIn:
    """Where the marker goes."""
    value = settings.get("marker", default)
    if value not in tuple(MarkerIn):
        raise _wrong("marker", f"cannot be '{value}'", f"Use one of: {', '.join(MarkerIn)}")
    return MarkerIn(value)


def with_marker(title: str, marker: str, longest: int) -> str:
    """A title with the marker behind it, at most so many characters long."""
    tail = f" [{marker}]"
    return title[: longest - len(tail)] + tail


def _wrong(name: str, what: str, fix: str) -> InvalidConfiguration:
    return InvalidConfiguration(f"The setting '{name}' of a ticket {what}", where="notices", fix=fix)
