"""The twelve customers of a seeded world, asked over HTTP: each really is what it says it is there for."""

from collections.abc import Iterator

import pytest

from sandbox.memory.clock import ManualClock
from sandbox.microsoft import catalog
from sandbox.world import ServedWorld, seeded_world
from sandbox.world.customers import ANOTHER_RESELLER, HOSTILE_BUT_PRINTABLE, HOSTILE_NAME
from sandbox.world.msp import Account
from tests.sandbox.world_client import WorldClient

ALL_WELL = {"organization": 200, "skus": 200, "subscriptions": 200}


@pytest.fixture(scope="module")
def client() -> Iterator[WorldClient]:
    with ServedWorld(seeded_world(now=ManualClock().now)) as served:
        yield WorldClient(served)


def account(client: WorldClient, name: str) -> Account:
    return client.served.world.account(name)


def test_contoso_holds_more_than_it_is_billed(client: WorldClient) -> None:
    contoso = account(client, "Contoso")
    assert [row["totalLicenses"] for row in client.subscriptions(contoso, catalog.BUSINESS_PREMIUM.sku_id)] == [28]
    assert [line["quantity"] for line in client.lines(contoso, "M365-BP")] == [25]
    assert client.lines(contoso, "EXO-P1") == []


def test_contoso_tries_out_what_it_also_pays_for(client: WorldClient) -> None:
    rows = client.subscriptions(account(client, "Contoso"), catalog.COPILOT.sku_id)
    assert [(row["totalLicenses"], row["isTrial"]) for row in rows] == [(5, False), (25, True)]


def test_fabrikam_holds_fewer_of_ours_and_some_of_another_reseller(client: WorldClient) -> None:
    fabrikam = account(client, "Fabrikam")
    partner = client.served.world.directory.partner.tenant_id
    rows = client.subscriptions(fabrikam, catalog.BUSINESS_PREMIUM.sku_id)
    assert [(row["totalLicenses"], row["ownerTenantId"]) for row in rows] == [(16, partner), (10, ANOTHER_RESELLER)]
    assert [line["quantity"] for line in client.lines(fabrikam, "M365-BP")] == [18, 7]


def test_two_tenants_are_billed_to_one_company(client: WorldClient) -> None:
    first, second = account(client, "Fabrikam"), account(client, "Fabrikam Residences")
    assert first.tenant.tenant_id != second.tenant.tenant_id
    assert (first.company.id, first.agreement.id) == (second.company.id, second.agreement.id)


@pytest.mark.parametrize(("name", "code"), [("Wingtip Toys", 50020), ("Litware", 65001), ("Humongous Insurance", 53003)])
def test_three_customers_refuse_the_sign_in(client: WorldClient, name: str, code: int) -> None:
    """GDAP expired, consent missing, Conditional Access."""
    assert client.sign_in_code(account(client, name)) == code


def test_northwind_is_throttled_at_first_and_then_well(client: WorldClient) -> None:
    northwind = account(client, "Northwind Traders")
    first = client.batch(northwind)
    assert {part["status"] for part in first.values()} == {429}
    assert {part["headers"]["Retry-After"] for part in first.values()} == {"1"}
    assert sorted(client.statuses(northwind).values()) == [200, 200, 429]
    assert client.statuses(northwind) == ALL_WELL


def test_northwind_is_billed_in_euro(client: WorldClient) -> None:
    agreement = client.psa(f"/finance/agreements/{account(client, 'Northwind Traders').agreement.id}")
    assert agreement["currency"]["currencyCode"] == "EUR"


def test_prosewares_subscriptions_never_answer(client: WorldClient) -> None:
    proseware = account(client, "Proseware")
    for _ in range(3):
        assert client.statuses(proseware) == {**ALL_WELL, "subscriptions": 503}


def test_everything_of_tailspin_is_in_its_grace_period(client: WorldClient) -> None:
    tailspin = account(client, "Tailspin Toys")
    assert {row["status"] for row in client.batch(tailspin)["subscriptions"]["body"]["value"]} == {"Warning"}
    units = client.sku(tailspin, catalog.BUSINESS_STANDARD.sku_id)["prepaidUnits"]
    assert (units["enabled"], units["warning"]) == (0, 10)


def test_alpine_fell_from_forty_to_three(client: WorldClient) -> None:
    alpine = account(client, "Alpine Ski House")
    assert [row["totalLicenses"] for row in client.subscriptions(alpine, catalog.BUSINESS_STANDARD.sku_id)] == [3]
    assert [line["quantity"] for line in client.lines(alpine, "M365-BS")] == [40]


def test_coho_is_hostile_on_both_sides(client: WorldClient) -> None:
    coho = account(client, HOSTILE_BUT_PRINTABLE)
    [organization] = client.batch(coho)["organization"]["body"]["value"]
    assert organization["displayName"] == HOSTILE_NAME
    assert client.psa(f"/company/companies/{coho.company.id}")["name"] == HOSTILE_NAME
    assert "\u202e" in client.lines(coho, "TEAMS-PHONE")[0]["invoiceDescription"]


def test_others_bill_already_what_coho_holds(client: WorldClient) -> None:
    """A person's line and one of another tool, for as many seats as are held: one more line would bill them twice."""
    coho = account(client, HOSTILE_BUT_PRINTABLE)
    assert [(line["quantity"], line["serialNumber"]) for line in client.lines(coho, "M365-BP")] == [(12, None)]
    assert [(line["quantity"], line["serialNumber"]) for line in client.lines(coho, "EXO-P1")] == [(6, "Cloudconsole")]
    assert {link.offer.product for link in coho.links} == {"TEAMS-PHONE"}


def test_woodgroves_agreement_was_copied_with_its_lines(client: WorldClient) -> None:
    woodgrove = account(client, "Woodgrove Bank")
    agreements = client.psa(f'/finance/agreements?conditions=company/id={woodgrove.company.id} and type/name="Microsoft 365"')
    original, copy = agreements
    assert copy["name"].startswith("Copy of")
    assert len(client.psa(f"/finance/agreements/{copy['id']}/additions")) == len(client.psa(f"/finance/agreements/{original['id']}/additions"))
