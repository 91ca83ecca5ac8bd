"""Runs to write digests about: a rich one, with something in every section, and a quiet one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sync_core.model.plans import Change, ChangeKind, ChangeResult, Unlinked, Verdict
from sync_core.model.reports import CustomerReport, RunReport
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunKind, RunState

SLOT = datetime(2025, 3, 12, 2, tzinfo=UTC)


def run(customers: int, held: str = "", stopped: str = "", kind: RunKind = RunKind.DAILY) -> Run:
    """A finished run."""
    return Run(
        run_id="daily-20250312T020000Z",
        kind=kind,
        slot=SLOT,
        started=SLOT,
        reading_deadline=SLOT + timedelta(hours=2),
        configuration=1,
        business_dates={"psa": SLOT.date()},
        customers=customers,
        counters=1,
        reading=0,
        open=0,
        state=RunState.FINISHED,
        held=held,
        stopped=stopped,
    )


def change(item: str, result: ChangeResult, before: int | None, after: int | None, money: str = "0", currency: str = "EUR", **more: object) -> Change:
    """A change of quantity, unless ``more`` says otherwise."""
    values: dict[str, object] = {
        "change_id": f"{item}-{result}",
        "link_key": item,
        "item_id": item,
        "item": item,
        "connection": "psa",
        "agreement_id": "7",
        "product": "M365",
        "kind": ChangeKind.SET_QUANTITY if before else ChangeKind.ADD,
        "verdict": Verdict.SAFE,
        "reasons": (),
        "before": None if before is None else Decimal(before),
        "after": None if after is None else Decimal(after),
        "money": Decimal(money),
        "currency": currency,
        "effective": date(2025, 4, 1),
        "result": result,
    }
    return Change(**{**values, **more})  # type: ignore[arg-type]  # the members are put together by name


def customer(name: str, *changes: Change, state: CustomerState = CustomerState.DONE, **more: object) -> CustomerReport:
    """A customer of the run that was read, with a plan when it has changes."""
    values: dict[str, object] = {"run_id": "r", "tenant_id": name, "name": name, "counter": 0, "state": state, "plan_id": "p" if changes else ""}
    return CustomerReport(CustomerRun(**{**values, **more}), changes)  # type: ignore[arg-type]  # the members are put together by name


def quiet_report() -> RunReport:
    """Two customers whose lines are as they should be."""
    return RunReport(run(2), (customer("Contoso"), customer("Fabrikam")))


def rich_report(held: str = "", stopped: str = "") -> RunReport:
    """Twelve customers with one thing or another to tell of each."""
    expired: dict[str, Any] = {"state": CustomerState.FAILED, "reason": "The relationship has expired", "fix": "Ask the customer to accept a new one"}
    blocked = "A Conditional Access policy of the customer blocks us"
    customers = (
        customer("Contoso", change("Microsoft 365 E3", ChangeResult.APPLIED, 12, 15, "66.00"), _added()),
        customer("Fabrikam", _waiting(), state=CustomerState.HELD),
        customer("Tailspin Toys", _ended(), state=CustomerState.HELD),
        customer("Wingtip Toys", _question(), state=CustomerState.HELD),
        customer(
            "Litware", change("Exchange Online (Plan 1)", ChangeResult.APPLIED, 30, 28, "-7.60", "USD"), _half_done(), state=CustomerState.FAILED
        ),
        customer("Proseware", **expired),
        customer("Woodgrove", last_read=date(2025, 3, 2), **expired),
        customer("Adatum", state=CustomerState.FAILED, reason=blocked, fix="Exclude service providers from the policy", code="AADSTS53003"),
        customer("Northwind", unlinked=(Unlinked("s", "Power BI Pro", 9, 4, ""), Unlinked("t", "Visio Plan 2", None, 1, ""))),
        customer("Graphic Design Institute", change("Microsoft 365 Business Premium", ChangeResult.OBSERVED, 8, 9, "20.60")),
        customer("Southridge", _rejected()),
        customer("Relecloud"),
    )
    unread = (("Woodgrove", date(2025, 3, 2)), ("Proseware", date(2025, 2, 28)))
    return RunReport(run(12, held, stopped), customers, unread, new=("Lucerne Publishing",), gone=("Proseware",))


def _added() -> Change:
    return change("Microsoft Teams Phone", ChangeResult.APPLIED, None, 4, "28.00", decided_by="a clerk (unverified)")


def _waiting() -> Change:
    reasons = (
        "40 bought, of these 40 billed.",
        "The line moves by 28 units, more than 5 and more than 25%.",
        "Counts from 2025-04-01, first on the invoice of 2025-04-01.",
    )
    place: dict[str, Any] = {"line_id": "4711", "unit_price": Decimal("52.40"), "period_first": date(2025, 3, 1), "period_last": date(2025, 3, 31)}
    return change("Microsoft 365 E5", ChangeResult.WAITING, 12, 40, "1467.20", verdict=Verdict.NEEDS_APPROVAL, reasons=reasons, **place)


def _ended() -> Change:
    reasons = ("Counted as zero for the first time on 2025-03-12: a read on a later day has to say the same.",)
    return change("Office 365 E1", ChangeResult.HELD, 6, 0, "-46.20", kind=ChangeKind.END, verdict=Verdict.HELD, reasons=reasons)


def _question() -> Change:
    reasons = ("Existing line 4711 of a person, quantity 5: write “line: adopt 4711” or “line: new”.",)
    return change("Microsoft Defender", ChangeResult.HELD, None, None, kind=ChangeKind.NONE, verdict=Verdict.HELD, reasons=reasons)


def _half_done() -> Change:
    return change(
        "Microsoft Entra ID P1", ChangeResult.HALF_DONE, 3, 5, "11.20", "USD", result_reason="The old line is ended, the new one was refused"
    )


def _rejected() -> Change:
    return change("Microsoft 365 F3", ChangeResult.REJECTED, 20, 2, "-144.00", decided_by="a clerk (unverified)")
