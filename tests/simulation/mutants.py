"""The app with one safeguard taken away at a time. Each must be caught by the auditor, or the simulation is blind to what it is there for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.simulation.story import Bent, Mutation
from sandbox.simulation.troubles import Rates
from sync_core.errors import OutcomeUnknown, Throttled
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Mode
from sync_core.model.plans import Step
from sync_core.pipeline.context import Context
from sync_core.ports import NOTHING_MORE, Probe, Probed, Receipt, Row, RowWrite, Write


class Instead:
    """A port that answers as the one it stands before, but for the methods that a mutant changes."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


class EverybodyOverwrites(Instead):
    """A store without ETags."""

    kept: tuple[Write, ...] = (Write.DELETE,)

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``."""
        self.port.transact(table, [write if write.write in self.kept else RowWrite(Write.UPSERT, write.row) for write in writes])


class ReplacesOverwrite(EverybodyOverwrites):
    """Whoever read a row may write it, whatever happened since."""

    kept = (Write.DELETE, Write.INSERT)


class InsertsOverwrite(EverybodyOverwrites):
    """A row that is there is made anew."""

    kept = (Write.DELETE, Write.REPLACE)


class Forgets(Instead):
    """A store that leaves out the rows whose key begins so, where they come with others."""

    prefix = ""

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``."""
        self.port.transact(table, [write for write in writes if not write.row.key.startswith(self.prefix)])


class ForgetsLines(Forgets):
    """A confirmed step leaves no trace of the line that it made."""

    prefix = "a-binding-"


class ForgetsMails(Instead):
    """The mail has no journal: whoever comes next finds none."""

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        row: Row | None = self.port.get(table, partition, key)
        if row is None or key != "mail":
            return row
        return replace(row, values={name: re.sub('"state":"[a-z]+"', '"state":"new"', str(value)) for name, value in row.values.items()})


class NeverStops(Instead):
    """A store whose stop switch is never looked at."""

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        return None if table == "control" else self.port.get(table, partition, key)


class NobodyIsAwaited(Instead):
    """A store in which no run has customers left to read, so that the barrier is open from the start."""

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        row: Row | None = self.port.get(table, partition, key)
        if row is None or table != "runs" or key != "run":
            return row
        return replace(row, values={name: re.sub(r'"reading":\d+', '"reading":0', str(value)) for name, value in row.values.items()})


class JournalsLate(Instead):
    """A store that keeps a step's *sending* back until the write is done."""

    def __init__(self, port: Any) -> None:
        super().__init__(port)
        self.back: dict[str, Row] = {}

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``."""
        held = [write.row for write in writes if "-step-" in write.row.key and write.row.values.get("state") == "sending"]
        if held:
            self.back = {row.key: row for row in held}
            return
        self.back = {}
        self.port.transact(table, writes)

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        return self.back.get(key) or self.port.get(table, partition, key)


class NoProbe(Instead):
    """Nobody looks for what was lost; what was answered is read back as usual."""

    answered = False

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        self.answered = False
        receipt: Receipt = self.port.execute(step, send_until)
        self.answered = True
        return receipt

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``."""
        return self.port.probe(step) if self.answered else Probed(Probe.NOT_DONE)


