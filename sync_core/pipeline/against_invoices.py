"""Holds the changes that rest on what is invoiced against the agreement's own invoices, where a PSA's heads say it in another way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sync_core.billing import ReconcileInput
from sync_core.model.plans import Change, ChangeKind, Verdict
from sync_core.ports import Psa

_RISES = (ChangeKind.ADD, ChangeKind.SET_QUANTITY, ChangeKind.PRORATE)


def waiting_if_invoices_differ(changes: Sequence[Change], inputs: ReconcileInput, psa: Callable[[str], Psa]) -> tuple[Change, ...]:
    """The changes; those that would be others if the invoices are right wait for a person. An agreement is asked about once, and only for these.

    ``psa`` gives the adapter of a connection. Raises what the port raises.
    """
    places = sorted({(change.connection, change.agreement_id) for change in changes if rests_on_invoices(change, inputs)})
    why = {place: psa(place[0]).invoices_against(inputs.agreements[place]) for place in places}
    return tuple(
        replace(change, verdict=Verdict.NEEDS_APPROVAL, reasons=(*change.reasons, words))
        if rests_on_invoices(change, inputs) and (words := why[change.connection, change.agreement_id])
        else change
        for change in changes
    )


def rests_on_invoices(change: Change, inputs: ReconcileInput) -> bool:
    """Whether the form of a change depends on what is invoiced: units that are billed by their days, and rises that waited for their period."""
    held = inputs.agreements.get((change.connection, change.agreement_id))
    if held is None or not held.agreement.prorates or not change.applicable or change.is_double or change.kind not in _RISES:
        return False
    prorated = any(link.key == change.link_key and link.profile.prorate for link in inputs.links)
    rises = change.before is None or (change.after is not None and change.after > change.before)
    return prorated and (rises or bool(change.self_ending))
