"""Which storage account the settings name, in each form that the Functions host takes."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.azure.connection import StorageConnection
from sync_core.errors import InvalidConfiguration
from tests.contract.vault import SignedIn

PROJECT = Path(__file__).parents[2]
PREFIX = "AzureWebJobsStorage"


def urls(settings: dict[str, str]) -> list[str]:
    """Where the clients for tables, queues and blobs go."""
    connection = StorageConnection(settings, credential=SignedIn())
    return [client.url.rstrip("/") for client in (connection.tables, connection.queues, connection.blobs)]


def test_development_storage_is_the_emulator_on_its_usual_ports() -> None:
    assert urls({PREFIX: "UseDevelopmentStorage=true"}) == [f"http://127.0.0.1:{port}/devstoreaccount1" for port in (10002, 10001, 10000)]


def test_a_connection_string_names_the_account() -> None:
    text = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    assert urls({PREFIX: text}) == [f"https://contoso.{service}.core.windows.net" for service in ("table", "queue", "blob")]


def test_an_identity_needs_no_more_than_the_name_of_the_account() -> None:
    settings = {f"{PREFIX}__accountName": "contoso", f"{PREFIX}__credential": "managedidentity"}
    assert urls(settings) == [f"https://contoso.{service}.core.windows.net" for service in ("table", "queue", "blob")]


def test_an_identity_may_be_given_the_address_of_each_service() -> None:
    addresses = {service: f"https://contoso.{service}.core.chinacloudapi.cn" for service in ("table", "queue", "blob")}
    assert urls({f"{PREFIX}__{service}ServiceUri": url for service, url in addresses.items()}) == list(addresses.values())


def test_a_connection_string_comes_before_an_identity() -> None:
    assert "127.0.0.1" in urls({PREFIX: "UseDevelopmentStorage=true", f"{PREFIX}__accountName": "contoso"})[0]


def test_without_a_stand_in_the_credential_is_the_managed_identity_with_the_client_id() -> None:
    from azure.identity import ManagedIdentityCredential

    settings = {f"{PREFIX}__accountName": "contoso", f"{PREFIX}__clientId": "11111111-2222-3333-4444-555555555555"}
    assert isinstance(StorageConnection(settings).tables.credential, ManagedIdentityCredential)


def test_the_addresses_that_the_azure_template_sets_are_taken_as_azure_answers_them() -> None:
    """Azure's ``primaryEndpoints`` end with a slash; the identity is a user-assigned one."""
    addresses = {service: f"https://contoso.{service}.core.windows.net/" for service in ("blob", "queue", "table")}
    settings = {f"{PREFIX}__{service}ServiceUri": url for service, url in addresses.items()}
    settings |= {f"{PREFIX}__credential": "managedidentity", f"{PREFIX}__clientId": "11111111-2222-3333-4444-555555555555"}
    assert urls(settings) == [addresses[service].rstrip("/") for service in ("table", "queue", "blob")]
    connection = StorageConnection(settings)
    assert connection.queues.get_queue_client("apply-plan").url == "https://contoso.queue.core.windows.net/apply-plan"
    assert connection.blobs.get_container_client("evidence").url == "https://contoso.blob.core.windows.net/evidence"


def test_a_person_signs_in_with_the_azure_cli_where_there_is_no_managed_identity() -> None:
    from azure.identity import AzureCliCredential

    settings = {f"{PREFIX}__accountName": "contoso", f"{PREFIX}__credential": "azurecli"}
    assert isinstance(StorageConnection(settings).tables.credential, AzureCliCredential)


def test_a_client_is_made_once() -> None:
    connection = StorageConnection({PREFIX: "UseDevelopmentStorage=true"})
    assert connection.tables is connection.tables


BAD = {
    "nothing": ({}, "no storage account"),
    "an unresolved reference": ({PREFIX: "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/storage)"}, "connection string"),
    "a part of a connection string": ({PREFIX: "AccountName=contoso"}, "connection string"),
    "plain http": ({PREFIX: "DefaultEndpointsProtocol=http;AccountName=contoso;AccountKey=a2V5;EndpointSuffix=core.windows.net"}, "in the clear"),
    "plain http for an identity": ({f"{PREFIX}__tableServiceUri": "http://contoso.table.core.windows.net"}, "HTTPS"),
    "another credential": ({f"{PREFIX}__accountName": "contoso", f"{PREFIX}__credential": "password"}, "Only 'managedidentity' and"),
}


@pytest.mark.parametrize(("settings", "why"), BAD.values(), ids=BAD.keys())
def test_settings_that_name_no_account_are_a_clear_error(settings: dict[str, str], why: str) -> None:
    stand_in = SignedIn() if why == "HTTPS" else None
    with pytest.raises(InvalidConfiguration, match=why) as invalid:
        _ = StorageConnection(settings, credential=stand_in).tables
    assert "a2V5" not in str(invalid.value)


def test_importing_the_adapters_imports_no_sdk() -> None:
    """The function app imports them at every cold start, also for a function that needs none of them."""
    modules = ", ".join(f"adapters.azure.{name}" for name in ("tables", "queues", "blobs", "secrets", "connection", "failures"))
    shown = f"import sys, {modules}; print([name for name in sys.modules if name.startswith(('azure', 'requests', 'msal'))])"
    printed = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd=PROJECT).stdout
    assert printed.strip() == "[]"
