"""The storm's own test: with a safeguard taken away, it must notice within some seeds. One that survives means that the storm is blind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sync_core.errors import OutcomeUnknown
from sync_core.model.configuration import Configuration
from sync_core.model.plans import Step
from sync_core.pipeline.context import Adapters, Context
from sync_core.ports import Probe, Probed, Psa, Receipt, RowWrite, Store, Write
from tests.pipeline.storm import Mutation, Storm
from tests.pipeline.test_storms import check

SEEDS = 400


class Without:
    """A port that answers as the one it stands before, but for the methods that a mutation changes."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


class WithoutEtags(Without):
    """A store that lets everybody overwrite everything."""

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``."""
        store: Store = self.port
        store.transact(table, [write if write.write is Write.DELETE else RowWrite(Write.UPSERT, write.row) for write in writes])


class WithoutProbe(Without):
    """A PSA in which nobody finds again what was lost; what was written is read back as usual."""

    written = False

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        self.written = False
        psa: Psa = self.port
        receipt = psa.execute(step, send_until)
        self.written = True
        return receipt

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``."""
        psa: Psa = self.port
        return psa.probe(step) if self.written else Probed(Probe.NOT_DONE)


class WithoutUnknown(Without):
    """A PSA whose lost answers are taken for done."""

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        psa: Psa = self.port
        try:
            return psa.execute(step, send_until)
        except OutcomeUnknown:
            return Receipt("")

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``."""
        return Probed(Probe.DONE)


@dataclass(frozen=True)
class OtherPsa:
    """Adapters whose PSAs are mutated."""

    adapters: Adapters
    mutated: Callable[[Psa], Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapters, name)

    def psa(self, configuration: Configuration, connection: str) -> Any:
        """See ``Adapters.psa``."""
        return self.mutated(self.adapters.psa(configuration, connection))


def other_psa(mutated: Callable[[Psa], Any]) -> Mutation:
    """The mutation that puts another PSA in the place of each."""
    return lambda context: with_ports(context, adapters=OtherPsa(context.adapters, mutated))


def with_ports(context: Context, **ports: Any) -> Context:
    """The context with other ports."""
    return replace(context, **ports)


MUTATIONS: dict[str, Mutation] = {
    "no etags": lambda context: with_ports(context, store=WithoutEtags(context.store)),
    "no probe": other_psa(WithoutProbe),
    "no settle time": lambda context: with_ports(context, settings=replace(context.settings, settle_seconds=0.0)),
    "a lost answer counts as done": other_psa(WithoutUnknown),
}


def survives(seed: int, mutation: Mutation) -> bool:
    """Whether the storm of a seed notices nothing."""
    storm = Storm(seed, mutation)
    try:
        check(storm.play(most=20_000), storm)
    except (AssertionError, ArithmeticError, LookupError, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_storm_notices_that_a_safeguard_is_missing(name: str) -> None:
    assert not all(survives(seed, MUTATIONS[name]) for seed in range(SEEDS)), f"{SEEDS} storms noticed nothing"
