"""How records are filtered, cut to fields and paged."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.web import Request
from tests.sandbox.autotask_psa import Psa, errors, named


@pytest.fixture
def psa() -> Psa:
    """Three companies: Contoso Ltd (1), Fabrikam Inc (2, inactive) and Tailspin Toys (3, no website)."""
    psa = Psa()
    psa.ledger.company("Fabrikam Inc", active=False, web_address="https://fabrikam.example")
    psa.ledger.company("Tailspin Toys")
    return psa


def ids(psa: Psa, *conditions: dict[str, Any]) -> list[int]:
    return [item["id"] for item in psa.query("Companies", *conditions).json()["items"]]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (named("id", "eq", 2), [2]),
        (named("id", "noteq", 2), [1, 3]),
        (named("id", "gt", 1), [2, 3]),
        (named("id", "lte", 2), [1, 2]),
        (named("id", "in", [1, 3]), [1, 3]),
        (named("id", "notIn", [1, 3]), [2]),
        (named("isActive", "eq", True), [1, 3]),
        (named("companyName", "eq", "CONTOSO ltd"), [1]),
        (named("companyName", "beginsWith", "fab"), [2]),
        (named("companyName", "endsWith", "toys"), [3]),
        (named("companyName", "contains", "i"), [2, 3]),
        (named("webAddress", "exist"), [1, 2]),
        (named("webAddress", "notExist"), [3]),
        ({"op": "or", "items": [named("id", "eq", 1), named("id", "eq", 3)]}, [1, 3]),
        ({"op": "and", "items": [named("id", "gt", 1), named("isActive", "eq", True)]}, [3]),
    ],
)
def test_conditions_are_understood(psa: Psa, condition: dict[str, Any], found: list[int]) -> None:
    assert ids(psa, condition) == found


def test_all_conditions_of_the_list_must_hold(psa: Psa) -> None:
    assert ids(psa, named("id", "gt", 1), named("isActive", "eq", True)) == [3]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"Filter": []}, "at least one filter"),
        ({}, "at least one filter"),
        ({"Filter": [named("colour", "eq", 1)]}, "Unable to find colour in the Companies Entity."),
        ({"Filter": [named("id", "like", 1)]}, "operator like"),
        ({"Filter": [named("id", "eq")]}, "may not be null"),
        ({"Filter": [named("id", "in", [])]}, "list of values"),
        ({"Filter": [named("id", "in", list(range(501)))]}, "500 or fewer 'OR'"),
        ({"Filter": [named("id", "gte", 0)], "MaxRecords": 501}, "MaxRecords"),
        ({"Filter": [named("id", "gte", 0)], "OrderBy": "id"}, "MaxRecords, IncludeFields and Filter"),
        ({"Filter": [named("id", "gte", 0)], "IncludeFields": ["colour"]}, "Unable to find colour"),
        ({"Filter": [named("id", "gte", 0)], "IncludeFields": ["companyName"], "MaxRecords": 1}, "include the id"),
    ],
)
def test_what_autotask_does_not_read_is_refused_with_500_and_a_text(psa: Psa, body: dict[str, Any], text: str) -> None:
    assert text in errors(psa.call("POST", "/Companies/query", body))


def test_pages_are_followed_by_their_address_with_the_same_body(psa: Psa) -> None:
    body = {"Filter": [named("id", "gte", 0)], "MaxRecords": 2}
    first = psa.call("POST", "/Companies/query", body).json()
    paging = first["pageDetails"]["nextPageUrl"].rpartition("=")[2]
    second = psa.call("POST", "/Companies/query/next", body, paging=paging).json()
    assert [item["id"] for item in (*first["items"], *second["items"])] == [1, 2, 3]
    assert second["pageDetails"]["nextPageUrl"] is None
    assert "paging information" in errors(psa.call("POST", "/Companies/query/next", {**body, "MaxRecords": 1}, paging=paging))


def test_only_the_fields_that_are_asked_for_come(psa: Psa) -> None:
    assert psa.query("Companies", named("id", "eq", 1), IncludeFields=["id", "companyName"]).json()["items"] == [
        {"id": 1, "companyName": "Contoso Ltd"}
    ]


def test_a_missing_record_is_null_and_not_404(psa: Psa) -> None:
    assert psa.call("GET", "/Companies/1").json()["item"]["companyName"] == "Contoso Ltd"
    assert psa.call("GET", "/Companies/99").json() == {"item": None}


def test_adjustments_cannot_be_queried(psa: Psa) -> None:
    assert "cannot be queried" in errors(psa.query("ContractServiceAdjustments"))


def test_picklists_are_described_with_their_labels(psa: Psa) -> None:
    fields = {field["name"]: field for field in psa.call("GET", "/Contracts/entityInformation/fields").json()["fields"]}
    assert {value["label"] for value in fields["contractPeriodType"]["picklistValues"]} >= {"Monthly", "Yearly"}


def test_a_body_that_is_no_json_is_refused(psa: Psa) -> None:
    assert "cannot be read" in errors(psa.simulator(Request("POST", "/zone5/ATServicesRest/v1.0/Companies/query", {}, psa.headers, b"<x/>")))
