"""Versions in the store: all or nothing, in order, and what changed in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sandbox.memory.store import MemoryStore, quietly
from sync_core.configuration.differences import differences
from sync_core.configuration.removals import still_billed
from sync_core.configuration.versions import current_version, load_current, load_source, load_version, save_version, versions
from sync_core.errors import Conflict, InvalidConfiguration
from sync_core.model.agreements import Charge
from sync_core.model.billing import Binding
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Customer
from tests.configuration.files import EXCHANGE, FILE, PREMIUM, WINGTIP, configuration

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
MORE = FILE + f"  - {{tenant_id: {WINGTIP}, name: Wingtip Toys, company: 251}}\n"


def save(store: MemoryStore, text: str = FILE) -> Configuration:
    return save_version(store, configuration(text), "operator", NOON, text)


def test_what_was_imported_is_current() -> None:
    store = MemoryStore()
    saved = save(store)
    assert current_version(store) == saved.version == 1
    assert load_current(store) == saved == replace(configuration(), version=1)


def test_the_same_file_again_makes_no_version() -> None:
    store = MemoryStore()
    assert save(store) == save(store)
    assert len(versions(store)) == 1


def test_older_versions_stay() -> None:
    store = MemoryStore()
    save(store), save(store, MORE)
    assert load_version(store, 1) == replace(configuration(), version=1)
    assert (load_source(store, 1), load_source(store, 2)) == (FILE, MORE)


def test_a_version_says_who_when_and_what_changed() -> None:
    store = MemoryStore()
    save(store)
    save_version(store, configuration(MORE), "operator", NOON, MORE, "new customer")
    head = versions(store)[-1]
    assert (head.number, head.who, head.when, head.comment, head.customers) == (2, "operator", NOON, "new customer", 2)
    assert head.changes == ("Customer Wingtip Toys is new.",)


def test_another_wording_of_the_same_is_a_version_of_its_own() -> None:
    """Otherwise export would give back a text that is no longer the operator's."""
    store = MemoryStore()
    save(store), save(store, "# a remark\n" + FILE)
    assert versions(store)[-1].changes == ("Only the wording of the file.",)


def test_a_large_configuration_comes_back_in_its_order() -> None:
    item = configuration().customers[0]
    many = tuple(replace(item, customer=Customer(f"{number:08}-0000-4000-8000-000000000000", "Fabrikam")) for number in range(250, 0, -1))
    store = MemoryStore()
    saved = save_version(store, replace(configuration(), customers=many), "operator", NOON)
    assert load_current(store).customers == saved.customers == many


def test_customers_with_many_links_are_stored_in_as_many_transactions_as_they_take() -> None:
    """A hundred rows of seven thousand characters are more than one transaction holds."""
    item = configuration().customers[0]
    links = tuple(replace(item.links[0], key=f"key-{number}") for number in range(10))
    many = tuple(replace(item, links=links, customer=Customer(f"{number:08}-0000-4000-8000-000000000000", "Fabrikam")) for number in range(150))
    store = MemoryStore()
    save_version(store, replace(configuration(), customers=many), "operator", NOON)
    assert load_current(store).customers == many


class Watch:
    """Is told each call of a store, and does what the test says then."""

    def __init__(self) -> None:
        self.then: Callable[[str], None] = quietly

    def __call__(self, call: str) -> None:
        self.then(call)


def test_what_many_customers_have_in_common_is_held_once() -> None:
    """A process keeps the configuration, and most of its links differ in a key and a company only."""
    store = MemoryStore()
    text = FILE + "".join(f"  - {{tenant_id: 00000000-0000-4000-8000-{number:012}, name: N{number}, company: 1}}\n" for number in range(9))
    save(store, text)
    links = [link for item in load_version(store, 1).customers[-9:] for link in item.links if link.item_id == PREMIUM]
    assert len(links) == 9
    assert {id(link.profile) for link in links} == {id(links[0].profile)}
    assert {id(link.agreement) for link in links} == {id(links[0].agreement)}


