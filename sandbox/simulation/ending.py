"""The second phase of a story: trouble stops, and within some days the app must come to rest with everything as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from sandbox.simulation.auditor import must
from sandbox.simulation.people import People
from sandbox.simulation.setups import BILLED, tenant
from sandbox.simulation.story import Story
from sync_core.model.plans import Change, ChangeResult
from sync_core.pipeline.customers import load_live, load_plan
from sync_core.pipeline.runs import open_runs

_MOST_DAYS = 8
_FOR_A_PERSON = frozenset({ChangeResult.HELD, ChangeResult.REJECTED, ChangeResult.FAILED})
"""What the newest plan shows a person to look at, or was told by one."""


class Ending:
    """Days on which people approve what waits, until a night finds nothing to do."""

    def __init__(self, story: Story, people: People) -> None:
        self._story = story
        self._people = people

    def play(self) -> None:
        """Raises ``Violation`` when something is left, or is not as it should be."""
        story = self._story
        story.calm()
        self._people.go()
        story.work()
        for _ in range(_MOST_DAYS):
            self._people.invoice_what_is_due()
            if self.night() == 0 and not self.approved():
                break
            story.next_day()
        else:
            must(self.asks(), "I7", f"it never comes to rest: {self._shown()}")
        self._check_rest()

    def night(self) -> int:
        """A daily run; how many writes it made."""
        before = self._writes()
        self._people.start_day()
        self._story.work()
        return self._writes() - before

    def approved(self) -> bool:
        """Approves what waits at every customer, and lets it be carried out; whether there was anything."""
        waiting = [number for number in range(self._story.setup.customers) if self._waits(number)]
        for number in waiting:
            self._story.pass_time(1)
            self._people.approve(number)
            self._story.work()
        return bool(waiting)

    def _waits(self, number: int) -> bool:
        return any(change.result is ChangeResult.WAITING for change in self.changes(number))

    def asks(self) -> bool:
        """Whether a question to a person is left."""
        return any(change.result is ChangeResult.HELD for number in range(self._story.setup.customers) for change in self.changes(number))

    def changes(self, number: int) -> Sequence[Change]:
        """The changes of a customer's newest plan."""
        store, tenant_id = self._story.store, tenant(number)
        live = load_live(store, tenant_id).value
        stored = load_plan(store, tenant_id, live.plan_id) if live.plan_id else None
        return stored.value.changes if stored else ()

    def _writes(self) -> int:
        return self._story.auditor.writes

    def _check_rest(self) -> None:
        story = self._story
        story.auditor.finished()
        story.auditor.check_books()
        must(not story.queue.waiting(), "I8", f"messages are left: {story.queue.waiting()}")
        must(not open_runs(story.store), "I7", "runs are still open")
        self._check_mails()
        for number in range(story.setup.customers):
            self._check_billed(number)

    def _check_billed(self, number: int) -> None:
        """I1: what a customer holds is what it is billed, but where a person has to look, or has said that it is not to be."""
        lines = self._story.auditor.lines[self._story.places[number].agreement_id].values()
        asked = {change.product for change in self.changes(number) if change.result in _FOR_A_PERSON}
        for sku, product in enumerate(BILLED[: self._story.setup.skus]):
            billed = sum((line.open_units for line in lines if line.product == product), Decimal(0))
            wanted = self._story.licences.held[tenant(number)][sku]
            if billed != wanted:
                self._story.calls.told("ends with a question or as a person undid it")
            must(billed == wanted or product in asked, "I1", f"customer {number} holds {wanted} of {product} and is billed {billed}")

    def _check_mails(self) -> None:
        mailbox = self._story.mailbox
        mails = Counter(mail.message_id for mail in mailbox.mails)
        again = {message_id: number for message_id, number in mails.items() if number > 2 + mailbox.lost[message_id]}
        must(not again, "mail", f"mails went out more often than their answers were lost and their sender died: {again}")

    def _shown(self) -> str:
        changes = [change for number in range(self._story.setup.customers) for change in self.changes(number)]
        return str([(change.kind, change.result, change.result_reason, change.reasons) for change in changes])
