"""The way to the PSA in memory, which has no HTTP: each of its calls meets the fate that a request would meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.memory.psa import MemoryPsa
from sandbox.simulation.calls import Calls
from sandbox.simulation.wire import Fates, Lost, Refusal
from sync_core.errors import OutcomeUnknown, Rejected, RetryLater, Throttled
from sync_core.model.plans import Step
from sync_core.ports import Receipt

_PATIENCE = 30.0
_PURE = frozenset({"connection", "settle_seconds", "steps_for", "together"})


class Link:
    """The PSA as an adapter over HTTP would be: it waits, it is throttled, and answers get lost on the way."""

    def __init__(self, psa: MemoryPsa, calls: Calls, fates: Fates, carried_out: Callable[[Step], None]) -> None:
        self._psa, self._calls, self._fates, self._carried_out = psa, calls, fates, carried_out

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._psa, name)
        return found if name in _PURE else lambda *arguments: self._read(name, lambda: found(*arguments))

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        self._calls.before("psa execute")
        if self._calls.monotonic() > send_until:
            raise Throttled("The last moment to send has passed", delay=30.0, code="not-sent")
        try:
            receipt = self._fates.meet(True, lambda: self._carry_out(step), _PATIENCE)
        except Lost:
            raise OutcomeUnknown("No answer") from None
        except Refusal as refusal:
            if refusal.status == 429:
                raise Throttled("Asks us to slow down", delay=refusal.seconds) from None
            raise (Rejected if refusal.status == 400 else OutcomeUnknown)(f"Answered with {refusal.status}") from None
        self._calls.after("psa execute")
        return receipt

    def _carry_out(self, step: Step) -> Receipt:
        receipt = self._psa.execute(step, float("inf"))
        self._carried_out(step)
        return receipt

    def _read(self, name: str, action: Callable[[], Any]) -> Any:
        self._calls.before(f"psa {name}")
        try:
            answer = self._fates.meet(False, action, _PATIENCE)
        except Lost:
            raise RetryLater("No answer", delay=60.0) from None
        except Refusal as refusal:
            raise RetryLater("Not now", delay=refusal.seconds or 60.0) from None
        self._calls.after(f"psa {name}")
        return answer
