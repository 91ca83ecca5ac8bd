"""What sets the in-memory PSA's ways of keeping lines apart; what they share is in the conformance suite."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.memory.clock import ManualClock
from sandbox.memory.psa import Keeping, MemoryPsa
from sync_core.model.agreements import Agreement, AgreementStatus, Line, Product
from sync_core.model.plans import Change, ChangeKind, Verdict
from sync_core.ports import Probe

START, APRIL = date(2026, 1, 1), date(2026, 4, 1)
AGREEMENT = Agreement("memory", "a1", "c1", "Cloud", "Managed", AgreementStatus.ACTIVE, START, None, 1, START, APRIL, True, "EUR")


def psa(keeping: Keeping) -> MemoryPsa:
    made = MemoryPsa(ManualClock(), keeping=keeping)
    made.add_product(Product("1", "M365", "M365", Decimal(10)))
    made.add_agreement(AGREEMENT)
    made.add_line("a1", Line("", "1", "M365", Decimal(10), Decimal(10), starts=START))
    return made


def change(kind: ChangeKind, change_id: str, **members: Any) -> Change:
    given = {"effective": APRIL, "product_id": "1", **members}
    return Change(change_id, "link", "sku", "Item", "memory", "a1", "M365", kind, Verdict.SAFE, (), **given)


ADD = change(ChangeKind.ADD, "add", after=Decimal(3), marker="SYNC-1")
SET = change(ChangeKind.SET_QUANTITY, "set", line_id="1", before=Decimal(10), after=Decimal(12))


def test_a_psa_that_writes_whole_agreements_carries_all_changes_in_one_step() -> None:
    made = psa(Keeping.WHOLE_AGREEMENTS)
    (step,) = made.steps_for(AGREEMENT, [ADD, SET], "plan")
    made.execute(step, send_until=1.0)
    assert step.change_ids == ("add", "set")
    assert [line.quantity for line in made.lines("a1")] == [Decimal(12), Decimal(3)]


def test_a_step_of_which_a_part_is_there_is_a_question_to_a_person() -> None:
    made = psa(Keeping.WHOLE_AGREEMENTS)
    (step,) = made.steps_for(AGREEMENT, [ADD, SET], "plan")
    made.edit("1", quantity=Decimal(12))
    assert made.probe(step).probe is Probe.CANNOT_TELL


def test_a_psa_that_keeps_dated_deltas_shows_the_quantity_of_the_day_asked_for() -> None:
    made = psa(Keeping.DATED_DELTAS)
    made.execute(made.steps_for(AGREEMENT, [SET], "plan")[0], send_until=1.0)
    days = (date(2026, 3, 31), APRIL)
    assert [made.read_lines(AGREEMENT, day)[0].quantity for day in days] == [Decimal(10), Decimal(12)]


def test_a_delta_sent_twice_counts_twice_so_it_is_not_repeatable_and_its_double_is_noticed() -> None:
    made = psa(Keeping.DATED_DELTAS)
    (step,) = made.steps_for(AGREEMENT, [SET], "plan")
    for _ in range(2):
        made.execute(step, send_until=1.0)
    assert not step.repeatable
    assert made.lines("a1")[0].quantity == Decimal(14)
    assert made.probe(step).probe is Probe.CANNOT_TELL
