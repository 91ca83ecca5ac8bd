"""Signing in: the proofs an application has, tokens kept in memory, and the refresh token that must never age out."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.http import Http
from adapters.microsoft.login import LoginHttp
from adapters.microsoft.tokens import Token, TokenCache, TokenKey
from sandbox.microsoft.tokens import unsigned_jwt
from sync_core.errors import InvalidConfiguration, RetryLater, SkipCustomer, StopRun
from sync_core.model.configuration import Credential
from sync_core.model.customers import SignIn
from tests.microsoft.conftest import World

GRAPH = "https://graph.microsoft.com"


def key_of(world: World, domain: str = "contoso.example", sign_in: SignIn = SignIn.APPLICATION) -> TokenKey:
    """A tenant's token for Graph."""
    return TokenKey(world.tenant(domain).tenant_id, sign_in, GRAPH)


def token_requests(world: World) -> int:
    """How many tokens the simulated sign-in host was asked for."""
    return len(requests.get(f"{world.login_url}/_sandbox/requests", timeout=10).json())


def pem(valid_from: datetime) -> str:
    """A private key and its self-signed certificate, as they stand in the secret."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "licence sync")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
    certificate = builder.not_valid_before(valid_from).not_valid_after(valid_from + timedelta(days=365)).sign(private, hashes.SHA256())
    key_text = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (certificate.public_bytes(serialization.Encoding.PEM) + key_text).decode()


def test_a_client_secret_gives_a_token_of_the_customers_tenant(world: World) -> None:
    key = key_of(world)
    assert Token(world.sign_ins().token(key), world.clock.now()).tenant_id == key.tenant_id


def test_a_certificate_gives_a_token(world: World) -> None:
    world.secrets.put("certificate", pem(world.clock.now()))
    partner = replace(world.partner, credential=Credential.CERTIFICATE, credential_secret="certificate")
    assert world.sign_ins(partner).token(key_of(world))


def test_a_managed_identity_gives_a_token(world: World) -> None:
    """The app registration trusts the identity; the assertion is the identity's own token for the token exchange."""
    expires = world.clock.now().timestamp() + 3600
    partner = replace(world.partner, credential=Credential.MANAGED_IDENTITY, managed_identity_client_id="identity")

    def assertion(client_id: str) -> str:
        return unsigned_jwt({"aud": "api://AzureADTokenExchange", "iss": "https://login.example", "sub": client_id, "exp": expires})

    assert world.sign_ins(partner, assertion=assertion).token(key_of(world))


@pytest.mark.parametrize("without", ["CERTIFICATE", "PRIVATE KEY"])
def test_a_certificate_that_cannot_be_used_stops_the_run_and_shows_nothing_of_it(world: World, without: str) -> None:
    world.secrets.put("certificate", pem(world.clock.now()).replace(without, "hush"))
    with pytest.raises(StopRun) as caught:
        world.sign_ins(replace(world.partner, credential=Credential.CERTIFICATE, credential_secret="certificate")).token(key_of(world))
    assert caught.value.code == "bad-app-credential" and "hush" not in str(caught.value)


def test_a_wrong_client_secret_stops_the_run(world: World) -> None:
    world.secrets.put("app-secret", "wrong")
    with pytest.raises(StopRun, match="new client secret"):
        world.sign_ins().token(key_of(world))


def test_an_app_without_consent_skips_the_customer(world: World) -> None:
    world.tenant("contoso.example").withdraw_consent()
    with pytest.raises(SkipCustomer, match="consent"):
        world.sign_ins().token(key_of(world))


def test_a_deleted_tenant_is_skipped(world: World) -> None:
    key = key_of(world)
    world.simulator.directory.remove_customer(world.tenant("contoso.example"))
    with pytest.raises(SkipCustomer) as caught:
        world.sign_ins().token(key)
    assert caught.value.code == "tenant-gone"


def test_passing_trouble_at_the_sign_in_is_tried_later(world: World) -> None:
    world.tenant("contoso.example").conditions.sign_in_error = 90033
    with pytest.raises(RetryLater):
        world.sign_ins().token(key_of(world))


