"""Items that a rule counts over people, mailboxes and devices, and items that are divided by what people are like."""

from sync_core.counting.custom.needs import usage_needs

__all__ = ["usage_needs"]
