"""How lists are read: pages with their count, bare arrays, and what is refused."""

from datetime import date
from typing import Any

import pytest

from tests.sandbox.halopsa_psa import RECURRING, Psa


@pytest.fixture
def psa() -> Psa:
    """Five recurring invoices, the first with a line."""
    psa = Psa()
    psa.line(10, internal_reference="marker")
    for number in range(4):
        psa.ledger.recurring_invoice(psa.client, f"More {number}", date(2026, 1, 1))
    return psa


def ids(body: Any) -> list[int]:
    return [row["id"] for row in (body if isinstance(body, list) else body["invoices"])]


def test_pages_are_numbered_from_one_and_carry_the_count_of_all(psa: Psa) -> None:
    pages = [psa.get(RECURRING, pageinate="true", page_size="2", page_no=str(number)) for number in (1, 2, 3, 4)]
    assert [ids(page) for page in pages] == [[-5, -4], [-3, -2], [-1], []]
    assert {page["record_count"] for page in pages} == {5}


def test_without_paging_the_page_size_is_ignored_and_the_count_holds(psa: Psa) -> None:
    assert len(ids(psa.get(RECURRING, page_size="2"))) == 5
    assert len(ids(psa.get(RECURRING, count="2"))) == 2


def test_a_page_is_never_larger_than_the_site_gives(psa: Psa) -> None:
    psa.switches.largest_page = 3
    assert len(ids(psa.get(RECURRING, pageinate="true", page_size="100"))) == 3


def test_lists_may_be_bare_arrays(psa: Psa) -> None:
    psa.switches.bare_lists = True
    assert ids(psa.get(RECURRING)) == [-5, -4, -3, -2, -1]


def test_lines_are_in_a_list_only_where_they_are_asked_for(psa: Psa) -> None:
    assert "lines" not in psa.get(RECURRING)["invoices"][-1]
    (line,) = psa.get(RECURRING, includelines="true")["invoices"][-1]["lines"]
    assert (line["qty_order"], line["item_internal_reference"]) == (10, "marker")


def test_a_list_may_show_its_lines_in_part_where_a_read_by_id_shows_them_whole(psa: Psa) -> None:
    psa.switches.whole_lines_in_list = False
    (line,) = psa.get(RECURRING, includelines="true")["invoices"][-1]["lines"]
    assert "item_internal_reference" not in line
    assert psa.shown()["lines"][0]["item_internal_reference"] == "marker"


def test_a_filter_by_client_gives_what_is_theirs(psa: Psa) -> None:
    assert len(ids(psa.get(RECURRING, client_id="1"))) == 5
    assert ids(psa.get(RECURRING, client_id="2")) == []


@pytest.mark.parametrize("query", [{"conditions": "id=1"}, {"order": "colour"}, {"pageinate": "yes"}, {"page_no": "0"}, {"client_id": "one"}])
def test_a_query_that_makes_no_sense_is_refused(psa: Psa, query: dict[str, str]) -> None:
    assert psa.call("GET", RECURRING, **{"pageinate": "true", **query}).status == 400


def test_inactive_records_are_shown_where_they_are_asked_for(psa: Psa) -> None:
    psa.ledger.item("Old", inactive=True)
    assert len(psa.get("/Item")["items"]) == 1
    assert len(psa.get("/Item", includeinactive="true")["items"]) == 2


def test_licence_counts_are_listed_by_client(psa: Psa) -> None:
    psa.ledger.licence(psa.client, "Business Premium", 12)
    assert psa.get("/SoftwareLicence", client_id="1")["licences"][0]["count"] == 12
    assert psa.get("/SoftwareLicence", client_id="2")["licences"] == []
