"""A night in which answers get lost, writes come late and services are busy ends as a quiet one does, and logs nothing that is nobody's business."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sandbox.environment import ROOT
from sync_core.model.reports import RunReport
from tests.infra.kql import evaluate
from tests.infra.log_rows import Rows, rows_of_log
from tests.nights.chain import Chain, found_in
from tests.nights.faults import make_faulty
from tests.nights.promises import broken_promises, invoices, promised_invoices, written_twice

Night = tuple[Chain, RunReport]
TOKEN = re.compile(r"eyJ[\w-]{10,}\.|0\.sandbox\.|Bearer |Basic [A-Za-z0-9+/]{8}")
"""Access tokens, refresh tokens of the sandbox, and what stands in an ``Authorization`` header."""


@pytest.fixture(scope="module", params=[1, 2, 3])
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A night with the faults of a seed, and everything it logged."""
    with Chain(tmp_path_factory.mktemp("night")) as chain:
        chain.import_configuration()
        chain.start_host()
        make_faulty(chain, request.param)
        yield chain, chain.night()


def test_a_faulty_night_ends_as_promised_and_bills_what_was_promised(night: Night) -> None:
    chain, report = night
    assert broken_promises(chain, report) == []
    assert invoices(chain.world, chain) == promised_invoices(chain)


def test_a_faulty_night_writes_no_line_twice(night: Night) -> None:
    assert written_twice(night[0]) == []


def test_a_faulty_night_sends_its_mail(night: Night) -> None:
    """At most a second copy goes out when nobody can know whether the first one did."""
    chain, report = night
    assert report.run.notice == "sent"
    assert 1 <= len(chain.world.microsoft.mails) <= 2


def test_the_log_holds_no_secret_no_address_and_no_name(night: Night) -> None:
    chain, logged = night[0], night[0].log.read_text(encoding="utf-8")
    tenants = [chain.world.directory.partner, *chain.world.directory.customers]
    people = {text for tenant in tenants for user in tenant.users for text in (user.display_name, user.user_principal_name)}
    recipients = set(chain.context.current_configuration().notices.recipients)
    names = {tenant.display_name for tenant in tenants} | {account.name for account in chain.world.accounts}
    assert "step.confirmed" in logged
    assert found_in(logged, chain.secrets | people | recipients | names) == set()
    assert not TOKEN.search(logged)


def test_every_line_of_the_app_says_which_stage_and_invocation_it_comes_from(night: Night) -> None:
    lines = [json.loads(row["Message"]) for row in logged_rows(night)]
    assert {line["stage"] for line in lines} >= {"start-run", "sync-customer", "apply-plan", "send-notices"}
    assert [line for line in lines if not {"stage", "invocation"} <= line.keys()] == []


def test_the_workbook_shows_the_night(night: Night) -> None:
    """Also what only real calls and queues make: requests, throttles, and how long messages waited."""
    rows, queries = logged_rows(night), (ROOT / "infra" / "queries").glob("*.kql")
    found = {path.stem: evaluate(path.read_text(encoding="utf-8"), rows, datetime.now(UTC)) for path in queries}
    assert [row["customers"] for row in found["runs"]] == [len(night[0].world.accounts)]
    services = {row["service"]: row["calls"] for row in found["throttling"]}
    assert services["Microsoft Graph"] > 0 < services["PSA connection connectwise"]
    assert max(row["longest"] or 0 for row in found["waiting"]) > 0
    assert all(row["failed"] == 0 for row in found["durations"])


def logged_rows(night: Night) -> Rows:
    """What the pipeline logged, as Azure would keep it."""
    return [row for row in rows_of_log(night[0].log.read_text(encoding="utf-8")) if row["Message"].startswith("{")]
