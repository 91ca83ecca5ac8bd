"""A seeded world in a process of its own: ``python -m sandbox.world --customers 12 --seed 7``.

When it listens it says where, as one line of JSON with ``urls`` and ``settings`` on its standard output and, if asked, in a file.
It ends when its standard input does, so it never outlives the process that started it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.world.arguments import add_world_arguments, ports_of
from sandbox.world.serving import ServedWorld
from sandbox.world.world import seeded_world


def main(arguments: Sequence[str]) -> int:
    """Serve until the standard input ends; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.world", description=__doc__)
    add_world_arguments(parser)
    parser.add_argument("--ports-file", type=Path, help="write the line of JSON here as well, in one move")
    options = parser.parse_args(arguments)
    with ServedWorld(seeded_world(options.customers, options.seed, psa=options.psa), ports_of(options)) as served:
        ready = json.dumps(served.to_json())
        if options.ports_file:
            _write_whole(options.ports_file, ready)
        print(ready, flush=True)
        sys.stdin.read()
    return 0


def _write_whole(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
