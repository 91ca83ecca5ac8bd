#!/usr/bin/env python3
"""The one entry for people: ``python3 dev.py COMMAND``, on a machine that has nothing but Python.

It makes an environment of its own under ``.data/`` (once; see ``sandbox/environment.py``) and runs ``sandbox/commands/<COMMAND>.py``
in it. This file keeps to a syntax that old Pythons can read, so that they get a sentence and not a traceback.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int | str:
    """Run one command; returns its exit code, or the sentence to end with."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return f"Python 3.11, 3.12 or 3.13 is needed, and this is {sys.version_info[0]}.{sys.version_info[1]} ({sys.executable})."
    from sandbox import environment

    return environment.run_command(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
