"""How Autotask says no: an array of texts under ``errors``, for most things with status 500."""

from __future__ import annotations

from sandbox.web import Response

DUPLICATE = "Attempt to insert duplicate data into contract_service_period."
ALREADY_POSTED = "Unable to make changes as it would result in the deletion/modification of an already approved and posted contract period."
NO_PERMISSION = "The logged in Resource does not have the adequate permissions to {what} this entity type."
TOO_MANY_THREADS = "Itgenatr005: The thread threshold of {threads} threads for this object endpoint was exceeded by this integration."


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, *errors: str, status: int = 500) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors
        self.status = status

    def response(self) -> Response:
        """The answer."""
        return Response.of_json({"errors": list(self.errors)}, self.status)


def unknown_field(field: object, entity: str) -> Refused:
    """A name that the entity does not have."""
    return Refused(f"Unable to find {field} in the {entity} Entity.")
