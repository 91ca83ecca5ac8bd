"""A served world is steered and looked at over HTTP, from this process or another."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import requests

from sandbox.commands import sandbox as command
from sandbox.environment import ROOT
from sandbox.host.configuration import read_settings
from sandbox.memory.clock import ManualClock
from sandbox.microsoft import catalog
from sandbox.web import serve
from sandbox.world import Ports, ServedWorld, WorldProcess, seeded_world
from tests.sandbox.world_client import WorldClient


@pytest.fixture
def client() -> Iterator[WorldClient]:
    with ServedWorld(seeded_world(3, now=ManualClock().now)) as served:
        yield WorldClient(served)


def test_the_clock_is_put_forward_and_never_back(client: WorldClient) -> None:
    assert client.command("clock", days=1).status_code == 204
    assert client.view("clock") == "2025-03-13T12:00:00+00:00"
    assert client.command("clock", to="2025-03-31T23:30:00+00:00").status_code == 204
    assert client.view("clock") == "2025-03-31T23:30:00+00:00"
    assert client.command("clock", to="2025-03-01T00:00:00+00:00").status_code == 400
    assert client.command("clock", hours=1).status_code == 400


def test_a_person_edits_a_line(client: WorldClient) -> None:
    assert client.command("edit-line", line=1, by="account-manager", quantity="30", cancelled="2025-04-30").status_code == 204
    [line] = client.lines(client.served.world.account("Contoso"), "M365-BP")
    assert (line["quantity"], line["cancelledDate"][:10], line["_info"]["updatedBy"]) == (30, "2025-04-30", "account-manager")
    assert client.view("writes") == []


def test_invoices_are_sent_and_previews_move_on(client: WorldClient) -> None:
    assert [invoice["dated"] for invoice in client.view("previews")] == ["2025-04-01", "2025-04-01"]
    client.command("invoices", on="2025-04-01")
    assert [invoice["dated"] for invoice in client.view("invoices")] == ["2025-04-01", "2025-04-01"]
    assert [invoice["dated"] for invoice in client.view("previews", on="2025-04-02")] == ["2025-05-01", "2025-05-01"]


def test_an_agreement_is_copied_and_cancelled(client: WorldClient) -> None:
    client.command("copy-agreement", agreement=1)
    client.command("cancel-agreement", agreement=1, on="2025-03-31")
    assert [agreement["cancelledFlag"] for agreement in client.psa("/finance/agreements")] == [True, False, False]


def test_licences_are_bought_resized_and_unassigned(client: WorldClient) -> None:
    contoso = client.served.world.account("Contoso")
    sku = {"tenantId": contoso.tenant.tenant_id, "sku": "SPB"}
    client.command("buy", **sku, seats=4)
    client.command("set-seats", **sku, seats=27)
    client.command("unassign", **sku, users=2)
    assert [row["totalLicenses"] for row in client.subscriptions(contoso, catalog.BUSINESS_PREMIUM.sku_id)] == [27, 4]
    assert client.sku(contoso, catalog.BUSINESS_PREMIUM.sku_id)["consumedUnits"] == 24


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("edit-line", {"line": 999, "quantity": 1}),
        ("edit-line", {"line": 1, "agreement_id": 2}),
        ("buy", {"tenantId": "nobody", "sku": "SPB", "seats": 1}),
        ("set-seats", {"tenantId": "contoso.example", "sku": "SPE_E5", "seats": 1}),
        ("unassign", {"tenantId": "contoso.example", "sku": "SPB", "users": 5000}),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(client: WorldClient, name: str, members: dict[str, object]) -> None:
    answer = client.command(name, **members)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_control_port_stands_for_nobody(client: WorldClient) -> None:
    assert requests.get(f"{client.served.urls.control}/v1.0/organization", timeout=30).status_code == 404


def test_a_world_in_a_process_of_its_own_is_steered_from_here() -> None:
    here = seeded_world(4, seed=7)
    with WorldProcess(customers=4, seed=7) as there:
        assert there.promises == list(here.promises)
        assert f"url: {there.urls.psa}\n" in there.configuration_yaml
        assert there.settings["SYNC_GRAPH_URL"] == there.urls.graph
        assert (there.writes(), there.mails()) == ([], [])
        before = date.fromisoformat(str(there.view("clock"))[:10])
        there.next_day()
        assert (date.fromisoformat(str(there.view("clock"))[:10]) - before).days in (1, 2)
        assert {invoice["agreement_id"] for invoice in there.previews()} == {1, 2, 3}
        with pytest.raises(RuntimeError, match="never goes back"):
            there.command("clock", days=-1)


def test_the_process_ends_with_its_standard_input_and_leaves_its_ports_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    command_line = [sys.executable, "-m", "sandbox.world", "--customers", "1", "--ports-file", str(file)]
    ended = subprocess.run(command_line, input="", capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=True)
    assert json.loads(ended.stdout) == json.loads(file.read_text(encoding="utf-8"))


def test_a_taken_port_closes_the_others_again() -> None:
    with serve(lambda request: pytest.fail("nobody asks")) as taken:
        port = int(taken.url.rpartition(":")[2])
        with pytest.raises(OSError):
            ServedWorld(seeded_world(1), Ports(control=port))


def test_the_sandbox_command_leaves_files_that_other_commands_take(client: WorldClient, tmp_path: Path) -> None:
    files = command.write_files(client.served, tmp_path)
    assert files["configuration"].read_text(encoding="utf-8") == client.served.configuration_yaml
    settings = read_settings(files["settings"])
    assert client.served.settings.items() <= settings.items()
    assert {"SYNC_SCHEDULE", "SYNC_SWEEP_SCHEDULE", "SYNC_ACCESS_SCHEDULE", "SYNC_RETENTION_SCHEDULE"} <= settings.keys()
    told = command.text(client.served, files)
    assert all(url in told for url in (client.served.urls.login, client.served.urls.psa, str(files["configuration"])))
