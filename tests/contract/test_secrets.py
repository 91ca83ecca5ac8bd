"""What secrets promise: the newest value, a sentence that names what is missing, and never a value in an error."""

import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.azure.secrets import CACHE_SECONDS, KeyVaultSecrets
from adapters.environment_secrets import EnvironmentSecrets
from sandbox.memory.clock import ManualClock
from sandbox.memory.secrets import MemorySecrets
from sync_core.errors import InvalidConfiguration, RetryLater
from sync_core.ports import Secrets
from tests.contract.vault import Vault


@pytest.fixture(params=["memory", "environment", "file", "key vault"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Secrets:
    """Secrets without any value."""
    make: dict[str, Callable[[], Secrets]] = {
        "memory": MemorySecrets,
        "environment": lambda: EnvironmentSecrets({}),
        "file": lambda: EnvironmentSecrets({}, tmp_path / "folder" / "secrets.json"),
        "key vault": lambda: KeyVaultSecrets(Vault().client, ManualClock()),
    }
    return make[request.param]()


def test_the_newest_value_is_given(secrets: Secrets) -> None:
    secrets.put("partner-refresh-token", "first")
    secrets.put("partner-refresh-token", "second")
    secrets.put("psa-key", "another")
    assert secrets.get("partner-refresh-token") == "second"


def test_a_secret_that_is_not_there_is_named_with_what_to_do(secrets: Secrets) -> None:
    with pytest.raises(InvalidConfiguration, match="psa-key") as missing:
        secrets.get("psa-key")
    assert missing.value.code == "secret-missing"
    assert missing.value.fix


def test_an_environment_variable_holds_the_secret_of_its_name() -> None:
    secrets = EnvironmentSecrets({"SECRET_PARTNER_REFRESH_TOKEN": "from the environment"})
    assert secrets.get("partner-refresh-token") == "from the environment"
    secrets.put("partner-refresh-token", "rotated")
    assert secrets.get("partner-refresh-token") == "rotated"


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(InvalidConfiguration, match="SECRET_PARTNER_REFRESH_TOKEN"):
        EnvironmentSecrets({}).get("partner-refresh-token")


def test_a_reference_that_azure_did_not_resolve_is_no_secret() -> None:
    """It would be sent to Microsoft or the PSA as a password."""
    with pytest.raises(InvalidConfiguration, match="SECRET_PSA_KEY is a Key Vault reference"):
        EnvironmentSecrets({"SECRET_PSA_KEY": "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/key)"}).get("psa-key")


def test_what_was_put_in_a_file_is_there_for_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    EnvironmentSecrets({}, file).put("token", "first")
    EnvironmentSecrets({}, file).put("key", "value")
    assert [EnvironmentSecrets({}, file).get(name) for name in ("token", "key")] == ["first", "value"]


def test_a_variable_that_was_changed_since_wins_over_what_was_put_before(tmp_path: Path) -> None:
    """As after a new sign-in by a person, or when the next run is for another partner."""
    file, name = tmp_path / "secrets.json", "SECRET_TOKEN"
    EnvironmentSecrets({name: "first"}, file).put("token", "rotated")
    assert EnvironmentSecrets({name: "first"}, file).get("token") == "rotated"
    assert EnvironmentSecrets({name: "set by a person"}, file).get("token") == "set by a person"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions; a file is its owner's by the folder it lies in")
def test_the_file_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    EnvironmentSecrets({}, file).put("token", "value")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_a_broken_file_is_a_clear_error_that_shows_nothing_of_it(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"token": "cut of')
    with pytest.raises(InvalidConfiguration, match=r"secrets\.json") as broken:
        EnvironmentSecrets({}, file)
    assert "cut of" not in str(broken.value)


def test_the_vault_is_asked_once_in_five_minutes() -> None:
    vault, clock = Vault(), ManualClock()
    vault.store("token", "first")
    secrets = KeyVaultSecrets(vault.client, clock)
    assert [secrets.get("token") for _ in range(3)] == ["first"] * 3
    assert vault.requests == ["GET token"]
    vault.store("token", "rotated")
    clock.advance(CACHE_SECONDS)
    assert secrets.get("token") == "rotated"


def test_a_fresh_value_is_asked_for_although_one_is_in_memory() -> None:
    vault = Vault()
    vault.store("token", "first")
    secrets = KeyVaultSecrets(vault.client, ManualClock())
    secrets.get("token")
    vault.store("token", "stored by a person")
    assert (secrets.get("token"), secrets.get("token", fresh=True)) == ("first", "stored by a person")


def test_a_secret_says_when_it_ends_if_somebody_said_so(secrets: Secrets) -> None:
    secrets.put("app-secret", "value", datetime(2027, 1, 15, tzinfo=UTC))
    secrets.put("psa-key", "value")
    assert (secrets.ends("app-secret"), secrets.ends("psa-key")) == (datetime(2027, 1, 15, tzinfo=UTC), None)


def test_the_end_is_that_of_the_newest_version(secrets: Secrets) -> None:
    secrets.put("app-secret", "first", datetime(2026, 2, 1, tzinfo=UTC))
    secrets.put("app-secret", "second")
    assert secrets.ends("app-secret") is None


def test_a_missing_secret_has_no_end(secrets: Secrets) -> None:
    with pytest.raises(InvalidConfiguration, match="app-secret"):
        secrets.ends("app-secret")


def test_a_fresh_value_is_what_another_process_has_put_into_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    ours = EnvironmentSecrets({}, file)
    ours.put("token", "first")
    EnvironmentSecrets({}, file).put("token", "second")
    assert (ours.get("token"), ours.get("token", fresh=True)) == ("first", "second")


def test_roles_are_those_of_single_secrets() -> None:
    """As the Azure deployment gives them: reading most, writing one."""
    vault = Vault()
    vault.store("app-secret", "value")
    vault.reads, vault.writes = {"app-secret"}, {"token"}
    secrets = KeyVaultSecrets(vault.client, ManualClock())
    secrets.put("token", "new")
    assert secrets.get("app-secret") == "value"
    with pytest.raises(InvalidConfiguration, match="'Key Vault Secrets Officer'"):
        secrets.put("app-secret", "another")
    with pytest.raises(InvalidConfiguration, match="'Key Vault Secrets User'"):
        secrets.get("token", fresh=True)


def test_a_value_that_was_put_into_the_vault_is_used_at_once() -> None:
    vault = Vault()
    secrets = KeyVaultSecrets(vault.client, ManualClock())
    secrets.put("token", "new")
    assert secrets.get("token") == "new"
    assert (vault.values, vault.requests) == ({"token": "new"}, ["PUT token"])


def test_a_vault_that_refuses_us_names_the_secret_and_the_role() -> None:
    vault = Vault()
    vault.refusal = 403
    secrets = KeyVaultSecrets(vault.client, ManualClock())
    with pytest.raises(InvalidConfiguration, match=r"secret token.*'Key Vault Secrets User'"):
        secrets.get("token")
    with pytest.raises(InvalidConfiguration, match=r"secret token.*'Key Vault Secrets Officer'") as refused:
        secrets.put("token", "hush")
    assert "hush" not in str(refused.value)


def test_a_vault_that_cannot_be_made_out_is_tried_again_later() -> None:
    vault = Vault()
    vault.refusal = 501
    with pytest.raises(RetryLater):
        KeyVaultSecrets(vault.client, ManualClock()).get("token")
