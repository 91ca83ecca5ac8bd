"""Whatever is wrong with settings, configuration or the PSA gives one clear error in its place, and nothing is half written."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sync_core.configuration.versions import current_version
from tests.nights.chain import Chain
from tests.nights.commands import CommandLine

REFERENCE = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/url)"
BAD_SETTINGS = {
    "SYNC_GRAPH_URL": (REFERENCE, "SYNC_GRAPH_URL is a Key Vault reference that Azure did not resolve"),
    "SYNC_WAIT_LIMIT_MINUTES": ("soon", "SYNC_WAIT_LIMIT_MINUTES is 'soon'"),
    "SYNC_INSTALLATION": ("My Company!", "SYNC_INSTALLATION is 'My Company!'"),
    "SYNC_LOGIN_URL": ("http://login.example", "SYNC_LOGIN_URL"),
    "AzureWebJobsStorage": ("nonsense", "AzureWebJobsStorage"),
}
MISSING_SECRETS = {"SECRET_CONNECTWISE_PRIVATE_KEY": REFERENCE, "SECRET_PARTNER_REFRESH_TOKEN": REFERENCE, "SECRET_PARTNER_APP_SECRET": ""}
BAD_FILES = {
    "no YAML": ("customers:", "customers: [", "configuration.yaml:"),
    "an unknown SKU": ("sku: SPB,", "sku: SPBX,", "SPBX"),
    "an unknown profile": ("profile: Exchange,", "profile: Exchanger,", "Exchanger"),
    "an unknown kind of PSA": ("kind: connectwise", "kind: spreadsheet", "spreadsheet"),
    "an address in the clear": ("url: http://127.0.0.1", "url: http://psa.example", "https"),
}


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A chain without host and configuration."""
    with Chain(tmp_path_factory.mktemp("bad")) as chain:
        yield chain


@pytest.fixture(scope="module")
def shared_empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The same for tests that leave nothing behind."""
    with Chain(tmp_path_factory.mktemp("bad")) as chain:
        yield chain


@pytest.mark.parametrize("setting", BAD_SETTINGS)
def test_a_wrong_setting_is_named_in_one_sentence(shared_empty: Chain, capsys: pytest.CaptureFixture[str], setting: str) -> None:
    value, says = BAD_SETTINGS[setting]
    command = CommandLine(shared_empty, capsys, **{setting: value})
    assert command.sync("--mode", "automatic") == 1
    assert says in command.said
    assert "Traceback" not in command.said
    assert len(command.said.strip().splitlines()) == 1


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_file_that_is_wrong_is_not_imported_and_starts_no_run(shared_empty: Chain, capsys: pytest.CaptureFixture[str], fault: str) -> None:
    old, new, says = BAD_FILES[fault]
    command = CommandLine(shared_empty, capsys)
    assert command.sync("--mode", "automatic", configuration=shared_empty.served.configuration_yaml.replace(old, new, 1)) == 1
    assert says in command.said
    assert "configuration.yaml" in command.said
    assert current_version(shared_empty.context.store) is None


def test_what_is_wrong_for_one_customer_is_said_there_and_the_others_go_on(empty: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    """All at once: an agreement of another company, a cancelled agreement, and a product that is not in the catalogue."""
    command = CommandLine(empty, capsys)
    configuration = with_agreement_of_another_company(empty, "Northwind Traders", "Fabrikam")
    alpine = empty.world.account("Alpine Ski House").agreement
    empty.world.ledger.cancel_agreement(alpine.id, empty.began.date() - timedelta(days=40))
    configuration = configuration.replace("product: EXO-P1", "product: EXO-P9")
    assert command.sync("--mode", "automatic", configuration=configuration) == 0
    report = command.report
    assert "company" in reasons(report, empty.tenant_id("Northwind Traders"))
    assert "ancelled" in reasons(report, empty.tenant_id("Alpine Ski House"))
    assert "EXO-P9" in reasons(report, empty.tenant_id("Contoso"))
    untouched = {empty.world.account(name).agreement.id for name in ("Northwind Traders", "Alpine Ski House")}
    assert not untouched & {write.agreement_id for write in empty.world.ledger.writes}
    applied = {change["customer"] for change in report["changes"] if change["result"] == "applied" and change["kind"] == "set quantity"}
    assert applied == {empty.tenant_id(name) for name in ("Contoso", "Fabrikam", '=2+5 <b>Coho & "Söhne"</b> 🍷')}


@pytest.mark.parametrize(("secret", "value"), MISSING_SECRETS.items(), ids=MISSING_SECRETS)
def test_a_secret_that_is_not_there_is_named_and_nothing_is_written(
    empty: Chain, capsys: pytest.CaptureFixture[str], secret: str, value: str
) -> None:
    command = CommandLine(empty, capsys, **{secret: value})
    assert command.sync("--mode", "automatic") == 0
    failed = [customer for customer in command.report["customers"] if customer["state"] == "failed"]
    assert any("secret" in customer["reason"] for customer in failed)
    assert secret in command.said
    assert empty.writes == 0


def with_agreement_of_another_company(chain: Chain, customer: str, other: str) -> str:
    """The configuration with every link of a customer on an agreement of another one's company."""
    wanted, section = chain.served.configuration_yaml, f"  - tenant_id: {chain.tenant_id(customer)}\n"
    before, after = wanted.split(section)
    own, *rest = after.split("  # ", 1)
    own = own.replace("agreement: {type: Microsoft 365}", f"agreement: {{id: {chain.world.account(other).agreement.id}}}")
    return before + section + "  # ".join([own, *rest])


def reasons(report: dict[str, Any], tenant_id: str) -> str:
    """All that the report says about a customer."""
    own = [" ".join(change["reasons"]) for change in report["changes"] if change["customer"] == tenant_id]
    return " ".join([*own, *(customer["reason"] for customer in report["customers"] if customer["tenantId"] == tenant_id)])
