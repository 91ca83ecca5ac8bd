"""The simulated Microsoft while an app is set up: as strict as the real one about who asks, in which order and with what."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from sandbox.microsoft.directory import ADMIN_AGENTS, CLOUD_APPLICATION_ADMINISTRATOR, REDIRECT
from sandbox.microsoft.permissions import GRAPH_ID
from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.microsoft.tokens import GRAPH, PARTNER_CENTER, AccessToken
from sandbox.web import Request, Response
from tests.sandbox.microsoft_caller import Caller

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = f"{GRAPH}/.default offline_access openid profile"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def caller() -> Caller:
    return Caller()


def code(response: Response) -> int:
    return int(response.json()["error_codes"][0])


def device_code(caller: Caller, tenant: str = "") -> str:
    """A device code of the partner's tenant."""
    body = urlencode({"client_id": caller.world.client_id, "scope": SCOPE}).encode()
    path = f"/{tenant or caller.world.partner.tenant_id}/oauth2/v2.0/devicecode"
    return str(caller.microsoft.login(Request("POST", path, body=body)).json()["device_code"])


def poll(caller: Caller, given: str, **form: str) -> Response:
    return caller.ask_token(caller.world.partner.tenant_id, grant_type=DEVICE, device_code=given, **form)


def authorize(caller: Caller, **more: str) -> Response:
    query = {
        "client_id": caller.world.client_id,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPE,
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return caller.microsoft.login(Request("GET", f"/{caller.world.partner.tenant_id}/oauth2/v2.0/authorize", query | more))


def brought_back(response: Response) -> dict[str, str]:
    """What the browser brings to the redirect URI."""
    assert response.status == 302 and response.headers["Location"].startswith(f"{REDIRECT}?")
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


def exchange(caller: Caller, given: str, **form: str) -> Response:
    fields = {"grant_type": "authorization_code", "code": given, "redirect_uri": REDIRECT, "code_verifier": VERIFIER, **form}
    return caller.ask_token(caller.world.partner.tenant_id, **fields)


def test_a_device_code_is_pending_until_the_person_has_signed_in(caller: Caller) -> None:
    given = device_code(caller)
    first = poll(caller, given)
    assert (first.status, first.json()["error"]) == (400, "authorization_pending")
    assert poll(caller, given).json()["error"] == "slow_down"
    caller.clock.advance(seconds=5)
    answer = poll(caller, given).json()
    token = AccessToken.decode(answer["access_token"])
    assert (token.tenant_id, token.person, token.amr) == (caller.world.partner.tenant_id, caller.world.service_account.user_id, ("pwd", "mfa"))
    assert code(poll(caller, given)) == SignInError.BAD_VERIFICATION_CODE


def test_a_device_code_ends(caller: Caller) -> None:
    given = device_code(caller)
    caller.clock.advance(seconds=901)
    assert poll(caller, given).json()["error"] == "expired_token"


def test_a_person_may_decline(caller: Caller) -> None:
    caller.microsoft.person.declines, caller.microsoft.person.looks_after = True, 0
    assert poll(caller, device_code(caller)).json()["error"] == "authorization_declined"


def test_a_code_belongs_to_its_tenant(caller: Caller) -> None:
    given = device_code(caller, caller.contoso.tenant_id)
    assert code(poll(caller, given)) == SignInError.BAD_VERIFICATION_CODE


def test_a_token_that_was_got_without_the_apps_proof_is_redeemed_without_it(caller: Caller) -> None:
    """AADSTS700025, which costs others a day; and without public client flows nothing goes without the proof."""
    caller.microsoft.person.looks_after = 0
    assert code(poll(caller, device_code(caller), client_secret="")) == SignInError.NOT_A_CREDENTIAL
    caller.world.applications[0].public = True
    token = poll(caller, device_code(caller), client_secret="").json()["refresh_token"]
    assert code(caller.redeem(caller.world.partner, token)) == SignInError.PUBLIC_CLIENT
    assert caller.redeem(caller.world.partner, token, client_secret="").status == 200


def test_the_browser_brings_a_code_that_works_once(caller: Caller) -> None:
    back = brought_back(authorize(caller))
    assert back["state"] == "s"
    assert exchange(caller, back["code"]).json()["refresh_token"]
    assert exchange(caller, back["code"]).status == 400


@pytest.mark.parametrize("wrong", [{"code_verifier": "another"}, {"redirect_uri": "http://localhost:1"}, {"client_secret": "wrong"}])
def test_a_stolen_code_is_worth_nothing(caller: Caller, wrong: dict[str, str]) -> None:
    back = brought_back(authorize(caller))
    assert exchange(caller, back["code"], **wrong).status in (400, 401)


@pytest.mark.parametrize("wrong", [{"redirect_uri": "http://localhost:1"}, {"response_type": "token"}, {"code_challenge_method": "plain"}])
def test_a_wrong_request_never_leads_away(caller: Caller, wrong: dict[str, str]) -> None:
    assert authorize(caller, **wrong).status == 400


def test_what_a_person_meets_comes_back_as_an_error(caller: Caller) -> None:
    caller.microsoft.person.refused = 53003
    assert "AADSTS53003" in brought_back(authorize(caller))["error_description"]


def as_operator(caller: Caller, method: str, path: str, body: Any = None) -> Response:
    headers = {"authorization": f"Bearer {caller.microsoft.operator_token()}", "content-type": "application/json"}
    return caller.microsoft.graph(Request(method, f"/v1.0{path}", {}, headers, b"" if body is None else json.dumps(body).encode()))


def test_only_who_may_registers_an_application(caller: Caller) -> None:
    assert caller.post(caller.world.partner, "/applications", {"displayName": "x"}).status == 403
    assert as_operator(caller, "POST", "/applications", {"displayName": "x"}).status == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": "x", "signInAudience": "everybody"},
        {"displayName": "x", "redirectUris": []},
        {"displayName": "x", "requiredResourceAccess": [{"resourceAppId": "unknown", "resourceAccess": []}]},
    ],
)
def test_a_registration_that_graph_would_not_take_is_refused(caller: Caller, body: dict[str, Any]) -> None:
    assert as_operator(caller, "POST", "/applications", body).status == 400


