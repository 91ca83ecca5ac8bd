"""What can be written to an addition, what the PSA computes, and what it refuses."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.connectwise.records import ProductClass
from tests.sandbox.connectwise_psa import AGREEMENTS, LINES, Psa, wrong_fields


@pytest.fixture
def psa() -> Psa:
    return Psa()


def test_a_new_line_takes_what_it_leaves_out_from_the_catalog(psa: Psa) -> None:
    answer = psa.post()
    line = answer.json()
    assert answer.status == 201
    assert (line["quantity"], line["unitPrice"], line["unitCost"], line["invoiceDescription"]) == (1, 10, 7.5, "Business Premium")
    assert (line["effectiveDate"], line["cancelledDate"]) == ("2026-03-17T00:00:00Z", None)


def test_a_new_line_names_its_product_by_id_or_identifier(psa: Psa) -> None:
    assert psa.post(product={"id": 1}).json()["product"] == psa.post(product={"identifier": "M365-BP"}).json()["product"]


def test_nothing_stops_two_lines_of_one_product(psa: Psa) -> None:
    assert [psa.post().json()["id"], psa.post().json()["id"]] == [1, 2]


def test_a_new_line_needs_a_product_and_bill_customer(psa: Psa) -> None:
    assert wrong_fields(psa.call("POST", LINES, {})) == ["product", "billCustomer"]


def test_a_refused_line_leaves_nothing_behind(psa: Psa) -> None:
    psa.post(serialNumber="x" * 51)
    assert (psa.get(LINES), psa.post().json()["id"]) == ([], 1)


def test_a_member_that_does_not_exist_is_refused_with_the_vendors_words(psa: Psa) -> None:
    refusal = psa.post(poNumber="1").json()
    assert refusal["code"] == "ConnectWiseApi"
    assert refusal["message"].startswith("Could not find member 'poNumber' on object of type 'Addition'. Path 'poNumber', line 1, position ")


@pytest.mark.parametrize(("member", "value"), [("serialNumber", "x" * 51), ("invoiceDescription", "x" * 6001), ("quantity", -1)])
def test_a_value_out_of_bounds_is_an_invalid_object(psa: Psa, member: str, value: Any) -> None:
    refusal = psa.post(**{member: value})
    assert (refusal.status, refusal.json()["code"], wrong_fields(refusal)) == (400, "InvalidObject", [member])


def test_one_refusal_names_every_wrong_field(psa: Psa) -> None:
    assert wrong_fields(psa.post(quantity=-1, serialNumber="x" * 51, invoiceDescription="x" * 6001)) == [
        "invoiceDescription",
        "quantity",
        "serialNumber",
    ]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("quantity", "12"),
        ("quantity", True),
        ("taxableFlag", "yes"),
        ("billCustomer", "billable"),
        ("effectiveDate", "2026-03-17"),
        ("effectiveDate", "2026-02-30T00:00:00Z"),
        ("invoiceDescription", "a\bb"),
        ("customFields", [{"value": "x"}]),
    ],
)
def test_a_value_of_the_wrong_type_cannot_be_read(psa: Psa, member: str, value: Any) -> None:
    refusal = psa.post(**{member: value})
    assert (refusal.status, refusal.json()["code"]) == (400, "ConnectWiseApi")


def test_a_line_break_becomes_a_space(psa: Psa) -> None:
    assert psa.post(invoiceDescription="one\r\ntwo\nthree").json()["invoiceDescription"] == "one two three"


@pytest.mark.parametrize("fields", [{"product_class": ProductClass.BUNDLE}, {"inactive": True}])
def test_a_bundle_or_an_inactive_product_cannot_be_a_line(psa: Psa, fields: dict[str, Any]) -> None:
    psa.ledger.product("OTHER", **fields)
    assert wrong_fields(psa.post(product={"identifier": "OTHER"})) == ["product"]


def test_a_line_cannot_end_before_it_starts(psa: Psa) -> None:
    assert wrong_fields(psa.post(effectiveDate="2026-03-17T00:00:00Z", cancelledDate="2026-03-16T00:00:00Z")) == ["cancelledDate"]


def test_an_agreement_or_line_that_does_not_exist_is_404(psa: Psa) -> None:
    other = psa.ledger.agreement(psa.company, "Other", date(2026, 1, 1))
    line = psa.line()
    assert psa.call("POST", f"{AGREEMENTS}/9/additions", {}).status == 404
    assert psa.call("GET", f"{AGREEMENTS}/{other.id}/additions/{line.id}").status == 404


def test_a_patch_sets_single_fields_and_answers_the_whole_record(psa: Psa) -> None:
    line = psa.line(10)
    answer = psa.patch(line.id, quantity=12, cancelledDate="2026-03-31T00:00:00Z")
    assert (answer.status, answer.json()["quantity"], answer.json()["cancelledDate"]) == (200, 12, "2026-03-31T00:00:00Z")
    assert answer.json() == psa.get(f"{LINES}/{line.id}")


def test_a_date_is_taken_back_by_remove_or_null(psa: Psa) -> None:
    line = psa.line(cancelled=date(2026, 3, 31))
    assert psa.call("PATCH", f"{LINES}/{line.id}", [{"op": "remove", "path": "cancelledDate"}]).json()["cancelledDate"] is None


@pytest.mark.parametrize("path", ["/quantity", "Quantity", "price"])
def test_a_path_is_a_bare_case_sensitive_name(psa: Psa, path: str) -> None:
    refusal = psa.patch(psa.line().id, **{path: 1})
    assert (refusal.status, path in refusal.json()["message"]) == (400, True)


@pytest.mark.parametrize("path", ["id", "extPrice", "billedQuantity", "agreementStatus", "product"])
def test_what_the_psa_computes_cannot_be_set(psa: Psa, path: str) -> None:
    assert wrong_fields(psa.patch(psa.line().id, **{path: 1})) == [path]


def test_a_path_into_a_reference_answers_200_and_changes_nothing(psa: Psa) -> None:
    """The vendor warns of it; only reading back shows it."""
    line = psa.line()
    answer = psa.patch(line.id, **{"product/identifier": "OTHER"})
    assert (answer.status, answer.json()["product"]["identifier"]) == (200, "M365-BP")


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": 12},
        [],
        [{"op": "set", "path": "quantity", "value": 1}],
        [{"op": "replace", "path": "quantity"}],
        [{"op": "replace", "path": "quantity", "value": 1, "from": "x"}],
    ],
)
def test_a_patch_is_an_array_of_operations(psa: Psa, body: Any) -> None:
    assert psa.call("PATCH", f"{LINES}/{psa.line().id}", body).status == 400


def test_bad_legacy_data_refuses_a_patch_of_another_field(psa: Psa) -> None:
    """A PATCH validates the whole stored record again."""
    line = psa.line(10)
    psa.ledger.spoil(line.id, "invoiceDescription")
    assert wrong_fields(psa.patch(line.id, quantity=12)) == ["invoiceDescription"]
    assert psa.patch(line.id, quantity=12, invoiceDescription="mended").status == 200


def test_computed_fields_follow_the_quantity_beyond_the_included_units(psa: Psa) -> None:
    line = psa.post(quantity=12, lessIncluded=2).json()
    assert (line["billedQuantity"], line["extPrice"], line["extCost"], line["margin"]) == (10, 100, 75, 25)
    assert psa.patch(line["id"], quantity=1).json()["billedQuantity"] == 0


def test_prorate_fields_show_the_share_of_the_first_period() -> None:
    line = Psa(prorate=True).post(quantity=2, effectiveDate="2026-03-17T00:00:00Z").json()
    assert (line["proratePrice"], line["extendedProratePrice"]) == (4.84, 9.68)


def test_decimals_stay_exact(psa: Psa) -> None:
    line = psa.post(quantity=2.5, unitPrice=0.1).json()
    assert psa.ledger.additions[line["id"]].unit_price == Decimal("0.1")


@pytest.mark.parametrize(
    ("dates", "status"),
    [
        ({}, "Active"),
        ({"cancelled": date(2026, 3, 16)}, "Cancelled"),
        ({"cancelled": date(2026, 3, 17)}, "Active"),
        ({"effective": date(2026, 3, 18)}, "Inactive"),
    ],
)
def test_the_status_of_a_line_follows_its_dates(psa: Psa, dates: dict[str, Any], status: str) -> None:
    assert psa.get(f"{LINES}/{psa.line(**dates).id}")["agreementStatus"] == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"cancelled": True}, "Cancelled"),
        ({"end": date(2026, 3, 16)}, "Expired"),
        ({"start": date(2026, 3, 18)}, "Inactive"),
    ],
)
def test_the_status_of_the_agreement_holds_for_its_lines(psa: Psa, changes: dict[str, Any], status: str) -> None:
    line = psa.line()
    psa.ledger.change_agreement(1, **changes)
    assert psa.get(f"{LINES}/{line.id}")["agreementStatus"] == psa.get(f"{AGREEMENTS}/1")["agreementStatus"] == status


def test_a_parent_agreement_is_named_by_its_child(psa: Psa) -> None:
    child = psa.ledger.agreement(psa.company, "Child", date(2026, 1, 1), parent_id=1)
    assert psa.get(f"{AGREEMENTS}/{child.id}")["parentAgreement"] == {"id": 1, "name": "Cloud"}


def test_every_write_moves_last_updated_and_names_the_writer(psa: Psa) -> None:
    line = psa.line()
    psa.time += timedelta(hours=1)
    info = psa.patch(line.id, quantity=3).json()["_info"]
    assert (info["lastUpdated"], info["updatedBy"], info["enteredBy"]) == ("2026-03-17T10:30:00Z", "licence-sync", "setup")


def test_a_persons_edit_shows_who_made_it(psa: Psa) -> None:
    line = psa.line(10)
    psa.ledger.edit_as_person(line.id, by="dispatcher", quantity=Decimal(11))
    shown = psa.get(f"{LINES}/{line.id}")
    assert (shown["quantity"], shown["_info"]["updatedBy"]) == (11, "dispatcher")


def test_every_write_is_recorded_with_the_record_before_and_after(psa: Psa) -> None:
    line = psa.line(10)
    psa.patch(line.id, quantity=12)
    (write,) = psa.inspect("writes")
    assert (write["method"], write["agreement_id"], write["addition_id"], write["at"]) == ("PATCH", 1, line.id, "2026-03-17T09:30:00+00:00")
    assert (write["before"]["quantity"], write["after"]["quantity"], write["forbidden"]) == (10, 12, False)


def test_a_refused_write_is_not_recorded(psa: Psa) -> None:
    psa.patch(psa.line().id, quantity=-1)
    assert psa.inspect("writes") == []


def test_a_replacement_puts_defaults_where_nothing_is_sent_and_is_recorded_as_forbidden(psa: Psa) -> None:
    line = psa.line(10, serial_number="A-1")
    answer = psa.call("PUT", f"{LINES}/{line.id}", {"product": {"id": 1}, "billCustomer": "Billable"}).json()
    assert (answer["quantity"], answer["serialNumber"], psa.inspect("writes")[0]["forbidden"]) == (1, None, True)


def test_a_delete_works_until_the_line_was_invoiced_and_is_recorded_as_forbidden(psa: Psa) -> None:
    invoiced, new = psa.line().id, psa.post().json()["id"]
    assert [psa.call("DELETE", f"{LINES}/{number}").status for number in (invoiced, new)] == [409, 204]
    assert [write["forbidden"] for write in psa.inspect("writes")] == [False, True]


def test_a_copied_agreement_has_the_same_lines_with_the_same_serial_numbers(psa: Psa) -> None:
    line = psa.line(10, serial_number="M365:1")
    copy = psa.call("POST", f"{AGREEMENTS}/1/copy").json()
    (copied,) = psa.get(f"{AGREEMENTS}/{copy['id']}/additions")
    assert (copied["serialNumber"], copied["quantity"]) == ("M365:1", 10)
    assert copied["id"] != line.id
