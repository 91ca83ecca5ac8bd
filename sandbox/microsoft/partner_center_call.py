"""The errors that Partner Center answers calls with."""

from __future__ import annotations

from sandbox.web import Response


class PartnerCenterError(Exception):
    """An error answer in Partner Center's form."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.response = Response.of_json({"code": code, "description": description, "data": [], "source": "PartnerFD"}, status)
