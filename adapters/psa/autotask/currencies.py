"""In which currency a contract is billed: a contract names none, and is billed in that of its company.

Sources: Autotask's developer help (Currency: ``name`` is a code of three letters; Company: ``currencyID``). Unverified: that a
contract which another company pays for is billed in the currency of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from adapters.psa.autotask.client import Client, condition
from adapters.psa.autotask.settings import AutotaskSettings
from adapters.psa.records import member, text
from sync_core.errors import InvalidConfiguration, Rejected
from sync_core.ports import Clock

FRESH_SECONDS = 1200.0
"""How long the currencies of companies are believed."""
FIELDS = ("id", "name", "isActive", "isInternalCurrency")


class Currencies:
    """The currency that the settings name; or else what Autotask says, which costs a query, and one more where it bills in several."""

    def __init__(self, settings: AutotaskSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._internal = settings.currency
        self._others: Mapping[str, str] = {}
        self._until = 0.0
        self._lock = threading.Lock()

    def of(self, company_id: str) -> str:
        """The code of a company's currency; raises what reading raises, and ``InvalidConfiguration`` where Autotask names no currency."""
        if self._settings.currency:
            return self._settings.currency
        with self._lock:
            if self._clock.monotonic() >= self._until:
                self._read()
                self._until = self._clock.monotonic() + FRESH_SECONDS
            return self._others.get(company_id, self._internal)

    def in_use(self) -> Mapping[str, str]:
        """The codes of the active currencies by id, the site's own first; none where Autotask shows none."""
        records = [each for each in self._client.records("Currencies", FIELDS, may_be_empty=True) if member(each, "isActive") is not False]
        records.sort(key=lambda each: member(each, "isInternalCurrency") is not True)
        return {text(each, "id"): text(each, "name") for each in records}

    def _read(self) -> None:
        codes = self._codes()
        internal_id, self._internal = next(iter(codes.items()))
        others = self._client.records("Companies", ("id", "currencyID"), condition("currencyID", "noteq", int(internal_id))) if len(codes) > 1 else ()
        self._others = {text(each, "id"): codes[text(each, "currencyID")] for each in others if text(each, "currencyID") in codes}

    def _codes(self) -> Mapping[str, str]:
        where, fix = f"PSA connection {self._settings.name}", "Set the connection's setting currency, or let the API user query Currencies"
        try:
            codes = self.in_use()
        except Rejected as error:
            raise InvalidConfiguration("Autotask does not say its currencies", where=where, why=error.why or error.what, fix=fix) from error
        if not all(codes.values()) or not codes:
            raise InvalidConfiguration("Autotask names no currency", where=where, fix=fix)
        return codes
