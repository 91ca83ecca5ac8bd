"""All that a customer's changes are computed from, and what else has to be read before they can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sync_core.billing.identity import marker_owner
from sync_core.counting import Counted, absent, quantity_for
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Product
from sync_core.model.billing import Binding, CountedItem, LineChoice, Link, Move, Outgoing, Question
from sync_core.model.configuration import GuardRails
from sync_core.model.custom_licences import part_name, whole_id
from sync_core.model.languages import Language
from sync_core.model.licences import Source, User

Place = tuple[str, str]
"""The name of a PSA connection, and the id of an agreement, a company, a line or the identifier of a product in it."""


@dataclass(frozen=True)
class ReconcileInput:
    """One customer at one business date. The order of its parts does not matter.

    ``items`` are keyed by item id, ``failed`` comes from the snapshot. ``agreements`` holds what was read, by connection and
    agreement id: those of ``agreements_to_read``. ``bindings`` are the customer's, by link key, also of links no longer
    configured. ``lines_of_others`` are lines that other customers' links manage. ``known_markers`` have a journal row.
    ``company_lines`` (by connection and company id: all lines of the company's active agreements) and ``products`` (by
    connection and identifier; ``None`` where the catalogue has none) are needed only where ``needs`` says so.
    """

    tenant_id: str
    plan_id: str
    installation: str
    business_dates: Mapping[str, date]
    links: Sequence[Link]
    questions: Sequence[Question]
    items: Mapping[str, CountedItem]
    agreements: Mapping[Place, AgreementLines]
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    failed: Mapping[Source, str] = field(default_factory=dict)
    known_markers: frozenset[str] = frozenset()
    first_zeros: Mapping[str, date] = field(default_factory=dict)
    """By link key: the business date on which the link was first counted as zero."""
    rails: GuardRails = field(default_factory=GuardRails)
    sku_names: Mapping[str, str] = field(default_factory=dict)
    heads: Sequence[Agreement] = ()
    """The heads of all active agreements of the linked companies, read or not."""
    lines_of_others: frozenset[Place] = frozenset()
    company_lines: Mapping[Place, Sequence[AgreementLines]] = field(default_factory=dict)
    products: Mapping[Place, Product | None] = field(default_factory=dict)
    people: Mapping[str, Sequence[User]] = field(default_factory=dict)
    """By item id, the people behind the items whose names are shown; missing where it is not known who they are."""
    languages: Mapping[str, Language] = field(default_factory=dict)
    """By connection, the language of what its invoices show; English where none is given."""
    private: bool = False
    """Whether nobody of this customer is named, whatever the profiles say."""
    moves: Mapping[str, Move] = field(default_factory=dict)
    """By link key: since when its count has differed from what is billed."""
    row_terms: Mapping[str, str] = field(default_factory=dict)
    """By the key of a link to a subscription or a term: how long that was, as it was last read."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """By link key: why it bills no more for the time being, in words."""
    free_after: Mapping[str, date] = field(default_factory=dict)
    """By link key: the last day that ended lines of its family bill, in time that is still open."""

    def item(self, link: Link) -> CountedItem:
        """What the link's item came to; a SKU that Microsoft does not name any more is zero, if that was read well."""
        name = self.sku_names.get(link.item_id, link.item_id)
        return self._left(link) if link.outgoing else self.items.get(link.item_id) or absent(link.item_id, name, self.failed)

    def _left(self, link: Link) -> CountedItem:
        """Nothing, if all that is known of the SKU is sure; else what stands in the way of that."""
        sku_id, group = whole_id(link.item_id), part_name(link.item_id)
        whole = self.items.get(sku_id) or absent(sku_id, self.sku_names.get(sku_id, sku_id), self.failed)
        rows = [item for item_id, item in self.items.items() if item.term and whole_id(item_id) == sku_id]
        questions = tuple(dict.fromkeys(question for item in (whole, *rows) for question in item.purchased_questions))
        name = f"{whole.name} ({group[:8]})" if group else whole.name
        number = None if questions else 0
        return CountedItem(
            link.item_id, name, number, number, purchased_questions=questions, lapsed=whole.lapsed if link.outgoing is Outgoing.GONE else ()
        )

    def counted(self, link: Link) -> Counted:
        """The units to bill for a link."""
        if not link.bills:
            return Counted(0, "The link says that it is not billed.", number=0)
        return quantity_for(self.item(link), link.profile)

    def idle(self, link: Link) -> bool:
        """Whether there is nothing to bill and no line that we manage or were told to take over.

        A rule names many SKUs, and a customer holds a few of them: one that it never held is no item of it, minimum or not.
        """
        if link.key in self.bindings or link.choice is LineChoice.ADOPT:
            return False
        return not self.item(link).held or self.counted(link).value == 0

    @property
    def configured(self) -> tuple[Link, ...]:
        """All links of the configuration, those with a question included."""
        return (*self.links, *(question.link for question in self.questions))

    @cached_property
    def managed(self) -> frozenset[Place]:
        """The lines that configured links manage, by connection and line id; a link taken out of the configuration manages nothing."""
        held = [self.bindings[link.key] for link in self.configured if link.key in self.bindings]
        beside = {(binding.connection, each.line_id) for binding in held for each in binding.self_ending}
        return self.lines_of_others | {(binding.connection, binding.line_id) for binding in held} | beside


