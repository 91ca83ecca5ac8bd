"""How Halo says no. Its bodies have no one shape; the simulator has the one of a .NET exception, and the plain message."""

from __future__ import annotations

from sandbox.web import Response


class Refused(Exception):
    """A request that is answered with an error; ``class_name`` makes the body that of a .NET exception."""

    def __init__(self, status: int, message: str, class_name: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.class_name = class_name

    def response(self) -> Response:
        """The answer."""
        head = {"ClassName": self.class_name} if self.class_name else {}
        return Response.of_json({**head, "Message": self.message}, self.status)


def bad_request(message: str) -> Refused:
    """A request that the interface could not read or will not carry out."""
    return Refused(400, message, "System.Exception")


def not_found(what: str, number: object) -> Refused:
    """A record that does not exist."""
    return Refused(404, f"{what} {number} was not found")
