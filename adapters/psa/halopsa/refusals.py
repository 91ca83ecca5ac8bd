"""What Halo's refusals mean: the many shapes of its error bodies as one sentence, and the error tree's class by status.

A body is ``{ClassName, Message}``, ``{Message}``, ``{error, error_description}``, ``{resultCode, errorMessage}`` or plain text
(seen by integrators; Halo documents none).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from adapters.http import Answer
from adapters.redaction import shown
from sync_core.errors import OutcomeUnknown, Rejected, StopRun, SyncError

_FIXES = {
    401: "Check the client id, the client secret and the tenant of the API application in Halo",
    403: "Give the API application's scope and its agent the rights that health names",
}
Read = TypeVar("Read")

_WORDS = ("Message", "message", "error_description", "errorMessage", "error", "_warning")


def explained(answer: Answer) -> str:
    """What the body says, fit to be shown."""
    try:
        body = answer.json()
    except ValueError:
        return shown(answer.text)
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str):
        return shown(body)
    if not isinstance(body, Mapping):
        return ""
    return shown("; ".join(dict.fromkeys(str(body[name]) for name in _WORDS if body.get(name))), limit=600)


def refused(answer: Answer, where: str) -> SyncError:
    """The error for a read that was answered with a status of 400 to 499."""
    if answer.status in _FIXES:
        what = f"Halo answers with status {answer.status}"
        return StopRun(what, code=f"halopsa-{answer.status}", where=where, why=explained(answer), fix=_FIXES[answer.status])
    return write_refused(answer, where)


def write_refused(answer: Answer, where: str) -> Rejected:
    """The error for a refused write."""
    fix = _FIXES.get(answer.status, "Mend what is named in Halo; the next run plans anew")
    return Rejected(f"Halo answers with status {answer.status}", code=f"halopsa-{answer.status}", where=where, why=explained(answer), fix=fix)


def understood(where: str, read: Callable[[], Read], error_class: type[Rejected] | type[OutcomeUnknown] = Rejected) -> Read:
    """What ``read`` makes of a record; its ``ValueError`` is an error of this class instead."""
    try:
        return read()
    except ValueError as error:
        raise error_class("Halo's answer cannot be read", code="unreadable-record", where=where, why=shown(str(error))) from None
