"""What can be played at a PSA: as its own adapter says, so that an ability that comes to an adapter is played from that day on."""

from __future__ import annotations

from datetime import date

from adapters.http import carried_by
from adapters.psa import kind_named
from sandbox.memory.clock import ManualClock
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.simulation.setups import BEGINS
from sandbox.simulation.sites.memory import MemorySite
from sandbox.simulation.sites.site import Opening, ServedSite
from sandbox.simulation.wire import Direct
from sync_core.budget import Budget
from sync_core.model.agreements import Ability
from sync_core.ports import Psa

_FOUND: dict[object, frozenset[Ability]] = {}


def abilities(site: ServedSite | MemorySite) -> frozenset[Ability]:
    """What the adapter says of an agreement; asked once a process."""
    if site not in _FOUND:
        clock = ManualClock(BEGINS)
        site.begin(clock)
        place = site.open(Opening("Contoso", date(2026, 4, 1), True))
        _FOUND[site] = _asked(site, clock, place.agreement_id)
    return _FOUND[site]


def _asked(site: ServedSite | MemorySite, clock: ManualClock, agreement_id: str) -> frozenset[Ability]:
    if isinstance(site, MemorySite):
        return site.adapter.read_headers([agreement_id])[0].abilities
    connection, kind = site.connection("psa"), kind_named(site.kind)
    budget = Budget(MemoryStore(), connection.name, kind.limits(connection), clock)
    with carried_by(Direct(site)):
        psa: Psa = kind.connect(connection, MemorySecrets(site.secrets), budget, clock)
        return psa.read_headers([agreement_id])[0].abilities
