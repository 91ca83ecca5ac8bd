"""What a rule or link says besides its profile: lines by term or subscription, members of the profile that differ, and not to bill at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.configuration.yaml_file import to_text
from sync_core.configuration.overview import overview
from sync_core.configuration.writing import file_document
from sync_core.model.billing import Decreases, Per
from tests.configuration.files import CUSTOMERS, HEAD, configuration, problems

PROFILES = HEAD + "  Monthly: {product: M365-BP-M}\n  By hand: {product: M365-BP, basis: assigned}\n  Cost: {product: M365-BP, cost_plus: 10}\n"


def ruled(rule: str) -> str:
    """A file with one rule for Business Premium that says this, too."""
    return PROFILES + f"rules:\n  - {{sku: SPB, profile: Premium, agreement: {{type: Microsoft 365}}{rule}}}\n" + CUSTOMERS


def linked(link: str, profile: str = "Premium") -> str:
    """A file with one link for Business Premium that says this, too."""
    return PROFILES + CUSTOMERS + f"    links:\n      - {{sku: SPB, profile: {profile}, agreement: {{type: Microsoft 365}}{link}}}\n"


def test_a_rule_gives_each_subscription_a_line() -> None:
    (link,) = configuration(ruled(", per: subscription")).customers[0].links
    assert (link.per, link.terms) == (Per.SUBSCRIPTION, ())


def test_profiles_by_term_give_each_term_a_line() -> None:
    text = ruled(", terms: [{term: P1M, profile: Monthly}, {term: P1Y, cycle: annual, profile: Premium, override: {decreases: now}}]")
    (link,) = configuration(text).customers[0].links
    assert link.per is Per.TERM
    assert [(each.term, each.cycle, each.profile.product) for each in link.terms] == [("P1M", "", "M365-BP-M"), ("P1Y", "annual", "M365-BP")]
    assert link.terms[1].profile.decreases is Decreases.NOW


def test_a_link_says_some_of_its_profile_otherwise() -> None:
    (link,) = configuration(linked(", override: {minimum: 5, included: 2, prices: [{amount: 18.50}]}")).customers[0].links
    assert (link.profile.minimum, link.profile.included, link.profile.prices[0].amount) == (5, 2, Decimal("18.50"))
    assert (link.profile.product, link.profile.name) == ("M365-BP", "Premium with included 2, minimum 5, prices 18.50")


def test_a_price_of_a_links_own_takes_the_place_of_a_computed_one() -> None:
    (link,) = configuration(linked(", override: {prices: [{amount: 18, from: 2026-01-01}]}", "Cost")).customers[0].links
    assert (link.profile.cost_plus, len(link.profile.prices)) == (None, 1)


def test_a_part_of_a_split_says_some_of_its_profile_otherwise() -> None:
    part = "{name: north, where: [{city: Kiel}], company: 251, profile: Premium, override: {minimum: 3}}"
    north, rest = configuration(linked(f", split: {{parts: [{part}], remainder: rest}}")).customers[0].links
    assert (north.profile.minimum, rest.profile.minimum) == (3, 0)


def test_a_link_is_not_billed() -> None:
    read = configuration(linked(", bill: false"))
    assert [link.bills for link in read.customers[0].links] == [False]
    assert [place.goes_to for place in overview(read)] == ["not billed: the link says so"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ruled(", terms: [{profile: Monthly}]"), "neither a term nor a cycle"),
        (ruled(", per: subscription, override: {basis: assigned}"), "which bills by assigned"),
        (ruled(", terms: [{term: P1M, profile: By hand}]"), "which bills by assigned"),
        (ruled(", terms: [{term: P2M, profile: Monthly}]"), "not one of P1M, P1Y, P3Y"),
        (linked(", per: term, line: adopt 12"), "one line to adopt for what gets a line for each term"),
        (linked(", per: term, split: {parts: [{name: a, where: [{city: Kiel}]}], remainder: b}"), "is divided"),
        (linked(", split: {parts: [{name: a, where: [{city: Kiel}], override: {minimum: 1}}], remainder: b}"), "override without profile"),
        (linked(", override: {credits: true}"), "credits without prorate"),
        (linked(", override: {prices: [{amount: 1}], cost_plus: 3}"), "prices and cost_plus together"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, problem: str) -> None:
    assert problem in "\n".join(problems(text))


@pytest.mark.parametrize(
    "text",
    [
        ruled(", per: subscription"),
        ruled(", terms: [{term: P1M, profile: Monthly}, {cycle: annual, profile: Premium, override: {minimum: 2}}]"),
        linked(", bill: false"),
        linked(", override: {minimum: 5, prices: [{amount: 18.5, until: 2026-12-31}, {amount: 20, from: 2027-01-01}], taxable: true}"),
    ],
)
def test_written_out_and_read_again_it_is_the_same(text: str) -> None:
    read = configuration(text)
    assert configuration(to_text(file_document(read))).customers == read.customers
