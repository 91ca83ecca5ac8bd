"""What a plan comes to in numbers, as metrics for charts. What is billed is decided from the plan itself, never from these."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from sync_core.events import metric
from sync_core.model.plans import Change, ChangeKind


def measure_plan(changes: Iterable[Change]) -> None:
    """Logs how many changes there are of each kind and verdict, and what they are worth per period: net, each currency and verdict apart."""
    numbers, money = Counter[tuple[str, str]](), defaultdict[tuple[str, str], Decimal](Decimal)
    for change in changes:
        numbers[change.kind.value, change.verdict.value] += 1
        if change.money and change.kind is not ChangeKind.NONE:
            money[change.currency, change.verdict.value] += change.money
    for (kind, verdict), number in sorted(numbers.items()):
        metric("changes", number, "changes", kind=kind, verdict=verdict)
    for (currency, verdict), amount in sorted(money.items()):
        metric("money", float(amount), currency, verdict=verdict)
