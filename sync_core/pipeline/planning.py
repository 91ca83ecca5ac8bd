"""From what Microsoft and the PSA hold to the changes of one customer. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sync_core.billing import (
    Needs,
    Place,
    ReconcileInput,
    agreements_to_read,
    handed_over,
    judge,
    marker_owner,
    moves,
    needs,
    postponed,
    reconcile,
    resolve,
    to_read_whole,
    with_rows,
)
from sync_core.counting import commitments_after, count_customer, on_unusable_seats, people_by_item, remembered, usage_needs, with_last_known
from sync_core.errors import SyncError
from sync_core.events import event
from sync_core.model.agreements import Agreement, AgreementLines, Product
from sync_core.model.billing import CountedItem, Move, Question
from sync_core.model.configuration import Configuration, CustomerConfiguration, Partner
from sync_core.model.custom_licences import CustomLicence, whole_id
from sync_core.model.customers import Mode
from sync_core.model.forgotten import without_people
from sync_core.model.history import Counts
from sync_core.model.licences import Source, UsageSnapshot
from sync_core.model.plans import MOVES_UNITS, Change, Unlinked, Verdict
from sync_core.model.runs import Run, RunKind, RunState
from sync_core.model.terms import Commitment
from sync_core.notices import Found, found_in_usage, kinds_asked, needs_of_notices, quiet_items
from sync_core.pipeline.against_invoices import waiting_if_invoices_differ
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, LastRead, journal, load_record
from sync_core.pipeline.evidence import evidence_digest, snapshot_content, snapshot_name
from sync_core.pipeline.permission import decided
from sync_core.pipeline.reading import agreement_now, all_heads, lines_of
from sync_core.pipeline.shared import shared
from sync_core.pipeline.shared_lines import lines_together
from sync_core.pipeline.verifying import rests, verified_now
from sync_core.ports import Psa, Relationship


@dataclass(frozen=True)
class Findings:
    """What one look at a customer comes to; ``evidence`` is the snapshot's blob, named in ``last_read``."""

    changes: tuple[Change, ...]
    unlinked: tuple[Unlinked, ...]
    notes: tuple[str, ...]
    noted: tuple[str, ...]
    """The items that the notes are about, in their order; empty for one that is about none."""
    noticed: Found
    last_read: LastRead
    evidence: bytes
    counts: Counts
    """What the customer is counted by, for the history."""


def find_changes(
    context: Context, run: Run, configuration: Configuration, item: CustomerConfiguration, record: CustomerRecord, plan_id: str, mode: Mode
) -> Findings:
    """Reads the customer and its agreements and computes what would change, with verdicts and what people said.

    Raises what the ports raise: ``SkipCustomer``, ``StopRun``, ``RetryLater``, ``Rejected``.
    """
    licences = configuration.custom_licences_of(item)
    asked = kinds_asked(configuration, item)
    needed = usage_needs(licences, item.splits, bool(item.named), configuration.partner.terms, needs_of_notices(asked))
    snapshot, commitments = _remembering(context.adapters.microsoft(configuration).read_usage(item.customer, needed), configuration.partner, record)
    items = count_customer(snapshot, configuration, item, commitments)
    reader = _Reader(context, run, configuration, item, record)
    known = replace(reader.known(snapshot, items, plan_id), people=people_by_item(snapshot, configuration, item), private=not item.names)
    unread = rests(context.settings, run, record, known)
    inputs = known if unread else handed_over(reader.with_lines(known))
    inputs = replace(inputs, moves=moves(inputs))
    judged = judge(() if unread else reconcile(inputs), inputs)
    compared = waiting_if_invoices_differ(judged.changes, inputs, lambda name: context.adapters.psa(configuration, name))
    changes = _frozen_if_gone(context, run, configuration, item, _held_if_unwritable(context, configuration, compared))
    last = _last_read(record, snapshot, items, judged.first_zeros, inputs.moves)
    unsettled = {whole_id(link.item_id) for link in inputs.links if link.key in inputs.moves}
    verified = record.last.value.verified if unread and record.last else verified_now(context.settings, run, inputs, len(changes))
    terms = {link.key: term.duration for link in inputs.links if (term := inputs.item(link).term)}
    last = replace(last, row_terms={**known.row_terms, **terms}) if terms else last
    last = replace(last, commitments=remembered(commitments, snapshot, unsettled), terms=snapshot.terms, verified=verified)
    notes = (*_notes(items, snapshot, quiet_items(items, item)), *_unusable(inputs), *postponed(inputs))
    return Findings(
        changes=decided(changes, record.words_on(changes), mode, context.clock.now(), configuration.approvals_of(item)),
        unlinked=_unlinked(items, inputs, licences),
        notes=tuple(text for _, text in notes),
        noted=tuple(item_id for item_id, _ in notes),
        noticed=found_in_usage(snapshot, items, configuration, item, asked),
        last_read=last,
        evidence=snapshot_content(without_people(snapshot, record.forgotten)),
        counts=Counts(snapshot.read_at, last.snapshot, configuration.version, items, snapshot.failed),
    )


