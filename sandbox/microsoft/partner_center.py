"""Simulated Partner Center: customers with their seek paging, a customer's subscriptions, and the MFA check. The rest is not simulated.

Shapes follow Microsoft Learn, "Partner Center REST API reference". Unverified: the body of the refusal without MFA.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sandbox.microsoft import consents
from sandbox.microsoft.directory import Directory
from sandbox.microsoft.partner_center_call import PartnerCenterError
from sandbox.microsoft.relationships import Contract
from sandbox.microsoft.subscriptions import Subscription, SubscriptionState
from sandbox.microsoft.tokens import PARTNER_CENTER, AccessToken, base64url_json, bearer
from sandbox.web import Request, Response, Router

LARGEST_PAGE = 500
_STATUS = {SubscriptionState.ENABLED.value: "active", SubscriptionState.WARNING.value: "expired", SubscriptionState.SUSPENDED.value: "suspended"}
_CONSENT = re.compile(r"/v1/customers/(?P<customer>[^/]+)/applicationconsents(?:/(?P<application>[^/]+))?")
_CONTINUATION = "MS-ContinuationToken"


class PartnerCenter:
    """The application on the Partner Center host. ``mfa_required`` refuses a person's token that was got without MFA."""

    def __init__(self, directory: Directory, now: Callable[[], datetime], seed: int) -> None:
        self._directory = directory
        self._now = now
        self._random = random.Random(f"partner center {seed}")
        self.mfa_required = True
        self._router = Router(_not_found)
        self._router.route("GET", "/v1/customers")(self._customers)
        self._router.route("GET", "/v1/customers/{customer}/subscriptions")(self._subscriptions)

    def __call__(self, request: Request) -> Response:
        headers = {name: request.headers.get(name.lower()) or self._id() for name in ("MS-RequestId", "MS-CorrelationId")}
        try:
            token = self._token(request)
            with_mfa = token.app_only or "mfa" in token.amr
            if request.headers.get("validatemfa", "").lower() == "true":
                headers["isMfaCompliant"] = str(with_mfa).lower()
            if self.mfa_required and not with_mfa:
                raise PartnerCenterError(401, "10001", "Authentication failed. MFA required.")
            response = self._consents(request, token) or self._router(request)
        except PartnerCenterError as error:
            response = error.response
        return Response(response.status, response.body, {**response.headers, **headers})

    def _consents(self, request: Request, token: AccessToken) -> Response | None:
        """The answer where the request is about a consent: it depends on who asks."""
        found = _CONSENT.fullmatch(request.path)
        if found and request.method == "POST" and not found["application"]:
            return consents.give(self._directory, token, request, found["customer"], self._now())
        if found and request.method == "DELETE" and found["application"]:
            return consents.take_back(self._directory, token, request, found["customer"], found["application"])
        return None

    def _token(self, request: Request) -> AccessToken:
        try:
            token = AccessToken.decode(bearer(request.headers))
        except ValueError as error:
            raise PartnerCenterError(401, "900420", "The access token is missing or malformed.") from error
        if token.audience != PARTNER_CENTER or token.expires <= self._now():
            raise PartnerCenterError(401, "900420", "The access token has an invalid audience or has expired.")
        if token.tenant_id != self._directory.partner.tenant_id:
            raise PartnerCenterError(403, "900308", "The caller has insufficient privileges.")
        return token

    def _customers(self, request: Request) -> Response:
        size = _page_size(request)
        customers = self._directory.contracts
        start = self._start(request, size)
        body: dict[str, Any] = {
            "totalCount": len(customers),
            "items": [_customer(contract) for contract in customers[start : start + size]],
            "links": {"self": {"uri": f"/customers?size={size}", "method": "GET", "headers": []}},
            "attributes": {"objectType": "Collection"},
        }
        if start + size < len(customers):
            header = {"key": _CONTINUATION, "value": _continuation(start + size, size)}
            body["links"]["next"] = {"uri": f"/customers?size={size}&seekOperation=Next", "method": "GET", "headers": [header]}
        return Response.of_json(body)

    def _subscriptions(self, request: Request, customer: str) -> Response:
        """What the partner sold to a customer; what others sold there is not its to see."""
        tenant = self._directory.tenant(customer)
        if tenant is None or all(contract.customer_id != tenant.tenant_id for contract in self._directory.contracts):
            raise PartnerCenterError(404, "60003", "The tenant was not found, or there is no relationship with it.")
        sold = [one for one in tenant.subscriptions if one.owner_tenant_id == self._directory.partner.tenant_id]
        items = [_subscription(one, self._now()) for one in sold]
        return Response.of_json({"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})

    def _start(self, request: Request, size: int) -> int:
        seeking = request.query.get("seekOperation") == "Next"
        token = request.headers.get(_CONTINUATION.lower())
        if not seeking and token is None:
            return 0
        found = (start for start in range(len(self._directory.contracts)) if token == _continuation(start, size))
        start = next(found, None)
        if not seeking or start is None:
            raise PartnerCenterError(400, "2000", f"The {_CONTINUATION} header and seekOperation=Next belong together, with a token as it was given.")
        return start

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _page_size(request: Request) -> int:
    text = request.query.get("size", "0")
    if not text.isdecimal() or int(text) > LARGEST_PAGE:
        raise PartnerCenterError(400, "2000", f"The page size must be a number up to {LARGEST_PAGE}.")
    return int(text) or LARGEST_PAGE


def _continuation(start: int, size: int) -> str:
    return base64url_json({"start": start, "size": size})


def _customer(contract: Contract) -> dict[str, Any]:
    return {
        "id": contract.customer_id,
        "commerceId": contract.contract_id,
        "companyProfile": {
            "tenantId": contract.customer_id,
            "domain": contract.default_domain,
            "companyName": contract.display_name,
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "relationshipToPartner": "reseller",
        "attributes": {"objectType": "Customer"},
    }


def _subscription(one: Subscription, now: datetime) -> dict[str, Any]:
    ends = one.next_lifecycle(now) - timedelta(days=1)
    return {
        "id": one.commerce_id,
        "offerName": one.sku.name,
        "friendlyName": one.sku.name,
        "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
        "quantity": one.seats,
        "unitType": "Licenses",
        "creationDate": f"{one.created:%Y-%m-%dT%H:%M:%S}.1210743Z",
        "commitmentEndDate": f"{ends:%Y-%m-%d}T00:00:00Z",
        "status": _STATUS.get(str(one.state), "deleted"),
        "autoRenewEnabled": True,
        "isTrial": one.trial,
        "billingType": "license",
        "billingCycle": one.billing_cycle,
        "termDuration": one.term,
        "renewalTermDuration": "",
        "isMicrosoftProduct": True,
        "contractType": "subscription",
        "attributes": {"objectType": "Subscription"},
    }


def _not_found(request: Request) -> Response:
    raise PartnerCenterError(404, "60003", "The resource was not found, or is not simulated by the sandbox.")
