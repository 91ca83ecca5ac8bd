"""How ConnectWise says no: every refusal is a ``Refused`` with the vendor's body shape."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.connectwise.records import FieldError
from sandbox.web import Response


class Refused(Exception):
    """A request that is answered with an error. ``errors`` become the field-level part of the body."""

    def __init__(self, status: int, code: str, message: str, errors: Iterable[FieldError] = (), resource: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = tuple(errors)
        self.resource = resource

    def response(self) -> Response:
        """The answer: code and message, and ``errors`` null or one entry for each field."""
        errors = [{"code": each.code, "message": each.message, "resource": self.resource, "field": each.field} for each in self.errors]
        return Response.of_json({"code": self.code, "message": self.message, "errors": errors or None}, self.status)


def bad_request(message: str) -> Refused:
    """A request that the interface could not read."""
    return Refused(400, "ConnectWiseApi", message)


def bad_condition(message: str) -> Refused:
    """A filter that the interface could not read."""
    return Refused(400, "ApiFindCondition", message)


def not_found(what: str, number: object) -> Refused:
    """A record that does not exist."""
    return Refused(404, "NotFound", f"{what} {number} not found")


def no_such_resource() -> Refused:
    """An address that leads nowhere."""
    return Refused(404, "NotFound", "The requested resource was not found.")


def invalid(resource: str, errors: Iterable[FieldError]) -> Refused:
    """A record that fails validation, with the fields that do."""
    return Refused(400, "InvalidObject", f"{resource} object is invalid", errors, resource)


def unknown_member(member: str, type_name: str, body: bytes) -> Refused:
    """A JSON member that the model does not have."""
    position = body.find(f'"{member}"'.encode()) + len(member) + 3
    return bad_request(
        f"Could not find member '{member}' on object of type '{type_name}'. Path '{member}', line 1, position {position}."
        "Check your accept header to make sure you are using the correct version."
    )
