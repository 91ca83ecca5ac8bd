"""Every write that the adapter can send fits what Halo describes itself: each member is there, and of its type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import fastjsonschema
import pytest

from adapters.clock import SystemClock
from sandbox.halopsa.reporting import statement
from sync_core.model.agreements import SelfEnding, Terms
from sync_core.model.plans import Change, ChangeKind
from sync_core.ports import Probe, Psa
from tests.conformance.halopsa_site import LIST, Site, served_site
from tests.conformance.halopsa_subject import licence_books
from tests.conformance.test_halopsa_writing import add, change, end, set_price, set_quantity
from tests.sandbox.halopsa_swagger import described, needs_swagger, swagger

pytestmark = needs_swagger
BESIDE = SelfEnding(Decimal(2), date(2026, 3, 17), date(2026, 3, 31), "SYNC-beside")


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site(licence_books()) as site:
        yield site


def carry_out(psa: Psa, *changes: Change) -> None:
    for step in psa.steps_for(psa.read_headers(["-1"])[0], changes, "plan"):
        psa.execute(step, SystemClock().monotonic() + 60)
        assert psa.probe(step).probe is Probe.DONE


def posted(site: Site, path: str) -> list[Any]:
    """The bodies that were posted to a path, each record of them."""
    return [record for request in site.requests if request.method == "POST" and request.path == path for record in request.json()]


def test_recurring_invoices_with_every_kind_of_change_and_a_prorata_row(site: Site) -> None:
    site.settings["proration"] = "prorata fields"
    site.ledger.edit_as_person(1, licence_id=None)
    site.ledger.edit_as_person(2, licence_id=None)
    raised = replace(set_quantity(), self_ending=(BESIDE,), terms=Terms(unit_price=Decimal("10.50")))
    text = change(ChangeKind.SET_TEXT, 5, line_id="1", terms=Terms(text="As agreed"))
    carry_out(site.psa, raised, set_price(), text, end(), add(7))
    bodies = posted(site, LIST)
    assert len(bodies) == 2
    for body in bodies:
        fastjsonschema.validate(described("InvoiceHeader"), body)
        for line in body["lines"]:
            fastjsonschema.validate(described("InvoiceDetail"), line)


def test_licence_records_are_written_as_halo_describes_them(site: Site) -> None:
    site.settings["writes"] = "licence counts"
    carry_out(site.psa, set_quantity("licence-1"), replace(add(7), product="M365-9"))
    bodies = posted(site, "/api/SoftwareLicence")
    assert len(bodies) == 2
    for body in bodies:
        fastjsonschema.validate(described("Licence_List"), body)


def test_reports_are_asked_for_as_halo_describes_them(site: Site) -> None:
    site.settings.update(report_heads=statement("INVOICEHEADER"), report_lines=statement("INVOICEDETAIL"))
    site.psa.read_headers(None)
    bodies = posted(site, "/api/Report")
    assert len(bodies) == 2
    for body in bodies:
        fastjsonschema.validate(described("AnalyzerProfile"), body)


def test_every_path_and_parameter_that_is_called(site: Site) -> None:
    site.settings["writes"] = "licence counts"
    psa = site.psa
    psa.health()
    psa.companies()
    psa.company_agreements("1")
    carry_out(psa, set_quantity("licence-1"))
    paths = swagger()["paths"]
    for request in site.requests:
        if request.path.startswith("/api/") and request.path != "/api/authinfo":
            operation = paths[re.sub(r"/-?\d+$", "/{id}", request.path.removeprefix("/api"))][request.method.lower()]
            assert request.query.keys() <= {each["name"] for each in operation.get("parameters", [])}
