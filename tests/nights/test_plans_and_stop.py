"""People steer a night from the command line: they stop the writes, let them go on, and decide on what waits."""

import re
from collections.abc import Iterator

import pytest

from sync_core.model.plans import ChangeResult
from sync_core.pipeline.resync import resync
from sync_core.pipeline.runs import open_runs
from tests.eventually import eventually
from tests.nights.chain import Chain, one_at_a_time
from tests.nights.commands import CommandLine
from tests.nights.promises import invoices, promised_invoices

ALPINE = "Alpine Ski House"
TAILSPIN = "Tailspin Toys"
QUANTITY_CHANGE = re.compile(r"^~ .*\[(\w+)\]$", re.MULTILINE)
"""The id of a change of a quantity, as ``plan show`` prints it."""


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are not cut."""
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture(scope="module")
def after_a_night(running: Chain) -> Chain:
    """A chain on which the first night is over; each test decides about another customer."""
    running.night()
    return running


@pytest.fixture
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A chain whose host works on one message at a time."""
    with Chain(tmp_path_factory.mktemp("chain"), one_at_a_time()) as chain:
        chain.import_configuration()
        chain.start_host()
        yield chain


def test_no_write_is_sent_after_a_stop_and_all_are_made_after_go(calm: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    """The stop comes while the second write is under way: that one arrives, and is the last one."""
    command = CommandLine(calm, capsys)
    calm.at_write(2, lambda: command.run("stop", "--reason", "an audit"))
    report = calm.night()
    assert calm.writes == 2
    held = [item for item in report.customers if item.customer.reason == "Writing was stopped: an audit"]
    assert held

    assert command.run("go") == 0
    assert "They were stopped by" in command.said
    calm.another_night()
    assert invoices(calm.world, calm) == promised_invoices(calm)
    assert calm.writes == calm.promised_writes


def test_an_approved_change_is_applied_and_nothing_else(after_a_night: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    """Alpine Ski House fell from forty seats to three; a person looks, and says yes."""
    chain, command = after_a_night, CommandLine(after_a_night, capsys)
    before, written = invoices(chain.world, chain), chain.writes
    assert command.run("plan", "list") == 0
    assert ALPINE in command.said
    assert command.run("plan", "show", ALPINE) == 0
    [change] = QUANTITY_CHANGE.findall(command.said)
    assert command.run("plan", "approve", ALPINE, change, "--why", "the customer closed its hotel", "--yes") == 0
    eventually(lambda: not open_runs(chain.context.store))
    assert {write.agreement_id for write in chain.world.ledger.writes[written:]} == {chain.world.account(ALPINE).agreement.id}
    gone, come = before - invoices(chain.world, chain), invoices(chain.world, chain) - before
    assert [(product, int(quantity)) for _, product, quantity, _ in (*gone, *come)] == [("M365-BS", 40), ("M365-BS", 3)]


def test_rejected_changes_are_not_asked_about_again(after_a_night: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    """Tailspin Toys waits for a person with every change."""
    chain, command, written = after_a_night, CommandLine(after_a_night, capsys), after_a_night.writes
    assert command.run("plan", "list") == 0
    assert TAILSPIN in command.said
    assert command.run("plan", "reject", TAILSPIN, "--all", "--why", "it renews next week", "--yes") == 0
    report = chain.follow(resync(chain.context, chain.tenant_id(TAILSPIN)).run.run_id)
    assert {change.result for change in chain.customer(report, TAILSPIN).changes} == {ChangeResult.REJECTED}
    assert command.run("plan", "list") == 0
    assert TAILSPIN not in command.said
    assert chain.writes == written


def test_an_approval_of_a_customer_that_is_only_observed_is_refused(after_a_night: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    command, written = CommandLine(after_a_night, capsys), after_a_night.writes
    assert command.run("plan", "approve", "Woodgrove Bank", "--all", "--yes") == 1
    assert "observe" in command.said
    assert after_a_night.writes == written
