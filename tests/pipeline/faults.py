"""What a test does between any two calls that the stages make of the world: look, kill the process, or let another one go first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from sync_core.model.configuration import Configuration
from sync_core.model.reports import RunReport
from sync_core.pipeline.context import Adapters
from sync_core.ports import Mail, Mailer, Microsoft, Psa, Tickets

P = TypeVar("P")

Tap = Callable[[str, bool], None]
"""Is told each call of a port by name, once before it happens (``False``) and once after (``True``), also when it raised."""


class Killed(BaseException):
    """The process is gone. No ``except`` of the product catches it."""


@dataclass
class Death:
    """Kills the process once, at one of its calls: before it, or after it. ``calls`` lists what was called, before and after that."""

    at: int = -1
    after: bool = False
    calls: list[str] = field(default_factory=list)
    happened: bool = False

    def __call__(self, call: str, done: bool) -> None:
        """See ``Tap``."""
        if not done:
            self.calls.append(call)
        if len(self.calls) == self.at + 1 and done is self.after and not self.happened:
            self.happened = True
            raise Killed(call)


class _Tapped:
    def __init__(self, port: Any, name: str, tap: Tap) -> None:
        self._port, self._name, self._tap = port, name, tap

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._port, name)
        return self._tapped(f"{self._name}.{name}", attribute) if callable(attribute) else attribute

    def _tapped(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            shown = f"{name} {arguments[0]}" if arguments and isinstance(arguments[0], str) else name
            self._tap(shown, False)
            try:
                result = method(*arguments, **named)
                return iter(list(result)) if isinstance(result, Iterator) else result
            finally:
                self._tap(shown, True)

        return call


def tapped(port: P, name: str, tap: Tap) -> P:
    """The port, with every call of it told to ``tap``."""
    return cast(P, _Tapped(port, name, tap))


@dataclass(frozen=True)
class TappedAdapters:
    """Adapters whose ports are tapped."""

    adapters: Adapters
    tap: Tap

    def microsoft(self, configuration: Configuration) -> Microsoft:
        """See ``Adapters.microsoft``."""
        return tapped(self.adapters.microsoft(configuration), "microsoft", self.tap)

    def psa(self, configuration: Configuration, connection: str) -> Psa:
        """See ``Adapters.psa``."""
        return tapped(self.adapters.psa(configuration, connection), "psa", self.tap)

    def tickets(self, configuration: Configuration, connection: str) -> Tickets:
        """See ``Adapters.tickets``."""
        return tapped(self.adapters.tickets(configuration, connection), "tickets", self.tap)

    def mailer(self, configuration: Configuration) -> Mailer:
        """See ``Adapters.mailer``."""
        return tapped(self.adapters.mailer(configuration), "mailer", self.tap)

    def secret_ends(self, name: str) -> datetime | None:
        """See ``Adapters.secret_ends``."""
        return self.adapters.secret_ends(name)

    def render(self, report: RunReport) -> Mail:
        """See ``Adapters.render``."""
        return self.adapters.render(report)
