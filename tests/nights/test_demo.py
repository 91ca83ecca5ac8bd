"""``dev.py demo`` shows two nights and a day, holds them to what the world promises, and says so in its exit code and its report."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.environment import ROOT

SHAPES = {"as it comes": (), "30 customers": ("--customers", "30", "--seed", "5"), "several PSAs": ("--psa", "mixed")}
CUSTOMER = {"tenantId", "state", "reason"}
CHANGE = {"customer", "item", "psa", "agreement", "kind", "before", "after", "money", "currency", "verdict", "result"}


@pytest.fixture(scope="module", params=list(SHAPES.values()), ids=list(SHAPES))
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the demo wrote into its report; it kept its promises."""
    return play(tmp_path_factory.mktemp("demo"), request.param)


def play(folder: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """Runs the demo to its end."""
    command = [sys.executable, "-m", "sandbox.commands.demo", "--folder", str(folder), "--report", str(folder / "report.json"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (folder / "digest.html").exists()
    assert (folder / "invoices.html").exists()
    written: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return written


def test_the_demo_keeps_its_promises_and_reports_them_under_the_documented_keys(report: dict[str, Any]) -> None:
    assert {"run", "customers", "changes", "psaWrites", "mails"} <= report.keys()
    assert all(customer.keys() >= CUSTOMER for customer in report["customers"])
    assert all(change.keys() >= CHANGE for change in report["changes"])
    written = [change for change in report["changes"] if change["result"] == "applied" and change["kind"] != "adopt"]
    assert len(report["psaWrites"]) >= len(written) > 0


def test_the_second_night_writes_nothing_and_mails_what_still_waits(report: dict[str, Any]) -> None:
    second = report["secondNight"]
    assert second["psaWrites"] == []
    assert [customer["tenantId"] for customer in second["customers"]] == [customer["tenantId"] for customer in report["customers"]]
    assert not [change for change in second["changes"] if change["result"] == "applied"]
    assert len(report["mails"]) == 2


def test_the_day_after_shows_an_order_a_held_drop_an_approval_an_undo_and_the_answer(report: dict[str, Any]) -> None:
    day = report["day"]
    (order,) = day["proratedIncrease"]
    assert (order["before"], order["after"], order["result"], float(order["prorated"]) > 0) == ("5", "7", "applied", True)
    assert (day["heldDrop"], day["approved"], day["undone"]) == ("40", "3", "40")
    assert day["explained"] == {"units": "40", "why": ["Another hotel was meant", "The hotel is closed, says their office"]}
