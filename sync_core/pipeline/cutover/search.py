"""Finds the lines of a cut-over: the heads of all agreements in bulk, then the lines of those that are wanted, company by company.

How far it is stands in the head, so a search that was interrupted reads on where it was, and one that is under way shows its progress.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sync_core.billing import Place, resolve
from sync_core.billing.changes import same_product
from sync_core.billing.cutting_over import money_of_line
from sync_core.billing.rows import family_of
from sync_core.errors import Rejected
from sync_core.events import event
from sync_core.model.agreements import Agreement, AgreementStatus, Company, Line
from sync_core.model.billing import Link
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.cutovers import LINES_A_UNIT, Cutover, CutoverLine, CutoverState, Unit, Wanted
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, load_record
from sync_core.pipeline.cutover.rows import change_cutover, insert_cutover, load_cutover, put_units
from sync_core.pipeline.leaving import Unmanaged, unmanaged
from sync_core.pipeline.reading import all_heads, lines_of
from sync_core.pipeline.shared import shared
from sync_core.pipeline.shared_lines import lines_together
from sync_core.pipeline.start_run import business_dates, run_stamp
from sync_core.pipeline.strangers import Stranger, keep_strangers, key_of_company
from sync_core.read_once import ReadOnce
from sync_core.rows import Stored

_SAVE_EVERY = 10
"""Companies between two notes of how far the search is: so many are read once more after a crash."""


def start_search(context: Context, wanted: Wanted, asked_by: str) -> Cutover:
    """Begins a cut-over with its search; raises ``Rejected`` where a connection is unknown."""
    configuration, now = context.current_configuration(), context.clock.now()
    known = {item.name for item in configuration.connections}
    if unknown := [name for name in wanted.connections if name not in known]:
        fix = f"Give one of {', '.join(sorted(known))}"
        raise Rejected(f"No PSA connection is called {unknown[0]!a}", code="unknown-connection", where="connections", fix=fix)
    digest = hashlib.sha256(f"{wanted}{asked_by}".encode()).hexdigest()[:6]
    cutover_id = f"cut-{run_stamp(now).lower()}-{digest}"
    cutover = Cutover(cutover_id, CutoverState.SEARCHING, wanted, configuration.version, asked_by, now, now)
    insert_cutover(context.store, cutover)
    event("cutover.started", cutover=cutover_id)
    return cutover


def search_on(context: Context, cutover_id: str, ends: float, most: int = 500) -> Stored[Cutover]:
    """Reads further companies until the monotonic clock passes ``ends``, or ``most`` were read; raises what the PSA raises."""
    stored = load_cutover(context.store, cutover_id)
    reader = _Reader(context, stored.value)
    companies = reader.companies()
    left = [company for company in companies if company.key > stored.value.cursor][:most]
    found: list[Unit] = []
    for number, company in enumerate(left, start=1):
        units = reader.units(company)
        put_units(context.store, units)
        found += units
        over = number == len(left) or context.clock.monotonic() > ends
        if over or number % _SAVE_EVERY == 0:
            stored, found = _note(context, stored, company.key, companies, found), []
        if over:
            break
    if stored.value.cursor >= (companies[-1].key if companies else ""):
        stored = change_cutover(context, stored, state=CutoverState.FOUND, cursor="", done=len(companies), total=len(companies))
        event("cutover.found", cutover=cutover_id, lines=sum(stored.value.tally.lines.values()))
    return stored


def _note(context: Context, stored: Stored[Cutover], key: str, companies: Sequence[_Place], found: Iterable[Unit]) -> Stored[Cutover]:
    tally = stored.value.tally
    for unit in found:
        tally = tally.with_unit(unit)
    done = sum(company.key <= key for company in companies)
    return change_cutover(context, stored, cursor=key, done=done, total=len(companies), tally=tally)


@dataclass(frozen=True)
class _Place:
    """A company with the agreements of it that are wanted."""

    connection: str
    company_id: str
    name: str
    heads: tuple[Agreement, ...]

    @property
    def key(self) -> str:
        return f"{self.connection}~{self.company_id}"


@dataclass
class _Reader:
    """Reads what a search needs, and keeps of it what the next company needs too."""

    context: Context
    cutover: Cutover
    _names: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @ReadOnce
    def _customers(self) -> Mapping[Place, Sequence[CustomerConfiguration]]:
        return customers_by_company(self.configuration)

    @ReadOnce
    def _left(self) -> Mapping[Place, Unmanaged]:
        """Lines that a link managed until it was taken out: what ends them is remembered where that link's line was."""
        return {(line.connection, line.line_id): line for line in unmanaged(self.context.store, self.configuration)}

    @property
    def configuration(self) -> Configuration:
        return self.context.configuration(self.cutover.configuration)

    def companies(self) -> list[_Place]:
        """The companies with wanted agreements, in a fixed order."""
        heads = [head for name in self._connections() for head in self._heads(name) if self._takes(head)]
        heads.sort(key=lambda head: (f"{head.connection}~{head.company_id}", head.agreement_id))
        groups = groupby(heads, key=lambda head: (head.connection, head.company_id))
        return [_Place(*place, self._name(*place), tuple(of_company)) for place, of_company in groups]

    def units(self, company: _Place) -> list[Unit]:
        """The company's wanted lines that no link manages, in rows; each in the partition of whoever it is billed to."""
        neighbours = self._customers.get((company.connection, company.company_id), ())
        records = {item.customer.tenant_id: load_record(self.context.store, item.customer.tenant_id) for item in neighbours}
        managed = managed_lines(neighbours, records)
        offers = _offers(neighbours, records, [head for head in self._heads(company.connection) if head.company_id == company.company_id])
        by_partition: dict[str, list[CutoverLine]] = {}
        for head, line in self._lines(company, managed):
            left = self._left.get((company.connection, line.line_id))
            offered = [(tenant_id, link) for tenant_id, link in offers if same_product(link.profile.product, line.product)]
            offered = [each for each in offered if left is None or each[0] == left.tenant_id]
            offered = _meant_for(line, offered)
            tenant_id, link_key = (offered[0][0], offered[0][1].key) if len(offered) == 1 else ("", "")
            sole = neighbours[0].customer.tenant_id if len(neighbours) == 1 else key_of_company(company.connection, company.company_id)
            partition = left.tenant_id if left else tenant_id or sole
            by_partition.setdefault(partition, []).append(found_line(head, line, link_key, left.link_key if left else ""))
        names = {left.tenant_id: left.customer for left in self._left.values()}
        names |= {item.customer.tenant_id: item.customer.name for item in neighbours}  # they may be taken out while it goes on
        keep_strangers(self.context.store, [Stranger(key, names.get(key, company.name)) for key in by_partition])
        return [
            unit
            for partition, lines in by_partition.items()
            for unit in in_units(Unit(self.cutover.cutover_id, partition, company.connection, company.company_id, company.name), lines)
        ]

    def _lines(self, company: _Place, managed: frozenset[Place]) -> Iterator[tuple[Agreement, Line]]:
        psa = self.context.adapters.psa(self.configuration, company.connection)
        today = business_dates(self.configuration, self.cutover.started)[company.connection]
        for head in company.heads:
            held = lines_together(self.context, self.cutover.cutover_id, psa, lambda: self._coming(company.connection), head, today)
            for line in (held or lines_of(psa, head, today)).lines:
                free = (head.connection, line.line_id) not in managed
                if free and line.active_on(today) and self.cutover.wanted.takes_line(line):
                    yield head, line

    def _coming(self, connection: str) -> list[Agreement]:
        return [head for company in self.companies() if company.connection == connection for head in company.heads]

    def _connections(self) -> list[str]:
        wanted = self.cutover.wanted.connections
        return [item.name for item in self.configuration.connections if not wanted or item.name in wanted]

    def _heads(self, connection: str) -> Sequence[Agreement]:
        return all_heads(self.context, self.cutover.cutover_id, self.context.adapters.psa(self.configuration, connection))

    def _takes(self, head: Agreement) -> bool:
        if head.status is not AgreementStatus.ACTIVE or not self.cutover.wanted.takes_head(head, self._name(head.connection, head.company_id)):
            return False
        return not self.cutover.wanted.linked or (head.connection, head.company_id) in self._customers

    def _name(self, connection: str, company_id: str) -> str:
        if connection not in self._names:
            psa = self.context.adapters.psa(self.configuration, connection)
            found = shared(self.context, self.cutover.cutover_id, f"companies-{connection}", Company, psa.companies)
            self._names[connection] = {company.company_id: company.name for company in found}
        return self._names[connection].get(company_id) or f"Company {company_id}"


