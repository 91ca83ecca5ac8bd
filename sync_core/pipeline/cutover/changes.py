"""What is to be written for the chosen lines of one unit, worked out from what the PSA holds now: for the preview, and again for the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from sync_core.billing import Place, ReconcileInput, resolve
from sync_core.billing.changes import Case, ask, facts
from sync_core.billing.cutting_over import end_on, follows_otherwise, moved, own_link, start_after, take_over, unfinished, without
from sync_core.billing.identity import plain
from sync_core.billing.periods import ONE_DAY
from sync_core.billing.rows import family_of
from sync_core.errors import Rejected, SkipCustomer
from sync_core.model.agreements import Agreement, AgreementLines, Line, Product
from sync_core.model.billing import BillingProfile, Link
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.cutovers import CutoverLine, Unit, What
from sync_core.model.plans import Change, ChangeKind, Verdict
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, journal, load_record
from sync_core.pipeline.cutover.search import customers_by_company, managed_lines
from sync_core.pipeline.reading import lines_of
from sync_core.ports import Psa
from sync_core.read_once import ReadOnce

_AS_SHOWN = "Import the configuration that it was shown by and let the cut-over go on, or"


@dataclass
class UnitReader:
    """Reads each agreement, link and product that the changes of one unit need once, and works the changes out."""

    context: Context
    configuration: Configuration
    item: CustomerConfiguration
    record: CustomerRecord
    unit: Unit
    business_dates: Mapping[str, date]
    plan_id: str
    _read: dict[str, AgreementLines] = field(default_factory=dict)

    def current(self, line: CutoverLine) -> tuple[AgreementLines, Line] | None:
        """The line as it is now, with its agreement; ``None`` where either is gone."""
        held = self._agreements.get(line.agreement_id)
        found = held.line(line.line_id) if held else None
        return (held, found) if held and found else None

    def change(self, line: CutoverLine) -> Change | None:
        """What ends a line, or takes it over; ``None`` where that is done already."""
        there, link = self.current(line), self._link_for(line)
        if line.what is What.TAKE_OVER and self._is_bound(line):
            return None
        if there and line.what is not What.TAKE_OVER and line.before and self._has_end(line, *there):
            return None
        why = "Its agreement is gone." if line.agreement_id not in self._agreements else moved(line.before, there[1] if there else None)
        if there is None or (line.before and why):
            return self._question(line, link, why)
        case = self._case(line, link, there[0], there[1].quantity)
        if line.what is What.TAKE_OVER:
            return self._taken_over(case, line, there[1])
        assert line.last, "a line that is to end has a last day"
        if not line.managed_by and (self.unit.connection, line.line_id) in self._managed:
            return self._question(line, link, "A link manages it by now: take the link out first, or offboard the customer.")
        if why := self._prorating(line, there[1], line.last):
            return self._question(line, link, why)
        return self._writable(end_on(case, there[1], line.last), there[0].agreement)

    def successor(self, lines: Sequence[CutoverLine]) -> Change | None:
        """The new line of a link after those that it replaces; ``None`` where it is there already."""
        link, units = self._link_for(lines[0]), sum((line.quantity for line in lines), Decimal(0))
        last = min(line.last for line in lines if line.last)
        binding = self.record.bindings.get(lines[0].link_key)
        if binding and binding.ended is None and binding.starts and binding.starts > last:
            return None
        if link is None:
            unknown = replace(self._stand_in(lines[0]), key=lines[0].link_key)  # by which the answer is found: its line has ended
            return self._question(lines[0], unknown, "The link that was to bill it is not configured any more, or its agreement is not found.")
        held = next((each for each in self._company_lines if each.agreement.agreement_id == link.agreement_id), None)
        if held is None:
            return self._question(lines[0], link, f"Agreement {link.agreement_id} cannot be found in the PSA.")
        names = [line.line_id for line in lines]
        company = tuple(without(each, names, last) for each in self._company_lines)
        inputs = replace(
            self._inputs(lines[0]),
            company_lines={(link.connection, link.company_id): company},
            products={(link.connection, link.profile.product): self._product(link)},
            known_markers=frozenset(entry.step.marker for entry in journal(self.context.store, self.record.tenant_id) if entry.step.marker),
        )
        words = f"Follows line {', '.join(names)} with the same {plain(units)} units; the next night sets what is counted."
        change = start_after(Case(inputs, link, without(held, names, last), units, words), last)
        seen = facts(held, "", change.product, self.context.settings.installation)  # some PSAs show an end only once it is over
        return self._writable(replace(change, rests_on=seen), held.agreement) if change.kind is ChangeKind.ADD else change

    def otherwise(self, lines: Sequence[CutoverLine]) -> str:
        """Why the line that follows these is not the one that was shown; empty where it is, or where it is a question anyway."""
        change = self.successor(lines)
        return follows_otherwise(lines[0].follows, change) if change and change.kind is ChangeKind.ADD else ""

    def as_shown(self, lines: Sequence[CutoverLine], change: Change) -> Iterator[Change]:
        """The new line, or, where it is not the one that was shown, a question about each line that it was to follow."""
        why = follows_otherwise(lines[0].follows, change) if change.kind is ChangeKind.ADD else ""
        if not why:
            yield change
        for line in lines if why else ():
            link, starts = (self._link_for(line), line.last + ONE_DAY if line.last else None) if line.ended else (None, None)
            by_night = f"say `line: new` and `start: {starts}` for the link, and the next night plans the line as it is configured now."
            yield self._question(line, link, why, f"{_AS_SHOWN} {by_night if link else 'look for the line again: it stays as it is.'}")

    def _has_end(self, line: CutoverLine, held: AgreementLines, now: Line) -> bool:
        """Whether the line has its end already. One that was tried before is looked at on the day after, too: some PSAs show ends only then."""
        assert line.last, "a line that is to end has a last day"
        if line.attempts and now.ends is None:
            later = self._psa.read_lines(held.agreement, line.last + ONE_DAY)
            now = next((each for each in later if each.line_id == line.line_id), now)
        return now.ends == line.last

    def _taken_over(self, case: Case, line: CutoverLine, now: Line) -> Change:
        if not line.link_key:
            return self._question(line, None, "No link bills its product and has no line yet: configure one, and look again.")
        if case.link.agreement_id != line.agreement_id:
            return self._question(line, case.link, f"The link bills to agreement {case.link.agreement_id}. Choose “replace”, or point the link here.")
        return take_over(case, now)

    def _prorating(self, line: CutoverLine, now: Line, last: date) -> str:
        """See ``unfinished``; of a link that is no longer configured no night finishes anything."""
        configured = family_of(line.managed_by) in {link.key for link in self.item.links}
        binding = self.record.bindings.get(line.managed_by) if configured else None
        return unfinished(binding, now, last) if binding else ""

    def _is_bound(self, line: CutoverLine) -> bool:
        binding = self.record.bindings.get(line.link_key)
        return binding is not None and binding.line_id == line.line_id and binding.ended is None

    def _writable(self, change: Change, head: Agreement) -> Change:
        """The change, or why its PSA has no write for it."""
        if change.kind is ChangeKind.NONE:
            return change
        try:
            steps = self._psa.steps_for(head, [change], self.plan_id)
        except (ValueError, Rejected) as error:
            return replace(change, kind=ChangeKind.NONE, verdict=Verdict.HELD, reasons=(f"It cannot be written: {error}",))
        nothing = "It holds no units, and this PSA ends a line by taking its units away: there is nothing to end."
        return change if steps else replace(change, kind=ChangeKind.NONE, verdict=Verdict.HELD, reasons=(nothing,))

    def _question(self, line: CutoverLine, link: Link | None, *why: str) -> Change:
        asked = ask(self._inputs(line), link or self._stand_in(line), *why, line=_as_line(line))
        return replace(asked, currency=line.currency)

    def _case(self, line: CutoverLine, link: Link | None, held: AgreementLines, units: Decimal) -> Case:
        chosen = link if link and line.what is What.TAKE_OVER else self._stand_in(line)
        return Case(self._inputs(line), chosen, held, units, f"Chosen in cut-over {self.unit.cutover_id}.")

    def _stand_in(self, line: CutoverLine) -> Link:
        """What a change of the line itself is about: the link that manages it, or the line alone."""
        if not line.managed_by:
            return own_link(line.connection, self.unit.company_id, line.agreement_id, _as_line(line))
        item_id = next((link.item_id for link in self.item.links if link.key == line.managed_by), line.managed_by)
        return Link(line.managed_by, item_id, BillingProfile("", line.product), line.connection, self.unit.company_id, line.agreement_id)

    def _link_for(self, line: CutoverLine) -> Link | None:
        if not line.link_key or line.what is What.END:
            return None
        return next((link for link in self._links if link.key == line.link_key), None)

    def _inputs(self, line: CutoverLine) -> ReconcileInput:
        stand_in = self._stand_in(line)
        products = {link.item_id: link.profile.product for link in self.item.links}
        return ReconcileInput(
            tenant_id=self.record.tenant_id,
            plan_id=self.plan_id,
            installation=self.context.settings.installation,
            business_dates=self.business_dates,
            links=self._links if line.what is not What.END else (),
            questions=(),
            items={},
            agreements={(self.unit.connection, number): held for number, held in self._agreements.items()},
            bindings=self.record.bindings,
            sku_names={**products, **self.configuration.sku_names, stand_in.item_id: line.product},
            lines_of_others=self._lines_of_others if line.what is not What.END else frozenset(),
        )

    @property
    def _psa(self) -> Psa:
        return self.context.adapters.psa(self.configuration, self.unit.connection)

    @ReadOnce
    def _agreements(self) -> Mapping[str, AgreementLines]:
        """The agreements of the unit's chosen lines as they are now."""
        wanted = sorted({line.agreement_id for line in self.unit.lines if line.what})
        heads = self._psa.read_headers(wanted) if wanted else ()
        return {head.agreement_id: lines_of(self._psa, head, self.business_dates[head.connection]) for head in heads}

    @ReadOnce
    def _company_lines(self) -> Sequence[AgreementLines]:
        heads = self._psa.company_agreements(self.unit.company_id)
        day = self.business_dates[self.unit.connection]
        return [self._agreements.get(head.agreement_id) or lines_of(self._psa, head, day) for head in heads]

    @ReadOnce
    def _links(self) -> Sequence[Link]:
        """The customer's links to this company whose agreement is found."""
        own = [link for link in self.item.links if (link.connection, link.company_id) == (self.unit.connection, self.unit.company_id)]
        return resolve(own, [held.agreement for held in self._company_lines])[0] if own else ()

    @ReadOnce
    def _lines_of_others(self) -> frozenset[Place]:
        return self._managed_by([item for item in self._at_company if item.customer.tenant_id != self.record.tenant_id])

    @ReadOnce
    def _managed(self) -> frozenset[Place]:
        """The lines that links manage now: to take one over writes nothing that a comparison with what was shown would see."""
        return self._managed_by(self._at_company)

    @ReadOnce
    def _at_company(self) -> Sequence[CustomerConfiguration]:
        return customers_by_company(self.configuration).get((self.unit.connection, self.unit.company_id), ())

    def _managed_by(self, items: Sequence[CustomerConfiguration]) -> frozenset[Place]:
        return managed_lines(items, {item.customer.tenant_id: load_record(self.context.store, item.customer.tenant_id) for item in items})

    def _product(self, link: Link) -> Product | None:
        found = self._psa.products([link.profile.product])
        return next((product for product in found if product.identifier.casefold() == link.profile.product.casefold()), None)


