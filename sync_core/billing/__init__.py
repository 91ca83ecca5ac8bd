"""What is to be billed against what the PSA bills: agreements found, changes proposed, judged and named. See the README beside this file."""

from sync_core.billing.changes import AGREEMENT_FACTS, facts, line_facts
from sync_core.billing.dated import to_read_whole
from sync_core.billing.falling import moves, postponed
from sync_core.billing.following import as_left, carried_on, self_ending_of, with_line_beside, without_line_beside
from sync_core.billing.guard import Judged, judge, judge_run
from sync_core.billing.identity import change_id, fingerprint, marker, marker_owner
from sync_core.billing.inputs import Needs, Place, ReconcileInput, agreements_to_read, needs
from sync_core.billing.periods import Period, first_open_day, period_of
from sync_core.billing.reconcile import reconcile
from sync_core.billing.resolve import cannot_bill, resolve
from sync_core.billing.rows import family_of, handed_over, with_rows
from sync_core.billing.this_period import money_this_period
from sync_core.billing.undo import take_back
from sync_core.billing.written import Written

__all__ = [
    "AGREEMENT_FACTS",
    "Judged",
    "Needs",
    "Period",
    "Place",
    "ReconcileInput",
    "Written",
    "agreements_to_read",
    "as_left",
    "cannot_bill",
    "carried_on",
    "change_id",
    "facts",
    "family_of",
    "fingerprint",
    "first_open_day",
    "handed_over",
    "judge",
    "judge_run",
    "line_facts",
    "marker",
    "marker_owner",
    "money_this_period",
    "moves",
    "needs",
    "period_of",
    "postponed",
    "reconcile",
    "resolve",
    "self_ending_of",
    "take_back",
    "to_read_whole",
    "with_line_beside",
    "with_rows",
    "without_line_beside",
]
