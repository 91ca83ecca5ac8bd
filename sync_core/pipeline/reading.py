"""Agreements as plans compare them: with the quantities of the day that changes count from, when planned and right before a write.

On the business date itself, a PSA that keeps dated quantities would not yet show what was written for the next period, and
it would be written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sync_core.model.agreements import Agreement, AgreementLines
from sync_core.pipeline.context import Context
from sync_core.pipeline.shared import shared
from sync_core.ports import Psa


def all_heads(context: Context, run_id: str, psa: Psa) -> Sequence[Agreement]:
    """The heads of all agreements that bill, as the run reads them once; raises ``RetryLater`` while another worker does."""
    return shared(context, run_id, f"agreements-{psa.connection}", Agreement, lambda: psa.read_headers(None))


def lines_of(psa: Psa, agreement: Agreement, business_date: date) -> AgreementLines:
    """The agreement with its lines read anew."""
    return AgreementLines(agreement, psa.read_lines(agreement, counted_from(agreement, business_date)))


def counted_from(agreement: Agreement, business_date: date) -> date:
    """The day that changes count from, and that lines are read for."""
    return max(business_date, agreement.start, agreement.next_invoice or business_date)


def agreement_now(psa: Psa, agreement_id: str, business_date: date) -> AgreementLines | None:
    """Head and lines read anew, or ``None`` when the agreement is gone."""
    heads = psa.read_headers([agreement_id])
    return lines_of(psa, heads[0], business_date) if heads else None
