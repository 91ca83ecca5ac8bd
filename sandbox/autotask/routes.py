"""The routes of Autotask that may be called, with the small schemas of what goes over them. Casing is that of ``zoneInformation``."""

from __future__ import annotations

from sandbox.autotask import schemas
from sandbox.wire import Route, in_part

_ROOT = r"(?i:/[^/]+/ATServicesRest/v1\.0)"
_ASKED = {**schemas.ENTITIES, "Tickets": schemas.TICKET}


def _queried(entity: str) -> list[Route]:
    fields = frozenset(_ASKED[entity]["properties"])
    page = schemas.page({**in_part(_ASKED[entity]), "required": ["id"]})
    return [
        Route("POST", f"{_ROOT}/{entity}/query", page, body=schemas.QUERY, fields=fields),
        Route("POST", f"{_ROOT}/{entity}/query/next", page, frozenset({"paging"}), schemas.QUERY, fields),
        Route("GET", f"{_ROOT}/{entity}/entityInformation", schemas.ENTITY_INFORMATION),
        Route("GET", f"{_ROOT}/{entity}/entityInformation/fields", schemas.FIELDS),
    ]


ROUTES = (
    Route("GET", r"(?i:/atservicesrest/v1\.0/zoneInformation)", schemas.ZONE, frozenset({"user"})),
    Route("GET", f"{_ROOT}/ThresholdInformation", schemas.THRESHOLD),
    *(route for entity in _ASKED for route in _queried(entity)),
    Route("GET", f"{_ROOT}/ContractServiceAdjustments/entityInformation", schemas.ENTITY_INFORMATION),
    Route("POST", rf"{_ROOT}/Contracts/\d+/Services", schemas.CREATED, body=schemas.SERVICE_POST),
    Route("PATCH", rf"{_ROOT}/Contracts/\d+/Services", schemas.CREATED, body=schemas.SERVICE_PATCH),
    Route("POST", rf"{_ROOT}/Contracts/\d+/ServiceAdjustments", schemas.CREATED, body=schemas.ADJUSTMENT_POST),
    Route("POST", f"{_ROOT}/Tickets", schemas.CREATED, body=schemas.TICKET_POST),
    Route("POST", rf"{_ROOT}/Tickets/\d+/Notes", schemas.CREATED, body=schemas.NOTE_POST),
)
