"""The Microsoft side as the core asks for it: what a customer holds, who the customers are, and whether our sign-in works."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar

from adapters.microsoft import discovery, reading
from adapters.microsoft.batch import PartAnswer
from adapters.microsoft.graph import Graph, GraphService
from adapters.microsoft.sign_in import another_tenant, own_sign_in
from adapters.microsoft.sku_names import SkuNames
from sync_core.errors import ANSWER_OF_ANOTHER_TENANT, InvalidConfiguration, RetryLater, SkipCustomer, SyncError
from sync_core.model.configuration import Partner
from sync_core.model.customers import Customer
from sync_core.model.licences import Source, UsageSnapshot, User
from sync_core.ports import Health, Relationship

ORGANIZATION = "organization"
PARTS = {
    ORGANIZATION: "/organization?$select=id",
    Source.SKUS: f"/subscribedSkus?$select={','.join(reading.SKU_MEMBERS)}",
    Source.SUBSCRIPTIONS: f"/directory/subscriptions?$select={','.join(reading.SUBSCRIPTION_MEMBERS)}",
}
"""All that a run needs of a customer, in one request."""

LARGEST_USER_PAGE = 999
LARGEST_SIGN_IN_PAGE = 500
"""Graph's largest pages of users; with ``signInActivity`` they are smaller (Microsoft Graph, "List users")."""

_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_HEALTH = "Microsoft sign-in"

Record = TypeVar("Record")


class MicrosoftAdapter:
    """The ``Microsoft`` port over Graph. Safe for threads."""

    def __init__(self, partner: Partner, graph: GraphService, names: SkuNames) -> None:
        self._partner = partner
        self._graph = graph
        self._names = names

    def read_usage(self, customer: Customer, attributes: Collection[str] = ()) -> UsageSnapshot:
        """Reads a customer in one request, and the users in pages when ``attributes`` (Graph's names) are asked for.

        Raises:
            SkipCustomer: the customer cannot be read; code ``answer-of-another-tenant`` when the answer was not the customer's.
            RetryLater: nothing could be read now.
            StopRun: the partner's own sign-in does not work.
            InvalidConfiguration: an attribute is no name of a property.
        """
        users_path = _users_path(attributes)
        graph = self._graph.tenant(customer.tenant_id, customer.sign_in)
        parts = graph.batch(PARTS)
        _require_own(graph, customer.tenant_id, parts[ORGANIZATION])
        tried = _Tried()
        skus = tried.read(Source.SKUS, lambda: reading.skus_from(_rows(graph, parts, Source.SKUS), self._names.name_of))
        subscriptions = tried.read(Source.SUBSCRIPTIONS, lambda: reading.subscriptions_from(_rows(graph, parts, Source.SUBSCRIPTIONS)))
        tried.require_one_of(Source.SKUS, Source.SUBSCRIPTIONS)
        users: tuple[User, ...] = ()
        if users_path:
            users = tried.read(Source.USERS, lambda: reading.users_from(graph.rows(users_path), attributes))
        return UsageSnapshot(customer.tenant_id, self._graph.clock.now(), skus, subscriptions, users, tried.reasons)

    def relationships(self) -> tuple[Relationship, ...]:
        """All customers with an active relationship or a contract; raises ``SyncError`` rather than answer with a part of them."""
        graph = self._partner_graph()
        active = graph.rows("/tenantRelationships/delegatedAdminRelationships?$filter=status%20eq%20'active'&$top=300")
        return discovery.united(active, graph.rows("/contracts"))

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        """The customer's verified domain names, lower case."""
        graph = self._graph.tenant(customer.tenant_id, customer.sign_in)
        organization = _own_organization(graph, customer.tenant_id, graph.get("/organization?$select=id,verifiedDomains"))
        return frozenset(str(domain["name"]).lower() for domain in organization.get("verifiedDomains") or () if domain.get("name"))

    def health(self) -> Health:
        """Whether the partner's own sign-in works, by one read of the partner's tenant."""
        try:
            graph = self._partner_graph()
            _own_organization(graph, self._partner.tenant_id, graph.get("/organization?$select=id"))
        except SyncError as error:
            return Health(_HEALTH, ok=False, detail=f"{error.what}. {error.why}".strip(), fix=error.fix)
        return Health(_HEALTH, ok=True)

    def _partner_graph(self) -> Graph:
        return self._graph.tenant(self._partner.tenant_id, own_sign_in(self._partner), at_partner=True)


@dataclass
class _Tried:
    """The sources of one snapshot: what could be read, and why the rest could not."""

    errors: dict[Source, RetryLater | SkipCustomer] = field(default_factory=dict)

    @property
    def reasons(self) -> dict[Source, str]:
        """The failed sources with a reason for people."""
        return {source: str(error) for source, error in self.errors.items()}

    def read(self, source: Source, read: Callable[[], tuple[Record, ...]]) -> tuple[Record, ...]:
        """What ``read`` gives, or nothing and a reason. What concerns more than this source goes through."""
        try:
            return read()
        except (RetryLater, SkipCustomer) as error:
            if error.code == ANSWER_OF_ANOTHER_TENANT:
                raise
            self.errors[source] = error
            return ()

    def require_one_of(self, *sources: Source) -> None:
        """Raises when all of these failed: the longest wait if waiting may help, else the first reason."""
        failed = [self.errors[source] for source in sources if source in self.errors]
        if len(failed) == len(sources):
            passing = [error for error in failed if isinstance(error, RetryLater)]
            raise max(passing, key=lambda error: error.delay) if passing else failed[0]


def _rows(graph: Graph, parts: dict[str, PartAnswer], source: Source) -> list[reading.Row]:
    part = parts[source]
    if not part.ok:
        raise graph.part_error(source, part)
    return [*reading.rows_of(part.body), *graph.further_rows(part.body)]


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


def _users_path(attributes: Collection[str]) -> str:
    """The path that lists all users with these attributes, or nothing when none is asked for."""
    for name in attributes:
        if not _ATTRIBUTE.fullmatch(name):
            raise InvalidConfiguration(f"{name!r} is no user attribute of Microsoft Graph", fix="Use Graph's name of the property")
    if not attributes:
        return ""
    size = LARGEST_SIGN_IN_PAGE if "signInActivity" in attributes else LARGEST_USER_PAGE
    return f"/users?$select={','.join(sorted({'id', 'assignedLicenses', *attributes}))}&$top={size}"