def failing_on(call: int) -> Callable[[str], None]:
    calls = iter(range(1000))

    def on_call(name: str) -> None:
        if name.startswith("store.transact") and next(calls) == call:
            raise ConnectionError

    return on_call


@pytest.mark.parametrize("call", [0, 1])
def test_a_crash_leaves_the_old_version_current_and_the_next_try_works(call: int) -> None:
    store = MemoryStore(watch := Watch())
    save(store)
    watch.then = failing_on(call)
    with pytest.raises(ConnectionError):
        save(store, MORE)
    watch.then = quietly
    assert load_current(store) == replace(configuration(), version=1)
    assert save(store, MORE).version == 2


def test_of_two_imports_at_once_one_wins() -> None:
    store = MemoryStore(watch := Watch())
    save(store)

    def import_first(call: str) -> None:
        if call.startswith("store.transact"):
            watch.then = quietly
            save(store, MORE)

    watch.then = import_first
    with pytest.raises(Conflict):
        save(store, FILE + "    mode: approve\n")
    assert load_current(store) == replace(configuration(MORE), version=2)


def test_without_an_import_the_fix_is_named() -> None:
    assert current_version(MemoryStore()) is None
    with pytest.raises(InvalidConfiguration, match="config import FILE"):
        load_current(MemoryStore())
    with pytest.raises(InvalidConfiguration, match="no configuration version 7"):
        load_version(MemoryStore(), 7)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (FILE.replace("company: 250", "company: 250\n    mode: approve"), "Customer Fabrikam: mode changes from observe to approve."),
        (FILE.replace("product: M365-BP", "product: M365-X"), "Profile Premium: product changes from M365-BP to M365-X."),
        (FILE + "guard_rails: {run_money: 9}\n", "Guard rails: run_money changes from 5000 to 9."),
        (FILE + "exclusions: {skus: [SPE_E5]}\n", "Excluded SKUs: 06ebc4ee-1bb5-47dd-8120-11324bc54e06 added."),
        (FILE + "    exclusions: [SPB]\n", f"Customer Fabrikam: excluded SKUs: {PREMIUM} added."),
        (FILE.replace("https://na.", "https://eu."), "Connection cw: url changes from https://na.myconnectwise.net to https://eu.myconnectwise.net."),
    ],
)
def test_differences_are_told_in_words(changed: str, sentence: str) -> None:
    assert sentence in differences(configuration(), configuration(changed))


def test_what_many_customers_share_is_said_once() -> None:
    assert differences(configuration(MORE), configuration(MORE.replace("{type: Microsoft 365}", "{name: Cloud}", 1))) == (
        f"2 customers (Fabrikam, Wingtip Toys): link SKU {PREMIUM} to cw by type Microsoft 365 under Premium: agreement becomes name Cloud.",
    )


def binding(link_key: str, ended: date | None = None) -> Binding:
    return Binding(link_key, "cw", "7", "4711", "9", Decimal(12), Charge.BILLABLE, None, None, "marker", ended=ended)


def test_what_is_taken_out_and_still_billed_is_listed() -> None:
    new = configuration(FILE + "    exclusions: [SPB]\n")
    keys = f"{PREMIUM}~cw~250", f"{EXCHANGE}~cw~250"
    (line,) = still_billed(configuration(), new, lambda tenant_id: [binding(key) for key in keys])
    assert line.text == f"Fabrikam: line 4711 of agreement 7 on cw, 12 units ({keys[0]})"


def test_a_line_that_was_ended_is_not_billed_any_more() -> None:
    gone = replace(configuration(), customers=())
    assert still_billed(configuration(), gone, lambda tenant_id: [binding(f"{PREMIUM}~cw~250", date(2026, 3, 31))]) == ()
    assert len(still_billed(configuration(), gone, lambda tenant_id: [binding(f"{PREMIUM}~cw~250")])) == 1
