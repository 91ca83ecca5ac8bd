"""An agreement as a test looks at it: head and lines, read anew."""

from __future__ import annotations

from datetime import date

from sync_core.model.agreements import AgreementLines
from sync_core.ports import Psa


def whole_agreement(psa: Psa, agreement_id: str, on: date) -> AgreementLines | None:
    """Head and lines of a day, or ``None`` where the PSA knows no such agreement."""
    heads = psa.read_headers([agreement_id])
    return AgreementLines(heads[0], psa.read_lines(heads[0], on)) if heads else None
