"""The simulated service desk: tickets are opened, searched by their summary, and get actions. Strict where the vendor is not known to be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.halopsa.errors import bad_request
from sandbox.halopsa.ledger import Ledger
from sandbox.halopsa.listing import listed
from sandbox.halopsa.saving import parsed, refuse_unknown
from sandbox.halopsa.values import as_whole
from sandbox.web import Request, Response

_NUMBERS = frozenset({"client_id", "tickettype_id", "priority_id", "status_id"})
_TEXTS = {"summary": 255, "details": 100_000, "team": 100}

Json = dict[str, Any]


class ServiceDesk:
    """The tickets of one site as they are answered, and the actions by ticket id."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.tickets: dict[int, Json] = {}
        self.actions: dict[int, list[Json]] = {}

    def search(self, request: Request) -> Response:
        """``GET /Tickets``."""
        wanted = request.query.get("search_summary", "").casefold()
        rows = [each for each in self.tickets.values() if wanted in each["summary"].casefold()]
        return listed(request, "tickets", rows, {"search_summary"}, self._ledger.switches)

    def open(self, request: Request) -> Response:
        """``POST /Tickets``; of an array of one the answer is the record itself."""
        (record,) = _records(request)
        self._refuse_wrong(record, {*_NUMBERS, *_TEXTS})
        for name in _NUMBERS & record.keys():
            as_whole(name, record[name])
        for name, longest in _TEXTS.items():
            if not isinstance(record.get(name, ""), str) or len(record.get(name, "")) > longest:
                raise bad_request(f"{name}: is longer than {longest} characters.")
        if not record.get("summary") or "tickettype_id" not in record or record.get("client_id") not in self._ledger.clients:
            raise bad_request("summary, tickettype_id and an existing client_id are required.")
        number = len(self.tickets) + 1
        self.tickets[number] = {"id": number, **record}
        return Response.of_json(self.tickets[number], 201)

    def act(self, request: Request) -> Response:
        """``POST /Actions``."""
        (record,) = _records(request)
        self._refuse_wrong(record, {"ticket_id", "note", "outcome", "hiddenfromuser"})
        if record.get("ticket_id") not in self.tickets or not record.get("note") or not record.get("outcome"):
            raise bad_request("ticket_id, note and outcome are required.")
        actions = self.actions.setdefault(record["ticket_id"], [])
        actions.append(record)
        return Response.of_json({"id": len(actions), **record}, 201)

    def _refuse_wrong(self, record: Json, known: Collection[str]) -> None:
        refuse_unknown(self._ledger, record.keys() - set(known))
        if unknown := record.keys() - set(known):
            raise bad_request(f"{min(unknown)}: the simulator knows no such member.")


def _records(request: Request) -> list[Json]:
    records = parsed(request.body)
    if len(records) != 1:
        raise bad_request("The simulator takes one record at a time.")
    return records
