"""An agreement that somebody copied in the PSA carries our lines and our markers a second time."""

from dataclasses import replace

from sync_core.model.plans import ChangeKind
from tests.pipeline.night import Night, agreement


def copied_night() -> Night:
    """After a first night that added a line, the agreement is copied with it."""
    night = Night(seats=4, billed=0)
    night.run()
    (line,) = night.psa.lines("a1")
    night.psa.add_agreement(replace(agreement("a2", "c1"), name="Copy of Microsoft 365"))
    night.psa.add_line("a2", line)
    night.next_day()
    return night


def test_a_copy_with_our_marker_is_asked_about_although_the_link_names_its_agreement_by_id() -> None:
    night = copied_night()
    (change,) = night.report(night.run()).changes
    assert change.kind is ChangeKind.NONE
    assert "on agreement a2 (Copy of Microsoft 365) carries the same marker" in " ".join(change.reasons)


def test_nothing_is_changed_while_a_copy_bills_the_same_units() -> None:
    night = copied_night()
    night.buy(6)
    night.run()
    assert [int(line.quantity) for line in night.psa.lines("a1") + night.psa.lines("a2")] == [4, 4]


def test_an_agreement_of_another_type_costs_no_further_read() -> None:
    night = copied_night()
    night.psa.add_agreement(replace(agreement("a2", "c1"), type_name="Support"))
    assert night.report(night.run()).changes == ()
