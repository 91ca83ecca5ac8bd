"""``python -m sandbox.host``: the local development host as a process of its own.

It prints one line of JSON when it is ready (``url``, ``masterKey``, ``hostKey``), writes its log to standard error, and runs until it is interrupted.
"""

import argparse
import json
import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sandbox.host.configuration import ConfigurationError, read_settings
from sandbox.host.host import Host
from sandbox.host.queues import LEASE
from sandbox.host.runtime import IndexingError


def main(arguments: Sequence[str]) -> int:
    """Run the host until it is interrupted; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.host", description="A local Functions host for development. Not the host that Azure runs."
    )
    parser.add_argument("--app", type=Path, required=True, help="folder of function_app.py and host.json")
    parser.add_argument(
        "--settings", required=True, help="file like local.settings.json; '-': one line of JSON on standard input, whose end ends the host"
    )
    parser.add_argument("--port", type=int, default=0, help="port of the HTTP functions on the loopback address (default: a free one)")
    parser.add_argument(
        "--lease-seconds", type=float, default=LEASE.total_seconds(), help="lease of a queue message (default: the real host's ten minutes)"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.info("This is a local host for development, not the Azure Functions host.")
    until_stdin_ends = options.settings == "-"
    try:
        settings = json.loads(sys.stdin.readline()) if until_stdin_ends else read_settings(Path(options.settings))
        host = Host(options.app.resolve(), settings, options.port, timedelta(seconds=options.lease_seconds))
    except IndexingError as error:
        print(error.trace or error, file=sys.stderr)
        return 1
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    with host:
        print(json.dumps({"url": host.url, "masterKey": host.keys.master, "hostKey": host.keys.host}), flush=True)
        with suppress(KeyboardInterrupt):
            if until_stdin_ends:
                sys.stdin.read()
            else:
                threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
