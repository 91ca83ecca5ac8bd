"""The command line of everything that serves a world."""

from __future__ import annotations

import argparse

from sandbox.world.books import CHOICES
from sandbox.world.serving import Ports


def add_world_arguments(parser: argparse.ArgumentParser, ports: Ports | None = None) -> None:
    """The arguments that say which world is served where; ``ports`` are the defaults, free ones otherwise."""
    default = ports or Ports()
    parser.add_argument("--customers", type=_at_least_one, default=12, help="how many customers (default: 12)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same world (default: 0)")
    parser.add_argument("--psa", choices=CHOICES, default=CHOICES[0], help="the PSA, or mixed: each customer in another one (default: connectwise)")
    for name in ("login", "graph", "partner-center", "psa", "control"):
        port = getattr(default, name.replace("-", "_"))
        parser.add_argument(f"--{name}-port", type=int, default=port, help=f"default: {port or 'a free one'}")


def ports_of(options: argparse.Namespace) -> Ports:
    """The ports among parsed arguments."""
    return Ports(options.login_port, options.graph_port, options.partner_center_port, options.psa_port, options.control_port)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)
