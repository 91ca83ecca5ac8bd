"""The world behind the simulated services: the partner, its customers, and what they bought and assigned.

A seed builds it and a test moves it, in the words of the trade::

    world = Directory.of_partner("Fabrikam Managed IT", "fabrikam-it.example")
    contoso = world.add_customer("Contoso", "contoso.example")
    contoso.buy(BUSINESS_PREMIUM, 25)
    contoso.hire(22, BUSINESS_PREMIUM)
    contoso.expire_to_warning(BUSINESS_PREMIUM)

Ids come from names, so the same seed always makes the same world.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid5

from sandbox.microsoft.applications import Application, ClientSecret
from sandbox.microsoft.catalog import Sku
from sandbox.microsoft.conditions import Conditions
from sandbox.microsoft.equipment import Device, Group, ManagedDevice
from sandbox.microsoft.relationships import Assignment, Contract, Relationship
from sandbox.microsoft.subscriptions import Subscription, SubscriptionState

_IDS = UUID("5f0c1d4e-8a3b-4c62-9d17-3e5b7a9c2f10")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any clock that a test or a demo sets."""
FOUNDED = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
"""When things began unless a seed says otherwise."""
FOREVER = datetime(2099, 1, 1, tzinfo=UTC)
PARTNER = "partner"
"""As a seller: whoever the tenant's partner is."""

DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
"""Role template ids of Entra, the same in every tenant."""

GRANTED = frozenset(
    {
        "LicenseAssignment.Read.All",
        "Organization.Read.All",
        "User.Read.All",
        "Directory.Read.All",
        "DelegatedAdminRelationship.Read.All",
        "Domain.Read.All",
        "AuditLog.Read.All",
        "Reports.Read.All",
        "DeviceManagementManagedDevices.Read.All",
        "Mail.Send",
    }
)
"""What a well set up application was granted in a tenant, for people and for itself."""


def stable_id(*parts: object) -> str:
    """A GUID that is always the same for the same parts."""
    return str(uuid5(_IDS, "/".join(str(part) for part in parts)))


ADMIN_AGENTS = "AdminAgents"
"""The group of Partner Center whose members may administer customers."""
REDIRECT = "http://localhost:8400"
"""Where the browser comes back to after a sign-in, unless somebody chose another port."""
PARTNER_CENTER_ID = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
"""The application id of Partner Center, which has a service principal in a partner's tenant once somebody used it."""
READERS_GROUP = "Licence sync"
"""The group that the relationships' roles are assigned to."""


@dataclass
class User:
    """A person or a mailbox of a tenant. ``attributes`` are further members in Graph's names, such as ``department``."""

    user_id: str
    user_principal_name: str
    display_name: str
    mail: str | None = None
    account_enabled: bool = True
    user_type: str | None = "Member"
    created: datetime = FOUNDED
    licences: list[Sku] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    shared_mailbox: bool = False
    mfa_registered: bool = False
    last_sign_in: datetime | None = None