def _remembering(snapshot: UsageSnapshot, partner: Partner, record: CustomerRecord) -> tuple[UsageSnapshot, Mapping[str, Commitment]]:
    """The snapshot with the terms that are known, and what is committed after it."""
    last = record.last.value if record.last else LastRead(snapshot.read_at.date())
    known = with_last_known(snapshot, last.terms)
    return known, commitments_after(known, partner, last.commitments)


@dataclass(frozen=True)
class _Reader:
    """Reads what the PSA holds for one customer, and no more than a plan needs."""

    context: Context
    run: Run
    configuration: Configuration
    item: CustomerConfiguration
    record: CustomerRecord

    def known(self, snapshot: UsageSnapshot, items: Iterable[CountedItem], plan_id: str) -> ReconcileInput:
        """All that the customer's changes are computed from, but for the lines."""
        heads = self._heads()
        counted = {each.item_id: each for each in items}
        links, questions = resolve(with_rows(self.item.links, counted, self.record.bindings, snapshot.failed), heads)
        return ReconcileInput(
            tenant_id=self.record.tenant_id,
            plan_id=plan_id,
            installation=self.context.settings.installation,
            business_dates=self.run.business_dates,
            links=links,
            questions=questions,
            items=counted,
            agreements={},
            bindings=self.record.bindings,
            failed=snapshot.failed,
            first_zeros=self.record.last.value.zero_since if self.record.last else {},
            moves=self.record.last.value.moves if self.record.last else {},
            row_terms=self.record.last.value.row_terms if self.record.last else {},
            rails=self.item.guard_rails,
            sku_names=self.configuration.sku_names,
            heads=heads,
            languages={connection.name: connection.language for connection in self.configuration.connections},
        )

    def with_lines(self, known: ReconcileInput) -> ReconcileInput:
        """The same with the lines of its agreements; what only a new line needs is read only for a new line."""
        places = agreements_to_read((*known.links, *(question.link for question in known.questions)), self.record.bindings)
        agreements, missing = self._agreements(places, known.heads)
        gone = {link.key: missing[place] for link in known.links if (place := (link.connection, link.agreement_id)) in missing}
        inputs = replace(
            known,
            links=[link for link in known.links if link.key not in gone],
            questions=[*known.questions, *(Question(link, gone[link.key]) for link in known.links if link.key in gone)],
            agreements=agreements,
            known_markers=self._known_markers(agreements.values()),
        )
        inputs = replace(inputs, agreements={**agreements, **self._whole(to_read_whole(inputs))})
        wanted = needs(inputs)
        return self._with_new_lines(inputs, wanted) if wanted.companies else inputs

    def _psa(self, connection: str) -> Psa:
        return self.context.adapters.psa(self.configuration, connection)

    def _heads(self) -> list[Agreement]:
        """The heads of the linked companies' agreements, out of what the run read in bulk; one chosen by id is read if it is not among them."""
        heads: list[Agreement] = []
        for connection in sorted({link.connection for link in self.item.links}):
            companies = {link.company_id for link in self.item.links if link.connection == connection}
            heads += self._heads_of(connection, companies)
            known = {head.agreement_id for head in heads if head.connection == connection}
            chosen = {link.agreement.value for link in self.item.links if link.connection == connection and link.agreement.by == "id"}
            bound = {binding.agreement_id for binding in self.record.bindings.values() if binding.connection == connection}
            if unknown := (chosen | bound) - known:
                heads += self._psa(connection).read_headers(sorted(unknown))
        return heads

    def _heads_of(self, connection: str, companies: Collection[str]) -> list[Agreement]:
        """Out of what the run read of all; one customer alone is no reason to read everybody's."""
        if self.run.kind is RunKind.RESYNC:
            return [head for company_id in sorted(companies) for head in self._psa(connection).company_agreements(company_id)]
        return [head for head in self._all_heads(connection) if head.company_id in companies]

    def _all_heads(self, connection: str) -> Sequence[Agreement]:
        return all_heads(self.context, self.run.run_id, self._psa(connection))

    def _agreements(self, places: Iterable[Place], all_heads: Iterable[Agreement]) -> tuple[dict[Place, AgreementLines], dict[Place, str]]:
        heads = {(head.connection, head.agreement_id): head for head in all_heads}
        found: dict[Place, AgreementLines] = {}
        missing: dict[Place, str] = {}
        for place in sorted(places):
            if place in heads:
                found[place] = self._together(heads[place]) or lines_of(self._psa(place[0]), heads[place], self.run.business_dates[place[0]])
            else:
                missing[place] = f"Agreement {place[1]} of {place[0]} cannot be found in the PSA"
        return found, missing

    def _together(self, head: Agreement) -> AgreementLines | None:
        """The agreement out of what a run reads together while it reads; one customer alone, and a plan that is made anew later, are read anew."""
        if self.run.kind is RunKind.RESYNC or self.run.state not in (RunState.STARTING, RunState.READING):
            return None
        day = self.run.business_dates[head.connection]
        return lines_together(self.context, self.run.run_id, self._psa(head.connection), lambda: self._coming(head.connection), head, day)

    def _coming(self, connection: str) -> Iterator[Agreement]:
        """The agreements of the companies that the run's customers bill to, in the order of the customers."""
        by_company: dict[str, list[Agreement]] = {}
        for head in self._all_heads(connection):
            by_company.setdefault(head.company_id, []).append(head)
        only = frozenset(self.run.only)
        meant = (item for item in self.configuration.customers if not only or item.customer.tenant_id in only)
        companies = dict.fromkeys(link.company_id for item in meant for link in item.links if link.connection == connection)
        return (head for company_id in companies for head in by_company.get(company_id, ()))

    def _whole(self, places: Iterable[Place]) -> dict[Place, AgreementLines]:
        """Agreements that are read anew, for themselves: with what their lines hold on all days."""
        read = {place: agreement_now(self._psa(place[0]), place[1], self.run.business_dates[place[0]]) for place in sorted(places)}
        return {place: found for place, found in read.items() if found}

    def _known_markers(self, agreements: Iterable[AgreementLines]) -> frozenset[str]:
        """The markers with a journal row behind them; the journal is read only when a line carries one of ours that no binding explains."""
        ours = [line.marker for held in agreements for line in held.lines if marker_owner(line.marker) == self.context.settings.installation]
        bound = {binding.marker for binding in self.record.bindings.values()}
        bound |= {each.marker for binding in self.record.bindings.values() for each in binding.self_ending}
        if set(ours) <= bound and len(set(ours)) == len(ours):
            return frozenset(ours)
        return frozenset(entry.step.marker for entry in journal(self.context.store, self.record.tenant_id) if entry.step.marker)

    def _with_new_lines(self, inputs: ReconcileInput, wanted: Needs) -> ReconcileInput:
        """The lines of the companies' other agreements, the products, and the lines that links of other customers manage there."""
        company_lines = {place: self._company_lines(place) for place in sorted(wanted.companies)}
        products: dict[Place, Product | None] = dict.fromkeys(wanted.products)
        for connection in sorted({place[0] for place in wanted.products}):
            identifiers = sorted(identifier for name, identifier in wanted.products if name == connection)
            by_name = {product.identifier.casefold(): product for product in self._psa(connection).products(identifiers)}
            products |= {(connection, identifier): by_name.get(identifier.casefold()) for identifier in identifiers}
        return replace(
            inputs,
            company_lines=company_lines,
            products=products,
            lines_of_others=self._lines_of_others(wanted),
            known_markers=self._known_markers(held for company in company_lines.values() for held in company),
        )

    def _company_lines(self, place: Place) -> tuple[AgreementLines, ...]:
        connection, company_id = place
        psa, day = self._psa(connection), self.run.business_dates[connection]
        return tuple(lines_of(psa, head, day) for head in psa.company_agreements(company_id))

    def _lines_of_others(self, wanted: Needs) -> frozenset[Place]:
        """Several customers may bill to one company: what their links manage is not a stranger's line."""
        neighbours = [
            other.customer.tenant_id
            for other in self.configuration.customers
            if other.customer.tenant_id != self.record.tenant_id
            and any((link.connection, link.company_id) in wanted.companies for link in other.links)
        ]
        records = (load_record(self.context.store, tenant_id) for tenant_id in neighbours)
        held = [binding for record in records for binding in record.bindings.values()]
        beside = {(binding.connection, each.line_id) for binding in held for each in binding.self_ending}
        return frozenset({(binding.connection, binding.line_id) for binding in held} | beside)


