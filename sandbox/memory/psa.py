"""A PSA in memory, for the tests of the core: three ways to keep lines, lost and late writes, and a person who edits.

It shares its write rules with no vendor's adapter: what the core relies on must hold for all of them.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sync_core.errors import OutcomeUnknown, Rejected, StopRun, SyncError, Throttled
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Charge, Company, Held, Line, Product, SelfEnding, Shift
from sync_core.model.plans import MOST_CHANGES_A_STEP, Change, ChangeKind, Step
from sync_core.ports import Clock, Health, Probe, Probed, Receipt

_WRITTEN = (ChangeKind.ADD, ChangeKind.SET_QUANTITY, ChangeKind.PRORATE, ChangeKind.SET_PRICE, ChangeKind.SET_TEXT, ChangeKind.END)


class Keeping(StrEnum):
    """How the PSA keeps quantities, and so what one write is."""

    LINES = "lines"
    """Each line has one quantity and is written alone, as in ConnectWise."""
    WHOLE_AGREEMENTS = "whole agreements"
    """One write carries all changes of an agreement, as in HaloPSA."""
    DATED_DELTAS = "dated deltas"
    """A quantity is the sum of dated differences, each of which can only be added, as in Autotask."""


class Mishap(StrEnum):
    """What happens to the next write."""

    LOSE_ANSWER = "lose answer"
    """It is done, and nobody hears of it."""
    LOSE_REQUEST = "lose request"
    """It is not done, and nobody hears of that either."""
    COMMIT_LATE = "commit late"
    """Its answer is lost, and it is done when ``commit_late_writes`` is called."""
    THROTTLE = "throttle"
    REJECT = "reject"


@dataclass
class _Kept:
    agreement_id: str
    line: Line
    deltas: list[tuple[date, Decimal]] = field(default_factory=list)

    def on(self, day: date) -> Line:
        """The line with its quantity on a day; one that begins later with the quantity it begins with."""
        day = max(day, self.line.starts or day)
        return replace(self.line, quantity=self._units(day), held=self._held() if len(self.deltas) > 1 else ())

    def _units(self, day: date) -> Decimal:
        return sum((units for since, units in self.deltas if since <= day), Decimal(0))

    def _held(self) -> tuple[Held, ...]:
        return tuple(Held(day, self._units(day)) for day in sorted({since for since, _ in self.deltas}))

    def latest(self) -> Line:
        return self.on(date.max)


class MemoryPsa:
    """One PSA connection. Seed it with ``add_*``; ``writes`` lists the steps that were carried out, in order."""

    def __init__(self, clock: Clock, connection: str = "memory", keeping: Keeping = Keeping.LINES, settle_seconds: float = 120.0) -> None:
        self.writes: list[Step] = []
        self.late: list[Step] = []
        """The writes that ``Mishap.COMMIT_LATE`` holds back."""
        self.stopped: StopRun | None = None
        """When set, the PSA refuses our key."""
        self.unwritable = ""
        self.against: dict[str, str] = {}
        """By agreement id what its invoices say against its first open day."""
        """When set, why no units may be written."""
        self.most_units: Decimal | None = None
        """When set, by how many units one change may move a line."""
        self.line_reads = 0
        """How often the lines of an agreement were read by themselves."""
        self.bulk_reads = 0
        """How often those of many were read together."""
        self.together = 1 if keeping is Keeping.LINES else 50
        """See ``Psa.together``; it goes with how the three vendors keep lines."""
        self._clock = clock
        self._connection = connection
        self._keeping = keeping
        self._settle_seconds = settle_seconds
        self._companies: list[Company] = []
        self._products: list[Product] = []
        self._agreements: dict[str, Agreement] = {}
        self._kept: dict[str, _Kept] = {}
        self._held: dict[str, list[_Kept]] = {}
        """The same lines by agreement."""
        self._line_ids = itertools.count(1)
        self._mishaps: deque[Mishap] = deque()
        self._read_failures: deque[SyncError] = deque()

    def add_company(self, company: Company) -> Company:
        """Adds a company."""
        self._companies.append(company)
        return company

    def add_product(self, product: Product) -> Product:
        """Adds a product to the catalogue."""
        self._products.append(product)
        return product

    def add_agreement(self, agreement: Agreement) -> Agreement:
        """Adds an agreement, or puts it in place of the one with its id."""
        self._agreements[agreement.agreement_id] = agreement
        return agreement

    def add_line(self, agreement_id: str, line: Line) -> Line:
        """Adds a line with an id of our choice in place of its own; its quantity holds from its start on."""
        line = replace(line, line_id=str(next(self._line_ids)))
        kept = _Kept(agreement_id, line, [(line.starts or date.min, line.quantity)])
        self._kept[line.line_id] = kept
        self._held.setdefault(agreement_id, []).append(kept)
        return line

    def edit(self, line_id: str, by: str = "a person", **changes: Any) -> None:
        """Changes fields of a line as a person would in the PSA's own pages."""
        kept = self._kept[line_id]
        kept.line = replace(kept.line, **changes, edited_by=by, edited_at=self._clock.now().isoformat())
        if "quantity" in changes:
            kept.deltas = [(date.min, changes["quantity"])]

    def lines(self, agreement_id: str) -> list[Line]:
        """What an agreement holds in the end, dated changes included."""
        return [kept.latest() for kept in list(self._held.get(agreement_id, ()))]

    def fail_next_write(self, mishap: Mishap) -> None:
        """Lets something happen to the next write that is not yet spoken for."""
        self._mishaps.append(mishap)

    def fail_next_read(self, error: SyncError) -> None:
        """Lets the next read raise."""
        self._read_failures.append(error)

    def commit_late_writes(self) -> None:
        """Carries out the writes that ``Mishap.COMMIT_LATE`` held back."""
        late, self.late = self.late, []
        for step in late:
            self._carry_out(step)

    @property
    def connection(self) -> str:
        """See ``Psa.connection``."""
        return self._connection

    @property
    def settle_seconds(self) -> float:
        """See ``Psa.settle_seconds``."""
        return self._settle_seconds

    def read_headers(self, agreement_ids: Collection[str] | None) -> Sequence[Agreement]:
        """See ``Psa.read_headers``."""
        self._reading()
        if agreement_ids is None:
            return [agreement for agreement in self._agreements.values() if agreement.status is AgreementStatus.ACTIVE]
        return [self._agreements[each] for each in agreement_ids if each in self._agreements]

    def company_agreements(self, company_id: str) -> Sequence[Agreement]:
        """See ``Psa.company_agreements``."""
        return [agreement for agreement in self.read_headers(None) if agreement.company_id == company_id]

    def read_lines(self, agreement: Agreement, on: date) -> tuple[Line, ...]:
        """See ``Psa.read_lines``."""
        self._reading()
        self.line_reads += 1
        if agreement.agreement_id not in self._agreements:
            raise Rejected(f"Agreement {agreement.agreement_id} is not there", code="agreement-missing", where=self._connection)
        return tuple(kept.on(on) for kept in list(self._held.get(agreement.agreement_id, ())))

    def read_together(self, agreements: Sequence[Agreement], on: date) -> Mapping[str, tuple[Line, ...]]:
        """See ``Psa.read_together``."""
        self._reading()
        self.bulk_reads += 1
        return {each.agreement_id: tuple(kept.on(on) for kept in list(self._held.get(each.agreement_id, ()))) for each in agreements}

    def companies(self) -> Sequence[Company]:
        """See ``Psa.companies``."""
        self._reading()
        return list(self._companies)

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        """See ``Psa.products``."""
        self._reading()
        return [product for product in self._products if identifiers is None or product.identifier in identifiers]

    def cannot_change_units(self) -> str:
        """See ``Psa.cannot_change_units``."""
        return self.unwritable

    def invoices_against(self, held: AgreementLines) -> str:
        """See ``Psa.invoices_against``."""
        return self.against.get(held.agreement.agreement_id, "")

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``."""
        writing = [change for change in changes if change.kind in _WRITTEN]
        moved = (abs((change.after or Decimal(0)) - (change.before or Decimal(0))) for change in writing)
        if self.most_units is not None and max(moved, default=Decimal(0)) > self.most_units:
            raise Rejected(f"More than {self.most_units} units are to move at once", where=self._connection)
        if self._keeping is Keeping.LINES:
            return [step for change in writing for step in self._line_by_line(agreement, change, plan_id)]
        if any(change.self_ending or change.kind is ChangeKind.SET_PRICE for change in writing):
            raise Rejected("This PSA keeps neither self-ending lines nor prices of its own", where=self._connection)
        if self._keeping is Keeping.DATED_DELTAS:
            return [step for change in writing for step in self._by_days(agreement, change, plan_id)]
        return [self._step(agreement, part, plan_id) for part in _parts(writing)]

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        if self._clock.monotonic() > send_until:
            raise Throttled("The last moment to send has passed", delay=30.0, code="not-sent", where=self._connection)
        match self._mishaps.popleft() if self._mishaps else None:
            case Mishap.THROTTLE:
                raise Throttled("Asks us to slow down", delay=30.0, where=self._connection)
            case Mishap.REJECT:
                raise Rejected("The PSA refuses the write", where=self._connection, why="quantity: must be something else")
            case Mishap.LOSE_REQUEST:
                raise OutcomeUnknown("No answer", where=self._connection)
            case Mishap.COMMIT_LATE:
                self.late.append(step)
                raise OutcomeUnknown("No answer", where=self._connection)
            case Mishap.LOSE_ANSWER:
                self._carry_out(step)
                raise OutcomeUnknown("No answer", where=self._connection)
        return Receipt(self._carry_out(step))

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``. A step with several changes is done when all of them are, and not done when none is."""
        self._reading()
        probed = [self._probe_operation(step.agreement_id, operation) for operation in step.request["operations"]]
        if len({each.probe for each in probed}) > 1:
            return Probed(Probe.CANNOT_TELL, why="Some of the step's changes are there and some are not")
        return replace(probed[0], lines=tuple(line for each in probed for line in each.lines))

    def health(self) -> Health:
        """See ``Psa.health``."""
        try:
            self._reading()
        except SyncError as error:
            return Health(self._connection, False, str(error), error.fix)
        return Health(self._connection, True)

    def _reading(self) -> None:
        if self.stopped:
            raise self.stopped
        if self._read_failures:
            raise self._read_failures.popleft()

    def _line_by_line(self, agreement: Agreement, change: Change, plan_id: str) -> list[Step]:
        """The self-ending lines go before a line that is there, and after a new one."""
        added = () if change.kind is ChangeKind.END else change.self_ending
        beside = [self._add_beside(agreement, change, each, plan_id) for each in added]
        main = [] if change.kind is ChangeKind.PRORATE else [self._step(agreement, [change], plan_id)]
        return [*main, *beside] if change.kind is ChangeKind.ADD else [*beside, *main]

    def _add_beside(self, agreement: Agreement, change: Change, each: SelfEnding, plan_id: str) -> Step:
        added = replace(change, kind=ChangeKind.ADD, after=each.units, effective=each.first, line_from=None, marker=each.marker)
        step = self._step(agreement, [added], plan_id)
        operation = {**step.request["operations"][0], "ends": each.last.isoformat()}
        return replace(step, step_id=f"{step.step_id}-{each.first}", line_id="", request={"operations": [operation]})

    def _by_days(self, agreement: Agreement, change: Change, plan_id: str) -> list[Step]:
        """One step, or one for each day on which the units change."""
        if not change.shifts:
            return [self._step(agreement, [change], plan_id)]
        return [self._shift(agreement, change, shift, plan_id) for shift in change.shifts]

    def _shift(self, agreement: Agreement, change: Change, shift: Shift, plan_id: str) -> Step:
        moved = replace(change, before=shift.before, after=shift.after, effective=shift.first, shifts=())
        step = self._step(agreement, [moved], plan_id)
        return replace(step, step_id=f"{step.step_id}-{shift.first}", shifts_from=shift.first)

    def _step(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Step:
        operations = [self._operation(change) for change in changes]
        return Step(
            step_id="-".join((plan_id, agreement.agreement_id, *(change.change_id for change in changes))),
            change_ids=tuple(change.change_id for change in changes),
            connection=self._connection,
            agreement_id=agreement.agreement_id,
            describes="; ".join(f"{change.kind} {change.product} {change.after}" for change in changes),
            request={"operations": operations},
            repeatable=not any(operation["operation"] in ("add", "delta") for operation in operations),
            line_id=changes[0].line_id if len(changes) == 1 else "",
            marker=changes[0].marker if len(changes) == 1 else "",
        )

    def _operation(self, change: Change) -> dict[str, str]:
        counts = change.line_from or change.effective
        effective = counts.isoformat() if counts else ""
        after = str(change.after)
        match change.kind:
            case ChangeKind.ADD:
                terms = {} if change.terms.unit_price is None else {"price": str(change.terms.unit_price)}
                charge = {"charge": change.terms.charge.value, "text": change.terms.text, **terms}
                return {"operation": "add", "product": change.product_id, "quantity": after, "starts": effective, "marker": change.marker, **charge}
            case ChangeKind.SET_PRICE:
                return {"operation": "price", "line": change.line_id, "price": str(change.terms.unit_price)}
            case ChangeKind.SET_TEXT:
                return {"operation": "text", "line": change.line_id, "text": change.terms.text}
            case ChangeKind.END:
                return {"operation": "end", "line": change.line_id, "ends": effective}
        if self._keeping is Keeping.DATED_DELTAS:
            before = change.before or Decimal(0)
            units = (change.after or Decimal(0)) - before
            return {"operation": "delta", "line": change.line_id, "units": str(units), "from": effective, "before": str(before), "quantity": after}
        return {"operation": "set", "line": change.line_id, "quantity": after}

    def _carry_out(self, step: Step) -> str:
        line_ids = [self._do(step.agreement_id, operation) for operation in step.request["operations"]]
        self.writes.append(step)
        return line_ids[0]

    def _do(self, agreement_id: str, operation: Mapping[str, str]) -> str:
        if operation["operation"] == "add":
            return self._add(agreement_id, operation).line_id
        kept = self._kept[operation["line"]]
        match operation["operation"]:
            case "end":
                kept.line = replace(kept.line, ends=date.fromisoformat(operation["ends"]))
            case "price":
                kept.line = replace(kept.line, unit_price=Decimal(operation["price"]))
            case "text":
                self._check_text(agreement_id, operation["text"])
                kept.line = replace(kept.line, text=operation["text"])
            case "set":
                kept.deltas = [(date.min, Decimal(operation["quantity"]))]
            case "delta":
                kept.deltas.append((date.fromisoformat(operation["from"]), Decimal(operation["units"])))
        return kept.line.line_id

    def _add(self, agreement_id: str, operation: Mapping[str, str]) -> Line:
        product = next((each for each in self._products if each.product_id == operation["product"]), None)
        if product is None:
            raise Rejected(f"There is no product {operation['product']}", where=self._connection)
        self._check_text(agreement_id, operation["text"])
        starts, quantity = date.fromisoformat(operation["starts"]), Decimal(operation["quantity"])
        line = Line("", product.product_id, product.identifier, quantity, product.price, starts=starts, marker=operation["marker"])
        ends = date.fromisoformat(operation["ends"]) if "ends" in operation else None
        price = Decimal(operation["price"]) if "price" in operation else product.price
        given: dict[str, Any] = {"charge": Charge(operation["charge"]), "text": operation["text"] or product.text}
        return self.add_line(agreement_id, replace(line, ends=ends, unit_price=price, **given))

    def _check_text(self, agreement_id: str, text: str) -> None:
        limit = self._agreements[agreement_id].text_limit
        if 0 < limit < len(text):
            raise Rejected(f"text: a line takes {limit} characters", where=self._connection)

    def _probe_operation(self, agreement_id: str, operation: Mapping[str, str]) -> Probed:
        if operation["operation"] == "add":
            return self._probe_add(agreement_id, operation)
        kept = self._kept.get(operation["line"])
        if kept is None:
            return Probed(Probe.CANNOT_TELL, why=f"Line {operation['line']} is not there")
        if operation["operation"] == "end":
            done = kept.line.ends == date.fromisoformat(operation["ends"])
        elif operation["operation"] == "text":
            done = kept.line.text == operation["text"]
        elif operation["operation"] == "price":
            done = kept.line.unit_price == Decimal(operation["price"])
        else:
            line = kept.on(date.fromisoformat(operation["from"])) if "from" in operation else kept.latest()
            done = line.quantity == Decimal(operation["quantity"])
            if not done and "before" in operation and line.quantity != Decimal(operation["before"]):
                return Probed(Probe.CANNOT_TELL, why="The quantity is neither what it was nor what it should be")
        return Probed(Probe.DONE, (kept.latest(),)) if done else Probed(Probe.NOT_DONE)

    def _probe_add(self, agreement_id: str, operation: Mapping[str, str]) -> Probed:
        found = [line for line in self.lines(agreement_id) if line.marker == operation["marker"]]
        if not found:
            return Probed(Probe.NOT_DONE)
        if len(found) > 1:
            return Probed(Probe.CANNOT_TELL, why=f"Lines {', '.join(line.line_id for line in found)} carry the same marker")
        line = found[0]
        wanted = (operation["product"], Decimal(operation["quantity"]), date.fromisoformat(operation["starts"]))
        if (line.product_id, line.quantity, line.starts) != wanted:
            return Probed(Probe.CANNOT_TELL, why="The line with our marker differs from what we sent")
        return Probed(Probe.DONE, (line,))


def _parts(changes: Sequence[Change]) -> list[Sequence[Change]]:
    return [changes[start : start + MOST_CHANGES_A_STEP] for start in range(0, len(changes), MOST_CHANGES_A_STEP)]
