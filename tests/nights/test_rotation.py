"""Secrets are renewed under a running app: it takes up the new ones by itself, and no customer fails for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.azure.connection import StorageConnection
from adapters.environment_secrets import EnvironmentSecrets
from sandbox.host.keys import CONTAINER
from sandbox.microsoft.applications import ClientSecret
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerState
from sync_core.pipeline.watch_access import access_report
from tests.nights.chain import Chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A running host that keeps what it is given in a file."""
    with Chain(tmp_path, {"SYNC_SECRETS_FILE": str(tmp_path / "secrets.json")}) as chain:
        chain.import_configuration()
        chain.start_host()
        assert chain.call("GET", "health").status == 200  # every secret was read once, and stays in the host's memory
        yield chain


def store(chain: Chain, name: str, value: str) -> None:
    """An operator stores a new version where the secrets are."""
    EnvironmentSecrets(chain.settings, Path(chain.settings["SYNC_SECRETS_FILE"])).put(name, value)


def renew_client_secret(chain: Chain) -> None:
    """A second one is made and stored, and the first deleted at once."""
    application = chain.world.directory.applications[0]
    application.secrets = [ClientSecret("2", "renewed-client-secret", chain.began, chain.began + timedelta(days=365))]
    store(chain, "partner-app-secret", "renewed-client-secret")


def renew_sign_in(chain: Chain) -> None:
    """The sessions are revoked, and the service account has signed in anew."""
    chain.world.microsoft.revoke_sessions()
    store(chain, "partner-refresh-token", chain.world.microsoft.sign_in())


def renew_psa_key(chain: Chain) -> None:
    """The PSA takes only the new key."""
    chain.world.connectwise.access.private_key = "renewed-private-key"
    store(chain, "connectwise-private-key", "renewed-private-key")


def failed(report: RunReport) -> set[str]:
    """The tenant ids of the customers that failed."""
    return {item.customer.tenant_id for item in report.in_state(CustomerState.FAILED)}


def test_all_secrets_are_renewed_under_a_running_app_and_no_customer_fails_for_it(chain: Chain) -> None:
    for renew in (renew_client_secret, renew_sign_in, renew_psa_key):
        renew(chain)
    report = chain.night()
    assert failed(report) == {promise.tenant_id for promise in chain.world.promises if promise.state is CustomerState.FAILED}
    assert chain.writes == chain.promised_writes
    assert chain.call("GET", "health").status == 200


def test_the_timer_tells_a_revoked_sign_in_and_forgets_it_when_it_is_mended(chain: Chain) -> None:
    """On the real runtime: the function that watches, the route that tells, and what a person does in between."""
    chain.hosts[0].fire_timer("watch_access")
    assert chain.call("GET", "health").status == 200
    chain.world.microsoft.revoke_sessions()
    chain.hosts[0].fire_timer("watch_access")
    answer = chain.call("GET", "health")
    (part,) = [part for part in answer.json["parts"] if part["name"] == "access"]
    assert answer.status == 503 and "no longer valid" in part["detail"] and "onboard --step sign-in" in part["fix"]
    renew_sign_in(chain)
    chain.hosts[0].fire_timer("watch_access")
    assert chain.call("GET", "health").status == 200
    assert access_report(chain.context.store).broken == ()


def test_the_timer_keeps_the_newest_refresh_token(chain: Chain) -> None:
    file = Path(chain.settings["SYNC_SECRETS_FILE"])
    chain.hosts[0].fire_timer("watch_access")
    kept = EnvironmentSecrets(chain.settings, file).get("partner-refresh-token")
    assert kept != chain.world.refresh_token
    chain.hosts[0].fire_timer("watch_access")
    assert EnvironmentSecrets(chain.settings, file).get("partner-refresh-token") == kept  # once in five days is enough


def test_a_sign_in_without_mfa_is_told_by_health_and_by_the_nights_mail(chain: Chain) -> None:
    """It still reads Graph, so nothing else would show it before Partner Center refuses."""
    store(chain, "partner-refresh-token", chain.world.microsoft.sign_in(amr=("pwd",)))
    chain.hosts[0].fire_timer("watch_access")
    answer = chain.call("GET", "health")
    assert answer.status == 503 and "multi-factor" in answer.text
    report = chain.night()
    assert failed(report) == {promise.tenant_id for promise in chain.world.promises if promise.state is CustomerState.FAILED}
    assert "without multi-factor authentication" in chain.world.microsoft.mails[-1].message["body"]["content"]


def test_a_renewed_function_key_opens_the_app_and_the_old_one_no_more(chain: Chain) -> None:
    """The keys are the host's own state, so the app needs no word of it."""
    old = chain.hosts[0].host_key
    keys = StorageConnection(chain.settings).blobs.get_container_client(CONTAINER)
    for blob in list(keys.list_blobs()):
        keys.delete_blob(blob.name)
    chain.hosts[0].stop()
    chain.hosts.clear()
    renewed = chain.start_host().host_key
    assert renewed != old
    assert chain.call("GET", "runs", key=old).status == 401
    assert chain.call("GET", "runs", key=renewed).status == 200
