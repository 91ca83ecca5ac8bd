"""I9: at the end of some stories seats are bought, billed and taken back, after which everything bills what it did before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.simulation.auditor import must
from sandbox.simulation.ending import Ending
from sandbox.simulation.people import People
from sandbox.simulation.setups import tenant
from sandbox.simulation.story import Story
from sync_core.model.plans import ChangeResult

_AHEAD = timedelta(days=100)
"""So far ahead the coming invoices are compared."""


class Undoing:
    """One customer's purchase, and its undo."""

    def __init__(self, story: Story, people: People, ending: Ending) -> None:
        self._story = story
        self._people = people
        self._ending = ending
        self._place = story.places[0]
        self._until = story.clock.now().date() + _AHEAD

    def play(self) -> None:
        """Raises ``Violation`` when an undo that was carried out leaves other coming invoices, or other units, than there were."""
        story = self._story
        before = self._standing()
        story.licences.held[tenant(0)][0] += 1
        story.next_day()
        written = self._ending.night()
        self._ending.approved()
        if not written:
            return
        story.pass_time(1)
        self._people.undo(0)
        story.work()
        if not self._ending.approved() or {change.result for change in self._ending.changes(0)} != {ChangeResult.APPLIED}:
            story.calls.told("an undo asks")
            return
        story.calls.told("undone")
        must(self._standing() == before, "I9", f"after an undo it is {self._standing()} and was {before}")

    def _standing(self) -> tuple[object, ...]:
        place, lines = self._place.agreement_id, self._story.auditor.lines[self._place.agreement_id].values()
        units: dict[str, Decimal] = {}
        for line in lines:
            units[line.product] = units.get(line.product, Decimal(0)) + line.open_units
        return self._coming(place), {product: number for product, number in units.items() if number}

    def _coming(self, place: str) -> dict[date, Decimal]:
        return dict(self._story.site.to_bill(place, self._until))
