"""Workers that run at once and yet the same way each time: threads of which only the one with the baton goes on, from call to call."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Worker:
    """A thread that does ``work`` turn by turn. ``error`` is what it ended with."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.done = False
        self.error: BaseException | None = None
        self._work = work
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Lets the worker go on until its next ``pause`` or its end."""
        self._mine.release()
        self._theirs.acquire()

    def turns(self, most: int) -> None:
        """So many turns, or fewer when it ends before."""
        for _ in range(most):
            if self.done:
                return
            self.turn()

    def finish(self) -> None:
        """Lets the worker go on to its end."""
        while not self.done:
            self.turn()

    def _pause(self) -> None:
        self._theirs.release()
        self._mine.acquire()

    def _run(self) -> None:
        self._mine.acquire()
        _CURRENT.worker = self
        try:
            self._work()
        except BaseException as error:  # whatever it is, the test that drives the worker judges it
            self.error = error
        self.done = True
        self._theirs.release()


_CURRENT = threading.local()


def pause() -> None:
    """Gives the baton back; does nothing outside of a worker."""
    worker: Worker | None = getattr(_CURRENT, "worker", None)
    if worker is not None:
        worker._pause()
