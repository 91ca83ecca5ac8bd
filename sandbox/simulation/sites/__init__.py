"""The PSAs that are played: each a simulator (or the PSA in memory) with the few things that the simulation asks of it."""

from collections.abc import Callable

from sandbox.autotask.records import Reading
from sandbox.memory.psa import Keeping
from sandbox.simulation.sites.autotask import AutotaskSite
from sandbox.simulation.sites.connectwise import ConnectWiseSite
from sandbox.simulation.sites.halopsa import HaloPsaSite
from sandbox.simulation.sites.memory import MemorySite
from sandbox.simulation.sites.site import ServedSite

SITES: dict[str, Callable[[], ServedSite | MemorySite]] = {
    "connectwise": ConnectWiseSite,
    "autotask": lambda: AutotaskSite(Reading.DELTA),
    "autotask-totals": lambda: AutotaskSite(Reading.TOTAL),
    "halopsa": HaloPsaSite,
    "memory": lambda: MemorySite(Keeping.LINES),
    "memory-whole": lambda: MemorySite(Keeping.WHOLE_AGREEMENTS),
    "memory-deltas": lambda: MemorySite(Keeping.DATED_DELTAS),
}
"""By the name that ``dev.py sim --psa`` takes."""
