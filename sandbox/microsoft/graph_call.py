"""One call to Graph after its token was checked, and the errors that Graph answers calls with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.microsoft.directory import Directory, Tenant
from sandbox.microsoft.tokens import AccessToken
from sandbox.web import Request


@dataclass(frozen=True, kw_only=True)
class Call(Request):
    """A request whose ``path`` has lost its version. ``tenant`` is whose data are answered, taken from the token.

    ``base`` is the URL before the path, version included, as the caller knows it: next links start with it.
    """

    token: AccessToken
    tenant: Tenant
    directory: Directory
    base: str
    now: datetime


@dataclass(eq=False)
class GraphError(Exception):
    """An error answer of Graph (Learn, "Microsoft Graph error responses and resource types")."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """400: the request itself is wrong."""
    return GraphError(400, code, message)


def unsupported_query(message: str = "Unsupported Query.") -> GraphError:
    """400: the resource does not offer this query option or value."""
    return bad_request(message, "Request_UnsupportedQuery")


def denied() -> GraphError:
    """403: the token's permissions, roles or tenant do not allow it."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_simulated(what: str) -> GraphError:
    """501: the real Graph may know it, the sandbox does not, and does not guess."""
    return GraphError(501, "NotImplemented", f"The sandbox does not simulate {what}.")


_REFUSALS = {
    401: ("InvalidAuthenticationToken", "Access token validation failure."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: ("Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present."),
    429: ("TooManyRequests", "Please retry again later."),
    500: ("InternalServerError", "An internal server error occurred. The operation failed."),
    503: ("serviceNotAvailable", "The service is temporarily unavailable."),
    504: ("UnknownError", ""),
}


def refusal(status: int, retry_after: str | None) -> GraphError:
    """The answer with which Graph refuses for reasons of its own, such as throttling."""
    code, message = _REFUSALS.get(status, ("UnknownError", "An unknown error occurred."))
    return GraphError(status, code, message, {} if retry_after is None else {"Retry-After": retry_after})
