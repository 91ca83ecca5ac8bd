"""Books that are gone back to: a ledger's tables hold frozen records, so a copy of each table is a copy of all that is in it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Generic, Protocol, TypeVar

from sandbox.web import Request, Response
from sync_core.ports import Clock

L = TypeVar("L")

_KEPT = frozenset({"now", "lock"})


class Answering(Protocol):
    """A simulated PSA."""

    def answer(self, request: Request) -> Response:
        """What the PSA itself answers."""
        ...


class Booked(Generic[L]):
    """What the sites of served simulators have in common: a ledger that is gone back to, and the simulator that answers from it."""

    _ledger: L
    _simulator: Answering

    def saved(self) -> Any:
        """See ``Site.saved``."""
        return copied(self._ledger)

    def restore(self, saved: Any, clock: Clock) -> None:
        """See ``Site.restore``."""
        ledger: Any = self._ledger
        put_back(ledger, saved)
        ledger.now = clock.now

    def answer(self, request: Request) -> Response:
        """See ``Site.answer``."""
        return self._simulator.answer(request)


def copied(ledger: Any) -> Mapping[str, Any]:
    """What a ledger holds."""
    return {item.name: _copy(getattr(ledger, item.name)) for item in fields(ledger) if item.name not in _KEPT}


def put_back(ledger: Any, saved: Mapping[str, Any]) -> None:
    """Makes a ledger hold what it held; the tables stay the same objects, since the simulator knows them."""
    for name, value in saved.items():
        table = getattr(ledger, name)
        if isinstance(table, dict):
            table.clear()
            table.update(_copy(value))
            if hasattr(table, "__dict__"):
                table.__dict__.update(value.__dict__)
        elif isinstance(table, list):
            table[:] = value
        else:
            setattr(ledger, name, copy.copy(value))


def _copy(value: Any) -> Any:
    if isinstance(value, dict) and any(isinstance(each, list) for each in value.values()):
        return {key: list(each) for key, each in value.items()}
    return copy.copy(value)
