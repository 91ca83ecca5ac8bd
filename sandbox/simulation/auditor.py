"""Looks after every event whether all that is promised still holds; see ``docs/reliability.md`` for the ten invariants.

What the PSA holds is compared with a reference model (``Site.led_to``); what the journal says, with what was carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.simulation.process import Process
from sandbox.simulation.sites.site import NEW, Lines, Place, ServedSite, Site
from sandbox.web import Request
from sync_core.billing import fingerprint, marker_owner
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeResult, JournalEntry, Plan, Step, StepState, Verdict
from sync_core.model.runs import CustomerState, Run, RunState
from sync_core.pipeline.control import StopSwitch
from sync_core.pipeline.customers import CUSTOMERS, Said
from sync_core.pipeline.runs import RUNS
from sync_core.ports import Row, RowWrite, Write
from sync_core.rows import from_row

_ENDED = frozenset({StepState.CONFIRMED, StepState.REJECTED, StepState.HELD, StepState.UNRESOLVED})
_WRITING = frozenset({RunState.RELEASED, RunState.FINISHED, RunState.TOLD})
"""Where a run may be while it is written: what has given a customer up meanwhile, a worker sees when it looks at the run before its write."""
_OPEN = frozenset({StepState.SENDING, StepState.UNKNOWN, StepState.UNRESOLVED})


class Violation(AssertionError):
    """A promise that was not kept."""


def must(holds: bool, invariant: str, what: str) -> None:
    """Raises ``Violation`` unless it holds."""
    if not holds:
        raise Violation(f"{invariant}: {what}")


@dataclass
class Journaled:
    """A step as the journal has it, and how often the PSA carried it out."""

    step: Step
    plan_id: str
    tenant_id: str
    state: StepState
    carried_out: int = 0
    written_over: bool = False
    """Whether a person has changed the line while nobody could say whether the step was carried out."""


class Auditor:
    """Knows everything, and touches nothing."""

    def __init__(self, site: Site, places: Sequence[Place], modes: Mapping[str, Mode]) -> None:
        self._site = site
        self._modes = modes
        self.writes = 0
        self.lines: dict[str, Lines] = {}
        self._rest: dict[str, Mapping[str, object]] = {}
        self._steps: dict[str, Journaled] = {}
        self._plans: dict[tuple[str, str], Plan] = {}
        self._live: dict[str, tuple[str, str]] = {}
        self._runs: dict[str, str] = {}
        self._held: set[str] = set()
        self._customers: dict[tuple[str, str], str] = {}
        self._said: dict[str, datetime] = {}
        for place in places:
            self.look_at(place.agreement_id)

    def look_at(self, agreement_id: str) -> None:
        """Takes what an agreement holds as it is: a person changed it."""
        self.lines[agreement_id] = dict(self._site.lines(agreement_id))
        self._rest[agreement_id] = self._site.rest(agreement_id)

    def looks_like_a_write(self, agreement_id: str, line_id: str, units: int) -> bool:
        """Whether so many units are what a write whose fate nobody knows would have led to: nobody can tell the two apart (docs/reliability.md)."""
        lines = self.lines[agreement_id]
        return any(self._site.led_to(lines, known.step)[line_id].units == units for known in self._unknown(agreement_id, line_id))

    def edited(self, agreement_id: str, line_id: str) -> None:
        """A person has changed a line: whether something was written there before, it does not show any more."""
        for known in self._unknown(agreement_id, line_id):
            known.written_over = known.written_over or known.carried_out > 0
        self.look_at(agreement_id)

    def _unknown(self, agreement_id: str, line_id: str) -> list[Journaled]:
        mine = (known for known in self._steps.values() if (known.step.agreement_id, known.step.line_id) == (agreement_id, line_id))
        return [known for known in mine if known.state in _OPEN]

    def check_books(self) -> None:
        """I1, I5: nothing but people and carried out steps has changed a line."""
        for agreement_id, lines in self.lines.items():
            found = self._site.lines(agreement_id)
            must(found == lines, "I1", f"agreement {agreement_id} holds {found} and should hold {lines}")

    def looked_up(self, host: Process, table: str, row: Row | None) -> None:
        """A process has read a row: it knows now whether writing is stopped, or a run is over."""
        if table == "control":
            host.saw_stop = from_row(StopSwitch, row).stopped if row else False
        elif table == RUNS and row and row.key == "run":
            host.saw_run = (row.partition, RunState(str(row.values["state"])))

    def stored(self, host: Process, table: str, writes: Sequence[RowWrite]) -> None:
        """Rows were stored; they are what the app knows from now on."""
        for write in writes:
            if write.write is Write.DELETE:
                continue
            if table == CUSTOMERS:
                self._stored_of_customer(host, write)
            elif table == RUNS:
                self._stored_of_run(write.row)

    def executing(self, host: Process, step: Step) -> None:
        """I2, I4, I10: a process is about to write."""
        known = self._steps.get(step.step_id)
        must(known is not None and known.step == step, "I2", f"step {step.step_id} is written and not in the journal as it is")
        assert known is not None
        must(known.state is StepState.SENDING, "I2", f"step {step.step_id} is written while the journal says {known.state}")
        must(host.saw_stop is not None, "I10", "a write without a look at the stop switch")
        must(not host.saw_stop, "I10", "a write although the stop switch was seen on")
        host.saw_stop = None
        plan = self._plans.get((known.tenant_id, f"p-{known.plan_id}"))
        must(plan is not None, "I4", f"step {step.step_id} belongs to no plan")
        assert plan is not None
        for change in plan.changes:
            if change.change_id in step.change_ids:
                self._check_allowed(plan, change)

    def writing(self, site: ServedSite, host: Process | None, request: Request) -> Callable[[], None]:
        """I2: a write leaves a process, and says what the journal says. What is returned is told when the PSA carries it out."""
        step = host.executing if host else None
        must(step is not None, "I2", f"{request.method} {request.path} belongs to no step")
        assert step is not None
        must(site.carries(request, step), "I2", f"{step.describes} is sent as {request.body!r}")
        return lambda: self.carried_out(step)

    def carried_out(self, step: Step) -> None:
        """I1, I3, I5: the PSA has carried out a step, once, and nothing but it."""
        known = self._steps[step.step_id]
        known.carried_out += 1
        self.writes += 1
        again = known.written_over and step.repeatable
        must(known.carried_out == 1 or again, "I3", f"step {step.step_id} ({step.describes}) was carried out {known.carried_out} times")
        must(known.state in _OPEN, "I1", f"step {step.step_id} was carried out while the journal says {known.state}")
        self._check_effect(step)

    def finished(self) -> None:
        """I7: every run has ended, and so has each of its customers."""
        must(all(state == RunState.TOLD for state in self._runs.values()), "I7", f"runs are left: {self._runs}")
        left = [key for key, state in self._customers.items() if not CustomerState(state).final]
        must(not left, "I7", f"customers have no outcome: {left}")

    def _check_effect(self, step: Step) -> None:
        place = step.agreement_id
        before, rest = self.lines[place], self._rest[place]
        wanted = dict(self._site.led_to(before, step))
        self.look_at(place)
        found = dict(self.lines[place])
        new = Counter(line for line_id, line in found.items() if line_id not in before)
        asked = Counter(wanted.pop(line_id) for line_id in list(wanted) if line_id.startswith(NEW))
        must(new == asked, "I1", f"{step.describes} made the lines {new} and not {asked}")
        kept = {line_id: line for line_id, line in found.items() if line_id in before}
        must(kept == wanted, "I1", f"after {step.describes} agreement {place} holds {kept} and should hold {wanted}")
        touched = [line_id for line_id, facts in rest.items() if self._rest[place].get(line_id) != facts]
        must(not touched, "I5", f"{step.describes} changed more of the lines {touched} than it should")
        markers = Counter(line.marker for lines in self.lines.values() for line in lines.values() if marker_owner(line.marker))
        must(all(number == 1 for number in markers.values()), "I3", f"a marker stands on two lines: {markers}")

    def _check_under_way(self, host: Process, known: Journaled) -> None:
        must(self._live.get(known.tenant_id) == (known.plan_id, "applying"), "I4", f"plan {known.plan_id} is written and not being applied")
        plan = self._plans[known.tenant_id, f"p-{known.plan_id}"]
        state = self._runs.get(plan.run_id)
        must(state in _WRITING, "I4", f"run {plan.run_id} is {state} and writes")
        must(host.saw_run == (plan.run_id, RunState.RELEASED), "I4", f"{host.saw_run} was seen last, and run {plan.run_id} writes")
        unread = [tenant_id for (run_id, tenant_id), state in self._customers.items() if run_id == plan.run_id and state == CustomerState.QUEUED]
        must(not unread, "I4", f"run {plan.run_id} writes before all its customers were read")

    def _check_allowed(self, plan: Plan, change: Change) -> None:
        must(change.result is ChangeResult.PLANNED and change.verdict is not Verdict.HELD, "I4", f"change {change.change_id} is {change.verdict}")
        asks = plan.undo or self._modes[plan.tenant_id] is not Mode.AUTOMATIC or change.verdict is not Verdict.SAFE or plan.run_id in self._held
        until = self._said.get(fingerprint(change))
        must(not asks or (until is not None and until > plan.created), "I4", f"nobody approved {change.kind} of {change.product} to {change.after}")

    def _stored_of_customer(self, host: Process, write: RowWrite) -> None:
        row = write.row
        if row.key == "a-live":
            self._live[row.partition] = (str(row.values.get("plan")), str(row.values.get("state")))
        elif row.key.startswith("a-decision-"):
            if host.is_desk:
                word = from_row(Said, row)
                self._said[word.fingerprint] = word.until
        elif "-step-" in row.key:
            self._moved(host, row)
        elif row.key.startswith("p-") and (row.partition, row.key) not in self._plans:
            plan = from_row(Plan, row)
            self._plans[row.partition, row.key] = plan
            planned = [change.kind for change in plan.changes if change.result is ChangeResult.PLANNED]
            must(host.read_whole or plan.undo is not None or not planned, "I6", f"a read in part led to {planned}")

    def _moved(self, host: Process, row: Row) -> None:
        state = StepState(str(row.values["state"]))
        entry = from_row(JournalEntry, row)
        known = self._steps.setdefault(entry.step.step_id, Journaled(entry.step, entry.plan_id, row.partition, state))
        must(known.state not in _ENDED or known.state is state, "I3", f"step {entry.step.step_id} was {known.state} and is {state}")
        must(state is not StepState.CONFIRMED or known.carried_out > 0, "I1", f"{entry.step.describes} is confirmed and was never carried out")
        denied = state in (StepState.PLANNED, StepState.HELD, StepState.REJECTED)
        must(not denied or not known.carried_out or known.written_over, "I1", f"{entry.step.describes} is {state} and was carried out")
        if state is StepState.SENDING and known.state is not state:
            self._check_under_way(host, known)
        known.state = state

    def _stored_of_run(self, row: Row) -> None:
        if row.key == "run":
            state = str(row.values["state"])
            if state == RunState.RELEASED and self._runs.get(row.partition) != state and from_row(Run, row).held:
                self._held.add(row.partition)
            self._runs[row.partition] = state
        elif row.key.startswith("customer-"):
            key, state = (row.partition, row.key.removeprefix("customer-")), str(row.values["state"])
            before = self._customers.get(key)
            must(before is None or before == state or not CustomerState(before).final, "I7", f"{key} was {before} and is {state}")
            must(state != CustomerState.FAILED or bool(row.values.get("reason")), "I8", f"{key} failed without a reason")
            self._customers[key] = state