def managed_lines(items: Iterable[CustomerConfiguration], records: Mapping[str, CustomerRecord]) -> frozenset[Place]:
    """The lines that configured links and their rows manage, by connection and line id, with those that prorate beside them."""
    found: set[Place] = set()
    for item in items:
        keys = {link.key for link in item.links}
        for binding in records[item.customer.tenant_id].bindings.values():
            if family_of(binding.link_key) in keys:
                found |= {(binding.connection, binding.line_id)} | {(binding.connection, each.line_id) for each in binding.self_ending}
    return frozenset(found)


def found_line(head: Agreement, line: Line, link_key: str = "", managed_by: str = "") -> CutoverLine:
    """A line as a cut-over lists it."""
    return CutoverLine(
        connection=head.connection,
        agreement_id=head.agreement_id,
        agreement=head.name,
        line_id=line.line_id,
        product_id=line.product_id,
        product=line.product,
        quantity=line.quantity,
        unit_price=line.unit_price,
        currency=head.currency,
        period_months=head.period_months,
        marker=line.marker,
        charge=line.charge,
        starts=line.starts,
        ends=line.ends,
        managed_by=managed_by,
        link_key=link_key,
        money=-money_of_line(line),
    )


def in_units(place: Unit, lines: Sequence[CutoverLine]) -> list[Unit]:
    """The lines of one company in rows, in a fixed order. Those of one link stay together; so many that they do not fit are offered no link."""
    shares = Counter(line.link_key for line in lines)
    offered = (line if shares[line.link_key] <= LINES_A_UNIT else replace(line, link_key="") for line in lines)
    ordered = sorted(offered, key=lambda line: (line.connection, line.link_key, line.agreement_id, line.line_id))
    rows: list[list[CutoverLine]] = []
    for link_key, group in groupby(ordered, key=lambda line: line.link_key):
        of_link = list(group)
        pieces = [of_link] if link_key else [of_link[start : start + LINES_A_UNIT] for start in range(0, len(of_link), LINES_A_UNIT)]
        for piece in pieces:
            if rows and len(rows[-1]) + len(piece) <= LINES_A_UNIT:
                rows[-1] += piece
            else:
                rows.append(piece)
    return [replace(place, number=number, lines=tuple(row)) for number, row in enumerate(rows)]


