"""Lines that a person edited in the PSA, night after night."""

from dataclasses import replace
from decimal import Decimal

from sync_core.model.billing import ManualEdits
from sync_core.model.plans import ChangeKind, ChangeResult
from tests.pipeline.night import ROOMY, Night


def edited_night(policy: ManualEdits) -> Night:
    """After a first night that left 12 on the line, a person makes it 9."""
    night = Night(seats=12, billed=10)
    (customer,) = night.configuration.customers
    night.configure(replace(customer, guard_rails=replace(ROOMY, manual_edits=policy)))
    night.run()
    night.psa.edit(night.psa.lines("a1")[0].line_id, "billing clerk", quantity=Decimal(9))
    night.next_day()
    return night


def test_an_edit_is_set_back_only_when_a_person_says_so() -> None:
    night = edited_night(ManualEdits.ASK)
    (change,) = night.report(night.run()).changes
    assert (change.kind, change.result) == (ChangeKind.SET_QUANTITY, ChangeResult.WAITING)
    assert "billing clerk" in " ".join(change.reasons)
    assert night.quantities() == [9]


def test_an_accepted_edit_is_told_once_and_then_stands() -> None:
    night = edited_night(ManualEdits.ACCEPT)
    told = [len(night.report(night.run()).changes)]
    night.next_day()
    told.append(len(night.report(night.run()).changes))
    assert (told, night.quantities()) == ([1, 0], [9])


def test_an_accepted_edit_gives_way_when_something_else_is_counted() -> None:
    night = edited_night(ManualEdits.ACCEPT)
    night.run()
    night.buy(14)
    night.next_day()
    night.run()
    assert night.quantities() == [14]


def test_an_overwritten_edit_is_set_back_the_next_night() -> None:
    night = edited_night(ManualEdits.OVERWRITE)
    night.run()
    assert night.quantities() == [12]