def _notes(items: Iterable[CountedItem], snapshot: UsageSnapshot, quiet: Collection[str]) -> Iterator[tuple[str, str]]:
    """What there is besides, each with the item that it is about; nothing of what is not billed on purpose."""
    told = (counted for counted in items if whole_id(counted.item_id) not in quiet)
    yield from ((counted.item_id, f"{counted.name}: {note}") for counted in told for note in counted.notes)
    if Source.TERMS in snapshot.failed:
        yield "", f"The terms of the subscriptions are unknown, Partner Center could not be read: {snapshot.failed[Source.TERMS]}"


def _unusable(inputs: ReconcileInput) -> Iterator[tuple[str, str]]:
    """Seats that cannot be used, and that are billed all the same: said every night, also where nothing changes."""
    for link in inputs.links:
        if link.bills and not link.outgoing and (seats := on_unusable_seats(item := inputs.item(link), link.profile)):
            why = f"the profile {link.profile.name} bills what is assigned"
            where = f"and billed on agreement {link.agreement_id}, because {why}"
            yield item.item_id, f"{item.name}: {seats} suspended or locked-out seats are assigned, {where}"


def _unlinked(items: Iterable[CountedItem], inputs: ReconcileInput, licences: Iterable[CustomLicence]) -> tuple[Unlinked, ...]:
    """What is counted and goes nowhere. SKUs of others, free ones and excluded ones are none of it, nor is what a sum adds up."""
    linked = {whole_id(link.item_id) for link in inputs.configured} | {item_id for licence in licences for item_id in licence.sum_of}
    return tuple(
        Unlinked(item.item_id, item.name, item.purchased, item.assigned, "No billing profile is linked")
        for item in items
        if whole_id(item.item_id) not in linked and not item.excluded and (item.purchased is None or item.purchased or item.warning or item.suspended)
    )