def test_a_secret_is_shown_once_and_lives_two_years_at_most(caller: Caller) -> None:
    application = caller.world.applications[0]
    path = f"/applications/{application.object_id}/addPassword"
    assert as_operator(caller, "POST", path, {"passwordCredential": {"endDateTime": "2099-01-01T00:00:00Z"}}).status == 400
    made = as_operator(caller, "POST", path, {"passwordCredential": {"displayName": "x"}}).json()
    assert caller.app_only(caller.contoso, client_secret=made["secretText"]).status == 200
    shown = caller.value(caller.world.partner, "/applications?$select=passwordCredentials")[0]["passwordCredentials"]
    assert all(one["secretText"] is None for one in shown)


def test_a_grant_needs_both_service_principals_and_names_that_exist(caller: Caller) -> None:
    caller.world.forget_application()
    made = as_operator(caller, "POST", "/applications", {"displayName": "x"}).json()
    graph = as_operator(caller, "GET", "/servicePrincipals").json()["value"][0]
    assert graph["appId"] == GRAPH_ID
    principal = as_operator(caller, "POST", "/servicePrincipals", {"appId": made["appId"]}).json()
    grant = {"clientId": principal["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "User.Read.All"}
    assert as_operator(caller, "POST", "/oauth2PermissionGrants", {**grant, "clientId": graph["id"]}).status == 404
    assert as_operator(caller, "POST", "/oauth2PermissionGrants", {**grant, "scope": "Made.Up"}).status == 400
    assert as_operator(caller, "POST", "/oauth2PermissionGrants", grant).status == 201
    assert as_operator(caller, "POST", "/oauth2PermissionGrants", grant).status == 409
    assert caller.world.partner.permissions == {"User.Read.All"}


def consent(caller: Caller, amr: tuple[str, ...] = ("pwd", "mfa"), method: str = "POST", path: str = "", **body: Any) -> Response:
    token = caller.redeem(caller.world.partner, caller.microsoft.sign_in(amr), PARTNER_CENTER).json()["access_token"]
    grants = [{"enterpriseApplicationId": GRAPH_ID, "scope": "User.Read.All, Organization.Read.All"}]
    content = {"applicationId": caller.world.client_id, "applicationGrants": grants, **body}
    url = f"/v1/customers/{caller.contoso.tenant_id}/applicationconsents{path}"
    return caller.microsoft.partner_center(Request(method, url, {}, {"authorization": f"Bearer {token}"}, json.dumps(content).encode()))


def may_consent(caller: Caller) -> None:
    """Contoso has not consented yet, and lets the partner do it."""
    caller.contoso.withdraw_consent()
    relationship = caller.world.relationships[0]
    relationship.roles = (*relationship.roles, CLOUD_APPLICATION_ADMINISTRATOR)


def test_a_consent_is_given_once_and_taken_back(caller: Caller) -> None:
    may_consent(caller)
    assert consent(caller).status == 201
    assert caller.contoso.permissions == {"User.Read.All", "Organization.Read.All"}
    assert (consent(caller).status, consent(caller).json()["description"]) == (409, "Permission entry already exists.")
    path = f"/{caller.world.client_id}"
    assert [consent(caller, method="DELETE", path=path).status for _ in range(2)] == [204, 404]


def test_a_consent_takes_mfa_the_role_and_the_group(caller: Caller) -> None:
    caller.contoso.withdraw_consent()
    assert (consent(caller).status, consent(caller).json()["code"]) == (403, "900308")
    may_consent(caller)
    assert consent(caller, amr=("pwd",)).json()["code"] == "10001"
    caller.world.group(ADMIN_AGENTS).member_ids.clear()
    assert consent(caller).status == 403
    assert caller.contoso.permissions == frozenset()


@pytest.mark.parametrize("wrong", [{"applicationId": "another"}, {"applicationGrants": []}, {"applicationGrants": [{"scope": "x"}]}, {"more": 1}])
def test_a_consent_to_what_nobody_knows_is_refused(caller: Caller, wrong: dict[str, Any]) -> None:
    may_consent(caller)
    assert consent(caller, **wrong).status == 400


def test_roles_count_only_where_they_are_granted_assigned_and_in_force(caller: Caller) -> None:
    (assignment,) = caller.world.relationships[0].assignments
    for change in ({"status": "pending"}, {"group_id": caller.world.group(ADMIN_AGENTS).group_id, "status": "active"}, {"roles": ()}):
        vars(assignment).update(change)
        reached = bool(caller.world.roles_in(caller.contoso))
        assert reached is (change.get("status") == "active")
    assert caller.redeem(caller.contoso).status == 400
