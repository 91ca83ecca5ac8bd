"""Simulated Microsoft Graph v1.0: checks the token, the tenant's conditions and the budget, then answers one resource or a batch.

The tenant is always the token's; no URL can name another one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sandbox.microsoft import registrations
from sandbox.microsoft.batch import part_lines, run_batch
from sandbox.microsoft.catalog import names_csv
from sandbox.microsoft.collection import Collection
from sandbox.microsoft.directory import DIRECTORY_READERS, GLOBAL_READER, Directory, Tenant
from sandbox.microsoft.graph_call import Call, GraphError, bad_request, denied, refusal
from sandbox.microsoft.graph_collections import COLLECTIONS, OF_ONE
from sandbox.microsoft.mail import Mail, send_mail
from sandbox.microsoft.registration_writes import add_routes
from sandbox.microsoft.reports import DOWNLOADS, MAILBOX_USAGE, Reports
from sandbox.microsoft.throttling import Throttling
from sandbox.microsoft.tokens import GRAPH, AccessToken, bearer
from sandbox.web import Request, Response, Router

VERSION = "/v1.0"
SKU_NAMES = "/sku-names.csv"
_READERS = frozenset({DIRECTORY_READERS, GLOBAL_READER})
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Graph:
    """The application on the Graph host. It also offers the table of SKU names and the reports, which really lie on download hosts."""

    def __init__(self, directory: Directory, now: Callable[[], datetime], seed: int) -> None:
        self._directory = directory
        self._now = now
        self._random = random.Random(f"graph {seed}")
        self.throttling = Throttling()
        self.mails: list[Mail] = []
        self._router = Router(_no_such_resource, _no_such_method)
        self._reports = Reports()
        for collection in (*COLLECTIONS, *OF_ONE):
            self._router.route("GET", collection.path)(self._reader(collection))
        self._router.route("GET", MAILBOX_USAGE)(self._reports.mailbox_usage)
        self._router.route("POST", "/users/{user}/sendMail")(self._send_mail)
        self._router.route("GET", "/me")(registrations.me)
        add_routes(self._router)

    def __call__(self, request: Request) -> Response:
        if request.path == SKU_NAMES:
            return Response(200, names_csv(), {"Content-Type": "text/csv"})
        if request.path.startswith(DOWNLOADS):
            return self._reports.download(request, self._now())
        try:
            call = self._call(request)
            if (call.method, call.path) == ("POST", "/$batch"):
                _refuse_on_demand(call)
                response = run_batch(call, self._answer, self._random)
            else:
                response = self._answer(call)
        except GraphError as error:
            response = self._error(request, error)
        return replace(response, headers={**response.headers, **self._traces(request)})

    def describe(self, request: Request) -> Mapping[str, Any]:
        """What the request log adds: the token's tenant, the throttling priority, the parts of a batch."""
        try:
            tenant: str | None = AccessToken.decode(bearer(request.headers)).tenant_id
        except ValueError:
            tenant = None
        parts = part_lines(request) if request.path.endswith("/$batch") else []
        return {"tenant": tenant, "priority": request.headers.get("x-ms-throttle-priority"), "parts": parts}

    def _call(self, request: Request) -> Call:
        version, path = request.path[: len(VERSION)], request.path[len(VERSION) :]
        if version != VERSION or not path.startswith("/"):
            raise bad_request("Invalid version: " + request.path.strip("/").partition("/")[0])
        token = self._token(request)
        tenant = self._directory.tenant(token.tenant_id)
        if tenant is None:
            raise _unauthenticated("Access token validation failure. Invalid tenant.")
        if not token.app_only and tenant is not self._directory.partner and not self._directory.roles_in(tenant, token.person) & _READERS:
            raise denied()
        return Call(
            method=request.method,
            path=path,
            query=request.query,
            headers=request.headers,
            body=request.body,
            token=token,
            tenant=tenant,
            directory=self._directory,
            base=_base(request),
            now=self._now(),
        )

    def _token(self, request: Request) -> AccessToken:
        text = bearer(request.headers)
        if not text:
            raise _unauthenticated("Access token is empty.")
        try:
            token = AccessToken.decode(text)
        except ValueError as error:
            raise _unauthenticated("IDX14100: JWT is not well formed.") from error
        if token.audience != GRAPH:
            raise _unauthenticated("Access token validation failure. Invalid audience.")
        if token.expires <= self._now():
            raise _unauthenticated("Lifetime validation failed, the token is expired.")
        return token

    def _answer(self, call: Call) -> Response:
        """One resource, alone or as a part of a batch: its errors are its own."""
        try:
            _refuse_on_demand(call)
            return self._router(call)
        except GraphError as error:
            return self._error(call, error)

    def _reader(self, collection: Collection) -> Callable[[Call], Response]:
        def read(call: Call, **_: str) -> Response:
            collection.allow(call)
            headers = self._charge(call, collection.units(call))
            response = collection.answer(replace(call, tenant=self._answering(call.tenant)))
            return replace(response, headers={**response.headers, **headers})

        return read

    def _send_mail(self, call: Call, user: str) -> Response:
        return send_mail(call, user, self.mails)

    def _answering(self, tenant: Tenant) -> Tenant:
        other = tenant.conditions.answers_as
        return tenant if other is None else self._directory.tenant(other) or tenant

    def _charge(self, call: Call, units: int) -> dict[str, str]:
        app, tenant = call.token.app_id, call.tenant
        share, wait = self.throttling.take(app, tenant.tenant_id, len(tenant.users), units, call.now)
        headers = {"x-ms-resource-unit": str(units)}
        if share >= 0.8:
            headers["x-ms-throttle-limit-percentage"] = f"{min(share, 1.8):.1f}"
        if wait:
            headers["x-ms-throttle-scope"] = f"Tenant_Application/ReadWrite/{app}/{tenant.tenant_id}"
            headers["x-ms-throttle-information"] = "ResourceUnitLimitExceeded"
            error = refusal(429, str(wait))
            raise replace(error, headers={**error.headers, **headers})
        return headers

    def _error(self, request: Request, error: GraphError) -> Response:
        inner = {"date": f"{self._now():%Y-%m-%dT%H:%M:%S}", "request-id": self._request_id()}
        inner["client-request-id"] = request.headers.get("client-request-id", inner["request-id"])
        if error.status == 429:
            inner |= {"code": "429", "message": "Please retry after", "status": "429"}
        body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
        return Response.of_json(body, error.status, error.headers)

    def _traces(self, request: Request) -> dict[str, str]:
        request_id = self._request_id()
        return {"request-id": request_id, "client-request-id": request.headers.get("client-request-id", request_id)}

    def _request_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _refuse_on_demand(call: Call) -> None:
    wanted = call.tenant.conditions.take_refusal(call.path)
    if wanted is not None:
        raise refusal(wanted.status, wanted.retry_after)


def _base(request: Request) -> str:
    """The root of next links: the host that the caller asked, so that a link never leads away from it."""
    host = request.headers.get("host", "")
    if not host:
        return GRAPH + VERSION
    scheme = "http" if host.startswith(_LOOPBACK) else "https"
    return f"{scheme}://{host}{VERSION}"


def _unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": 'Bearer realm=""'})


def _no_such_resource(request: Request) -> Response:
    raise bad_request(f"Resource not found for the segment '{request.path.strip('/').partition('/')[0]}'.")


def _no_such_method(request: Request) -> Response:
    raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