def _held_if_unwritable(context: Context, configuration: Configuration, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Units are not written to a PSA that says why they must not be."""
    moving = {change.connection for change in changes if change.applicable and change.kind in MOVES_UNITS}
    why = {name: context.adapters.psa(configuration, name).cannot_change_units() for name in sorted(moving)}
    return tuple(
        replace(change, verdict=Verdict.HELD, reasons=(*change.reasons, why[change.connection]))
        if change.kind in MOVES_UNITS and why.get(change.connection)
        else change
        for change in changes
    )


def _frozen_if_gone(
    context: Context, run: Run, configuration: Configuration, item: CustomerConfiguration, changes: Sequence[Change]
) -> tuple[Change, ...]:
    """A customer without an active relationship is frozen and asked about; a list that cannot be read, or is empty, freezes nobody."""
    if not changes:
        return ()
    known = relationships(context, run, configuration)
    if not known or item.customer.tenant_id in {relationship.tenant_id for relationship in known}:
        return tuple(changes)
    way_out = "Renew it, or say what is to become of its lines: python3 dev.py offboard CUSTOMER --on DATE ends them, --keep leaves them."
    why = f"The partner has no active relationship with this customer any more, so nothing of it changes. {way_out}"
    return tuple(replace(change, verdict=Verdict.HELD, reasons=(*change.reasons, why)) for change in changes)


def relationships(context: Context, run: Run, configuration: Configuration) -> Sequence[Relationship]:
    """The partner's relationships as the run read them; empty when they cannot be read."""
    load: Callable[[], Sequence[Relationship]] = context.adapters.microsoft(configuration).relationships
    try:
        return shared(context, run.run_id, "relationships", Relationship, load)
    except SyncError as error:
        event("relationships.unread", run=run.run_id, code=error.code)
        return ()


def _last_read(
    record: CustomerRecord, snapshot: UsageSnapshot, items: Sequence[CountedItem], first_zeros: Mapping[str, date], moved: Mapping[str, Move]
) -> LastRead:
    """What this read leaves. Evidence that did not change, and comes to the same counts, keeps its name and is not stored again."""
    digest = evidence_digest(snapshot, items)
    last = record.last.value if record.last else None
    same = last is not None and last.digest == digest
    day = snapshot.read_at.date() if not snapshot.failed.keys() - {Source.TERMS} or last is None else last.day
    return LastRead(day, last.snapshot if same and last else snapshot_name(snapshot, digest), digest, first_zeros, moved)