class LostIsDone(Instead):
    """An answer that is lost counts as a yes."""

    trouble: type[Exception] = OutcomeUnknown
    believed = False

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        self.believed = False
        try:
            return self.port.execute(step, send_until)  # type: ignore[no-any-return]  # a PSA's
        except self.trouble:
            self.believed = True
            return Receipt("")

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``."""
        probed: Probed = self.port.probe(step)
        if self.believed and probed.probe is not Probe.DONE:
            lines = self.port.read_headers([step.agreement_id]) and self.port.read_lines(self.port.read_headers([step.agreement_id])[0], None)
            return Probed(Probe.DONE, tuple(lines[:1]) * len(step.change_ids))
        return probed


class ThrottledIsDone(LostIsDone):
    """A write that is refused for now counts as a yes."""

    trouble = Throttled


class LostIsNotDone(Instead):
    """An answer that is lost counts as a no."""

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        try:
            return self.port.execute(step, send_until)  # type: ignore[no-any-return]  # a PSA's
        except OutcomeUnknown:
            raise Throttled("Not done, surely", delay=1.0) from None


class SendsAgain(Instead):
    """A write without an answer is sent again at once."""

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        try:
            return self.port.execute(step, send_until)  # type: ignore[no-any-return]  # a PSA's
        except OutcomeUnknown:
            return self.port.execute(step, float("inf"))  # type: ignore[no-any-return]  # a PSA's


class NoSendWindow(Instead):
    """A write is sent however late it is."""

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        return self.port.execute(step, float("inf"))  # type: ignore[no-any-return]  # a PSA's


class OldLines(Instead):
    """Lines are not read again before a write: what was read for the plan serves."""

    def __init__(self, port: Any, known: dict[str, Any]) -> None:
        super().__init__(port)
        self.known = known

    def read_lines(self, agreement: Any, on: Any) -> Any:
        """See ``Psa.read_lines``."""
        if agreement.agreement_id not in self.known:
            self.known[agreement.agreement_id] = self.port.read_lines(agreement, on)
        return self.known[agreement.agreement_id]


class HalfIsWhole(Instead):
    """What Microsoft answers in part is taken for all there is."""

    def read_usage(self, customer: Any, needs: Any = NOTHING_MORE) -> Any:
        """See ``Microsoft.read_usage``."""
        return replace(self.port.read_usage(customer, needs), failed={})


@dataclass(frozen=True)
class Adapters:
    """Adapters of which one kind is mutated."""

    adapters: Any
    of_psa: Callable[[Any], Any] = lambda psa: psa
    of_microsoft: Callable[[Any], Any] = lambda microsoft: microsoft

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapters, name)

    def psa(self, configuration: Configuration, connection: str) -> Any:
        """See ``Adapters.psa``."""
        return self.of_psa(self.adapters.psa(configuration, connection))

    def microsoft(self, configuration: Configuration) -> Any:
        """See ``Adapters.microsoft``."""
        return self.of_microsoft(self.adapters.microsoft(configuration))


class Automatic(Context):
    """Nobody's word is asked for: every customer's mode is automatic."""

    def configuration(self, version: int) -> Configuration:
        """See ``Context.configuration``."""
        loaded = super().configuration(version)
        customers = (replace(item, customer=replace(item.customer, mode=Mode.AUTOMATIC)) for item in loaded.customers)
        return replace(loaded, customers=tuple(customers))


def _store(mutated: Callable[[Any], Any]) -> Mutation:
    return lambda context: replace(context, store=mutated(context.store))


def _psa(mutated: Callable[[Any], Any]) -> Mutation:
    return lambda context: replace(context, adapters=Adapters(context.adapters, of_psa=_made_once(mutated)))


def _made_once(mutated: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The mutant of each adapter is one, as the adapter is: it may remember something."""
    made: dict[str, Any] = {}

    def psa(port: Any) -> Any:
        known = made.setdefault(port.connection, mutated(port))
        known.port = port
        return known

    return psa


def _settings(**changes: Any) -> Mutation:
    return lambda context: replace(context, settings=replace(context.settings, **changes))


def _old_lines(context: Context) -> Context:
    known: dict[str, Any] = {}
    return replace(context, adapters=Adapters(context.adapters, of_psa=lambda psa: OldLines(psa, known)))


def _automatic(context: Context) -> Context:
    names = ("settings", "clock", "store", "queue", "blobs", "adapters", "remembered")
    return Automatic(**{name: getattr(context, name) for name in names})


@dataclass(frozen=True)
class Mutant:
    """What is bent, and the PSA at which it is played: the one where the safeguard matters most."""

    bent: Bent
    psa: str = "connectwise"


def _mutant(mutated: Mutation, psa: str = "connectwise", rates: Rates | None = None, days: int = 0) -> Mutant:
    return Mutant(Bent(mutated, rates=rates, days=days), psa)


MUTANTS: dict[str, Mutant] = {
    "no ETags": _mutant(_store(EverybodyOverwrites)),
    "no ETags on what is replaced": _mutant(_store(ReplacesOverwrite)),
    "no ETags on what is new": _mutant(_store(InsertsOverwrite)),
    "journal after the write": _mutant(_store(JournalsLate)),
    "no barrier": _mutant(_store(NobodyIsAwaited)),
    "no look at the stop switch": _mutant(_store(NeverStops)),
    "lines are not remembered": _mutant(_store(ForgetsLines)),
    "no journal of the mail": _mutant(_store(ForgetsMails)),
    "no probe": _mutant(_psa(NoProbe)),
    "probe before the settle time": _mutant(_settings(settle_seconds=0.0, send_window_seconds=0.5)),
    "no send window": _mutant(_psa(NoSendWindow), "halopsa", Rates(freeze=0.06, duplicate=0.3), days=3),
    "no answer counts as done": _mutant(_psa(LostIsDone)),
    "no answer counts as not done": _mutant(_psa(LostIsNotDone)),
    "throttled counts as done": _mutant(_psa(ThrottledIsDone)),
    "sent again at once": _mutant(_psa(SendsAgain)),
    "no read before the write": _mutant(_old_lines),
    "a read in part counts as whole": _mutant(lambda context: replace(context, adapters=Adapters(context.adapters, of_microsoft=HalfIsWhole))),
    "nobody is asked": _mutant(_automatic),
    "no sweep": Mutant(Bent(sweeps=False)),
}
