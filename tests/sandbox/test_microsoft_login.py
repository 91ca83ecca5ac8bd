"""What a client meets at the simulated sign-in, first of all through MSAL as the product uses it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msal
import pytest
import requests

from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.microsoft.simulator import MicrosoftSimulator
from sandbox.microsoft.tokens import GRAPH, PARTNER_CENTER, AccessToken, jwt_claims, unsigned_jwt
from sandbox.web import Response, serve
from tests.sandbox.microsoft_caller import Caller, call, small_world

SCOPES = [f"{GRAPH}/.default"]


class Rewriting(requests.Session):
    """Sends what MSAL has for the sign-in host to where the sandbox serves it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(method, str(url).replace("https://login.microsoftonline.com", self.url), *args, **kwargs)


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def microsoft() -> MicrosoftSimulator:
    return MicrosoftSimulator(small_world())


@pytest.fixture
def http_client(microsoft: MicrosoftSimulator) -> Iterator[Rewriting]:
    with serve(microsoft.login) as server, Rewriting(server.url) as session:
        yield session


def msal_app(microsoft: MicrosoftSimulator, http_client: Rewriting, credential: Any = None) -> Any:
    tenant = microsoft.directory.customers[0].tenant_id
    return msal.ConfidentialClientApplication(
        microsoft.directory.client_id,
        client_credential=credential or microsoft.directory.client_secret,
        authority=f"https://login.microsoftonline.com/{tenant}",
        http_client=http_client,
    )


def code(response: Response) -> int:
    return int(response.json()["error_codes"][0])


def test_msal_redeems_the_partners_refresh_token_in_a_customer(microsoft: MicrosoftSimulator, http_client: Rewriting) -> None:
    first = microsoft.sign_in()
    answer = msal_app(microsoft, http_client).acquire_token_by_refresh_token(first, SCOPES)
    token = AccessToken.decode(answer["access_token"])
    assert token.tenant_id == microsoft.directory.customers[0].tenant_id
    assert (token.app_only, token.amr) == (False, ("pwd", "mfa"))
    assert answer["refresh_token"] != first
    assert answer["id_token_claims"]["aud"] == microsoft.directory.client_id


def test_msal_caches_the_apps_own_token(microsoft: MicrosoftSimulator, http_client: Rewriting) -> None:
    app = msal_app(microsoft, http_client)
    answers = [app.acquire_token_for_client(SCOPES) for _ in range(2)]
    assert [answer["token_source"] for answer in answers] == ["identity_provider", "cache"]
    assert AccessToken.decode(answers[0]["access_token"]).app_only


def test_msal_signs_in_with_an_assertion_instead_of_a_secret(microsoft: MicrosoftSimulator, http_client: Rewriting) -> None:
    """As a managed identity does that the app trusts as a federated credential."""
    claims = {"aud": "api://AzureADTokenExchange", "iss": "https://issuer.example", "sub": "identity", "exp": time.time() + 600}
    answer = msal_app(microsoft, http_client, {"client_assertion": lambda: unsigned_jwt(claims)}).acquire_token_for_client(SCOPES)
    assert "access_token" in answer


def test_msal_reads_a_refusal(microsoft: MicrosoftSimulator, http_client: Rewriting) -> None:
    microsoft.directory.customers[0].withdraw_consent()
    answer = msal_app(microsoft, http_client).acquire_token_by_refresh_token(microsoft.sign_in(), SCOPES)
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [SignInError.CONSENT_MISSING])


