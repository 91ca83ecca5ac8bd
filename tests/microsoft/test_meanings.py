"""Every code of Microsoft ends as something that a person can act on."""

from __future__ import annotations

import pytest

from adapters.microsoft.meanings import MEANINGS
from adapters.microsoft.refusals import Refusal, error_of, graph_refusal, partner_center_refusal, sign_in_refusal
from sandbox.microsoft.sign_in_errors import TEXTS, SignInError
from sync_core.errors import RetryLater, SkipCustomer, StopRun, SyncError, Throttled

PARTNER_WIDE = (700082, 70008, 50173, 700084, 530034, 7000215, 7000222, 700027, 50057, 50053, 50055)
ONE_TENANT = (70043, 50076, 50079, 50078, 53003, 53000, 53001, 50020, 50177, 500212, 500213, 65001, 90094, 90099)
ONE_TENANT_AS_WELL = (650052, 650057, 700016, 90002, 5000224, 900023)
PASSING = (90055, 50033, 50087, 90024, 90033, 90006, 90090, 50196, 650051)


def refused(code: int, at_partner: bool = False) -> SyncError:
    """The error for an AADSTS code."""
    answer = {"error": "invalid_grant", "error_codes": [code], "error_description": f"AADSTS{code}: No."}
    return error_of(sign_in_refusal(answer), "sign-in", at_partner)


@pytest.mark.parametrize("code", PARTNER_WIDE)
def test_a_code_about_the_partner_stops_the_run_wherever_it_was_met(code: int) -> None:
    assert isinstance(refused(code), StopRun) and refused(code).fix


@pytest.mark.parametrize("code", ONE_TENANT + ONE_TENANT_AS_WELL)
def test_a_code_about_one_tenant_skips_it_and_stops_the_run_only_at_the_partners_own(code: int) -> None:
    assert isinstance(refused(code), SkipCustomer) and refused(code).fix
    assert isinstance(refused(code, at_partner=True), StopRun)


@pytest.mark.parametrize("code", PASSING)
def test_a_passing_code_is_tried_later(code: int) -> None:
    error = refused(code, at_partner=True)
    assert isinstance(error, RetryLater) and error.delay > 0


def test_mfa_means_another_thing_to_do_at_the_partner_than_at_a_customer() -> None:
    assert "trust the partner's MFA" in refused(50076).fix
    assert "Sign in once more" in refused(50076, at_partner=True).fix


def test_a_code_that_nobody_knows_needs_attention_and_keeps_its_text() -> None:
    answer = {
        "error": "invalid_grant",
        "error_codes": [1234567],
        "error_description": "AADSTS1234567: Account 'a@contoso.example' of 88d8e3e3-8f55-4a1e-953a-9b9898b8876b\u202e is odd. "
        "Trace ID: 11111111-2222-3333-4444-555555555555 Correlation ID: x Timestamp: y",
    }
    error = error_of(sign_in_refusal(answer), "sign-in")
    assert (type(error), error.code) == (SkipCustomer, "needs-attention")
    assert error.why == "AADSTS1234567: Account '(address)' of (id) is odd. (trace 11111111-2222-3333-4444-555555555555)"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"error": "invalid_grant", "error_description": "AADSTS700082: Too old."}, "AADSTS700082"),
        ({"error": "invalid_client", "error_codes": [7999999], "error_description": "AADSTS7999999: New."}, "invalid_client"),
        ({"error": "interaction_required"}, "interaction_required"),
        ({}, ""),
    ],
)
def test_the_most_telling_code_of_a_sign_in_answer_decides(answer: dict[str, object], expected: str) -> None:
    assert sign_in_refusal(answer).vendor_code == expected


@pytest.mark.parametrize("code", [code for code in SignInError if f"AADSTS{code:d}" not in MEANINGS])
def test_codes_of_a_wrong_request_are_for_attention(code: SignInError) -> None:
    """What the simulator says to a request that no client should send is not in the table, and breaks nothing."""
    assert error_of(sign_in_refusal({"error_codes": [int(code)], "error_description": TEXTS[code]}), "sign-in").code == "needs-attention"


@pytest.mark.parametrize(
    ("status", "code", "kind", "expected"),
    [
        (401, "InvalidAuthenticationToken", SkipCustomer, "token-refused"),
        (403, "Authorization_RequestDenied", SkipCustomer, "missing-role"),
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", SkipCustomer, "feature-not-licensed"),
        (404, "Request_ResourceNotFound", SkipCustomer, "not-found"),
        (400, "Request_UnsupportedQuery", SkipCustomer, "request-refused"),
        (429, "TooManyRequests", Throttled, "service-busy"),
        (503, "serviceNotAvailable", RetryLater, "service-busy"),
        (504, "UnknownError", RetryLater, "service-busy"),
        (403, "SomethingNew", SkipCustomer, "missing-role"),
        (418, "SomethingNew", SkipCustomer, "needs-attention"),
    ],
)
def test_graphs_codes_are_known_and_new_ones_are_judged_by_status(status: int, code: str, kind: type[SyncError], expected: str) -> None:
    error = error_of(graph_refusal(status, {"error": {"code": code, "message": "No.", "innerError": {"request-id": "abcd-1234"}}}), "Graph")
    assert (type(error), error.code) == (kind, expected) and "abcd-1234" in error.why


def test_a_message_that_says_more_than_its_code_decides() -> None:
    body = {"error": {"code": "BadRequest", "message": "Request not applicable to target tenant."}}
    assert error_of(graph_refusal(400, body), "Graph").code == "feature-not-licensed"


@pytest.mark.parametrize("body", [None, [], "no", {"error": "text"}, {"error": {"innererror": 5}}])
def test_a_body_of_any_shape_leaves_the_status(body: object) -> None:
    assert error_of(graph_refusal(418, body), "Graph").why == "HTTP 418"


def test_the_wait_that_graph_asks_for_is_kept() -> None:
    error = error_of(Refusal("TooManyRequests", status=429, delay=2.128), "Graph")
    assert isinstance(error, Throttled) and error.delay == 2.128


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (401, {"code": 900420}, {}, "wrong-resource"),
        (403, {"code": "900329"}, {}, "app-only-not-supported"),
        (403, {"code": "900308"}, {}, "missing-role"),
        (403, {"code": "900309"}, {}, "blocked-by-conditional-access"),
        (404, {"code": 60003}, {}, "no-relationship"),
        (409, {"code": 900278}, {}, "operation-pending"),
        (401, None, {"isMfaCompliant": "False"}, "mfa-required"),
        (401, {"description": "Authentication failed. MFA required."}, {}, "mfa-required"),
        (429, {"statusCode": 429, "message": "Rate limit is exceeded."}, {}, "service-busy"),
    ],
)
def test_partner_centers_codes_are_known(status: int, body: object, headers: dict[str, str], expected: str) -> None:
    assert error_of(partner_center_refusal(status, body, headers), "Partner Center").code == expected


def test_every_meaning_says_what_happened_and_what_to_do() -> None:
    assert all(meaning.what and meaning.fix.endswith(".") and not meaning.what.endswith(".") for meaning in MEANINGS.values())