def customers_by_company(configuration: Configuration) -> Mapping[Place, Sequence[CustomerConfiguration]]:
    """The customers that bill to each company, by connection and company id."""
    found: dict[Place, list[CustomerConfiguration]] = {}
    for item in configuration.customers:
        for place in dict.fromkeys((link.connection, link.company_id) for link in item.links):
            found.setdefault(place, []).append(item)
    return found


def _meant_for(line: Line, offered: list[tuple[str, Link]]) -> list[tuple[str, Link]]:
    """Of several links that bill a product, those that are to take over this very line, or else those that name no other line."""
    if len(offered) < 2:
        return offered
    return [each for each in offered if each[1].adopt_line_id == line.line_id] or [each for each in offered if not each[1].adopt_line_id]


def _offers(items: Iterable[CustomerConfiguration], records: Mapping[str, CustomerRecord], heads: Sequence[Agreement]) -> list[tuple[str, Link]]:
    """The links of these customers that have no line yet, nor rows with lines, with the agreement that each bills to."""
    found = []
    for item in items:
        billing = {family_of(binding.link_key) for binding in records[item.customer.tenant_id].bindings.values() if binding.ended is None}
        links, _ = resolve(item.links, heads)
        found += [(item.customer.tenant_id, link) for link in links if link.key not in billing]
    return found
