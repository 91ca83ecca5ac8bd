"""From what Microsoft holds to what may be billed: one counted item per SKU, and the units a billing profile makes of it."""

from sync_core.counting.items import absent, count
from sync_core.counting.quantity import Counted, quantity_for

__all__ = ["Counted", "absent", "count", "quantity_for"]
