"""The sign-in is kept alive: the newest token is stored before the old one is let go, and what ends is read in a few calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.azure.secrets import KeyVaultSecrets
from adapters.microsoft.refresh_token import RefreshToken
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.microsoft.applications import ClientSecret
from sync_core.errors import StopRun, SyncError
from sync_core.model.configuration import Credential
from tests.contract.vault import Vault
from tests.microsoft.conftest import World
from tests.microsoft.test_sign_in import GRAPH, pem

SOON = datetime(2026, 2, 1, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)


class Died(BaseException):
    """The process is gone."""


def test_a_renewal_stores_the_successor_and_says_that_the_sign_in_had_mfa(world: World) -> None:
    before = world.secrets.get("refresh-token")
    renewal = world.sign_ins().renew(GRAPH)
    assert (renewal.mfa, renewal.not_kept) == (True, None)
    assert world.secrets.get("refresh-token") != before


def test_a_renewal_keeps_the_sign_in_alive_without_any_run(world: World) -> None:
    """Each token lives 90 days; nothing else uses it for half a year."""
    sign_ins = world.sign_ins()
    for _day in range(180):
        sign_ins.renew(GRAPH)
        world.clock.advance(86_400)
    assert sign_ins.renew(GRAPH).mfa


def test_a_sign_in_without_mfa_is_noticed(world: World) -> None:
    world.secrets.put("refresh-token", world.simulator.sign_in(amr=("pwd",)))
    assert world.sign_ins().renew(GRAPH).mfa is False
    health = world.adapter().health()
    assert not health.ok and "multi-factor" in health.detail


def test_a_revoked_sign_in_is_noticed_although_the_access_token_still_works(world: World) -> None:
    sign_ins = world.sign_ins()
    sign_ins.renew(GRAPH)
    world.simulator.revoke_sessions()
    with pytest.raises(StopRun) as caught:
        sign_ins.renew(GRAPH)
    assert caught.value.code == "sign-in-expired"


def test_a_token_that_aged_out_is_noticed(world: World) -> None:
    world.clock.advance(91 * 86_400)
    with pytest.raises(StopRun, match="AADSTS700082"):
        world.sign_ins().renew(GRAPH)


def test_an_app_without_a_service_account_renews_by_itself(world: World) -> None:
    assert world.sign_ins(replace(world.partner, refresh_token_secret="")).renew(GRAPH).mfa is None


def test_a_vault_without_the_role_to_write_is_named_and_the_sign_in_still_works(world: World) -> None:
    vault = Vault(world.clock.now)
    vault.store("app-secret", world.secrets.get("app-secret"))
    vault.store("refresh-token", world.secrets.get("refresh-token"))
    vault.writes = set()
    world.secrets = KeyVaultSecrets(vault.client, world.clock)  # type: ignore[assignment]  # the real port in the fake's place
    renewal = world.sign_ins().renew(GRAPH)
    assert renewal.mfa and renewal.not_kept is not None
    assert "'Key Vault Secrets Officer'" in renewal.not_kept.fix


def test_health_names_the_role_that_reading_a_secret_takes(world: World) -> None:
    vault = Vault(world.clock.now)
    vault.reads = set()
    world.secrets = KeyVaultSecrets(vault.client, world.clock)  # type: ignore[assignment]  # the real port in the fake's place
    health = world.adapter().health()
    assert not health.ok and "'Key Vault Secrets User'" in health.fix


@pytest.mark.parametrize("at", ["secrets.put refresh-token", "store.transact signin"])
def test_who_dies_while_keeping_a_token_leaves_one_that_works(world: World, at: str) -> None:
    """Before the new token is stored the old one is there; after it, the new one is."""

    def die(call: str) -> None:
        if call == at:
            raise Died

    kept = MemorySecrets({name: world.secrets.get(name) for name in ("app-secret", "refresh-token")}, on_call=die)
    world.store = MemoryStore(on_call=die)
    world.secrets = kept
    with pytest.raises(Died):
        world.sign_ins().renew(GRAPH)
    world.secrets, world.store = MemorySecrets(kept._values), MemoryStore()
    assert world.sign_ins().renew(GRAPH).not_kept is None


def test_two_hosts_at_once_leave_a_token_that_works(world: World) -> None:
    first, second = world.sign_ins(), world.sign_ins()
    for _day in range(120):
        first.renew(GRAPH)
        second.renew(GRAPH)
        world.clock.advance(86_400)
    assert world.sign_ins().renew(GRAPH).mfa


def test_a_token_that_a_person_stored_meanwhile_is_not_written_over_although_an_older_one_is_in_memory(world: World) -> None:
    vault = Vault(world.clock.now)
    vault.store("refresh-token", "old")
    token = RefreshToken(KeyVaultSecrets(vault.client, world.clock), world.store, world.clock, "refresh-token", "tenant")
    redeemed = token.current()
    vault.store("refresh-token", "stored by a person")
    token.write_back(redeemed, "successor of the old one")
    assert vault.values["refresh-token"] == "stored by a person"


def test_relationships_tell_their_ends_and_whether_they_extend_themselves(world: World) -> None:
    directory = world.simulator.directory
    directory.relationships[0].auto_extend, directory.relationships[0].ends = "PT0S", LATER
    first, second = world.adapter().delegations()
    assert (first.title, first.ends, first.renews) == ("Contoso managed services", LATER, False)
    assert second.renews


def test_a_client_secret_tells_its_end_by_its_first_characters(world: World) -> None:
    """A second one was made and not stored yet: the one that ends soon is still ours."""
    application = world.simulator.directory.applications[0]
    application.secrets[0].ends = SOON
    application.secrets.append(ClientSecret("2", "another-secret", SOON - timedelta(days=20), LATER))
    assert world.adapter().credential_ends() == SOON
    world.secrets.put("app-secret", "another-secret")
    assert world.adapter().credential_ends() == LATER


def test_a_certificate_tells_its_end_by_itself(world: World) -> None:
    world.secrets.put("app-secret", pem(world.clock.now()))
    world_partner = replace(world.partner, credential=Credential.CERTIFICATE)
    assert world.adapter(partner=world_partner).credential_ends() == world.clock.now() + timedelta(days=365)


def test_without_the_right_to_look_at_the_registration_nobody_is_stopped(world: World) -> None:
    world.simulator.directory.partner.conditions.refuse("/applications", status=403, times=0)
    assert world.adapter().credential_ends() is None


def test_passing_trouble_is_not_taken_for_no_end(world: World) -> None:
    world.simulator.directory.partner.conditions.refuse("/applications", status=503, times=0)
    with pytest.raises(SyncError):
        world.adapter().credential_ends()


def test_an_ended_client_secret_stops_the_run(world: World) -> None:
    world.simulator.directory.applications[0].secrets[0].ends = world.clock.now()
    with pytest.raises(StopRun, match="AADSTS7000222"):
        world.sign_ins().renew(GRAPH)
