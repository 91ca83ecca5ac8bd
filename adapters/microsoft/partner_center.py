"""Partner Center's subscriptions of a customer: the terms that they were bought for. Read with the partner's own token, one call a customer.

Facts: Microsoft Learn, "Get all of a customer's subscriptions" and "Subscription resources". The commitment's end date is its last day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.http import Answer, Http
from adapters.microsoft.reading import Unreadable, moment
from adapters.microsoft.refusals import error_of, partner_center_refusal
from adapters.microsoft.sign_in import SignIns, own_sign_in
from adapters.microsoft.tokens import TokenKey
from adapters.retry import asked_wait
from sync_core.errors import StopRun, SyncError
from sync_core.model.configuration import Partner
from sync_core.model.terms import Term, TermSource
from sync_core.ports import Clock

PUBLIC_PARTNER_CENTER_URL = "https://api.partnercenter.microsoft.com"
_RESTS = timedelta(minutes=15)
"""How long nobody else is asked for after a refusal that every customer would meet."""
_A_DAY = timedelta(days=1)


@dataclass
class PartnerCenter:
    """The partner's Partner Center. ``url`` is its base address; tokens are always the public service's, which all clouds share."""

    partner: Partner
    http: Http
    sign_ins: SignIns
    clock: Clock
    url: str = PUBLIC_PARTNER_CENTER_URL
    _refused: StopRun | None = None
    _rests_until: datetime | None = None

    def terms(self, tenant_id: str) -> dict[str, Term]:
        """By subscription id the terms of a customer's subscriptions; those without a term, such as an Azure plan, are left out.

        Raises:
            SyncError: they cannot be read. A refusal that concerns the partner is remembered for a while and not asked for again.
        """
        if self._refused and self._rests_until and self.clock.now() < self._rests_until:
            raise self._refused
        try:
            return terms_from(self._get(f"/v1/customers/{tenant_id}/subscriptions"))
        except StopRun as error:
            self._refused, self._rests_until = error, self.clock.now() + _RESTS
            raise

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Sends one write, once; raises what ``Http.write`` raises and otherwise answers for the caller to judge."""
        content = None if body is None else json.dumps(body).encode()
        headers = {**self._headers(), "Content-Type": "application/json"}
        return self.http.write(method, self._address(path), send_until=float("inf"), headers=headers, body=content)

    def refusal(self, answer: Answer) -> SyncError:
        """The error that a refused request stands for."""
        wait = asked_wait(answer.headers.get("retry-after"), self.clock.now())
        return error_of(partner_center_refusal(answer.status, _body(answer), answer.headers, wait), "Partner Center")

    def _get(self, path: str) -> Any:
        answer = self.http.read("GET", self._address(path), headers=self._headers())
        if answer.status == 401:
            self.sign_ins.forget(self._key)
        if not answer.ok:
            raise self.refusal(answer)
        return _body(answer)

    def _address(self, path: str) -> str:
        return f"{self.url.rstrip('/')}{path}"

    @property
    def _key(self) -> TokenKey:
        return TokenKey(self.partner.tenant_id, own_sign_in(self.partner), PUBLIC_PARTNER_CENTER_URL)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.sign_ins.token(self._key)}", "Accept": "application/json", "ValidateMfa": "true"}


def terms_from(body: Any) -> dict[str, Term]:
    """The terms in an answer; raises ``Unreadable`` where it is not the whole list: a subscription that is left out would look unknown."""
    items = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise Unreadable("Partner Center's answer is no collection")
    links = body.get("links")
    if isinstance(links, Mapping) and links.get("next"):
        raise Unreadable("Partner Center's answer is a part of the subscriptions only")
    return {str(item["id"]).lower(): term for item in items if item.get("id") and (term := _term(item))}


def _term(item: Mapping[str, Any]) -> Term | None:
    duration, ends = str(item.get("termDuration") or ""), moment(item.get("commitmentEndDate"))
    if not duration:
        return None
    cycle = str(item.get("billingCycle") or "").lower()
    return Term(duration, cycle, ends.date() + _A_DAY if ends else None, duration.endswith("Y"), TermSource.PARTNER_CENTER)


def _body(answer: Answer) -> Any:
    """The JSON, which may begin with a byte order mark; ``None`` where it is none: some refusals have no body."""
    try:
        return json.loads(answer.body.decode("utf-8-sig"))
    except ValueError:
        return None
