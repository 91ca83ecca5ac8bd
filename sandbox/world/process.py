"""A world as a child process, for the demo, the bench and tests that want it out of their own process."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import requests

from sandbox.environment import ROOT
from sandbox.world.books import SHOWN
from sandbox.world.promises import Promise
from sandbox.world.serving import Urls

SECONDS = 60.0
"""How long a view or command of a large world may take."""


class WorldProcess:
    """A running world; it also ends when this process does, even by a kill. ``log`` gets its standard error, if it has any to say.

    Raises ``RuntimeError`` when it ends before it is ready.
    """

    def __init__(self, customers: int = 12, seed: int = 0, log: Path | None = None, psa: str = "connectwise") -> None:
        self._log: IO[bytes] | None = log.open("ab") if log else None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.world", "--customers", str(customers), "--seed", str(seed), "--psa", psa],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdout is not None, "it was asked for as a pipe"
        ready = self._process.stdout.readline()
        if not ready:
            self.close()
            raise RuntimeError("The sandbox ended before it was ready; what it said stands above or in its log.")
        told = json.loads(ready)
        self.urls = Urls(**told["urls"])
        self.settings: dict[str, str] = told["settings"]
        """The app settings for this world, its made-up secrets among them."""

    def view(self, name: str, **query: str) -> Any:
        """What ``GET /_sandbox/<name>`` of ``sandbox.world.control`` shows."""
        answer = requests.get(f"{self.urls.control}/_sandbox/{name}", params=query, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()

    def command(self, name: str, **members: Any) -> None:
        """Does what ``POST /_sandbox/<name>`` of ``sandbox.world.control`` does; raises ``RuntimeError`` with the reason if it cannot."""
        answer = requests.post(f"{self.urls.control}/_sandbox/{name}", json=members, timeout=SECONDS)
        if not answer.ok:
            raise RuntimeError(answer.text)

    @property
    def psas(self) -> str:
        """The PSAs of this world, as people call them."""
        return ", ".join(SHOWN[kind] for kind in self.urls.psas)

    @property
    def configuration_yaml(self) -> str:
        """The configuration file for this world."""
        return str(self.view("configuration"))

    @property
    def promises(self) -> list[Promise]:
        """What a first night must come to."""
        return [Promise.from_json(promise) for promise in self.view("promises")]

    def writes(self) -> list[dict[str, Any]]:
        """All that was written to the PSA through its API so far."""
        return list(self.view("writes"))

    def mails(self) -> list[dict[str, Any]]:
        """All mails that were sent so far."""
        return list(self.view("mails"))

    def previews(self, on: date | None = None) -> list[dict[str, Any]]:
        """The next invoice of every agreement on a day, by default the world's today."""
        return list(self.view("previews", **({"on": on.isoformat()} if on else {})))

    def next_day(self) -> None:
        """A day goes by in which nothing happens."""
        self.command("clock", days=1)

    def close(self) -> None:
        """Ends it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
