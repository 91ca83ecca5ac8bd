"""The nights that the proofs play again and again: what is there before, what begins the run, and what the PSA must hold after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.memory.psa import Keeping
from sync_core.billing import marker_owner
from sync_core.model.agreements import Line
from sync_core.model.history import Record, RecordKind
from sync_core.model.people import Who
from sync_core.model.plans import ChangeResult, Decision, StepState
from sync_core.model.runs import CustomerState, Run, RunState
from sync_core.pipeline.customers import CUSTOMERS, load_record, plans_of
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.history import of_kind, records
from sync_core.pipeline.report import run_report
from sync_core.pipeline.runs import RUNS, load_run, recent_runs
from sync_core.pipeline.undo import start_undo, undo_of_changes, written_by
from tests.pipeline.night import OTHER_SKU, Night, tenant

Agreements = Mapping[str, list[int]]
"""The units that each agreement holds after the run, line by line; 0 for a line that was ended."""


@dataclass(frozen=True)
class Scene:
    """``prepare`` makes the night, ``begin`` starts the run, ``after`` is what the PSA must hold in the end."""

    prepare: Callable[..., Night]
    after: Agreements
    begin: Callable[[Night], object] = Night.start
    options: tuple[tuple[str, Any], ...] = ()

    def ready(self, **more: Any) -> Night:
        """The night right before its run."""
        return self.prepare(**dict(self.options), **more)


def _two_agreements(**options: Any) -> Night:
    night = Night(0, **options)
    first = night.add_customer(1, seats=12, billed=10)
    second = night.link(1, "b1", seats=3, sku=OTHER_SKU)
    night.configure(replace(first, links=(*first.links, second)))
    return night


def _shared_agreement(**options: Any) -> Night:
    """Two customers that bill to one agreement of one company."""
    night = Night(0, **options)
    one, other = night.add_customer(1, seats=12, billed=10), night.add_customer(2, seats=4, billed=5)
    del night.microsoft.bought[tenant(2)]["cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"]
    night.configure(one, replace(other, links=(night.link(2, "a1", seats=4, sku=OTHER_SKU, company="c1"),)))
    return night


def _cancelled(**options: Any) -> Night:
    """Everything was cancelled at Microsoft, and two days said so: the end waits for a person's word."""
    night = Night(1, seats=10, **options)
    night.run()
    night.buy(0)
    for _ in range(2):
        night.next_day()
        night.run()
    night.next_day()
    return night


def _to_undo(**options: Any) -> Night:
    """A line was set to 12, which was wrong: its undo is shown, and waits for a person's word."""
    night = Night(1, **options)
    night.run()
    night.buy(10)
    night.clock.advance(1)
    *_, grown = written_by(night.store, tenant(1))
    start_undo(night.context, undo_of_changes(night.context, tenant(1), [grown.name], "a mistake"), (tenant(1),), "a person")
    night.work()
    night.clock.advance(1)
    return night


def approve(night: Night) -> None:
    """A person approves all that waits for the first customer, whereupon it is read anew."""
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a person"), "as agreed")


SCENES = {
    "a line grows": Scene(Night, {"a1": [12]}),
    "a line is added": Scene(Night, {"a1": [4]}, options=(("seats", 4), ("billed", 0))),
    "a line is taken over as it is": Scene(Night, {"a1": [10]}, options=(("seats", 10),)),
    "a line is ended": Scene(_cancelled, {"a1": [0]}, begin=approve),
    "a quantity is undone": Scene(_to_undo, {"a1": [10]}, begin=approve),
    "two agreements": Scene(_two_agreements, {"a1": [12], "b1": [3]}),
    "two customers on one agreement": Scene(_shared_agreement, {"a1": [4, 12], "a2": [5]}),
    "whole agreements": Scene(_two_agreements, {"a1": [12], "b1": [3]}, options=(("keeping", Keeping.WHOLE_AGREEMENTS),)),
    "dated deltas": Scene(_two_agreements, {"a1": [12], "b1": [3]}, options=(("keeping", Keeping.DATED_DELTAS),)),
}


def held_units(line: Line) -> int:
    """What the line bills in the end."""
    return 0 if line.ends else int(line.quantity)


def check_psa(night: Night, after: Agreements) -> None:
    """The PSA holds what it should, and none of our markers stands on two lines."""
    held = {agreement_id: sorted(held_units(line) for line in night.psa.lines(agreement_id)) for agreement_id in after}
    assert held == {agreement_id: sorted(units) for agreement_id, units in after.items()}
    markers = Counter(line.marker for agreement_id in after for line in night.psa.lines(agreement_id) if marker_owner(line.marker))
    assert not [marker for marker, lines in markers.items() if lines > 1]


def check_mails(night: Night, run: Run) -> None:
    """One mail of the run, or two of which the second says so."""
    mails = [mail for mail in night.mail.mails if f"[{run.run_id}]" in mail.subject]
    assert 1 <= len(mails) <= 2
    assert len({mail.message_id for mail in mails}) == 1
    assert all("possibly a second copy" in mail.subject for mail in mails[1:])


def check_run(night: Night, run: Run, state: CustomerState = CustomerState.DONE) -> None:
    """The run is told, every customer ended in ``state``, and no change was left on the way."""
    assert run.state is RunState.TOLD
    report = run_report(night.another_process(), run.run_id)
    assert report is not None
    assert {item.customer.state for item in report.customers} == {state}
    assert {change.result for _, change in report.changes()} <= {ChangeResult.APPLIED}
    assert not night.queue.waiting()


def check_runs(night: Night) -> None:
    """Every run of the night came to its end and was told."""
    runs = [load_run(night.store, entry.run_id) for entry in recent_runs(night.store)]
    assert runs
    for run in runs:
        assert run is not None
        assert run.value.state is RunState.TOLD
        check_mails(night, run.value)


def check_history(night: Night) -> None:
    """The history tells of what is counted, and of every step that was read back, of every result and of every mail once."""
    for item in night.configuration.customers:
        told = list(records(night.store, CUSTOMERS, item.customer.tenant_id))
        last = load_record(night.store, item.customer.tenant_id).last
        assert last is None or last.value.snapshot in [record.about for record in of_kind(told, RecordKind.READ)]
        confirmed = Counter(record.document["step"] for record in of_kind(told, RecordKind.SENT) if record.document["state"] == "confirmed")
        results = Counter(name for record in of_kind(told, RecordKind.APPLIED) for name in _applied(record))
        plans = list(plans_of(night.store, item.customer.tenant_id))
        steps = [entry.step.step_id for _, entries in plans for entry in entries if entry.state is StepState.CONFIRMED]
        assert confirmed == Counter(steps)
        applied = (ChangeResult.APPLIED, ChangeResult.HALF_DONE)
        assert results == Counter(f"{plan.plan_id}/{change.change_id}" for plan, _ in plans for change in plan.changes if change.result in applied)
    for entry in recent_runs(night.store):
        told = list(of_kind(records(night.store, RUNS, entry.run_id), RecordKind.MAILED))
        assert sum(record.document["state"] == "sent" for record in told) <= 1
        assert sum(record.document["state"] == "sending" for record in told) <= 2


def _applied(record: Record) -> list[str]:
    changes = record.document["changes"].items()
    return [f"{record.document['plan']}/{change_id}" for change_id, became in changes if became["result"] in ("applied", "half done")]


def check_next_day(night: Night) -> None:
    """The day after finds everything equal and writes nothing."""
    written = len(night.psa.writes)
    night.next_day()
    check_run(night, night.run())
    assert len(night.psa.writes) == written