def _as_line(line: CutoverLine) -> Line:
    return Line(line.line_id, line.product_id, line.product, line.quantity, line.unit_price)


def changes_of_unit(reader: UnitReader, *, anew: bool = False) -> Iterator[Change]:
    """What is still to be written for a unit: lines end first, and a link's new line is made once all that it replaces has its end.

    ``anew`` says that another configuration holds than when it was shown: no line is ended whose successor would be billed otherwise then.
    """
    groups = replaced(reader.unit.open_lines)
    waiting = {line.name for lines in groups if anew and reader.otherwise(lines) for line in lines}
    for line in reader.unit.open_lines:
        if not line.ended and line.name not in waiting and (change := reader.change(line)):
            yield change
    for lines in groups:
        if (lines[0].name in waiting or all(line.ended for line in lines)) and (change := reader.successor(lines)):
            yield from reader.as_shown(lines, change)


def replaced(lines: Iterable[CutoverLine]) -> list[list[CutoverLine]]:
    """The lines that are to be replaced, by the link that follows them."""
    by_link: dict[str, list[CutoverLine]] = {}
    for line in lines:
        if line.what is What.REPLACE:
            by_link.setdefault(line.link_key, []).append(line)
    return list(by_link.values())


def unit_of(units: Iterable[Unit]) -> Unit:
    """The unit of a customer that is worked on next: the first one with open lines; raises ``SkipCustomer`` where there is none."""
    for unit in units:
        if unit.open_lines:
            return unit
    raise SkipCustomer("Nothing of the cut-over is left to be written here", code="cutover-over", fix="Look at the cut-over")
