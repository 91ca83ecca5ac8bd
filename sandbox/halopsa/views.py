"""What the inspection endpoint shows of the PSA, under ``/_sandbox/``: writes, invoices, previews and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from sandbox.halopsa.ledger import Ledger
from sandbox.halopsa.records import Invoice
from sandbox.inspection import View, plain
from sandbox.limits import Limits
from sandbox.web import Request


def views(ledger: Ledger, limits: Limits) -> Mapping[str, View]:
    """The views by name. ``previews`` is the next invoice of each recurring one on the day ``?on=YYYY-MM-DD``, or today."""

    def previews(request: Request) -> Any:
        on = date.fromisoformat(request.query["on"]) if "on" in request.query else ledger.today
        with ledger.lock:
            return [_invoice(ledger, ledger.invoice_preview(each.id, on)) for each in ledger.recurring_invoices.values() if not each.disabled]

    return {
        "writes": lambda request: [plain(asdict(write)) for write in list(ledger.writes)],
        "invoices": lambda request: [_invoice(ledger, invoice) for invoice in list(ledger.invoices.values())],
        "previews": previews,
        "limits": lambda request: limits.seen(),
    }


def _invoice(ledger: Ledger, invoice: Invoice) -> Any:
    names = {"company": ledger.clients[invoice.client_id].name, "agreement": ledger.recurring_invoices[invoice.recurring_invoice_id].reference}
    return plain({**asdict(invoice), **names, "total": invoice.total})
