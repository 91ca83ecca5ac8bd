"""A seeded world as a whole: the same by seed, of any size, with a configuration that reads well and invoices that add up."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from sandbox.connectwise.records import Invoice
from sandbox.memory.clock import ManualClock
from sandbox.world import Promise, World, seeded_world
from sandbox.world.customers import FIRST_CUSTOMERS
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Mode
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState

URLS = {"connectwise": "http://127.0.0.1:7104"}
SIZES_AND_SEEDS = [(1, 0), (3, 1), (12, 7), (60, 7), (60, 8)]


def world(customers: int = 12, seed: int = 0) -> World:
    return seeded_world(customers, seed, now=ManualClock().now)


def configuration(of: World) -> Configuration:
    return read_text(of.configuration_yaml(URLS), known_skus(), "configuration.yaml").configuration


def preview(of: World, name: str) -> Invoice:
    agreement = of.account(name).agreement
    return of.ledger.invoice_preview(agreement.id, on=of.ledger.today)


@pytest.mark.parametrize(("customers", "seed"), SIZES_AND_SEEDS)
def test_the_same_seed_makes_the_same_world(customers: int, seed: int) -> None:
    one, other = world(customers, seed), world(customers, seed)
    assert one.directory == other.directory
    assert (one.ledger.agreements, one.ledger.additions) == (other.ledger.agreements, other.ledger.additions)
    assert (one.configuration_yaml(URLS), one.promises, one.secrets) == (other.configuration_yaml(URLS), other.promises, other.secrets)


def test_another_seed_makes_other_customers_after_the_first_twelve() -> None:
    one, other = world(20, seed=1), world(20, seed=2)
    assert one.promises[:12] == other.promises[:12]
    assert one.promises[12:] != other.promises[12:]


@pytest.mark.parametrize(("customers", "seed"), SIZES_AND_SEEDS)
def test_the_configuration_names_every_customer_once(customers: int, seed: int) -> None:
    made = world(customers, seed)
    assert [item.customer.tenant_id for item in configuration(made).customers] == [promise.tenant_id for promise in made.promises]


def test_a_world_without_customers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        world(customers=0)


def test_the_first_twelve_are_in_every_mode_and_end_in_every_state() -> None:
    made = world()
    assert len(made.promises) == len(FIRST_CUSTOMERS) == 12
    assert {item.customer.mode for item in configuration(made).customers} == set(Mode)
    assert {promise.state for promise in made.promises} == {CustomerState.DONE, CustomerState.HELD, CustomerState.FAILED}


def test_every_customer_says_what_it_is_there_for_in_the_file() -> None:
    made = world()
    text = made.configuration_yaml(URLS).casefold()
    assert all(f"# {promise.shows.casefold()}." in text for promise in made.promises)


def test_secrets_stand_in_the_environment_and_never_in_the_file() -> None:
    made = world()
    assert sorted(made.secrets) == [
        "SECRET_CONNECTWISE_PRIVATE_KEY",
        "SECRET_CONNECTWISE_PUBLIC_KEY",
        "SECRET_PARTNER_APP_SECRET",
        "SECRET_PARTNER_REFRESH_TOKEN",
    ]
    assert not any(value in made.configuration_yaml(URLS) for value in made.secrets.values())


def test_the_next_invoice_bills_what_stood_there_before_the_first_night() -> None:
    invoice = preview(world(), "Contoso")
    assert {line.product: line.quantity for line in invoice.lines} == {
        "M365-BP": 25,
        "M365-COPILOT": 5,
        "PBI-PRO": 2,
        "SUPPORT-USER": 23,
        "BACKUP-M365": 30,
    }
    assert invoice.total == Decimal("25") * Decimal("26.40") + 5 * 36 + Decimal("2") * Decimal("16.80") + 23 * 45 + Decimal("30") * Decimal("3.50")


def test_the_next_invoice_of_every_agreement_is_still_to_come() -> None:
    made = world(60)
    assert {agreement.next_invoice for agreement in made.ledger.agreements.values()} == {date(2025, 4, 1)}


def test_one_generated_customer_in_twenty_has_a_change_and_none_a_question() -> None:
    generated = world(212).promises[12:]
    assert sum(promise.writes for promise in generated) == 10
    assert {promise.state for promise in generated} == {CustomerState.DONE}


def test_generated_agreements_have_a_handful_of_lines() -> None:
    made = world(60)
    sizes = {len(made.ledger.additions_of(account.agreement.id)) for account in made.accounts[12:]}
    assert sizes <= set(range(4, 9))


def test_a_day_goes_by_and_only_the_time_has_moved() -> None:
    made = world()
    before = made.clock()
    agreements, additions = dict(made.ledger.agreements), dict(made.ledger.additions)
    made.next_day()
    assert made.clock() - before == timedelta(days=1)
    assert (made.ledger.agreements, made.ledger.additions) == (agreements, additions)


def test_promises_survive_the_way_to_another_process() -> None:
    assert [Promise.from_json(promise.to_json()) for promise in world().promises] == list(world().promises)


def test_taking_over_a_line_is_no_write() -> None:
    contoso = world().promises[0]
    kinds = [change.kind for change in contoso.changes if change.result is ChangeResult.APPLIED]
    assert kinds == [ChangeKind.ADOPT, ChangeKind.SET_QUANTITY, ChangeKind.ADOPT, ChangeKind.ADD, ChangeKind.ADOPT, ChangeKind.SET_QUANTITY]
    assert contoso.writes == 3
