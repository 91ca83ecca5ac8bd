"""What Autotask's refusals mean: the texts of its ``errors`` array, and the error tree's class by status and text.

Autotask answers nearly every refusal with status 500 and a body ``{"errors": ["text", ...]}``, so a 500 with texts was
understood and refused, and one without says nothing (seen by integrators; Autotask's developer help documents 403 and 404 too).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.http import Answer
from adapters.redaction import shown
from sync_core.errors import OutcomeUnknown, Rejected, RetryLater, StopRun, SyncError, Throttled

DUPLICATE = "autotask-duplicate"
"""The code of a refusal because an adjustment of this service on this day is there already."""

_THREADS = re.compile(r"itgenatr005|thread threshold", re.IGNORECASE)
_HOUR = re.compile(r"request threshold|threshold .*exceeded", re.IGNORECASE)
_DUPLICATE = re.compile(r"duplicate data into contract_service", re.IGNORECASE)
_PERMISSION = re.compile(r"adequate permissions", re.IGNORECASE)

_RIGHTS = "Give the API user's security level full access to contracts, services, companies and contacts"
_FIXES = {
    401: "Check the API user's name, secret and tracking identifier; Autotask locks a user after several refused tries",
    403: _RIGHTS,
    404: "Check the connection's url and zone_url",
}


def errors_of(answer: Answer) -> list[str]:
    """The texts of a refusal; empty for a body of another shape."""
    try:
        body = answer.json()
    except ValueError:
        return []
    texts = body.get("errors") if isinstance(body, Mapping) else None
    return [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []


def refused(answer: Answer, where: str) -> SyncError:
    """The error for a read that did not succeed."""
    texts = errors_of(answer)
    if throttled := _throttled(texts, where):
        return throttled
    what, why = f"Autotask answers with status {answer.status}", shown("; ".join(texts), limit=600)
    if answer.status == 500 and not texts:
        return RetryLater(what, delay=60.0, code=f"http-{answer.status}", where=where)
    if answer.status in _FIXES or _lacks_rights(texts):
        return StopRun(what, code=f"autotask-{answer.status}", where=where, why=why, fix=_FIXES.get(answer.status, _RIGHTS))
    return Rejected(what, code=f"autotask-{answer.status}", where=where, why=why)


def write_refused(answer: Answer, where: str) -> SyncError:
    """The error for a write that did not succeed: nothing was written, except where a 500 does not say why."""
    texts = errors_of(answer)
    if throttled := _throttled(texts, where):
        return throttled
    what, why = f"Autotask answers with status {answer.status}", shown("; ".join(texts), limit=600)
    if answer.status == 500 and not texts:
        return OutcomeUnknown(what, code=f"http-{answer.status}", where=where, why=shown(answer.text))
    if any(map(_DUPLICATE.search, texts)):
        fix = "Autotask takes one adjustment of a service on a day; the next run plans anew from what is there"
        return Rejected(what, code=DUPLICATE, where=where, why=why, fix=fix)
    fix = _FIXES.get(answer.status, _RIGHTS if _lacks_rights(texts) else "Mend what is named in Autotask; the next run plans anew")
    return Rejected(what, code=f"autotask-{answer.status}", where=where, why=why, fix=fix)


def _lacks_rights(texts: list[str]) -> bool:
    return any(map(_PERMISSION.search, texts))


def _throttled(texts: list[str], where: str) -> Throttled | None:
    """Autotask's two limits are refused before anything is done, and not always with 429."""
    for pattern, what, delay in (
        (_THREADS, "Too many requests of this integration at once", 10.0),
        (_HOUR, "The database's hourly threshold is used up", 600.0),
    ):
        if any(map(pattern.search, texts)):
            return Throttled(what, delay=delay, code="autotask-threshold", where=where)
    return None