def test_what_stops_a_customer_stops_everything_at_the_partners_own_tenant(world: World) -> None:
    world.simulator.directory.partner.conditions.sign_in_error = 53003
    with pytest.raises(StopRun, match="service account"):
        world.sign_ins().token(key_of(world, "fabrikam-it.example", SignIn.DELEGATED))


def test_a_delegated_customer_needs_a_refresh_token(world: World) -> None:
    with pytest.raises(InvalidConfiguration, match="refresh token"):
        world.sign_ins(replace(world.partner, refresh_token_secret="")).token(key_of(world, sign_in=SignIn.DELEGATED))


def test_a_token_is_asked_for_again_shortly_before_it_expires(world: World) -> None:
    sign_ins = world.sign_ins()
    sign_ins.token(key_of(world))
    world.clock.advance(3000)
    sign_ins.token(key_of(world))
    assert token_requests(world) == 1
    world.clock.advance(400)
    sign_ins.token(key_of(world))
    assert token_requests(world) == 2


def test_many_threads_ask_for_a_tenants_token_once(world: World) -> None:
    sign_ins = world.sign_ins()
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: sign_ins.token(key_of(world)), range(16)))
    assert len(tokens) == 1 and token_requests(world) == 1


def test_the_cache_forgets_what_was_not_used_for_the_longest_time(world: World) -> None:
    cache, until = TokenCache(limit=2), world.clock.now() + timedelta(hours=1)
    first, second, third = (TokenKey(name, SignIn.DELEGATED, GRAPH) for name in "abc")
    cache.put(first, Token("1", until))
    cache.put(second, Token("2", until))
    assert cache.get(first, world.clock.now())
    cache.put(third, Token("3", until))
    assert cache.get(second, world.clock.now()) is None


def test_a_token_is_not_shown() -> None:
    assert "abc" not in repr(Token("abc", datetime(2026, 1, 1)))


@pytest.mark.parametrize("value", ["", "a.b", "a.!!!.c", "a." + urlsafe_b64encode(json.dumps([1]).encode()).decode() + ".c"])
def test_a_token_that_cannot_be_read_belongs_to_nobody(value: str) -> None:
    assert Token(value, datetime(2026, 1, 1)).tenant_id == ""


def test_the_newest_refresh_token_is_written_back_once_in_a_few_days(world: World) -> None:
    delegated, seen = key_of(world, sign_in=SignIn.DELEGATED), [world.secrets.get("refresh-token")]
    for _day in range(7):
        world.sign_ins().token(delegated)
        seen.append(world.secrets.get("refresh-token"))
        world.clock.advance(86_400)
    assert [before != after for before, after in pairwise(seen)] == [True, False, False, False, False, True, False]


def test_a_daily_run_outlives_the_first_refresh_token(world: World) -> None:
    """Each lives 90 days; 120 days of daily runs need its successors."""
    for _day in range(120):
        world.sign_ins().token(key_of(world, sign_in=SignIn.DELEGATED))
        world.clock.advance(86_400)
    assert token_requests(world) > 120


def test_a_refresh_token_that_cannot_be_written_back_fails_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.simulator.directory.partner.conditions.sign_in_error = 53003
    assert world.sign_ins().token(key_of(world, sign_in=SignIn.DELEGATED))
    assert "could not be kept" in caplog.text


@pytest.mark.parametrize("url", ["http://login.example", "https://user:word@login.example", "login.example"])
def test_the_sign_in_host_is_https_or_this_machine(world: World, url: str) -> None:
    with pytest.raises(InvalidConfiguration):
        LoginHttp(Http("Microsoft sign-in", world.clock), url)


def test_a_national_clouds_sign_in_host_is_its_own_authority(world: World) -> None:
    login = LoginHttp(Http("Microsoft sign-in", world.clock), "https://login.microsoftonline.us/")
    assert login.authority("tenant") == "https://login.microsoftonline.us/tenant"
