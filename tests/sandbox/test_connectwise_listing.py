"""How collections are filtered, ordered, cut to fields and paged."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import pytest

from sandbox.web import serve
from tests.sandbox.connectwise_psa import AGREEMENTS, LINES, Psa

COMPANIES = "/company/companies"
FORWARD = {"pagination-type": "forward-only"}


@pytest.fixture
def psa() -> Psa:
    """Three companies: Contoso Ltd (1), Fabrikam Inc (2, deleted) and Tailspin "Toys" (3, no website)."""
    psa = Psa()
    psa.ledger.company("Fabrikam", "Fabrikam Inc", deleted=True)
    psa.ledger.company("Tailspin", 'Tailspin "Toys"')
    return psa


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ("id = 2", [2]),
        ("id != 2", [1, 3]),
        ("id>1 and id<=3", [2, 3]),
        ("id in (1, 3)", [1, 3]),
        ("id not in (1,3)", [2]),
        ('name contains "ltd"', [1]),
        ('name not contains "ltd"', [2, 3]),
        ('name like "*in*"', [2, 3]),
        ('name like "Fabrikam%"', [2]),
        ("identifier = 'Contoso'", [1]),
        (r'name = "Tailspin \"Toys\""', [3]),
        ("deletedFlag = False", [1, 3]),
        ("deletedFlag = true", [2]),
        ("status/name = 'Active'", [1, 2, 3]),
        ("_info/lastUpdated >= [2026-03-17T00:00:00Z]", [1, 2, 3]),
        ("_info/lastUpdated > [2026-03-18]", []),
        ("id = 1 or id = 2 and deletedFlag = false", [1]),
        ("(id = 1 or id = 2) and deletedFlag = true", [2]),
    ],
)
def test_conditions_select_records(psa: Psa, conditions: str, found: list[int]) -> None:
    assert ids(psa.get(COMPANIES, conditions=conditions)) == found


def test_null_is_asked_for_by_name_and_meets_no_other_comparison(psa: Psa) -> None:
    psa.line(serial_number="A-1")
    psa.line()
    answers = [ids(psa.get(LINES, conditions=f"serialNumber {test}")) for test in ("= null", "!= null", '!= "A-1"')]
    assert answers == [[2], [1], []]


def test_a_date_needs_brackets(psa: Psa) -> None:
    assert ids(psa.get(AGREEMENTS, conditions="startDate >= [2026-01-01T00:00:00Z]")) == [1]
    assert psa.call("GET", AGREEMENTS, conditions='startDate >= "2026-01-01"').status == 400


def test_lines_are_found_by_product_and_by_marker(psa: Psa) -> None:
    psa.line(serial_number="M365:1")
    psa.line(serial_number="M365:2")
    assert ids(psa.get(LINES, conditions='product/identifier = "M365-BP" and serialNumber = "M365:2"')) == [2]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("assignedTo/id = 1", "assignedTo/id is not a recognized name."),
        ("Id = 1", "Id is not a recognized name."),
        ("id ~ 1", "Unexpected text"),
        ("id = ", "Unexpected end"),
        ("id = 1 id = 2", "Unexpected 'id'"),
        ("(id = 1", "')' expected"),
        ("name = 5", "cannot be compared"),
        ("id like 1", "needs text"),
        ("id in (1", "')' expected"),
        ("name > null", "null cannot be compared"),
        ("_info/lastUpdated > [yesterday]", "is not a date"),
    ],
)
def test_a_condition_that_cannot_be_read_is_an_api_find_condition_error(psa: Psa, conditions: str, message: str) -> None:
    answer = psa.call("GET", COMPANIES, conditions=conditions)
    assert (answer.status, answer.json()["code"]) == (400, "ApiFindCondition")
    assert message in answer.json()["message"]


def test_child_conditions_find_a_contact_by_one_of_its_addresses(psa: Psa) -> None:
    psa.ledger.contact(psa.company, "billing@contoso.example")
    psa.ledger.contact(psa.company, "office@contoso.example")
    wanted = 'communicationItems/value = "office@contoso.example" and communicationItems/communicationType = "Email"'
    assert ids(psa.get("/company/contacts", childConditions=wanted)) == [2]


def test_custom_field_conditions_need_caption_and_value_in_one_field(psa: Psa) -> None:
    psa.line(custom_fields=({"id": 1, "caption": "Source", "value": "M365"}, {"id": 2, "caption": "Note", "value": "x"}))
    answers = [psa.get(LINES + "/count", customFieldConditions=f'caption="Source" AND value = "{value}"') for value in ("M365", "x")]
    assert answers == [{"count": 1}, {"count": 0}]


def test_count_uses_the_same_conditions(psa: Psa) -> None:
    assert psa.get(COMPANIES + "/count", conditions="deletedFlag = false") == {"count": 2}


def test_order_by_sorts_by_several_fields(psa: Psa) -> None:
    assert ids(psa.get(COMPANIES, orderBy="deletedFlag desc, name asc")) == [2, 1, 3]


def test_fields_cut_a_record_down_and_leave_info_out(psa: Psa) -> None:
    assert psa.get(AGREEMENTS, fields="id,company/name") == [{"id": 1, "company": {"name": "Contoso Ltd"}}]


def test_info_comes_when_it_is_asked_for_or_nothing_is_chosen(psa: Psa) -> None:
    assert psa.get(AGREEMENTS, fields="_info/lastUpdated") == [{"_info": {"lastUpdated": "2026-03-17T09:30:00Z"}}]
    assert "_info" in psa.get(AGREEMENTS)[0]


@pytest.mark.parametrize("query", [{"fields": "nothing"}, {"orderBy": "nothing"}, {"page": "0"}, {"pageSize": "ten"}, {"filter": "id=1"}])
def test_a_parameter_that_makes_no_sense_is_refused(psa: Psa, query: dict[str, Any]) -> None:
    assert psa.call("GET", COMPANIES, **query).status == 400


def links(psa: Psa, headers: dict[str, str] | None = None, **query: str) -> dict[str, dict[str, str]]:
    """The ``Link`` header of a list of companies: relation -> query."""
    header = psa.call("GET", COMPANIES, headers=headers, **query).headers.get("Link", "")
    return {relation: dict(parse_qsl(urlsplit(url).query)) for url, relation in re.findall(r'<([^>]+)>; rel="(\w+)"', header)}


def test_numbered_pages_name_their_neighbours(psa: Psa) -> None:
    assert set(links(psa, pageSize="1", page="1")) == {"next", "last"}
    assert set(links(psa, pageSize="1", page="2")) == {"first", "prev", "next", "last"}
    assert set(links(psa, pageSize="1", page="3")) == {"first", "prev"}


def test_a_link_keeps_the_filter(psa: Psa) -> None:
    assert links(psa, pageSize="1", conditions="id > 1")["next"] == {"conditions": "id > 1", "page": "2", "pageSize": "1"}


def test_a_page_past_the_end_is_empty(psa: Psa) -> None:
    assert psa.get(COMPANIES, page="9") == []


def test_a_page_holds_25_records_by_default_and_1000_at_most(psa: Psa) -> None:
    for number in range(1100):
        psa.ledger.company(f"company-{number}")
    assert [len(psa.get(COMPANIES)), len(psa.get(COMPANIES, pageSize="5000"))] == [25, 1000]


def test_forward_only_pages_go_on_after_the_last_id(psa: Psa) -> None:
    assert links(psa, FORWARD, pageSize="2") == {"next": {"pageId": "2", "pageSize": "2"}}
    assert ids(psa.get(COMPANIES, FORWARD, pageSize="2", pageId="2")) == [3]


def test_the_last_forward_only_page_has_an_empty_link(psa: Psa) -> None:
    assert psa.call("GET", COMPANIES, headers=FORWARD, pageSize="2", pageId="2").headers["Link"] == ""


def test_a_full_last_page_still_names_a_next_one_that_is_empty(psa: Psa) -> None:
    assert links(psa, FORWARD, pageSize="3")["next"]["pageId"] == "3"
    assert psa.get(COMPANIES, FORWARD, pageSize="3", pageId="3") == []


def test_forward_only_paging_ignores_page_and_refuses_an_order(psa: Psa) -> None:
    assert ids(psa.get(COMPANIES, FORWARD, page="7")) == [1, 2, 3]
    assert psa.call("GET", COMPANIES, headers=FORWARD, orderBy="name").status == 400


def test_a_served_simulator_is_paged_by_following_its_links(psa: Psa) -> None:
    with serve(psa.simulator) as server:
        url, found = f"{server.url}/v2025_1/apis/3.0{COMPANIES}?pageSize=2", []
        while url:
            with urlopen(UrlRequest(url, headers={**psa.headers, **FORWARD})) as answer:
                found += ids(json.load(answer))
                url = answer.headers["Link"].partition(">")[0].removeprefix("<")
    assert found == [1, 2, 3]


def test_a_link_stays_on_the_host_of_the_request(psa: Psa) -> None:
    answer = psa.call("GET", COMPANIES, headers={"host": "127.0.0.1:8080"}, pageSize="1")
    assert answer.headers["Link"].startswith("<http://127.0.0.1:8080/v4_6_release/apis/3.0/company/companies?")
