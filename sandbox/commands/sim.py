"""Play nights by seed against a simulated PSA, with everything that can go wrong, and look whether every promise holds."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from sandbox.simulation.playing import Played, play_on_all_cores, replay, trace
from sandbox.simulation.sites import SITES


def main(arguments: Sequence[str]) -> int:
    """Play seeds, or one of them with a line for each event; returns 1 when a promise was not kept."""
    options = _parser().parse_args(arguments)
    if options.seed is not None:
        lines = trace(options.psa, options.seed)
        print("\n".join(lines))
        return int("Violation" in lines[-1])
    return _play_many(options.psa, range(options.first, options.first + options.seeds), options.reached)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py sim", description=__doc__)
    parser.add_argument("--psa", choices=sorted(SITES), default="connectwise", help="whose adapter and simulator are played (default: connectwise)")
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds are played (default: 1000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them (default: 0)")
    parser.add_argument("--seed", type=int, help="play this one only, and show every event")
    parser.add_argument("--reached", action="store_true", help="list at the end how often each call and each kind of trouble was reached")
    return parser


def _play_many(psa: str, seeds: range, show_reached: bool) -> int:
    whole, began = Played(), time.monotonic()
    for part in play_on_all_cores(psa, seeds):
        whole.add(part)
        for seed, fault in part.faults.items():
            print(f"\nSeed {seed}: {fault[:2000]}\n    See it with: {replay(psa, seed)}", flush=True)
        seconds = time.monotonic() - began
        print(f"\r{whole.seeds} of {len(seeds)} seeds, {whole.seeds / seconds:.0f} a second", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if show_reached:
        print("\n".join(f"{number:>9}  {name}" for name, number in sorted(whole.reached.items())))
    print(f"{whole.seeds} seeds of {psa}: {len(whole.faults)} broke a promise. {whole.seeds / whole.seconds:.0f} a second and core.")
    return int(bool(whole.faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
