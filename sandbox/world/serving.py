"""Serves a world on this machine: a port for each host that it stands for, and one to steer it by."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Self

from sandbox.microsoft.graph import SKU_NAMES
from sandbox.web import Application, serve
from sandbox.world.control import control
from sandbox.world.world import World

INSTALLATION = "demo1"
"""The installation id that the app's settings name: part of the marker on every line it makes."""


@dataclass(frozen=True)
class Ports:
    """The ports to serve on; 0 takes a free one. ``psa`` is that of the first PSA, further ones get free ports."""

    login: int = 0
    graph: int = 0
    partner_center: int = 0
    psa: int = 0
    control: int = 0


@dataclass(frozen=True)
class Urls:
    """Where a world is served: base URLs without a trailing slash. ``psas`` are those of all PSAs by kind, ``psa`` is that of the first."""

    login: str
    graph: str
    partner_center: str
    psa: str
    control: str
    psas: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """The app settings that lead the app here instead of to the public cloud. The PSAs' addresses stand in the configuration."""
        return {
            "SYNC_LOGIN_URL": self.login,
            "SYNC_GRAPH_URL": self.graph,
            "SYNC_PARTNER_CENTER_URL": self.partner_center,
            "SYNC_SKU_NAMES_URL": f"{self.graph}{SKU_NAMES}",
            "SYNC_INSTALLATION": INSTALLATION,
        }


class ServedWorld:
    """A world that is served until closed; raises ``OSError`` when a port is taken."""

    def __init__(self, world: World, ports: Ports | None = None) -> None:
        ports = ports or Ports()
        self.world = world
        microsoft = world.microsoft
        applications: dict[str, tuple[Application, int]] = {
            "login": (microsoft.login, ports.login),
            "graph": (microsoft.graph, ports.graph),
            "partner_center": (microsoft.partner_center, ports.partner_center),
            "psa": (world.books[0].application, ports.psa),
            **{books.kind: (books.application, 0) for books in world.books[1:]},
            "control": (control(world, lambda: self.configuration_yaml), ports.control),
        }
        with ExitStack() as opening:
            served = {name: opening.enter_context(serve(application, port)) for name, (application, port) in applications.items()}
            self._servers = opening.pop_all()
        urls = {name: server.url for name, server in served.items()}
        psas = {books.kind: urls["psa" if number == 0 else books.kind] for number, books in enumerate(world.books)}
        self.urls = Urls(urls["login"], urls["graph"], urls["partner_center"], urls["psa"], urls["control"], psas)

    @property
    def configuration_yaml(self) -> str:
        """The configuration file for this world at these addresses."""
        return self.world.configuration_yaml(self.urls.psas)

    @property
    def settings(self) -> dict[str, str]:
        """The app settings for this world, its made-up secrets among them."""
        return {**self.urls.settings, **self.world.secrets}

    def to_json(self) -> dict[str, Any]:
        """What another process has to know to begin: ``urls`` and ``settings``."""
        return {"urls": asdict(self.urls), "settings": self.settings}

    def close(self) -> None:
        """Stops listening on all ports."""
        self._servers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
