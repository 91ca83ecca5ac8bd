"""Run the function app on this machine, on Azurite: with Core Tools when ``func`` is on the path, else on the local host."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.environment import ROOT, run
from sandbox.host.configuration import ConfigurationError, read_settings
from sandbox.host.process import HostProcess
from sandbox.local_storage import with_storage
from sync_core.errors import SyncError


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py run", description=__doc__)
    parser.add_argument("--settings", type=Path, default=ROOT / "local.settings.json", help="settings file (default: local.settings.json)")
    parser.add_argument("--port", type=int, default=7071, help="port of the HTTP functions (default: 7071, as Core Tools)")
    options = parser.parse_args(arguments)
    try:
        with with_storage(read_settings(options.settings)) as settings:
            return _with_core_tools(settings, options.port) if shutil.which("func") else _with_local_host(settings, options.port)
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _with_core_tools(settings: dict[str, str], port: int) -> int:
    print("Starting Azure Functions Core Tools (func start) ...", flush=True)
    os.environ.update(settings)  # Core Tools let the environment win over local.settings.json
    os.chdir(ROOT)
    return run([shutil.which("func") or "func", "start", "--port", str(port)])


def _with_local_host(settings: dict[str, str], port: int) -> int:
    print("There is no func on the path, so this is the project's own local host, which is not the one that Azure runs.", flush=True)
    with HostProcess(ROOT, settings, port=port) as host:
        print(f"The functions listen on {host.url}/api; the key for them is {host.host_key}. Ctrl-C ends it.", flush=True)
        return host.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
