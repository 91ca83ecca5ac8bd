"""What people do while the app works: they buy and give back seats, edit lines, send invoices, ask for runs, approve, undo and stop."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sandbox.simulation.setups import tenant
from sandbox.simulation.story import Story
from sync_core.errors import Rejected
from sync_core.model.people import Who
from sync_core.model.plans import Decision
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.resync import resync, run_all_now
from sync_core.pipeline.start_run import start_daily_run
from sync_core.pipeline.undo import start_undo, undo_of_changes

SOMEBODY = Who("a person")


class People:
    """Chooses what somebody does next. What needs the app goes through it, call by call, like everything else."""

    def __init__(self, story: Story, chance: Random) -> None:
        self._story = story
        self._chance = chance
        self._deeds: tuple[Callable[[int], object], ...] = (
            self.buy,
            self.buy,
            self._edit,
            self.invoice,
            self._resync,
            self._all_now,
            self._daily_again,
            self.approve,
            self.undo,
            self._stop,
            self.go,
        )

    def act(self) -> None:
        """Somebody does something about one of the customers."""
        self._chance.choice(self._deeds)(self._chance.randrange(self._story.setup.customers))

    def buy(self, number: int) -> None:
        """A customer holds other units from now on."""
        held = self._story.licences.held[tenant(number)]
        sku = self._chance.randrange(len(held))
        held[sku] = self._chance.choice((0, 1, held[sku] + 1, held[sku] + 2, max(held[sku] - 1, 1)))
        self._story.calls.told("a person buys", f"customer {number}: {held}")

    def approve(self, number: int) -> None:
        """Approves all that waits for a customer."""
        self._at_desk("approve", number, lambda context: decide(context, tenant(number), ALL, Decision.APPROVED, SOMEBODY, "as agreed"))

    def undo(self, number: int) -> None:
        """Asks for the undo of what was written last for a customer."""

        def ask(context: Context) -> None:
            wanted = undo_of_changes(context, tenant(number), (), "a mistake")
            start_undo(context, wanted, (tenant(number),), str(SOMEBODY))

        self._at_desk("undo", number, ask)

    def go(self, number: int = 0) -> None:
        """Lets the writes go on."""
        self._at_desk("go", number, lambda context: set_stop_switch(context.store, StopSwitch()))

    def start_day(self) -> None:
        """The daily timer fires."""
        self._story.add("daily run", start_daily_run)

    def _daily_again(self, number: int) -> None:
        self.start_day()

    def _stop(self, number: int) -> None:
        self._at_desk("stop", number, lambda context: set_stop_switch(context.store, StopSwitch(True, "something is wrong", str(SOMEBODY))))

    def _resync(self, number: int) -> None:
        self._at_desk("resync", number, lambda context: resync(context, tenant(number), asked_by=str(SOMEBODY)))

    def _all_now(self, number: int) -> None:
        self._at_desk("run all", number, lambda context: run_all_now(context, asked_by=str(SOMEBODY)))

    def invoice_what_is_due(self) -> None:
        """Sends the invoices of all periods that have begun."""
        for number, place in enumerate(self._story.places):
            while self._story.site.invoiced(place.agreement_id) <= self._story.clock.now().date():
                self.invoice(number)

    def _edit(self, number: int) -> None:
        """Edits a line of a customer, unless a write is on its way there: what happens in that second nobody can see."""
        if not self._story.may_edit():
            return
        place = self._story.places[number]
        lines = self._story.auditor.lines[place.agreement_id]
        line_id = self._chance.choice(sorted(line_id for line_id, line in lines.items() if not line.ends))
        units = self._chance.randint(1, 15)
        if self._story.auditor.looks_like_a_write(place.agreement_id, line_id, units):
            return
        self._story.calls.told("a person edits", f"line {line_id} to {units}")
        self._story.site.edit(place.agreement_id, line_id, units)
        self._story.auditor.edited(place.agreement_id, line_id)

    def invoice(self, number: int) -> None:
        """Sends the next invoice of a customer's agreement."""
        place = self._story.places[number]
        self._story.calls.told("a person invoices", f"agreement {place.agreement_id}")
        self._story.site.invoice(place.agreement_id)
        self._story.auditor.look_at(place.agreement_id)

    def _at_desk(self, what: str, number: int, work: Callable[[Context], object]) -> None:
        def at_desk(context: Context) -> None:
            try:
                work(context)
            except Rejected as refused:
                self._story.calls.told(f"{what} is refused: {refused.code}")

        self._story.add(f"{what} {number}", at_desk, is_desk=True)
