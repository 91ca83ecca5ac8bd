"""The routes of HaloPSA that may be called, with their parameters and the small schemas of what goes over them."""

from __future__ import annotations

from sandbox.halopsa import schemas
from sandbox.wire import Route

_PAGING = frozenset({"pageinate", "page_size", "page_no", "order"})
_ACTIVITY = frozenset({"includeactive", "includeinactive"})
_ONE = frozenset({"includedetails"})

ROUTES = (
    Route("GET", "/api/authinfo", schemas.AUTH_INFO),
    Route("POST", "/auth/token", schemas.TOKEN, frozenset({"tenant"})),
    Route("GET", "/api/RecurringInvoice", schemas.RECURRING_INVOICES, _PAGING | {"includelines", "client_id"}),
    Route("GET", r"/api/RecurringInvoice/-?\d+", schemas.RECURRING_INVOICE, _ONE),
    Route("POST", "/api/RecurringInvoice", schemas.RECURRING_INVOICE, body=schemas.SAVE),
    Route("GET", "/api/Client", schemas.CLIENTS, _PAGING | _ACTIVITY),
    Route("GET", "/api/Users", schemas.USERS, _PAGING | _ACTIVITY),
    Route("GET", "/api/Item", schemas.ITEMS, _PAGING | _ACTIVITY),
    Route("GET", "/api/SoftwareLicence", schemas.LICENCES, _PAGING | {"client_id"}),
    Route("GET", r"/api/SoftwareLicence/\d+", schemas.LICENCE, _ONE),
    Route("POST", "/api/SoftwareLicence", schemas.LICENCE, body=schemas.SAVE_LICENCE),
    Route("POST", "/api/Report", schemas.REPORT, body=schemas.LOAD_REPORT),
    Route("GET", "/api/Tickets", schemas.TICKETS, _PAGING | {"search_summary"}),
    Route("POST", "/api/Tickets", schemas.TICKET, body=schemas.SAVE_TICKET),
    Route("POST", "/api/Actions", schemas.ACTION, body=schemas.SAVE_ACTION),
)
