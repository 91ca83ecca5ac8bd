"""From what Microsoft holds to what may be billed: an item per SKU, custom licence and part, and the units a billing profile makes of it."""

from sync_core.counting.commitments import remembered
from sync_core.counting.custom import usage_needs
from sync_core.counting.customer import count_customer, holders_of, people_by_item
from sync_core.counting.items import absent, commitments_after, count
from sync_core.counting.quantity import Counted, on_unusable_seats, quantity_for
from sync_core.counting.terms import with_last_known

__all__ = [
    "Counted",
    "absent",
    "commitments_after",
    "count",
    "count_customer",
    "holders_of",
    "on_unusable_seats",
    "people_by_item",
    "quantity_for",
    "remembered",
    "usage_needs",
    "with_last_known",
]
