"""The bodies of writes, as far as they are the same for all entities."""

from __future__ import annotations

from collections.abc import Collection

from sandbox.autotask.errors import Refused, unknown_field
from sandbox.autotask.rendering import Json
from sandbox.web import Request


def members(request: Request, known: Collection[str], entity: str) -> Json:
    """The members of a body that has no others than these; raises ``Refused``."""
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("The request body cannot be read.")
    for name in body:
        if name not in known:
            raise unknown_field(name, entity)
    return body
