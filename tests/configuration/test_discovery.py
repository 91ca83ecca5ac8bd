"""Discovery: which company a tenant is, which product a SKU, and the first file that comes of it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import cast

import pytest

from sync_core.configuration.discovery import Found, Progress, discover
from sync_core.configuration.draft import draft
from sync_core.configuration.matching import match_company, match_product, without_rivals
from sync_core.documents import dumps, loads
from sync_core.model.agreements import Company, Product
from sync_core.ports import Microsoft, Psa
from tests.configuration.files import FABRIKAM, HEAD, PREMIUM, WINGTIP, configuration
from tests.configuration.ports import TODAY, SomeMicrosoft, SomePsa

CONTOSO = Company("1", "Contoso Ltd", frozenset({"contoso.example"}))
OTHER = Company("2", "Northwind Traders")


@pytest.mark.parametrize(
    ("name", "domains", "companies", "sure", "company_id"),
    [
        ("Anything", {"contoso.example"}, (CONTOSO, OTHER), True, "1"),
        ("Contoso, Inc.", set(), (CONTOSO, OTHER), True, "1"),
        ("Contosso", set(), (CONTOSO, OTHER), False, "1"),
        ("Contoso", set(), (CONTOSO, replace(CONTOSO, company_id="3")), False, "1"),
        ("Anything", {"contoso.example"}, (CONTOSO, replace(OTHER, domains=CONTOSO.domains)), False, "1"),
        ("Contoso", {"contoso.example"}, (replace(OTHER, domains=CONTOSO.domains), CONTOSO), True, "1"),
        ("Northwind", {"contoso.onmicrosoft.com"}, (replace(CONTOSO, domains=frozenset({"contoso.onmicrosoft.com"})), OTHER), False, "2"),
    ],
)
def test_a_company_fits_by_domain_then_by_name(name: str, domains: set[str], companies: tuple[Company, ...], sure: bool, company_id: str) -> None:
    match = match_company(name, domains, companies)
    assert match.company is not None
    assert (match.sure, match.company.company_id) == (sure, company_id)


def test_without_companies_nothing_fits() -> None:
    assert match_company("Contoso", (), ()).company is None


def test_a_company_that_two_tenants_fit_is_sure_for_neither() -> None:
    match = match_company("Contoso", (), (CONTOSO, OTHER))
    assert [item.sure for item in without_rivals({"a": match, "b": match}).values()] == [False, False]


def test_a_product_is_suggested_by_its_name() -> None:
    products = [Product("1", "X", "Labour", Decimal(1)), Product("2", "BP", "M365 Business Premium", Decimal(1))]
    match = match_product(("Microsoft 365 Business Premium",), products)
    assert match.product is not None
    assert match.product.identifier == "BP"
    assert match_product(("Anything",), []).product is None


def find(microsoft: SomeMicrosoft, psa: SomePsa, progress: Progress | None = None, save: Callable[[Progress], None] = lambda now: None) -> Found:
    return discover(cast("Microsoft", microsoft), [cast("Psa", psa)], TODAY, progress or Progress(), save)


def test_the_draft_is_a_right_file_that_bills_nothing_by_itself() -> None:
    drafted = configuration(draft(find(SomeMicrosoft(), SomePsa()), HEAD.split("profiles:")[0]))
    (customer,) = drafted.customers
    assert (customer.customer.tenant_id, customer.customer.mode) == (FABRIKAM, "observe")
    (link,) = customer.links
    assert (link.item_id, link.profile.product, link.company_id, link.agreement.value) == (PREMIUM, "M365-BP", "250", "Microsoft 365")


def test_what_is_not_sure_is_a_comment() -> None:
    lines = draft(find(SomeMicrosoft(), SomePsa()), "").splitlines()
    assert f'  # - tenant_id: "{WINGTIP}"' in lines
    assert any(line.startswith("  # Not sure. Company on cw: 251 Wingtips Toy Shop") for line in lines)
    assert any("# - sku:" in line for line in lines)


def test_lines_that_are_there_are_listed_to_be_adopted() -> None:
    text = draft(find(SomeMicrosoft(), SomePsa()), "")
    assert "#   line 4711: M365-BP, 12 units ('line: adopt 4711')" in text
    assert "4712" not in text
    assert "Agreement 8" not in text


def test_a_line_is_offered_with_the_sku_that_it_seems_to_bill_and_taken_over_only_by_a_person() -> None:
    text = draft(find(SomeMicrosoft(), SomePsa()), HEAD.split("profiles:")[0])
    (line,) = [line for line in text.splitlines() if "seems to bill" in line]
    assert "Microsoft 365 Business Premium" in line and "same product" in line
    assert not any(link.adopt_line_id for link in configuration(text).customers[0].links)
    offered = next(line for line in text.splitlines() if "line: adopt 4711}" in line)
    taken = configuration(text.rstrip() + "\n    links:\n      " + offered.strip().removeprefix("#").strip() + "\n")
    assert [link.adopt_line_id for link in taken.customers[0].links] == ["4711"]


def test_an_interrupted_discovery_reads_nothing_twice() -> None:
    kept: list[str] = []
    find(SomeMicrosoft(), SomePsa(), save=lambda progress: kept.append(dumps(progress)))
    microsoft, psa = SomeMicrosoft(), SomePsa()
    found = find(microsoft, psa, loads(Progress, kept[-1]))
    assert (microsoft.reads, psa.reads) == ([], [])
    assert draft(found, "") == draft(find(SomeMicrosoft(), SomePsa()), "")


def test_a_customer_that_cannot_be_read_is_named_and_tried_again() -> None:
    first = find(SomeMicrosoft(broken={WINGTIP}), SomePsa())
    assert "Wingtip Toys: The consent is missing. Consent to the app." in draft(first, "")
    assert not find(SomeMicrosoft(), SomePsa(), first.progress).failed


def test_hostile_names_cannot_leave_their_line() -> None:
    hostile = {FABRIKAM: 'Fabrikam\n  mode: automatic\u202e"}', WINGTIP: "x\u2028rules: []"}
    drafted = draft(find(SomeMicrosoft(names=hostile), SomePsa()), HEAD.split("profiles:")[0])
    (customer,) = configuration(drafted).customers
    assert (customer.customer.name, customer.customer.mode) == ('Fabrikam mode: automatic "}', "observe")