@dataclass
class Tenant:
    """One Microsoft tenant. The first of ``domains`` is its default, the last its ``onmicrosoft.com`` one."""

    tenant_id: str
    display_name: str
    domains: list[str]
    partner_id: str
    subscriptions: list[Subscription] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    managed_devices: list[ManagedDevice] = field(default_factory=list)
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)
    permissions: frozenset[str] = GRANTED
    """What our application was granted here on behalf of people, and, unless ``own_permissions`` says otherwise, for itself."""
    own_permissions: frozenset[str] | None = None
    consent_takes: timedelta = timedelta(0)
    """How long a consent that the partner gives takes until tokens know of it."""
    consented_at: datetime = LONG_AGO
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def application_permissions(self) -> frozenset[str]:
        """What our application was granted here for itself."""
        return self.permissions if self.own_permissions is None else self.own_permissions

    @property
    def default_domain(self) -> str:
        """The verified domain that new users get."""
        return self.domains[0]

    @property
    def initial_domain(self) -> str:
        """The ``onmicrosoft.com`` domain that the tenant was made with."""
        return self.domains[-1]

    def buy(
        self,
        sku: Sku,
        seats: int,
        *,
        sold_by: str | None = PARTNER,
        term: str = "P1Y",
        trial: bool = False,
        since: datetime = FOUNDED,
    ) -> Subscription:
        """A new subscription. ``sold_by`` is the owner's tenant id, ``None`` for one bought straight from Microsoft."""
        number = len(self.subscriptions) + 1
        subscription = Subscription(
            subscription_id=stable_id(self.tenant_id, "subscription", number),
            commerce_id=stable_id(self.tenant_id, "commerce", number),
            sku=sku,
            seats=seats,
            owner_tenant_id=self.partner_id if sold_by == PARTNER else sold_by,
            created=since,
            term=term,
            trial=trial,
        )
        self.subscriptions.append(subscription)
        return subscription

    def subscription(self, sku: Sku) -> Subscription:
        """The first subscription of a SKU; raises ``LookupError`` when there is none."""
        return self._subscriptions(sku)[0]

    def set_seats(self, sku: Sku, seats: int) -> None:
        """Changes how many seats the first subscription of a SKU has."""
        self.subscription(sku).seats = seats

    def expire_to_warning(self, *skus: Sku) -> None:
        """The term ended unpaid: usable for some weeks yet. Without a SKU, everything."""
        self._move(skus, SubscriptionState.WARNING)

    def suspend(self, *skus: Sku) -> None:
        """After the grace period: nothing can be assigned. Without a SKU, everything."""
        self._move(skus, SubscriptionState.SUSPENDED)

    def delete(self, *skus: Sku) -> None:
        """After the suspension: the subscription is gone, its row lingers. Without a SKU, everything."""
        self._move(skus, SubscriptionState.DELETED)

    def lock_out(self, *skus: Sku) -> None:
        """Locked by Microsoft. Without a SKU, everything."""
        self._move(skus, SubscriptionState.LOCKED_OUT)

    def renew(self, *skus: Sku) -> None:
        """Paid again: back to enabled. Without a SKU, everything."""
        self._move(skus, SubscriptionState.ENABLED)

    def hire(self, number: int, *skus: Sku, **attributes: Any) -> list[User]:
        """New users with these licences; ``attributes`` are members in Graph's names, the same for all."""
        return [self.add_user(f"Employee {len(self.users) + 1:03}", skus=list(skus), **attributes) for _ in range(number)]

    def add_user(self, display_name: str, mailbox: str = "", *, skus: list[Sku] | None = None, enabled: bool = True, **attributes: Any) -> User:
        """One user by name. ``mailbox`` is the part before the @, and made from a number when it is not given."""
        number = len(self.users) + 1
        address = f"{mailbox or f'employee.{number:03}'}@{self.default_domain}"
        user = User(stable_id(self.tenant_id, "user", number), address, display_name, address, enabled, licences=skus or [], attributes=attributes)
        self.users.append(user)
        return user

    def add_shared_mailbox(self, display_name: str, mailbox: str) -> User:
        """A mailbox of several people: an account that nobody may sign in to, without a licence."""
        user = self.add_user(display_name, mailbox, enabled=False)
        user.shared_mailbox = True
        return user

    def add_group(self, display_name: str, *members: User | Device | Group) -> Group:
        """A group with these members; groups may be members of groups."""
        group = Group(stable_id(self.tenant_id, "group", len(self.groups)), display_name, [_member_id(member) for member in members])
        self.groups.append(group)
        return group

    def add_device(self, operating_system: str = "Windows", last_seen: datetime | None = None, **facts: Any) -> Device:
        """A device registered in Entra, with a name of its own. ``facts`` are further members of ``Device``."""
        number = len(self.devices) + 1
        device = Device(stable_id(self.tenant_id, "device", number), f"DEVICE-{number:03}", operating_system, last_seen, **facts)
        self.devices.append(device)
        return device

    def enroll(self, last_sync: datetime, operating_system: str = "Windows", user: User | None = None, **facts: Any) -> ManagedDevice:
        """A device enrolled in Intune, with a name of its own. ``facts`` are further members of ``ManagedDevice``."""
        number = len(self.managed_devices) + 1
        name = user.user_principal_name if user else ""
        device = ManagedDevice(stable_id(self.tenant_id, "intune", number), f"INTUNE-{number:03}", operating_system, last_sync, name, **facts)
        self.managed_devices.append(device)
        return device

    def assign(self, sku: Sku, number: int) -> None:
        """Gives the SKU to the first users without it; raises ``ValueError`` when there are too few."""
        free = [user for user in self.users if sku not in user.licences]
        if len(free) < number:
            raise ValueError(f"{self.display_name} has {len(free)} users without {sku.part_number}, not {number}")
        for user in free[:number]:
            user.licences.append(sku)

    def unassign(self, sku: Sku, number: int) -> None:
        """Takes the SKU from the last users with it; raises ``ValueError`` when there are too few."""
        holders = [user for user in self.users if sku in user.licences]
        if len(holders) < number:
            raise ValueError(f"{self.display_name} has {len(holders)} users with {sku.part_number}, not {number}")
        for user in holders[len(holders) - number :]:
            user.licences.remove(sku)

    def consumed(self, sku: Sku) -> int:
        """How many users hold the SKU."""
        return sum(sku in user.licences for user in self.users)

    def override(self, sku: Sku, **members: Any) -> None:
        """Makes the SKU's row say something else than its subscriptions and users do, in Graph's names: ``consumedUnits=99``."""
        self.overrides.setdefault(sku.sku_id, {}).update(members)

    def withdraw_consent(self) -> None:
        """The tenant's administrator removes the application."""
        self.permissions = frozenset()

    def find_user(self, id_or_name: str) -> User | None:
        """A user by id or by user principal name, in any letter case."""
        wanted = id_or_name.lower()
        return next((user for user in self.users if wanted in (user.user_id, user.user_principal_name.lower())), None)

    def _move(self, skus: tuple[Sku, ...], state: SubscriptionState) -> None:
        chosen = [subscription for sku in skus for subscription in self._subscriptions(sku)] if skus else self.subscriptions
        for subscription in chosen:
            subscription.state = state

    def _subscriptions(self, sku: Sku) -> list[Subscription]:
        found = [subscription for subscription in self.subscriptions if subscription.sku == sku]
        if not found:
            raise LookupError(f"{self.display_name} has no subscription of {sku.part_number}")
        return found


