"""What the Azure SDKs raise, as the error tree: by what the caller does about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, SyncError, Throttled

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

_DELAY = 10.0
_LONGEST_DELAY = 600.0


@contextmanager
def translated(where: str, fix: str) -> Iterator[None]:
    """Raises what an SDK raises inside as an error of ours. ``fix`` says how the app gets the right that it lacks, if that is it."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise sync_error(error, where, fix) from error


def sync_error(error: AzureError, where: str, fix: str) -> SyncError:
    """The error of ours for one of an SDK. An answer that is missing or garbled means: try again."""
    from azure.core.exceptions import ClientAuthenticationError

    code, status = error_code(error), getattr(error, "status_code", None)
    if status in (401, 403) or isinstance(error, ClientAuthenticationError):
        return InvalidConfiguration("Azure refuses the app", code="azure-access-denied", where=where, why=code, fix=fix)
    if status in (429, 503):
        return Throttled("Azure is too busy", code="azure-busy", where=where, why=code, delay=_retry_after(error))
    if status is None or status < 400 or status == 408 or status >= 500 or code.endswith("BeingDeleted"):
        return RetryLater("Azure gave no usable answer", code="azure-unavailable", where=where, why=code or type(error).__name__, delay=_DELAY)
    return Rejected(f"Azure refuses the request with status {status}", code="azure-rejected", where=where, why=code)


def error_code(error: AzureError) -> str:
    """The service's own code, such as ``EntityAlreadyExists``; empty when there was no answer."""
    code = getattr(error, "error_code", None) or _header(error, "x-ms-error-code") or _code_in_body(error)
    return str(getattr(code, "value", code))


def _code_in_body(error: AzureError) -> str:
    """The code that the SDKs did not read: of an insert into a table, and of Key Vault."""
    try:
        body = json.loads(error.response.text())  # type: ignore[attr-defined]  # only some errors have a response
        return str((body.get("odata.error") or body["error"])["code"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _retry_after(error: AzureError) -> float:
    seconds = _header(error, "Retry-After")
    return min(float(seconds), _LONGEST_DELAY) if seconds.isdecimal() else _DELAY


def _header(error: AzureError, name: str) -> str:
    response = getattr(error, "response", None)
    return str(response.headers.get(name) or "") if response is not None else ""
