"""Rules and exceptions worked out into the links of each customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sync_core.configuration.nodes import Place, Problems
from sync_core.configuration.references import References, agreement
from sync_core.configuration.shapes import Section
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import AgreementChoice, ConfiguredLink


@dataclass(frozen=True)
class Rule:
    """A rule with its names looked up: these SKUs go there, for every customer that has a company on the connection."""

    place: Place
    sku_ids: tuple[str, ...]
    profile: BillingProfile
    connection: str
    agreement: AgreementChoice

    def link(self, sku_id: str, company_id: str) -> ConfiguredLink:
        """The link that the rule makes for one of its SKUs."""
        return ConfiguredLink(link_key(sku_id, self.connection, company_id), sku_id, self.profile, self.connection, company_id, self.agreement)


@dataclass(frozen=True)
class CustomerLink:
    """An exception: a customer's own rule, with what only a link of one customer can say."""

    rule: Rule
    company_id: str
    start: date | None
    choice: LineChoice
    adopt_line_id: str
    name: str

    def link(self, sku_id: str) -> ConfiguredLink:
        """The link that the exception makes for one of its SKUs."""
        key = link_key(sku_id, self.rule.connection, self.company_id, self.name)
        rule = self.rule
        return ConfiguredLink(
            key, sku_id, rule.profile, rule.connection, self.company_id, rule.agreement, self.start, self.choice, self.adopt_line_id
        )


def link_key(sku_id: str, connection: str, company_id: str, name: str = "") -> str:
    """The key of a link, readable and fit for a table key. The agreement is no part of it, so another agreement keeps the line's history."""
    return "~".join(filter(None, (sku_id, connection, company_id, name)))


def read_rules(written: Iterable[Section], references: References) -> tuple[Rule, ...]:
    """The rules; two that fit one SKU on one connection are a problem."""
    rules = tuple(rule for section in written if (rule := _rule(section, references)) is not None)
    seen: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        for sku_id in rule.sku_ids:
            other = seen.setdefault((sku_id, rule.connection), rule)
            if other is not rule:
                what = f"two rules for the SKU {sku_id} on {rule.connection}; the other is in line {other.place.line}"
                references.problems.error(rule.place, what, "Keep one; where a customer differs, write the difference under its links")
    return rules


def _rule(section: Section, references: References) -> Rule | None:
    sku_ids, profile = references.rule_skus(section), references.profile(section)
    connection, choice = references.connection(section), agreement(section)
    if profile is None or connection is None or choice is None:
        return None
    return Rule(section.place, sku_ids, profile, connection, choice)


def customer_links(
    section: Section,
    companies: Mapping[str, str],
    own_excluded: frozenset[str],
    excluded: frozenset[str],
    rules: Iterable[Rule],
    references: References,
) -> tuple[ConfiguredLink, ...]:
    """A customer's links: its exceptions, and the rules for all SKUs that neither an exception nor its own exclusions name."""
    exceptions = _exceptions(section, companies, own_excluded | excluded, references)
    taken = own_excluded | {link.item_id for link in exceptions}
    return (
        *exceptions,
        *(
            rule.link(sku_id, companies[rule.connection])
            for rule in rules
            if rule.connection in companies
            for sku_id in rule.sku_ids
            if sku_id not in taken
        ),
    )


def _exceptions(section: Section, companies: Mapping[str, str], excluded: frozenset[str], references: References) -> tuple[ConfiguredLink, ...]:
    problems = references.problems
    links: dict[str, ConfiguredLink] = {}
    goals: set[tuple[str, str, str, AgreementChoice]] = set()
    for written in section.items("links"):
        exception = _exception(written.value, companies, references)
        for link in _links_of(exception):
            goal = (link.item_id, link.connection, link.company_id, link.agreement)
            if link.item_id in excluded:
                problems.error(written.place, f"a link for the excluded SKU {link.item_id}", "Take it out of the links or out of the exclusions")
            elif goal in goals:
                problems.error(written.place, f"a second link of the SKU {link.item_id} to the same agreement", "Keep one of them")
            elif link.key in links:
                what = f"a second link of the SKU {link.item_id} to company {link.company_id}"
                problems.error(written.place, what, "If both are meant, give this one a 'name'; the SKU is billed on both")
            links.setdefault(link.key, link)
            goals.add(goal)
    return tuple(links.values())


def _links_of(exception: CustomerLink | None) -> Iterator[ConfiguredLink]:
    if exception is not None:
        yield from (exception.link(sku_id) for sku_id in exception.rule.sku_ids)


def _exception(section: Section, companies: Mapping[str, str], references: References) -> CustomerLink | None:
    rule = _rule(section, references)
    if rule is None:
        return None
    company_id = section.get("company") or companies.get(rule.connection)
    if company_id is None:
        references.problems.error(section.place, f"the customer has no company on {rule.connection}", "Give it one, or name a 'company' in this link")
        return None
    choice, line_id = section.get("line", (LineChoice.NONE, ""))
    if choice is LineChoice.ADOPT and len(rule.sku_ids) > 1:
        references.problems.error(section.place_of("line"), "one line for several SKUs", "Write one link for each SKU")
    return CustomerLink(rule, company_id, section.get("start"), choice, line_id, section.get("name", ""))


def warn_of_shared_products(customers: Iterable[tuple[Place, tuple[ConfiguredLink, ...]]], problems: Problems) -> None:
    """Two SKUs under one product on one agreement: whose a line is that was there before cannot be told. Said once a product."""
    seen: set[tuple[str, str]] = set()
    for place, links in customers:
        first: dict[tuple[str, str, AgreementChoice, str], str] = {}
        for link in links:
            other = first.setdefault((link.connection, link.company_id, link.agreement, link.profile.product), link.item_id)
            product = (link.connection, link.profile.product)
            if other != link.item_id and product not in seen:
                seen.add(product)
                what = f"the SKUs {other} and {link.item_id} bill the same product {link.profile.product} on one agreement"
                problems.warning(place, what, "Each gets a line of its own; a line that is already there must be adopted by one of them")