def test_discovery_names_https_endpoints_of_the_tenant(caller: Caller) -> None:
    document = call(caller.microsoft.login, "GET", "/contoso.example/v2.0/.well-known/openid-configuration", {}).json()
    base = f"https://login.microsoftonline.com/{caller.contoso.tenant_id}"
    assert document["issuer"] == f"{base}/v2.0"
    assert document["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert document["authorization_endpoint"] == f"{base}/oauth2/v2.0/authorize"


@pytest.mark.parametrize(
    ("tenant", "expected"),
    [("11111111-2222-4333-8444-555555555555", SignInError.TENANT_NOT_FOUND), ("not a tenant", SignInError.BAD_TENANT_ID)],
)
def test_an_unknown_tenant_has_neither_discovery_nor_tokens(caller: Caller, tenant: str, expected: SignInError) -> None:
    discovery = call(caller.microsoft.login, "GET", f"/{tenant}/v2.0/.well-known/openid-configuration", {})
    assert (discovery.status, code(discovery)) == (400, expected)
    assert code(caller.ask_token(tenant, grant_type="client_credentials", scope=SCOPES[0])) == expected


def test_an_app_only_answer_has_no_scope_and_no_refresh_token(caller: Caller) -> None:
    """A scope here would make MSAL miss its cache on every call."""
    assert set(caller.app_only(caller.contoso).json()) == {"token_type", "expires_in", "ext_expires_in", "access_token"}


def test_an_old_refresh_token_stays_valid_beside_the_new_one(caller: Caller) -> None:
    first = caller.microsoft.sign_in()
    second = caller.redeem(caller.contoso, first).json()["refresh_token"]
    assert second != first
    assert [caller.redeem(caller.litware, token).status for token in (first, second)] == [200, 200]


def test_a_refresh_token_lives_ninety_days_from_its_own_issue(caller: Caller) -> None:
    first = caller.microsoft.sign_in()
    caller.clock.advance(days=80)
    second = caller.redeem(caller.contoso, first).json()["refresh_token"]
    caller.clock.advance(days=11)
    assert code(caller.redeem(caller.contoso, first)) == SignInError.REFRESH_TOKEN_INACTIVE
    assert caller.redeem(caller.contoso, second).status == 200


def test_revoked_sessions_need_a_new_sign_in(caller: Caller) -> None:
    first = caller.microsoft.sign_in()
    caller.microsoft.revoke_sessions()
    assert code(caller.redeem(caller.contoso, first)) == SignInError.SESSIONS_REVOKED
    assert caller.redeem(caller.contoso).status == 200


def test_without_gdap_the_partners_person_is_unknown_but_the_app_works(caller: Caller) -> None:
    caller.world.end_relationships(caller.contoso)
    assert code(caller.redeem(caller.contoso)) == SignInError.NO_GDAP
    assert caller.app_only(caller.contoso).status == 200
    assert caller.redeem(caller.world.partner).status == 200


def test_an_app_without_consent_is_not_found_in_the_tenant(caller: Caller) -> None:
    caller.contoso.withdraw_consent()
    assert code(caller.app_only(caller.contoso)) == SignInError.APP_NOT_FOUND
    assert caller.app_only(caller.litware).status == 200


@pytest.mark.parametrize("wanted", [SignInError.CONDITIONAL_ACCESS, SignInError.PARTNER_CONSENT_MISSING, SignInError.MFA_REQUIRED, 999999])
def test_a_tenant_refuses_with_any_code_that_a_test_wants(caller: Caller, wanted: int) -> None:
    caller.contoso.conditions.sign_in_error = wanted
    refused = caller.redeem(caller.contoso)
    assert (refused.status, code(refused)) == (400, wanted)
    assert refused.json()["error_description"].startswith(f"AADSTS{int(wanted)}: ")
    assert caller.redeem(caller.litware).status == 200


def test_conditional_access_on_people_does_not_meet_the_app(caller: Caller) -> None:
    caller.contoso.conditions.sign_in_error = SignInError.CONDITIONAL_ACCESS
    assert caller.app_only(caller.contoso).status == 200


@pytest.mark.parametrize(
    ("form", "status", "expected", "error"),
    [
        ({"client_secret": "wrong"}, 401, SignInError.BAD_SECRET, "invalid_client"),
        ({"client_secret": ""}, 401, SignInError.NOT_A_CREDENTIAL, "invalid_client"),
        ({"client_id": "another"}, 400, SignInError.APP_NOT_FOUND, "unauthorized_client"),
        ({"grant_type": "password"}, 400, SignInError.BAD_GRANT_TYPE, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, SignInError.PARAMETER_MISSING, "invalid_request"),
        ({"scope": f"{GRAPH}/User.Read.All"}, 400, SignInError.APP_SCOPE_NOT_DEFAULT, "invalid_scope"),
        ({"scope": f"{GRAPH}/.default {PARTNER_CENTER}/.default"}, 400, SignInError.SEVERAL_RESOURCES, "invalid_request"),
        ({"scope": "https://graph.windows.net/.default"}, 400, SignInError.UNKNOWN_RESOURCE, "invalid_resource"),
        ({"scope": "openid"}, 400, SignInError.BAD_SCOPE, "invalid_scope"),
    ],
)
def test_a_wrong_token_request_is_refused_as_entra_does(caller: Caller, form: dict[str, str], status: int, expected: int, error: str) -> None:
    refused = caller.app_only(caller.contoso, **form)
    assert (refused.status, code(refused), refused.json()["error"]) == (status, expected, error)


@pytest.mark.parametrize("claims", [{}, {"aud": "api://AzureADTokenExchange", "iss": "i", "sub": "s", "exp": 0}, {"aud": "x", "exp": 9e9}])
def test_an_assertion_must_be_in_time_and_meant_for_entra(caller: Caller, claims: dict[str, Any]) -> None:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    refused = caller.app_only(caller.contoso, client_secret="", client_assertion_type=kind, client_assertion=unsigned_jwt(claims))
    assert (refused.status, code(refused)) == (401, SignInError.BAD_ASSERTION)


def test_a_scope_that_was_not_granted_needs_consent(caller: Caller) -> None:
    assert code(caller.redeem(caller.contoso, scope=f"{GRAPH}/Group.ReadWrite.All")) == SignInError.CONSENT_MISSING
    assert caller.redeem(caller.contoso, scope=f"{GRAPH}/User.Read.All").status == 200


def test_a_broken_cache_hands_out_another_tenants_token(caller: Caller) -> None:
    caller.contoso.conditions.token_of = caller.litware.tenant_id
    assert jwt_claims(caller.token(caller.contoso))["tid"] == caller.litware.tenant_id


def test_the_same_seed_gives_the_same_refresh_tokens() -> None:
    first, second, other = (Caller(seed=seed).microsoft.sign_in() for seed in (1, 1, 2))
    assert first == second != other
