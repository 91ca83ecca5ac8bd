"""The app's consent in a customer's tenant, given through Partner Center for a partner's customers one by one.

Facts: Microsoft Learn, "Partner Center REST: application consents". It can be asked for once; further permissions take a new one. The
service account has to be an AdminAgent, and Cloud Application Administrator or more in the customer, while it is given.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from adapters.microsoft.partner_center import PartnerCenter
from adapters.microsoft.rights import GRAPH_ID

_THERE = "permission entry already exists"
"""What a consent that is there already is refused with; the status is not documented."""


@dataclass(frozen=True)
class Consents:
    """Consents to one application."""

    partner_center: PartnerCenter
    application_id: str

    def give(self, tenant_id: str, scopes: Collection[str], display_name: str) -> bool:
        """Consents in a customer; ``False`` when a consent, perhaps to other permissions, is there already.

        Raises ``SyncError``: ``RetryLater`` and ``OutcomeUnknown`` may be tried again, as a second consent changes nothing.
        """
        answer = self.partner_center.send("POST", self._path(tenant_id), self._body(scopes, display_name))
        if answer.ok:
            return True
        if answer.status == 409 or _THERE in answer.text.lower():
            return False
        raise self.partner_center.refusal(answer)

    def renew(self, tenant_id: str, scopes: Collection[str], display_name: str) -> bool:
        """Takes the consent back and gives it anew: permissions cannot be added to one."""
        answer = self.partner_center.send("DELETE", f"{self._path(tenant_id)}/{self.application_id}")
        if not answer.ok and answer.status != 404:
            raise self.partner_center.refusal(answer)
        return self.give(tenant_id, scopes, display_name)

    def _path(self, tenant_id: str) -> str:
        return f"/v1/customers/{tenant_id}/applicationconsents"

    def _body(self, scopes: Collection[str], display_name: str) -> dict[str, Any]:
        grant = {"enterpriseApplicationId": GRAPH_ID, "scope": ",".join(sorted(scopes))}
        return {"applicationId": self.application_id, "displayName": display_name, "applicationGrants": [grant]}
