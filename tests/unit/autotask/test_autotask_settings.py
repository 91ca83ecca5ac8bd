"""The settings of an Autotask connection."""

from __future__ import annotations

import dataclasses

import pytest

from adapters.psa.autotask.settings import REQUIRED, SECRETS, SETTINGS, AutotaskSettings, NextInvoice, UnitsReading, limits, parse
from sync_core.errors import InvalidConfiguration
from sync_core.model.configuration import Connection


def connection(url: str = "https://webservices.autotask.net/", **settings: str) -> Connection:
    given = {"username": "api@msp.example", **settings}
    return Connection("psa one", "autotask", url, settings=given, secrets={"secret": "a", "integration_code": "b"})


def test_every_setting_is_described_and_every_described_one_is_read() -> None:
    fields = {item.name for item in dataclasses.fields(AutotaskSettings)} - {"name", "url", "time_zone"}
    assert fields == (set(SETTINGS) | set(SECRETS)) - {"parallel", "calls_per_minute"}


def test_defaults_hold_where_nothing_is_said() -> None:
    settings = parse(connection())
    assert (settings.url, settings.zone_url, settings.settle_seconds, settings.page_size) == ("https://webservices.autotask.net", "", 360, 500)
    assert (settings.units_reading, settings.next_invoice) == (UnitsReading.AUTO, NextInvoice.POSTED)
    assert (limits(connection()).parallel, limits(connection()).calls) == (1, 120)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_setting_is_named_and_explained(name: str) -> None:
    given = connection()
    settings = {key: value for key, value in given.settings.items() if key != name}
    secrets = {key: value for key, value in given.secrets.items() if key != name}
    with pytest.raises(InvalidConfiguration, match=f"'{name}' is missing"):
        parse(dataclasses.replace(given, settings=settings, secrets=secrets))


@pytest.mark.parametrize("settings", [{"units_reading": "perhaps"}, {"next_invoice": "soon"}, {"page_size": "501"}, {"colour": "blue"}])
def test_a_wrong_setting_is_refused_by_name(settings: dict[str, str]) -> None:
    with pytest.raises(InvalidConfiguration, match=next(iter(settings))):
        parse(connection(**settings))


def test_more_threads_than_autotask_gives_are_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="parallel"):
        limits(connection(parallel="4"))


def test_an_address_that_is_not_encrypted_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="unencrypted"):
        parse(connection(zone_url="http://webservices5.autotask.net/ATServicesRest"))
