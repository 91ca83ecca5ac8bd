"""Who the customers are: relationships and contracts of the partner's tenant, whole or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.microsoft.discovery import united
from adapters.microsoft.reading import Unreadable
from sandbox.faults import Effect, Fault
from sandbox.microsoft.directory import DIRECTORY_READERS, GLOBAL_READER, REPORTS_READER
from sync_core.errors import StopRun, SyncError
from sync_core.model.customers import SignIn
from tests.microsoft.conftest import World

LATER = datetime(2028, 1, 1, tzinfo=UTC)


def row(name: str, tenant_id: str, ends: str, *roles: str) -> dict[str, Any]:
    """A relationship as Graph lists it."""
    unified = [{"roleDefinitionId": role} for role in roles]
    customer = {"tenantId": tenant_id, "displayName": "Contoso"}
    return {"displayName": name, "customer": customer, "endDateTime": ends, "accessDetails": {"unifiedRoles": unified}}


def test_several_relationships_of_a_customer_are_one(world: World) -> None:
    contoso = world.tenant("contoso.example")
    world.simulator.directory.relate(contoso, "More rights", roles=(GLOBAL_READER,), ends=LATER)
    found = {one.tenant_id: one for one in world.adapter().relationships()}
    assert len(found) == 2
    assert found[contoso.tenant_id].ends == LATER
    assert found[contoso.tenant_id].role_ids == {DIRECTORY_READERS, REPORTS_READER, GLOBAL_READER}


def test_a_customer_whose_relationship_ended_stays_by_its_contract_without_rights(world: World) -> None:
    contoso = world.tenant("contoso.example")
    world.simulator.directory.end_relationships(contoso)
    found = {one.tenant_id: one for one in world.adapter().relationships()}
    assert (found[contoso.tenant_id].name, found[contoso.tenant_id].role_ids, found[contoso.tenant_id].ends) == ("Contoso", frozenset(), None)


def test_a_list_of_many_pages_is_read_to_its_end(world: World) -> None:
    for number in range(650):
        world.simulator.directory.add_customer(f"Customer {number}", f"customer{number}.example")
    assert len(world.adapter().relationships()) == 652


@pytest.mark.parametrize("path", ["/delegatedAdminRelationships", "/contracts"])
def test_half_a_list_is_no_list(world: World, path: str) -> None:
    world.simulator.directory.partner.conditions.refuse(path, status=403, times=0)
    with pytest.raises(StopRun):
        world.adapter().relationships()


def test_a_list_that_leads_to_another_host_is_refused(world: World) -> None:
    body = {"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/contracts?$skiptoken=x"}
    with pytest.raises(Unreadable, match="another host"):
        list(world.graph().tenant(world.partner.tenant_id, SignIn.DELEGATED).further_rows(body))


def test_a_list_that_leads_in_a_circle_is_refused(world: World) -> None:
    graph = world.graph().tenant(world.partner.tenant_id, SignIn.DELEGATED)
    page = f"{world.graph_url}/v1.0/contracts"
    looping = {"value": [], "@odata.nextLink": page}
    world.simulator.graph_faults.add(Fault(Effect.ANSWER, path="/contracts", times=0, status=200, body=json.dumps(looping)))
    with pytest.raises(SyncError, match="circle"):
        list(graph.further_rows(looping))


def test_relationships_that_microsoft_made_itself_are_left_out() -> None:
    assert united([row("MLT_2023", "t", "2026-03-01T00:00:00Z")], []) == ()


def test_the_relationships_name_of_a_customer_wins_over_the_contracts_old_copy() -> None:
    contract = {"customerId": "T", "displayName": "Old name"}
    (found,) = united([row("gdap", "T", "2026-03-01T00:00:00.1234567Z")], [contract])
    assert (found.tenant_id, found.name) == ("t", "Contoso")


def test_a_row_without_a_tenant_id_fails_the_list() -> None:
    with pytest.raises(Unreadable):
        united([], [{"displayName": "Contoso"}])


def test_verified_domains_are_lower_case(world: World) -> None:
    world.tenant("contoso.example").domains.append("Contoso.Example.Org")
    assert world.adapter().verified_domains(world.customer("contoso.example")) >= {"contoso.example", "contoso.example.org"}


def test_health_says_that_the_sign_in_works(world: World) -> None:
    assert world.adapter().health().ok


def test_health_says_what_to_do_when_it_does_not(world: World) -> None:
    world.simulator.revoke_sessions()
    health = world.adapter().health()
    assert not health.ok and "MFA" in health.fix and "AADSTS50173" in health.detail
