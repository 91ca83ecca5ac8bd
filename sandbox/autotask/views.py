"""What the inspection endpoint shows of the PSA, under ``/_sandbox/``: writes, invoices, previews and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sandbox.autotask.ledger import Ledger
from sandbox.autotask.limits import Limits
from sandbox.autotask.records import ACTIVE, Invoice
from sandbox.inspection import View, plain


def views(ledger: Ledger, limits: Limits) -> Mapping[str, View]:
    """The views by name. ``previews`` is what the next posting of each contract would bill."""

    def previews() -> Any:
        with ledger.lock:
            return [_invoice(ledger, ledger.invoice_preview(each.id)) for each in ledger.contracts.values() if each.status == ACTIVE]

    return {
        "writes": lambda request: [plain(asdict(write)) for write in list(ledger.writes)],
        "invoices": lambda request: [_invoice(ledger, invoice) for invoice in list(ledger.invoices)],
        "previews": lambda request: previews(),
        "limits": lambda request: limits.seen(),
    }


def _invoice(ledger: Ledger, invoice: Invoice) -> Any:
    names = {"company": ledger.companies[invoice.company_id].name, "contract": ledger.contracts[invoice.contract_id].name}
    return plain({**asdict(invoice), **names, "total": invoice.total})
