"""The day after the demo's nights, as somebody at the MSP lives it: an order, a drop that is held back, an approval, an undo, and an answer."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.commands import explain as explaining
from sandbox.commands import plan as planning
from sandbox.local_app import LocalApp
from sandbox.plan_tables import print_change
from sandbox.terminal import Colour, Terminal
from sandbox.world import WorldProcess
from sandbox.world.offers import BUSINESS_STANDARD, COPILOT, Offer
from sync_core.history.explain import explain, today
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeResult
from sync_core.model.reports import RunReport
from sync_core.pipeline.runs import recent_runs

GROWING, DROPPING = "Contoso", "Alpine Ski House"
_ORDERED = 2
_PRORATING = "connectwise"
"""The PSA of this world that bills added units by their days here; in the others the order waits for a person and says why."""


@dataclass
class Told:
    """What the day came to, for the report; ``broken`` says what was not as promised."""

    document: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def hold(self, promise: str, kept: bool) -> None:
        """Notes what was promised and did not come true."""
        if not kept:
            self.broken.append(promise)


class Tour:
    """The day over one world, with the app of the second night still running."""

    def __init__(self, world: WorldProcess, app: LocalApp, terminal: Terminal) -> None:
        self._world = world
        self._app = app
        self._terminal = terminal
        self._told = Told()
        self._tenants = {promise.customer: promise.tenant_id for promise in world.promises}

    def play(self) -> Told:
        """Plays all of it; a world that is too small has no drop to hold back."""
        self._order()
        if DROPPING in self._tenants:
            self._held_drop()
            self._approval()
            self._undo()
            self._answer()
        return self._told

    def _order(self) -> None:
        """A prorated increase: its days on a line that ends by itself, or as the PSA bills a part of a period."""
        tenant_id = self._tenants[GROWING]
        self._title(f"Two more seats for {GROWING}, ordered during the day")
        self._say(f"Somebody buys {_ORDERED} seats of {COPILOT.title} at Microsoft, and asks for a resync instead of waiting for the night.")
        seats = self._units(GROWING, COPILOT) + _ORDERED
        self._world.command("set-seats", tenantId=tenant_id, sku=COPILOT.sku.part_number, seats=int(seats))
        report = self._app.follow(self._app.ask_for_run(Mode.AUTOMATIC, tenant_id), lambda _: None)
        changes = [change for _, change in report.changes() if change.item_id == COPILOT.item_id]
        self._print(changes)
        self._told.document["proratedIncrease"] = [_document(change) for change in changes]
        self._told.hold(f"the order of {GROWING} is billed by its days, or waits where the PSA cannot", self._is_prorated(changes))

    def _is_prorated(self, changes: Sequence[Change]) -> bool:
        if any(change.connection != _PRORATING for change in changes):
            return [change.result for change in changes] == [ChangeResult.WAITING]
        return [change.result for change in changes] == [ChangeResult.APPLIED] and changes[0].prorated > 0

    def _held_drop(self) -> None:
        self._title(f"Forty seats fell to three at {DROPPING}: a guard rail held that back, and the line still bills forty")
        self._command(planning, "plan", "show", DROPPING)
        held = self._units(DROPPING, BUSINESS_STANDARD)
        self._told.document["heldDrop"] = str(held)
        self._told.hold("the drop is held back", held == Decimal(40))

    def _approval(self) -> None:
        self._title("Somebody calls the customer, and approves exactly what was shown")
        report = self._command(planning, "plan", "approve", DROPPING, "--all", "--why", "The hotel is closed, says their office", "--yes")
        self._tell_result(report)
        self._told.document["approved"] = str(self._units(DROPPING, BUSINESS_STANDARD))
        self._told.hold("the approved drop is written", self._units(DROPPING, BUSINESS_STANDARD) == Decimal(3))

    def _undo(self) -> None:
        self._title("An hour later: it was another hotel. Undo")
        report = self._command(planning, "plan", "undo", DROPPING, "--why", "Another hotel was meant", "--yes")
        self._tell_result(report)
        self._told.document["undone"] = str(self._units(DROPPING, BUSINESS_STANDARD))
        self._told.hold("the line is as it was before", self._units(DROPPING, BUSINESS_STANDARD) == Decimal(40))

    def _answer(self) -> None:
        self._title("Next month somebody asks: why is it forty?")
        self._command(explaining, "explain", DROPPING, "--item", BUSINESS_STANDARD.title)
        (found,) = explain(self._app.context, self._tenants[DROPPING], today(self._app.context), BUSINESS_STANDARD.item_id)
        why = [word.why for story in found.made_by for word in story.said]
        self._told.document["explained"] = {"units": str(found.units), "why": why}
        self._told.hold("the answer names both words and their reasons", len(why) == 2)

    def _command(self, module: Any, name: str, *arguments: str) -> RunReport | None:
        """Shows a command as it is typed and does what it does, here; returns what the run wrote that it started, once that is told."""
        self._say(f"$ python3 dev.py {shlex.join((name, *(each for each in arguments if each != '--yes')))}", Colour.STRONG)
        before = {entry.run_id for entry in recent_runs(self._app.context.store)}
        options = module.parser().parse_args(arguments)
        perform: Callable[..., int] = module.perform
        perform(options, self._app.context, self._terminal, *((lambda _: "y",) if module is planning else ()))
        started = [entry.run_id for entry in recent_runs(self._app.context.store) if entry.run_id not in before]
        reports = [self._app.follow(run_id, lambda _: None) for run_id in started]
        return next((report for report in reports if any(change.result is ChangeResult.APPLIED for _, change in report.changes())), None)

    def _tell_result(self, report: RunReport | None) -> None:
        self._print([change for _, change in report.changes() if change.item_id == BUSINESS_STANDARD.item_id] if report else [])

    def _print(self, changes: Sequence[Change]) -> None:
        for change in changes:
            print_change(change, {}, self._terminal)

    def _units(self, customer: str, offer: Offer) -> Decimal:
        """What the customer's line of an offer holds, as we last left it."""
        context = self._app.context
        (found,) = explain(context, self._tenants[customer], today(context), offer.item_id)
        return found.units or Decimal(0)

    def _title(self, text: str) -> None:
        self._say()
        self._say(text, Colour.STRONG)

    def _say(self, text: str = "", colour: Colour = Colour.PLAIN) -> None:
        self._terminal.say(text, colour)


def _document(change: Change) -> dict[str, Any]:
    return {
        "item": change.item,
        "kind": change.kind.value,
        "before": str(change.before),
        "after": str(change.after),
        "money": str(change.money),
        "prorated": str(change.prorated),
        "result": change.result.value,
    }
