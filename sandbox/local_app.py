"""The function app on the local host for one command: started, given a configuration, asked for a run, watched until it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from adapters.wiring import context_from
from sandbox.environment import ROOT
from sandbox.host.process import HostProcess
from sync_core.configuration.versions import current_version
from sync_core.documents import to_document
from sync_core.errors import SyncError
from sync_core.model.customers import Mode
from sync_core.model.plans import JournalEntry
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerRun, Run, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import journal_of
from sync_core.pipeline.report import run_report
from sync_core.pipeline.runs import left, load_run, recent_runs
from sync_core.settings import settings as all_settings

_LOOK_EVERY = 0.3


@dataclass(frozen=True)
class Progress:
    """How far a run is: its stage, and how many customers have ended, out of all."""

    stage: str
    done: int
    total: int


class LocalApp:
    """The function app in a process of its own, and a look at its storage from this one. Use it as a context manager."""

    def __init__(self, settings: Mapping[str, str], log: Path | None = None) -> None:
        self.context: Context = context_from(settings)
        current_version(self.context.store)  # a storage that is wrong or away is told here in a sentence; the host would only log it
        defaults = {setting.name: setting.default for setting in all_settings() if setting.default}
        self._host = HostProcess(ROOT, {**defaults, **_QUICK, **settings}, log=log)

    def start_daily_run(self) -> str:
        """Fires the daily timer; returns the id of the run it started."""
        self._host.fire_timer("start_run")
        return next(recent_runs(self.context.store)).run_id

    def ask_for_run(self, mode: Mode, tenant_id: str = "") -> str:
        """Asks over HTTP for a run of all customers, or of one, with ``mode`` as ceiling; returns the run's id.

        Raises:
            SyncError: it was refused; the text says why.
        """
        path = f"customers/{tenant_id}/resync" if tenant_id else "runs"
        answer = requests.post(f"{self._host.url}/api/{path}", json={"mode": mode}, headers={"x-functions-key": self._host.host_key}, timeout=300)
        body = answer.json()
        if answer.status_code != 202:
            raise SyncError(body.get("detail", "The app refused the run"), fix=body.get("fix", ""))
        return str(body["run"])

    def follow(self, run_id: str, show: Callable[[Progress], None], limit: timedelta = timedelta(hours=3)) -> RunReport:
        """Watches a run until its notice is out; raises ``SyncError`` when that takes longer than ``limit``."""
        ends = time.monotonic() + limit.total_seconds()
        while True:
            run = load_run(self.context.store, run_id)
            if run:
                show(self._progress(run.value))
            if run and run.value.state is RunState.TOLD:
                break
            if time.monotonic() > ends:
                raise SyncError(f"Run {run_id} did not end within {limit}", fix="See the log of the functions")
            time.sleep(_LOOK_EVERY)
        report = run_report(self.context, run_id)
        assert report is not None, "a run that was followed can be reported"
        return report

    def close(self) -> None:
        """Stops the app in order."""
        self._host.stop()

    def __enter__(self) -> LocalApp:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _progress(self, run: Run) -> Progress:
        return Progress(run.state.value, run.customers - left(self.context.store, run.run_id).open, run.customers)


_QUICK = {"AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01"}
"""A person watches: an empty queue is looked at every second."""


def run_document(context: Context, report: RunReport) -> dict[str, Any]:
    """A run as JSON for machines; money is text, in the change's currency. ``psaWrites`` are the steps that were sent, by the journal."""
    document = {
        "run": report.run.run_id,
        "state": report.run.state,
        "held": report.run.held,
        "stopped": report.run.stopped,
        "customers": [
            {"tenantId": item.customer.tenant_id, "name": item.customer.name, "state": item.customer.state, "reason": item.customer.reason}
            for item in report.customers
        ],
        "changes": [
            {
                "customer": customer.tenant_id,
                "item": change.item,
                "psa": change.connection,
                "agreement": change.agreement_id,
                "line": change.line_id,
                "kind": change.kind,
                "before": change.before,
                "after": change.after,
                "money": change.money,
                "currency": change.currency,
                "effective": change.effective,
                "verdict": change.verdict,
                "reasons": change.reasons,
                "result": change.result,
            }
            for customer, change in report.changes()
        ],
        "psaWrites": [
            {
                "customer": item.customer.tenant_id,
                "psa": entry.step.connection,
                "what": entry.step.describes,
                "state": entry.state,
                "lines": entry.line_ids,
            }
            for item in report.customers
            for entry in _journal(context, item.customer)
            if entry.attempt
        ],
        "mails": [{"run": report.run.run_id, "notice": report.run.notice}],
    }
    result: dict[str, Any] = to_document(document)
    return result


def _journal(context: Context, customer: CustomerRun) -> list[JournalEntry]:
    return [stored.value for stored in journal_of(context.store, customer.tenant_id, customer.plan_id)] if customer.plan_id else []
