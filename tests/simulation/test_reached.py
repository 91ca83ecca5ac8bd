"""What the stories reach: a kind of trouble, or a deed of people, that never happens in them is a blind spot."""

from __future__ import annotations

import pytest

from sandbox.simulation.playing import play
from sandbox.simulation.troubles import Fate

SEEDS = 960
TROUBLES = {
    *(f"write: {fate}" for fate in Fate if fate is not Fate.ANSWERED),
    *(f"read: {fate}" for fate in (Fate.THROTTLED, Fate.BUSY, Fate.REQUEST_LOST)),
    *("a late write is carried out", "frozen", "poison", "mail is refused for now", "the answer to a mail is lost"),
    *("microsoft answers in part", "microsoft is busy", "microsoft throttles", "microsoft refuses the customer"),
}
DEEDS = {"a person buys", "a person edits", "a person invoices", "undo is refused: nothing-written", "store.transact control"}
ENDS = {"undone", "ends with a question or as a person undid it"}


@pytest.mark.parametrize("psa", ["connectwise", "halopsa"])
def test_every_trouble_every_deed_and_every_end_is_reached(psa: str) -> None:
    reached = play(psa, range(SEEDS)).reached
    assert sorted(name for name in TROUBLES | DEEDS | ENDS if not reached[name]) == []
    assert reached["undone"] > SEEDS / 120