@dataclass
class Directory:
    """Everything the simulated Microsoft knows: one partner with its applications, of which the first is ours, and its customers."""

    partner: Tenant
    applications: list[Application] = field(default_factory=list)
    customers: list[Tenant] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    relationships: list[Relationship] = field(default_factory=list)
    directory_roles: dict[str, list[str]] = field(default_factory=dict)
    """The role templates that people of the partner have in their own tenant, by user id."""
    principals: set[str] = field(default_factory=set)
    """Application ids that have a service principal in the partner's tenant."""
    lag: timedelta = timedelta(0)
    """How long a new application takes to be known everywhere in the directory."""
    partner_center_allowed: bool = True
    """Whether our application was granted Partner Center in the partner's tenant."""

    @classmethod
    def of_partner(cls, display_name: str, domain: str) -> Self:
        """A partner without customers: one mailbox (``licences@domain``) that mails are sent from, and a service account in two groups.

        Our application is registered, and granted what it needs.
        """
        tenant_id = stable_id("tenant", domain)
        partner = Tenant(tenant_id, display_name, _domains(domain), tenant_id)
        partner.add_user("Licence Sync Mailbox", "licences")
        account = partner.add_user("Licence Sync Service", "licence-sync")
        account.user_id = stable_id(tenant_id, "service user")
        for name in (ADMIN_AGENTS, READERS_GROUP):
            partner.add_group(name, account)
        secret = ClientSecret(stable_id("secret", domain), "sandbox-client-secret", FOUNDED, FOREVER)
        application = Application(stable_id("application", domain), stable_id("application object", domain), "Licence Sync", secrets=[secret])
        application.redirects.append(REDIRECT)
        return cls(partner, [application], principals={application.application_id, PARTNER_CENTER_ID})

    def forget_application(self) -> None:
        """As before the set-up: no application is registered, and nobody has consented to one."""
        self.applications.clear()
        self.principals.clear()
        self.partner_center_allowed = False
        for tenant in (self.partner, *self.customers):
            tenant.permissions, tenant.own_permissions = frozenset(), None

    @property
    def service_account(self) -> User:
        """The partner's person who signs in for the application."""
        return self.partner.users[1]

    def groups_of(self, user_id: str) -> frozenset[str]:
        """The ids of the partner's groups that a person is in."""
        return frozenset(group.group_id for group in self.partner.groups if user_id in group.member_ids)

    def group(self, display_name: str) -> Group:
        """One of the partner's groups; raises ``KeyError``."""
        return {group.display_name: group for group in self.partner.groups}[display_name]

    @property
    def client_id(self) -> str:
        """The id of our application, empty before it was registered."""
        return self.applications[0].application_id if self.applications else ""

    @property
    def client_secret(self) -> str:
        """The newest secret of our application."""
        return self.applications[0].secrets[-1].value

    def add_customer(self, display_name: str, domain: str, *, ends: datetime = datetime(2027, 11, 3, 9, 0, tzinfo=UTC)) -> Tenant:
        """A customer with a reseller contract and an active relationship that ends at ``ends`` and extends itself."""
        tenant = Tenant(stable_id("tenant", domain), display_name, _domains(domain), self.partner.tenant_id)
        self.customers.append(tenant)
        self.contracts.append(Contract(stable_id(domain, "contract"), tenant.tenant_id, display_name, domain))
        self.relate(tenant, f"{display_name} managed services", ends=ends)
        return tenant

    def relate(
        self,
        tenant: Tenant,
        display_name: str,
        *,
        roles: tuple[str, ...] = (DIRECTORY_READERS, REPORTS_READER),
        ends: datetime,
        created: datetime = FOUNDED,
    ) -> Relationship:
        """One more active relationship with a customer; several at a time are normal."""
        number = len(self.relationships)
        relationship_id = f"{stable_id('relationship', number)}-{stable_id('relationship', number, 'revision')}"
        relationship = Relationship(relationship_id, display_name, tenant.tenant_id, tenant.display_name, roles, created, ends)
        relationship.assignments.append(Assignment(stable_id(relationship_id, "assignment"), self.group(READERS_GROUP).group_id))
        self.relationships.append(relationship)
        return relationship

    def end_relationships(self, tenant: Tenant, status: str = "expired") -> None:
        """The partner's people lose their rights in the customer; ``status`` says how."""
        for relationship in self.relationships:
            if relationship.customer_id == tenant.tenant_id:
                relationship.status = status

    def roles_in(self, tenant: Tenant, user_id: str = "") -> frozenset[str]:
        """The roles that a person of the partner (the service account) has in a customer, over all relationships in force."""
        groups = self.groups_of(user_id or self.service_account.user_id)
        in_force = [one for one in self.relationships if one.customer_id == tenant.tenant_id and one.status in ("active", "expiring")]
        return frozenset(role for relationship in in_force for role in relationship.roles_of(groups))

    def tenant(self, id_or_domain: str) -> Tenant | None:
        """A tenant by id or by any of its domains, in any letter case."""
        wanted = id_or_domain.lower()
        return next((one for one in (self.partner, *self.customers) if wanted == one.tenant_id or wanted in one.domains), None)

    def remove_customer(self, tenant: Tenant) -> None:
        """The tenant is deleted: no contract, no relationship, no sign-in."""
        self.customers.remove(tenant)
        self.contracts = [one for one in self.contracts if one.customer_id != tenant.tenant_id]
        self.relationships = [one for one in self.relationships if one.customer_id != tenant.tenant_id]


def _member_id(member: User | Device | Group) -> str:
    if isinstance(member, User):
        return member.user_id
    return member.group_id if isinstance(member, Group) else member.device_id


def _domains(domain: str) -> list[str]:
    return [domain, f"{domain.split('.', maxsplit=1)[0]}.onmicrosoft.com"]
