"""Profiles: what each says about proration, prices and terms, and which combinations are refused."""

from datetime import date
from decimal import Decimal

import pytest

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text, to_text
from sync_core.configuration.differences import differences
from sync_core.configuration.writing import file_document
from sync_core.model.agreements import Charge
from sync_core.model.billing import BillingProfile, Decreases, Names, PriceRange
from tests.configuration.files import FILE, configuration, problems

PRORATED = """\
    product: M365-BP
    prorate: true
    credits: true
    decreases: at renewal
    charge: no charge
    taxable: false
    description: "{item}, monthly"
    names: display name
    show_unassigned: true
    prices:
      - {amount: 20.60, until: 2025-12-31}
      - {amount: 22, from: 2026-01-01}
"""


def profile(text: str) -> BillingProfile:
    """The profile Premium of the small file, written as told."""
    return configuration(FILE.replace("    product: M365-BP\n", text)).customers[0].links[0].profile


def test_a_profile_that_says_nothing_bills_whole_periods_at_the_psas_price() -> None:
    assert profile("    product: M365-BP\n") == BillingProfile("Premium", "M365-BP")


def test_a_profile_says_how_it_prorates_what_it_costs_and_what_new_lines_are_given() -> None:
    read = profile(PRORATED)
    assert (read.prorate, read.credits, read.decreases, read.charge, read.taxable) == (True, True, Decreases.AT_RENEWAL, Charge.NO_CHARGE, False)
    assert (read.names, read.show_unassigned) == (Names.DISPLAY_NAME, True)
    assert read.prices == (PriceRange(Decimal("20.60"), last=date(2025, 12, 31)), PriceRange(Decimal(22), first=date(2026, 1, 1)))


@pytest.mark.parametrize("text", [PRORATED, "    product: M365-BP\n    cost_plus: 12.5\n"])
def test_what_is_exported_reads_as_the_same_profile(text: str) -> None:
    before = configuration(FILE.replace("    product: M365-BP\n", text))
    assert read_text(to_text(file_document(before)), known_skus(), "test.yaml").configuration == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("credits: true", "credits without prorate"),
        ("prices: [{amount: 1, from: 2026-01-02, until: 2026-01-01}]", "before it begins"),
        ("prices: [{amount: 1, until: 2026-01-01}, {amount: 2, from: 2026-01-01}]", "two prices for 2026-01-01"),
        ("prices: [{amount: 1}, {amount: 2}]", "two prices"),
        ("prices: [{from: 2026-01-01}]", "amount is missing"),
        ("prices: [{amount: 1}]\n    cost_plus: 3", "prices and cost_plus together"),
        ("show_unassigned: true", "names that are not shown"),
        ("names: none\n    show_unassigned: true", "names that are not shown"),
        ("decreases: later", "not one of now, next period, at renewal"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(text: str, words: str) -> None:
    assert words in "\n".join(problems(FILE.replace("    product: M365-BP\n", f"    product: M365-BP\n    {text}\n")))


def test_a_customer_may_want_nobody_named_and_says_so_in_what_is_exported() -> None:
    private = FILE.replace("    name: Fabrikam\n", "    name: Fabrikam\n    names: false\n")
    before = configuration(private)
    assert private != FILE and not before.customers[0].names
    assert read_text(to_text(file_document(before)), known_skus(), "test.yaml").configuration == before
    assert any("no longer named" in sentence for sentence in differences(configuration(FILE), before))
