"""Workers that run at once and yet the same way each time: of all of them one goes on, from call to call, as the scheduler says.

They are greenlets: going from one to the next takes a microsecond, where threads with a baton take many times as long.
"""

from __future__ import annotations

from collections.abc import Callable

from greenlet import GreenletExit, getcurrent, greenlet


class Worker:
    """Does ``work`` turn by turn; ``name`` is for people. ``error`` is what it ended with; it gets no turn before ``wakes`` (monotonic seconds)."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self.done = False
        self.error: BaseException | None = None
        self.wakes = 0.0
        self.writing = False
        """Whether the journal says that it is sending, and it has not sent yet."""
        self._work = work
        self._greenlet = greenlet(self._run)

    def turn(self) -> None:
        """Lets the worker go on until its next ``pause`` or its end."""
        self._greenlet.switch()

    def drop(self) -> None:
        """Ends a worker that is not needed any more wherever it is."""
        if not self.done:
            self._greenlet.throw(GreenletExit)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # whatever it is, the scheduler judges it
            self.error = error
        self.done = True


def pause() -> None:
    """Gives the turn back; does nothing outside of a worker."""
    if parent := getcurrent().parent:
        parent.switch()
