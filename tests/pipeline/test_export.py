"""The history as a file: in order, whole, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

from sandbox.commands.history import parser, perform
from sync_core.errors import SkipCustomer
from sync_core.history.export import as_csv, as_json, common_history, customer_history, nights_of
from sync_core.model.customers import Mode
from sync_core.model.history import Record
from sync_core.model.people import Who
from sync_core.model.plans import Decision
from sync_core.pipeline.customers import CUSTOMERS
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.history import note
from tests.pipeline.night import Night, tenant

ALWAYS = (date.min, date.max)


def rows(content: bytes) -> list[dict[str, str]]:
    """A file as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def approved(why: str) -> Night:
    """A change that waited and was approved."""
    night = Night(customers=2, mode=Mode.APPROVE)
    night.run()
    night.clock.advance(60)
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a clerk"), why)
    night.work()
    return night


def test_a_line_tells_who_approved_what_and_what_became_of_it() -> None:
    night = approved("ordered on Monday")
    found = rows(b"".join(as_csv(customer_history(night.store, tenant(1), *ALWAYS))))
    assert [row["at"] for row in found] == sorted(row["at"] for row in found)
    (said,) = (row for row in found if row["kind"] == "decided" and row["what"] == "10 → 12")
    assert (said["by"], said["outcome"], said["why"]) == ("a clerk (unverified)", "approved", "ordered on Monday")
    became = [row["outcome"] for row in found if row["kind"] in ("sent", "applied") and row["change"] == said["change"]]
    assert {word.split()[0] for word in became} == {"applied", "confirmed", "sending"}
    assert [row["what"] for row in found if row["kind"] == "read"] == ["12 bought, 0 assigned"]


def test_a_reason_that_a_spreadsheet_would_calculate_is_a_text() -> None:
    night = approved('=HYPERLINK("http://x")\nsecond line')
    found = rows(b"".join(as_csv(customer_history(night.store, tenant(1), *ALWAYS))))
    assert {row["why"] for row in found if row["kind"] == "decided"} == {'\'=HYPERLINK("http://x") second line'}


def test_json_holds_the_whole_document_of_each_entry_and_of_kinds_that_nobody_knows() -> None:
    night = approved("ordered")
    note(night.store, CUSTOMERS, tenant(1), Record(night.clock.now(), "ticket", "4711", {"number": 4711, "state": "opened"}))
    found = json.loads(b"".join(as_json(customer_history(night.store, tenant(1), *ALWAYS))))
    (ticket,) = (entry for entry in found if entry["kind"] == "ticket")
    assert (ticket["document"]["number"], ticket["outcome"]) == (4711, "opened")
    assert json.loads(b"".join(as_json([]))) == []


def test_only_the_days_that_are_asked_for_are_in_it() -> None:
    night = approved("ordered")
    assert customer_history(night.store, tenant(1), date(2026, 3, 18), date.max) == []
    assert len(customer_history(night.store, tenant(1), date(2026, 3, 17), date(2026, 3, 17))) > 5


def test_what_all_customers_have_in_common_is_told_once() -> None:
    night = approved("ordered")
    kinds = [entry.kind for entry in common_history(night.store, *ALWAYS)]
    assert (kinds.count("imported"), kinds.count("mailed")) == (1, 4)


def test_the_command_writes_one_customer_or_all(tmp_path: Path) -> None:
    night = approved("ordered")
    for arguments, tenants in ((["Customer 2"], {tenant(2)}), ([], {"", tenant(1), tenant(2)})):
        file = tmp_path / "history.csv"
        assert perform(parser().parse_args(["export", *arguments, "--out", str(file)]), night.context) == 0
        assert {row["tenant_id"] for row in rows(file.read_bytes())} == tenants


def test_every_night_of_a_customer_is_in_it_also_one_that_changed_nothing_or_failed() -> None:
    night = Night(seats=12, billed=12)
    night.run()
    night.next_day()
    night.run()
    night.next_day()
    night.microsoft.always[tenant(1)] = SkipCustomer("Microsoft refused", code="test", fix="Renew the consent")
    night.run()
    ended = list(nights_of(night.store, *ALWAYS, tenant(1)))
    assert [(entry.at.day, entry.outcome, entry.why) for entry in ended] == [
        (19, "failed", "Microsoft refused Renew the consent"),
        (18, "done", ""),
        (17, "done", ""),
    ]
    assert ended == list(nights_of(night.store, *ALWAYS))
    assert list(nights_of(night.store, date(2026, 3, 18), date(2026, 3, 18))) == ended[1:2]
