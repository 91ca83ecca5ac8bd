"""Let the writes to the PSAs go on after dev.py stop."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sandbox.commands.stop import turn
from sandbox.local_storage import add_settings


def main(arguments: Sequence[str]) -> int:
    """Turn the switch on again; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py go", description=__doc__)
    add_settings(parser)
    return turn(parser.parse_args(arguments).settings, "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
