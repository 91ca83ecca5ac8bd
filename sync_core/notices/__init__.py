"""Who is told of what, and when: findings from what a run read, what was told before, and which kinds are due. Pure."""

from sync_core.notices.memory import Memory, Remembered, closed, only, release, ticketed, turned, without_ticket
from sync_core.notices.partner import gone, not_configured, of_access
from sync_core.notices.timing import Clock, KindClock, due_kinds, not_told, wound
from sync_core.notices.usage import Found, found_in_usage, kinds_asked, needs_of_notices, quiet_items

__all__ = [
    "Clock",
    "Found",
    "KindClock",
    "Memory",
    "Remembered",
    "closed",
    "due_kinds",
    "found_in_usage",
    "gone",
    "kinds_asked",
    "needs_of_notices",
    "not_configured",
    "not_told",
    "of_access",
    "only",
    "quiet_items",
    "release",
    "ticketed",
    "turned",
    "without_ticket",
    "wound",
]
