"""App settings: each wrong one is named, with its value and the fix, and all at once."""

import json
from pathlib import Path

import pytest

from sync_core.errors import InvalidConfiguration
from sync_core.model.customers import Mode
from sync_core.settings import Settings, settings

ROOT = Path(__file__).parents[2]
NEEDED = {"SYNC_INSTALLATION": "mspa1"}


def wrong(name: str, value: str) -> str:
    with pytest.raises(InvalidConfiguration) as raised:
        Settings.from_environment({**NEEDED, name: value})
    return str(raised.value)


def test_the_defaults_are_the_public_cloud_and_two_at_night() -> None:
    found = Settings.from_environment(NEEDED)
    assert found.login_url == "https://login.microsoftonline.com"
    assert (found.schedule, found.mode_ceiling, found.settle_seconds) == ("0 0 2 * * *", Mode.AUTOMATIC, None)


def test_a_setting_is_read_and_trimmed() -> None:
    found = Settings.from_environment({**NEEDED, "SYNC_GRAPH_URL": " http://127.0.0.1:8080/ ", "SYNC_SETTLE_SECONDS": "0.5"})
    assert (found.graph_url, found.settle_seconds) == ("http://127.0.0.1:8080", 0.5)


def test_an_empty_setting_takes_its_default() -> None:
    assert Settings.from_environment({**NEEDED, "SYNC_SCHEDULE": ""}).schedule == "0 0 2 * * *"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SYNC_GRAPH_URL", "http://graph.example.com", "is 'http://graph.example.com'. It is plain http to another machine."),
        ("SYNC_KEY_VAULT_URL", "my-vault", "It is not a URL that starts with https://."),
        ("SYNC_INSTALLATION", "Too long", "3 to 6 lower-case letters or digits"),
        ("SYNC_INSTALLATION", "", "The setting SYNC_INSTALLATION is not set."),
        ("SYNC_SCHEDULE", "0 2 * * *", "a schedule has six"),
        ("SYNC_MODE_CEILING", "auto", "Give one of observe, approve, automatic."),
        ("SYNC_READING_MINUTES", "0", "Give a whole number from 1"),
        ("SYNC_SETTLE_SECONDS", "-1", "Give seconds, such as 120"),
        ("SYNC_LOGIN_URL", "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)", "a Key Vault reference that Azure did not resolve."),
    ],
)
def test_a_wrong_setting_is_named_with_the_fix(name: str, value: str, expected: str) -> None:
    assert expected in wrong(name, value)
    assert name in wrong(name, value)


def test_a_value_that_may_hold_a_secret_is_not_repeated() -> None:
    assert "hunter2" not in wrong("SYNC_GRAPH_URL", "https://user:hunter2@graph.microsoft.com")


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        Settings.from_environment({"SYNC_MODE_CEILING": "auto"})
    assert str(raised.value).count("The setting SYNC_") == 2


def test_every_setting_is_in_the_example_and_in_the_documentation() -> None:
    names = {setting.name for setting in settings()}
    example = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    documented = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert {name for name in example if name.startswith("SYNC_")} == names
    assert {name for name in names if f"`{name}`" not in documented} == set()


def test_the_example_settings_are_right() -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    assert Settings.from_environment(example).installation == example["SYNC_INSTALLATION"]
