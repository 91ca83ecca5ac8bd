"""Items that a rule counts over people, mailboxes and devices, and items that are divided by what people are like."""

from sync_core.counting.custom.needs import usage_needs
from sync_core.counting.custom.people import people_of

__all__ = ["people_of", "usage_needs"]
