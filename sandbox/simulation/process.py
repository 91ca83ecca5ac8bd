"""A process of the app as the story and its auditor know it."""

from __future__ import annotations

from dataclasses import dataclass

from sync_core.model.plans import Step
from sync_core.model.runs import RunState


@dataclass(eq=False)
class Process:
    """What a process, or a person's console when ``is_desk``, is at. It works on one thing at a time."""

    name: str
    is_desk: bool = False
    busy: bool = False
    applying: bool = False
    """Whether it is at a plan's writes."""
    looked: bool = False
    """Whether it has looked at an agreement and not yet written to it: what people change now, nobody can see (docs/reliability.md)."""
    read_whole: bool = True
    """Whether its last read of a customer was whole."""
    saw_stop: bool | None = None
    """What the stop switch said when it last looked, since its last write."""
    saw_run: tuple[str, RunState] | None = None
    """The run that it looked at last, and where that was."""
    executing: Step | None = None

    def begins(self, applying: bool) -> None:
        """It is at a piece of work."""
        self.busy, self.applying = True, applying

    def ended(self) -> None:
        """It is at nothing any more, and forgets what belongs to one piece of work."""
        self.busy = self.applying = self.looked = False
        self.executing = self.saw_stop = self.saw_run = None
