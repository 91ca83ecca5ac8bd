"""The PSAs that are played: each a simulator (or the PSA in memory) with the few things that the simulation asks of it."""

from collections.abc import Callable

from sandbox.simulation.sites.connectwise import ConnectWiseSite
from sandbox.simulation.sites.site import Site

SITES: dict[str, Callable[[], Site]] = {"connectwise": ConnectWiseSite}
"""By the name that ``dev.py sim --psa`` takes."""
