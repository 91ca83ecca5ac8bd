"""``dev.py sync``: the real job against what a settings file and a configuration name."""

from collections.abc import Iterator

import pytest

from sandbox.commands.sync import NOT_KEPT
from sync_core.configuration.versions import current_version
from tests.nights.chain import Chain
from tests.nights.commands import CommandLine
from tests.nights.promises import invoices, promised_invoices


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A chain without host and configuration: the command brings both."""
    with Chain(tmp_path_factory.mktemp("sync")) as chain:
        yield chain


def test_without_a_mode_everybody_is_only_observed(empty: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    command = CommandLine(empty, capsys)
    assert command.sync() == 0
    assert empty.writes == 0
    assert {change["result"] for change in command.report["changes"]} == {"observed", "held"}
    assert command.report["psaWrites"] == []
    assert len(command.report["customers"]) == 12
    observed = sum(change["result"] == "observed" for change in command.report["changes"])
    assert f"0 changes applied, {observed} only observed. For a person: 0 to decide" in " ".join(command.said.split())  # it may be broken into lines


def test_automatic_is_a_ceiling_under_which_customers_stay_as_they_are_configured(empty: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    """Tailspin Toys is configured to be approved, and Woodgrove Bank to be observed. A second sync finds nothing to do."""
    command = CommandLine(empty, capsys)
    assert command.sync("--mode", "automatic") == 0
    results = {(change["customer"], change["result"]) for change in command.report["changes"]}
    assert {result for tenant_id, result in results if tenant_id == empty.tenant_id("Tailspin Toys")} == {"waiting"}
    assert {result for tenant_id, result in results if tenant_id == empty.tenant_id("Woodgrove Bank")} == {"observed", "held"}
    states = {customer["tenantId"]: customer["state"] for customer in command.report["customers"]}
    assert states == {promise.tenant_id: promise.state for promise in empty.world.promises}
    assert invoices(empty.world, empty) == promised_invoices(empty)
    assert len(command.report["psaWrites"]) == empty.writes == empty.promised_writes

    assert command.sync("--mode", "automatic") == 0
    assert "Nothing changed: version 1 stays current" in command.said
    assert empty.writes == empty.promised_writes


def test_one_customer_alone_is_synced_where_one_is_named(empty: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    command, tenant_id = CommandLine(empty, capsys), empty.tenant_id("Contoso")
    assert command.sync("--mode", "automatic", "--customer", tenant_id) == 0
    assert [customer["tenantId"] for customer in command.report["customers"]] == [tenant_id]
    agreement_id = empty.world.account("Contoso").agreement.id
    assert {write.agreement_id for write in empty.world.ledger.writes} == {agreement_id}


def test_nothing_is_written_from_a_storage_that_forgets(empty: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    command = CommandLine(empty, capsys)
    assert command.sync("--storage", "memory", "--mode", "automatic") == 1
    assert command.said.strip() == NOT_KEPT
    assert current_version(empty.context.store) is None


def test_a_storage_that_forgets_is_enough_to_observe(empty: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    command = CommandLine(empty, capsys)
    assert command.sync("--storage", "memory", "--customer", empty.tenant_id("Fabrikam")) == 0
    assert command.report["state"] == "told"
    assert (empty.writes, current_version(empty.context.store)) == (0, None)
