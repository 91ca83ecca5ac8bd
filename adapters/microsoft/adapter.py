"""The Microsoft side as the core asks for it: what a customer holds, who the customers are, and whether our sign-in works."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.microsoft import application, discovery, reading
from adapters.microsoft.batch import PartAnswer
from adapters.microsoft.graph import Graph, GraphService
from adapters.microsoft.meanings import MISSING_ROLE, SIGN_IN_AGAIN
from adapters.microsoft.partner_center import PartnerCenter
from adapters.microsoft.questions import ORGANIZATION, paths
from adapters.microsoft.sign_in import another_tenant, own_sign_in
from adapters.microsoft.sku_names import SkuNames
from adapters.microsoft.usage import Usage
from sync_core.errors import SkipCustomer, StopRun, SyncError
from sync_core.events import event
from sync_core.model.access import Delegation, Renewal
from sync_core.model.configuration import Credential, Partner
from sync_core.model.customers import Customer
from sync_core.model.licences import Source, UsageSnapshot
from sync_core.ports import NOTHING_MORE, Health, Relationship, UsageNeeds

_HEALTH = "Microsoft sign-in"
_ACTIVE = "/tenantRelationships/delegatedAdminRelationships?$filter=status%20eq%20'active'&$top=300"


class MicrosoftAdapter:
    """The ``Microsoft`` port over Graph. Safe for threads."""

    def __init__(self, partner: Partner, graph: GraphService, names: SkuNames, partner_center: PartnerCenter | None = None) -> None:
        """Without ``partner_center`` the terms of subscriptions are never read."""
        self._partner = partner
        self._graph = graph
        self._names = names
        self._partner_center = partner_center

    def read_usage(self, customer: Customer, needs: UsageNeeds = NOTHING_MORE) -> UsageSnapshot:
        """Reads a customer in one request, and further pages and the report of mailboxes only where they are needed.

        Raises:
            SkipCustomer: the customer cannot be read; code ``answer-of-another-tenant`` when the answer was not the customer's.
            RetryLater: nothing could be read now.
            StopRun: the partner's own sign-in does not work.
        """
        graph = self._graph.tenant(customer.tenant_id, customer.sign_in)
        parts = graph.batch(paths(needs))
        _require_own(graph, customer.tenant_id, parts[ORGANIZATION])
        snapshot = Usage(graph, parts, needs).snapshot(customer.tenant_id, self._graph.clock.now(), self._names.name_of)
        return self._with_terms(snapshot) if Source.TERMS in needs.sources else snapshot

    def relationships(self) -> tuple[Relationship, ...]:
        """All customers with an active relationship or a contract; raises ``SyncError`` rather than answer with a part of them."""
        graph = self._partner_graph()
        return discovery.united(graph.rows(_ACTIVE), graph.rows("/contracts"))

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        """The customer's verified domain names, lower case."""
        graph = self._graph.tenant(customer.tenant_id, customer.sign_in)
        organization = _own_organization(graph, customer.tenant_id, graph.get("/organization?$select=id,verifiedDomains"))
        return frozenset(str(domain["name"]).lower() for domain in organization.get("verifiedDomains") or () if domain.get("name"))

    def health(self) -> Health:
        """Whether the partner's own sign-in works, by one read of the partner's tenant, and was made with MFA."""
        try:
            graph = self._partner_graph()
            _own_organization(graph, self._partner.tenant_id, graph.get("/organization?$select=id"))
            mfa = graph.signed_in().mfa
        except SyncError as error:
            return Health(_HEALTH, ok=False, detail=f"{error.what}. {error.why}".strip(), fix=error.fix)
        if mfa is False:
            return Health(_HEALTH, ok=False, detail="The stored sign-in was made without multi-factor authentication", fix=SIGN_IN_AGAIN)
        return Health(_HEALTH, ok=True)

    def renew(self) -> Renewal:
        """See ``Microsoft.renew``."""
        return self._graph.sign_ins.renew(self._graph.resource)

    def delegations(self) -> tuple[Delegation, ...]:
        """See ``Microsoft.delegations``."""
        return discovery.delegations(self._partner_graph().rows(_ACTIVE))

    def credential_ends(self) -> datetime | None:
        """See ``Microsoft.credential_ends``: of a certificate from itself, of a client secret from its app registration."""
        match self._partner.credential:
            case Credential.MANAGED_IDENTITY:
                return None
            case Credential.CERTIFICATE:
                return application.certificate_ends(self._graph.sign_ins.own_credential())
        try:
            registration = self._partner_graph().get(application.own_path(self._partner.application_id))
        except StopRun as error:
            if error.code == MISSING_ROLE:  # unverified which of the rights that we have let us read it; without one nobody is stopped
                return None
            raise
        return application.secret_ends(registration, self._graph.sign_ins.own_credential())

    def _with_terms(self, snapshot: UsageSnapshot) -> UsageSnapshot:
        """The snapshot with the terms by Partner Center. Whatever goes wrong there leaves them unknown, and everything else as it is."""
        try:
            if self._partner_center is None:
                raise SkipCustomer("Nobody is connected to Partner Center", code="no-partner-center")
            terms = self._partner_center.terms(snapshot.tenant_id)
        except SyncError as error:
            event("terms.unread", customer=snapshot.tenant_id, code=error.code)
            return replace(snapshot, read=snapshot.read - {Source.TERMS}, failed={**snapshot.failed, Source.TERMS: str(error)})
        return replace(snapshot, terms=terms)

    def _partner_graph(self) -> Graph:
        return self._graph.tenant(self._partner.tenant_id, own_sign_in(self._partner), at_partner=True)


def _require_own(graph: Graph, tenant_id: str, part: PartAnswer) -> None:
    """Without a proof that the batch is the customer's, nothing of it is used."""
    if not part.ok:
        raise graph.part_error(ORGANIZATION, part)
    _own_organization(graph, tenant_id, part.body)


def _own_organization(graph: Graph, tenant_id: str, body: Any) -> reading.Row:
    organizations = reading.rows_of(body)
    if len(organizations) != 1 or str(organizations[0].get("id")).lower() != tenant_id.lower():
        graph.drop_token()
        raise another_tenant("The answer")
    return organizations[0]
