"""A local host as a child process, for the demo and the tests: start one or several on one storage, fire timers, stop or kill them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import requests

from sandbox.environment import ROOT
from sandbox.host.configuration import ConfigurationError


class HostProcess:
    """A running child; it also ends when this process does, even by a kill.

    Args:
        app: folder of ``function_app.py`` and ``host.json``.
        settings: the app settings, handed over without touching the disk.
        log: file for what the host and the functions log; without one it goes to this process's standard error.
        lease_seconds: lease of a queue message; a test that kills hosts shortens it.

    Raises:
        ConfigurationError: it did not start; the text carries the last line of its log.
    """

    def __init__(self, app: Path, settings: Mapping[str, str], log: Path | None = None, port: int = 0, lease_seconds: float = 600) -> None:
        command = [sys.executable, "-m", "sandbox.host", "--app", str(app), "--settings", "-"]
        self._log: IO[bytes] | None = log.open("ab") if log else None
        self._process = subprocess.Popen(
            [*command, "--port", str(port), "--lease-seconds", str(lease_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            text=True,
            encoding="utf-8",
        )
        self._input, self._output = _pipes(self._process)
        self._input.write(json.dumps(dict(settings)) + "\n")
        self._input.flush()
        ready = self._output.readline()
        if not ready:
            self.kill()
            raise ConfigurationError(f"The local host ended before it was ready. {_last_line(log) if log else 'What it said stands above.'}")
        answer = json.loads(ready)
        self.url: str = answer["url"]
        self.host_key: str = answer["hostKey"]
        self._master = {"x-functions-key": answer["masterKey"]}

    def fire_timer(self, name: str, past_due: bool = False) -> None:
        """Run a timer function now and wait for its end.

        Raises:
            RuntimeError: there is no such timer, or the function failed.
        """
        answer = requests.post(
            f"{self.url}/admin/functions/{name}", params={"pastDue": "true"} if past_due else {}, headers=self._master, timeout=600
        )
        if not answer.ok:
            raise RuntimeError(answer.text or f"There is no timer {name!r} ({answer.status_code}).")

    def status(self) -> dict[str, Any]:
        """The functions of the app, and under ``running`` how many queue messages are being worked on."""
        answer = requests.get(f"{self.url}/admin/host/status", headers=self._master, timeout=60)
        answer.raise_for_status()
        status: dict[str, Any] = answer.json()
        return status

    @property
    def pid(self) -> int:
        """The child's process id, to look at what it takes of the machine."""
        return self._process.pid

    def wait(self) -> int:
        """Wait until it ends by itself; returns its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """Stop it in order: functions that run are waited for."""
        self._input.close()
        self._process.wait()
        self._close()

    def kill(self) -> None:
        """End it at once, as a crash or a power cut would."""
        self._process.kill()
        self._process.wait()
        self._input.close()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _close(self) -> None:
        self._output.close()
        if self._log is not None:
            self._log.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'It said nothing.'} (log: {log})"


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None, "it was asked for as a pipe"
    assert process.stdout is not None, "it was asked for as a pipe"
    return process.stdin, process.stdout
