"""The routes of ConnectWise PSA that may be called, with their parameters and the small schemas of what goes over them."""

from __future__ import annotations

from sandbox.connectwise import schemas
from sandbox.wire import Route, Schema, in_part, rows_of

_ROOT = r"/[^/]+/apis/3\.0"
_PARAMETERS = frozenset({"fields", "conditions", "childConditions", "customFieldConditions", "orderBy", "page", "pageSize", "pageId"})
_LISTS = {
    "/company/companies": schemas.COMPANY,
    "/company/contacts": schemas.CONTACT,
    "/procurement/catalog": schemas.PRODUCT,
    "/finance/agreements/types": schemas.AGREEMENT_TYPE,
    "/finance/agreements": schemas.AGREEMENT,
    r"/finance/agreements/\d+/additions": schemas.ADDITION,
    "/finance/invoices": schemas.INVOICE,
    "/service/tickets": schemas.TICKET,
}
_ADDITIONS = rf"{_ROOT}/finance/agreements/\d+/additions"


def _read(path: str, record: Schema) -> list[Route]:
    asked, fields = in_part(record), frozenset(record["properties"])
    return [
        Route("GET", _ROOT + path, rows_of(asked), _PARAMETERS, fields=fields),
        Route("GET", rf"{_ROOT}{path}/\d+", asked, frozenset({"fields"}), fields=fields),
        Route("GET", f"{_ROOT}{path}/count", schemas.COUNT, frozenset({"conditions"})),
    ]


ROUTES = (
    Route("GET", "/login/companyinfo/[^/]+", {"anyOf": [schemas.COMPANY_INFO, {"type": "null"}]}),
    *(route for path, record in _LISTS.items() for route in _read(path, record)),
    Route("POST", _ADDITIONS, schemas.ADDITION, body=schemas.ADDITION_POST),
    Route("PATCH", rf"{_ADDITIONS}/\d+", schemas.ADDITION, body=schemas.ADDITION_PATCH),
    Route("POST", f"{_ROOT}/system/bundles", schemas.BUNDLE_ANSWER, body=schemas.BUNDLE),
    Route("POST", f"{_ROOT}/service/tickets", schemas.TICKET, body=schemas.TICKET_POST),
    Route("POST", rf"{_ROOT}/service/tickets/\d+/notes", schemas.NOTE, body=schemas.NOTE_POST),
)