@dataclass(frozen=True)
class Needs:
    """What has to be read before lines can be added: all lines of companies, and products of the catalogue."""

    companies: frozenset[Place] = frozenset()
    products: frozenset[Place] = frozenset()


def agreements_to_read(links: Iterable[Link], bindings: Mapping[str, Binding]) -> frozenset[Place]:
    """The agreements whose lines a plan rests on: those the links point to, and those that hold the lines they manage."""
    chosen = list(links)
    held = [bindings[link.key] for link in chosen if link.key in bindings]
    places = {(link.connection, link.agreement_id) for link in chosen if link.agreement_id}
    return frozenset(places | {(binding.connection, binding.agreement_id) for binding in held})


def needs(inputs: ReconcileInput) -> Needs:
    """What to read, and to put into ``inputs``, before ``reconcile``: nothing for a customer whose lines are all there."""
    starting = [link for link in inputs.links if not inputs.idle(link) and inputs.counted(link).value and not _has_line(inputs, link)]
    return Needs(
        frozenset((link.connection, link.company_id) for link in (*starting, *_beside_strange_lines(inputs), *_beside_twins(inputs))),
        frozenset((link.connection, link.profile.product) for link in starting),
    )


def _has_line(inputs: ReconcileInput, link: Link) -> bool:
    binding = inputs.bindings.get(link.key)
    held = inputs.agreements.get((link.connection, link.agreement_id))
    line = held.line(binding.line_id) if binding and held else None
    return line is not None and line.ends is None


def _beside_strange_lines(inputs: ReconcileInput) -> Iterator[Link]:
    """Links beside a line that carries a marker and is not known to be managed: whose it is shows only with the whole company."""
    for link in inputs.links:
        held = inputs.agreements.get((link.connection, link.agreement_id))
        for line in held.lines if held else ():
            if marker_owner(line.marker) and line.ends is None and (link.connection, line.line_id) not in inputs.managed:
                yield link


def _beside_twins(inputs: ReconcileInput) -> Iterator[Link]:
    """Links whose company has another active agreement of the same type that was not read: it may be a copy, with lines and markers."""
    unread = [head for head in inputs.heads if (head.connection, head.agreement_id) not in inputs.agreements]
    twins = {(head.connection, head.company_id, head.type_name) for head in unread if head.status is AgreementStatus.ACTIVE}
    for link in inputs.links:
        held = inputs.agreements.get((link.connection, link.agreement_id))
        if held and link.key in inputs.bindings and (link.connection, link.company_id, held.agreement.type_name) in twins:
            yield link
