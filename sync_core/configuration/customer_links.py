"""A customer's own links as they are worked out: where each goes, and the parts of an item that is divided over several places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sync_core.configuration.nodes import Place
from sync_core.model.billing import BillingProfile, ByTerm, LineChoice, Per
from sync_core.model.configuration import AgreementChoice, ConfiguredLink
from sync_core.model.custom_licences import Part, Split, part_id


@dataclass(frozen=True)
class Goal:
    """Where a customer's own link, or a part of one, goes."""

    profile: BillingProfile
    connection: str
    company_id: str
    agreement: AgreementChoice
    start: date | None
    choice: LineChoice
    adopt_line_id: str
    bills: bool = True
    per: Per = Per.SKU
    terms: tuple[ByTerm, ...] = ()

    def link(self, key: str, item_id: str) -> ConfiguredLink:
        """The link that brings an item there."""
        to = (self.profile, self.connection, self.company_id, self.agreement, self.start, self.choice, self.adopt_line_id)
        return ConfiguredLink(key, item_id, *to, self.bills, self.per, self.terms)


@dataclass(frozen=True)
class CustomerLink:
    """An exception: a customer's own rule, with what only a link of one customer can say. With ``parts`` it bills what is left of the items."""

    place: Place
    item_ids: tuple[str, ...]
    goal: Goal
    name: str
    parts: tuple[tuple[Part, Goal], ...] = ()
    remainder: str = ""

    def links(self) -> Iterator[ConfiguredLink]:
        """The links that the exception makes. The remainder keeps the key of the undivided item, and with it the line that is there."""
        for item_id in self.item_ids:
            for part, goal in self.parts:
                yield goal.link(link_key(item_id, goal.connection, goal.company_id, part.name), part_id(item_id, part.name))
            key = link_key(item_id, self.goal.connection, self.goal.company_id, self.name)
            yield self.goal.link(key, part_id(item_id, self.remainder) if self.remainder else item_id)

    def splits(self) -> Iterator[Split]:
        """How its items are divided, if they are."""
        if self.remainder:
            yield from (Split(item_id, tuple(part for part, _ in self.parts), self.remainder) for item_id in self.item_ids)


@dataclass(frozen=True)
class CustomerLinks:
    """All links of one customer, and how the items are divided whose parts some of them bill."""

    links: tuple[ConfiguredLink, ...]
    splits: tuple[Split, ...] = ()


def link_key(item_id: str, connection: str, company_id: str, name: str = "") -> str:
    """The key of a link, readable and fit for a table key. The agreement is no part of it, so another agreement keeps the line's history."""
    return "~".join(filter(None, (item_id, connection, company_id, name)))
