"""HTTP answers: JSON, and problems in the form of RFC 9457 that say what is wrong and what to do, and nothing of the inside."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from sync_core.documents import to_document
from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, SyncError
from sync_core.events import about, event
from sync_core.model.people import NOT_SIGNED_IN, ROLE_MISSING
from sync_core.pipeline.resync import BAD_TENANT_ID, RUN_OPEN, UNKNOWN_CUSTOMER

Route = Callable[[func.HttpRequest], func.HttpResponse]
Invoked = Callable[[func.HttpRequest, func.Context], func.HttpResponse]

_STATUS = {
    BAD_TENANT_ID: 400,
    UNKNOWN_CUSTOMER: 404,
    RUN_OPEN: 409,
    NOT_SIGNED_IN: 403,
    ROLE_MISSING: 403,
    "four-eyes": 403,
    "no-plan": 404,
    "nothing-known": 404,
    "unknown-run": 404,
    "unknown-cutover": 404,
    "cutover-state": 409,
    "cutover-expired": 409,
    "plan-applying": 409,
    "plan-superseded": 409,
    "run-not-held": 409,
    "run-settled": 409,
}
_TITLES = {400: "Bad request", 403: "Forbidden", 404: "Not found", 409: "Conflict", 413: "Too large", 503: "Not available now", 500: "Internal error"}


def answer(value: Any, status: int = 200, location: str = "") -> func.HttpResponse:
    """A JSON answer."""
    headers = {"Location": location} if location else {}
    return func.HttpResponse(json.dumps(to_document(value)), status_code=status, headers=headers, mimetype="application/json")


def problem(status: int, detail: str, fix: str = "") -> func.HttpResponse:
    """An answer that says what is wrong (``detail``) and what the caller can do about it (``fix``)."""
    body = {"type": "about:blank", "title": _TITLES.get(status, "Error"), "status": status, "detail": detail}
    if fix:
        body["fix"] = fix
    return func.HttpResponse(json.dumps(body), status_code=status, mimetype="application/problem+json")


def with_problems(route: Route) -> Invoked:
    """Turns what a route raises into a problem; anything unforeseen is logged by its type and answered without a word of it.

    What the route logs carries its name and the invocation's id.
    """

    @functools.wraps(route, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def guarded(request: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        with about(stage=route.__name__.replace("_", "-"), invocation=context.invocation_id):
            return _answered(route, request)

    del guarded.__wrapped__  # the worker would look there, and not see that a context is wanted
    return guarded


def _answered(route: Route, request: func.HttpRequest) -> func.HttpResponse:
    try:
        return route(request)
    except Rejected as error:
        return problem(_STATUS.get(error.code, 400), ". ".join(part for part in (error.what, error.why) if part), error.fix)
    except RetryLater as error:
        return problem(503, error.what, "Try again in a moment")
    except InvalidConfiguration as error:
        return problem(503, error.what, error.fix)
    except SyncError as error:
        return problem(500, error.what, error.fix)
    except Exception as error:  # the outermost edge: whatever it is, the caller gets no detail of it
        event("http.failed", logging.ERROR, route=route.__name__, error=type(error).__name__)
        return problem(500, "Something unforeseen happened", "See the function's log")


def url_of(request: func.HttpRequest, path: str) -> str:
    """The absolute URL of a path beside the one that was asked for, without its key."""
    asked = urlsplit(request.url)
    prefix = asked.path.split("/api/", 1)[0]
    return f"{asked.scheme}://{asked.netloc}{prefix}/api/{path}"
