"""What ConnectWise's refusals mean: both shapes of its error bodies as one sentence, and the error tree's class by status.

A failed request answers ``{code, message, errors: [{code, message, resource, field}]}``; a throttled one ``{error, message}``
(ConnectWise developer guide and OpenAPI description).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.http import Answer
from adapters.redaction import shown
from sync_core.errors import Rejected, StopRun, SyncError

_FIXES = {
    401: "Check the company id and the API member's public and private key",
    403: "Check the clientId and the API member's security role: Finance > Agreements, Companies, Contacts and Procurement > Product Catalog",
    404: "ConnectWise's cloud also answers so to wrong keys: check the company id, the keys and the codebase",
}


def explained(answer: Answer) -> str:
    """What the body says, field by field, fit to be shown."""
    try:
        body = answer.json()
    except ValueError:
        return shown(answer.text)
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    details = [_detail(error) for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
    return shown("; ".join([_words(body, "message") or _words(body, "code") or _words(body, "error"), *details]), limit=600)


def refused(answer: Answer, where: str) -> SyncError:
    """The error for a read that was answered with a status of 400 to 499 (404: on a list, where nothing can be missing)."""
    what = f"ConnectWise answers with status {answer.status}"
    if answer.status in _FIXES:
        return StopRun(what, code=f"connectwise-{answer.status}", where=where, why=explained(answer), fix=_FIXES[answer.status])
    return write_refused(answer, where)


def write_refused(answer: Answer, where: str) -> Rejected:
    """The error for a refused write. A PATCH validates the whole stored record, so fields may be named that we never touched."""
    what = f"ConnectWise answers with status {answer.status}"
    fix = _FIXES.get(answer.status, "Mend what is named in ConnectWise; the next run plans anew")
    return Rejected(what, code=f"connectwise-{answer.status}", where=where, why=explained(answer), fix=fix)


def _detail(error: Mapping[str, Any]) -> str:
    name = ".".join(filter(None, (_words(error, "resource"), _words(error, "field"))))
    words = _words(error, "message") or _words(error, "code")
    return f"{name}: {words}" if name else words


def _words(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
