"""Rules and exceptions worked out into the links of each customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sync_core.configuration.custom_licences import written_name
from sync_core.configuration.customer_links import CustomerLink, CustomerLinks, Goal, link_key
from sync_core.configuration.nodes import Place, Problems
from sync_core.configuration.references import References, agreement
from sync_core.configuration.shapes import Section
from sync_core.configuration.splitting import divided, refuse_partly_divided, refuse_wrong_rows
from sync_core.model.billing import BillingProfile, ByTerm, LineChoice, Per
from sync_core.model.configuration import AgreementChoice, ConfiguredLink
from sync_core.model.custom_licences import whole_id


@dataclass(frozen=True)
class Rule:
    """A rule with its names looked up: these items go there, for every customer that has a company on the connection."""

    place: Place
    item_ids: tuple[str, ...]
    profile: BillingProfile
    connection: str
    agreement: AgreementChoice
    per: Per = Per.SKU
    terms: tuple[ByTerm, ...] = ()

    def link(self, item_id: str, company_id: str) -> ConfiguredLink:
        """The link that the rule makes for one of its items."""
        place = (self.profile, self.connection, company_id, self.agreement)
        return ConfiguredLink(link_key(item_id, self.connection, company_id), item_id, *place, per=self.per, terms=self.terms)


def read_rules(written: Iterable[Section], references: References) -> tuple[Rule, ...]:
    """The rules; two that fit one item on one connection are a problem."""
    rules = tuple(rule for section in written if (rule := _rule(section, references)) is not None)
    seen: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        for item_id in rule.item_ids:
            other = seen.setdefault((item_id, rule.connection), rule)
            if other is not rule:
                what = f"two rules for the {written_name(item_id)} on {rule.connection}; the other is in line {other.place.line}"
                references.problems.error(rule.place, what, "Keep one; where a customer differs, write the difference under its links")
    return rules


def _rule(section: Section, references: References) -> Rule | None:
    item_ids, profile = references.rule_items(section), references.profile(section)
    connection, choice = references.connection(section), agreement(section)
    if profile is None or connection is None or choice is None:
        return None
    terms = references.terms(section)
    rule = Rule(section.place, item_ids, profile, connection, choice, section.get("per", Per.TERM if terms else Per.SKU), terms)
    refuse_wrong_rows(rule.per, (profile, *(each.profile for each in terms)), section, references.problems)
    return rule


def customer_links(
    section: Section,
    companies: Mapping[str, str],
    own_excluded: frozenset[str],
    excluded: frozenset[str],
    rules: Iterable[Rule],
    references: References,
) -> CustomerLinks:
    """A customer's links: its exceptions, and the rules for all items that neither an exception nor its own exclusions name."""
    exceptions = [found for written in section.items("links") if (found := _exception(written.value, companies, references)) is not None]
    own_links = _own_links(exceptions, own_excluded | excluded, references)
    taken = own_excluded | {whole_id(link.item_id) for link in own_links}
    by_rule = (
        rule.link(item_id, companies[rule.connection])
        for rule in rules
        if rule.connection in companies
        for item_id in rule.item_ids
        if item_id not in taken
    )
    return CustomerLinks((*own_links, *by_rule), tuple(split for exception in exceptions for split in exception.splits()))


def _own_links(exceptions: Iterable[CustomerLink], excluded: frozenset[str], references: References) -> tuple[ConfiguredLink, ...]:
    problems = references.problems
    links: dict[str, ConfiguredLink] = {}
    goals: set[tuple[str, str, str, AgreementChoice]] = set()
    refuse_partly_divided(exceptions, problems)
    for exception in exceptions:
        for link in exception.links():
            goal = (link.item_id, link.connection, link.company_id, link.agreement)
            item = written_name(link.item_id)
            if whole_id(link.item_id) in excluded:
                problems.error(exception.place, f"a link for the excluded {item}", "Take it out of the links or out of the exclusions")
            elif goal in goals:
                problems.error(exception.place, f"a second link of the {item} to the same agreement", "Keep one of them")
            elif link.key in links:
                what = f"a second link of the {item} to company {link.company_id}"
                problems.error(exception.place, what, "If both are meant, give this one a 'name'; it is billed on both")
            links.setdefault(link.key, link)
            goals.add(goal)
    return tuple(links.values())


def _exception(section: Section, companies: Mapping[str, str], references: References) -> CustomerLink | None:
    rule = _rule(section, references)
    if rule is None:
        return None
    company_id = section.get("company") or companies.get(rule.connection)
    if company_id is None:
        references.problems.error(section.place, f"the customer has no company on {rule.connection}", "Give it one, or name a 'company' in this link")
        return None
    choice, line_id = section.get("line", (LineChoice.NONE, ""))
    place = (rule.profile, rule.connection, company_id, rule.agreement)
    goal = Goal(*place, section.get("start"), choice, line_id, section.get("bill", True), rule.per, rule.terms)
    if goal.choice is LineChoice.ADOPT and len(rule.item_ids) > 1:
        references.problems.error(section.place_of("line"), "one line for several SKUs", "Write one link for each SKU")
    link = CustomerLink(section.place, rule.item_ids, goal, section.get("name", ""))
    return divided(link, section, references) if "split" in section.members else link


def warn_of_shared_products(customers: Iterable[tuple[Place, tuple[ConfiguredLink, ...]]], problems: Problems) -> None:
    """Two items under one product on one agreement: whose a line is that was there before cannot be told. Said once a product."""
    seen: set[tuple[str, str]] = set()
    for place, links in customers:
        first: dict[tuple[str, str, AgreementChoice, str], str] = {}
        for link in links:
            item = whole_id(link.item_id)
            other = first.setdefault((link.connection, link.company_id, link.agreement, link.profile.product), item)
            product = (link.connection, link.profile.product)
            if other != item and product not in seen:
                seen.add(product)
                what = f"the {written_name(other)} and the {written_name(item)} bill the same product {link.profile.product} on one agreement"
                problems.warning(place, what, "Each gets a line of its own; a line that is already there must be adopted by one of them")
