"""Graph in the partner's tenant with an operator's own sign-in: for setting things up, once, and never for the app itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from adapters.http import Answer, Http
from adapters.microsoft.graph import VERSION
from adapters.microsoft.reading import Row, rows_of
from adapters.microsoft.refusals import error_of, graph_refusal

WHERE = "Microsoft Graph as the operator"


@dataclass(frozen=True)
class OperatorGraph:
    """``token`` is an access token of a person for the partner's tenant; it is kept nowhere."""

    http: Http
    url: str
    token: str = field(repr=False)

    def find(self, collection: str, member: str, value: str, select: str = "") -> Row | None:
        """The first row whose member has this value."""
        wanted = quote(f"{member} eq '{value}'")
        rows = self.rows(f"/{collection}?$filter={wanted}" + (f"&$select={select}" if select else ""))
        return rows[0] if rows else None

    def rows(self, path: str) -> list[Row]:
        """The rows of a collection, which is short here: what belongs to one application."""
        return rows_of(self._json(self.http.read("GET", f"{self._root}{path}", headers=self._headers)))

    def post(self, path: str, body: Any) -> Any:
        """Makes something; raises ``SyncError`` when Graph refuses."""
        return self._json(self._write("POST", path, body))

    def patch(self, path: str, body: Any) -> None:
        """Changes something; raises ``SyncError`` when Graph refuses."""
        self._write("PATCH", path, body)

    def _write(self, method: str, path: str, body: Any) -> Answer:
        answer = self.http.write(method, f"{self._root}{path}", send_until=float("inf"), headers=self._headers, body=json.dumps(body).encode())
        return self._judged(answer)

    def _json(self, answer: Answer) -> Any:
        return self._judged(answer).json()

    def _judged(self, answer: Answer) -> Answer:
        if answer.ok:
            return answer
        try:
            body = answer.json()
        except ValueError:
            body = None
        raise error_of(graph_refusal(answer.status, body), WHERE, at_partner=True)

    @property
    def _root(self) -> str:
        return f"{self.url.rstrip('/')}{VERSION}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Content-Type": "application/json"}
