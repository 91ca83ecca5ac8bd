"""All that goes over the wire while a test runs, held to the project's own small schemas: they are here whether the vendors' own are or not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import fastjsonschema

from sandbox.web import Application, Request, Response
from sandbox.wire import Route, Schema

_COMPILED: dict[int, Callable[[Any], Any]] = {}
"""By the identity of a schema; routes and their schemas live as long as the process."""


class Wire:
    """What listens to a vendor. Behind the faults, it hears what our adapter sends and what the simulator itself answers."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes
        self.misfits: list[str] = []
        """In words, what did not fit."""
        self.called: set[tuple[str, str]] = set()
        """Method and pattern of every route that was taken."""

    def listening(self, application: Application) -> Application:
        """The application, listened to."""

        def answer(request: Request) -> Response:
            response = application(request)
            self._hear(request, response)
            return response

        return answer

    def _hear(self, request: Request, response: Response) -> None:
        route = next((each for each in self._routes if each.method == request.method and re.fullmatch(each.path, request.path)), None)
        if route is None:
            self.misfits.append(f"{request.method} {request.path}: no route of the vendor's that is described")
            return
        self.called.add((route.method, route.path))
        found = list(_of_address(route, request))
        if response.status < 300:
            found += [*_of_body(route, request), *(f"its answer: {each}" for each in _unlike(route.answer, json.loads(response.body)))]
        self.misfits += [f"{request.method} {request.path}: {each}" for each in found]


def _of_address(route: Route, request: Request) -> Iterator[str]:
    yield from (f"there is no parameter {name}" for name in sorted(request.query.keys() - route.query))
    if route.fields:
        names = {each.split("/")[0] for each in _fields_asked(request)}
        yield from (f"there is no field {name}" for name in sorted(names - route.fields))


def _of_body(route: Route, request: Request) -> Iterator[str]:
    """Of a body that was taken: what the vendor refuses, such as a text that is too long, our adapters may leave to it."""
    if route.body is not None:
        yield from _unlike(route.body, request.json())
    elif request.body and "json" in request.headers.get("content-type", ""):
        yield "a body is sent that is not described"


def _fields_asked(request: Request) -> set[str]:
    """The fields that are named in the address or in a query's body."""
    body = request.json() if request.body else {}
    conditions = [each for each in body.get("Filter", ()) if "field" in each]
    return {*request.query.get("fields", "").split(","), *body.get("IncludeFields", ()), *(each["field"] for each in conditions)} - {""}


def _unlike(schema: Schema, value: Any) -> Iterator[str]:
    if id(schema) not in _COMPILED:
        _COMPILED[id(schema)] = fastjsonschema.compile(schema)
    try:
        _COMPILED[id(schema)](value)
    except fastjsonschema.JsonSchemaValueException as error:
        yield error.message
