"""How the world looks in Graph v1.0: each function gives the full objects of one collection, in Graph's member names.

Names and types follow Microsoft's own description of Graph v1.0 (the CSDL in microsoftgraph/msgraph-metadata).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.microsoft.catalog import Sku
from sandbox.microsoft.directory import FOUNDED, Tenant, User, stable_id
from sandbox.microsoft.graph_call import Call
from sandbox.microsoft.relationships import Contract, Relationship
from sandbox.microsoft.subscriptions import Subscription, SubscriptionState, capability_status, prepaid_units

Item = dict[str, Any]

USER_DEFAULTS = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
"""What a user shows when nothing is selected; licences are not among it."""
_USER_ATTRIBUTES = (
    "city",
    "companyName",
    "country",
    "department",
    "employeeId",
    "employeeType",
    "givenName",
    "jobTitle",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesSyncEnabled",
    "postalCode",
    "preferredLanguage",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
)


def timestamp(moment: datetime) -> str:
    """A UTC time as Graph writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def subscribed_skus(call: Call) -> list[Item]:
    """One row per SKU that the tenant ever bought, with totals over its subscriptions."""
    tenant = call.tenant
    skus = dict.fromkeys(subscription.sku for subscription in tenant.subscriptions)
    return [_subscribed_sku(tenant, sku) for sku in skus]


def _subscribed_sku(tenant: Tenant, sku: Sku) -> Item:
    subscriptions = [one for one in tenant.subscriptions if one.sku == sku]
    row = {
        "id": f"{tenant.tenant_id}_{sku.sku_id}",
        "accountId": tenant.tenant_id,
        "accountName": tenant.initial_domain.removesuffix(".onmicrosoft.com"),
        "appliesTo": _applies_to(sku),
        "capabilityStatus": capability_status(subscriptions),
        "consumedUnits": tenant.consumed(sku),
        "prepaidUnits": prepaid_units(subscriptions),
        "servicePlans": _service_plans(sku),
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "subscriptionIds": [one.subscription_id for one in subscriptions if one.state != SubscriptionState.DELETED],
    }
    return row | tenant.overrides.get(sku.sku_id, {})


def company_subscriptions(call: Call) -> list[Item]:
    """One row per purchase."""
    return [_company_subscription(one, call.now) for one in call.tenant.subscriptions]


def _company_subscription(subscription: Subscription, now: datetime) -> Item:
    sku = subscription.sku
    return {
        "id": subscription.subscription_id,
        "commerceSubscriptionId": subscription.commerce_id,
        "createdDateTime": timestamp(subscription.created),
        "isTrial": subscription.trial,
        "nextLifecycleDateTime": timestamp(subscription.next_lifecycle(now)),
        "ownerId": None,
        "ownerTenantId": subscription.owner_tenant_id,
        "ownerType": None,
        "serviceStatus": _service_plans(sku),
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "status": str(subscription.state),
        "totalLicenses": subscription.seats,
    }


def organizations(call: Call) -> list[Item]:
    """The tenant itself, always one row."""
    tenant = call.tenant
    return [
        {
            "id": tenant.tenant_id,
            "deletedDateTime": None,
            "businessPhones": [],
            "countryLetterCode": None,
            "createdDateTime": timestamp(FOUNDED),
            "displayName": tenant.display_name,
            "marketingNotificationEmails": [],
            "onPremisesSyncEnabled": None,
            "preferredLanguage": "en",
            "technicalNotificationMails": [],
            "tenantType": "AAD",
            "verifiedDomains": [
                {
                    "capabilities": "Email, OfficeCommunicationsOnline",
                    "isDefault": name == tenant.default_domain,
                    "isInitial": name == tenant.initial_domain,
                    "name": name,
                    "type": "Managed",
                }
                for name in tenant.domains
            ],
            "assignedPlans": [],
            "provisionedPlans": [],
        }
    ]


def domains(call: Call) -> list[Item]:
    """The tenant's domains, all verified."""
    tenant = call.tenant
    return [
        {
            "id": name,
            "authenticationType": "Managed",
            "availabilityStatus": None,
            "isAdminManaged": True,
            "isDefault": name == tenant.default_domain,
            "isInitial": name == tenant.initial_domain,
            "isRoot": True,
            "isVerified": True,
            "passwordNotificationWindowInDays": None,
            "passwordValidityPeriodInDays": None,
            "state": None,
            "supportedServices": ["Email", "OfficeCommunicationsOnline"],
        }
        for name in tenant.domains
    ]


def user_row(user: User) -> Item:
    """A user with everything that can be selected, sign-ins excepted."""
    return {
        **dict.fromkeys(_USER_ATTRIBUTES),
        "id": user.user_id,
        "accountEnabled": user.account_enabled,
        "assignedLicenses": [{"skuId": sku.sku_id, "disabledPlans": []} for sku in user.licences],
        "businessPhones": [],
        "createdDateTime": timestamp(user.created),
        "displayName": user.display_name,
        "licenseAssignmentStates": [_assignment(user, sku) for sku in user.licences],
        "mail": user.mail,
        "proxyAddresses": [] if user.mail is None else [f"SMTP:{user.mail}"],
        "userPrincipalName": user.user_principal_name,
        "userType": user.user_type,
        **user.attributes,
    }


def _assignment(user: User, sku: Sku) -> Item:
    changed = timestamp(user.created)
    return {"skuId": sku.sku_id, "assignedByGroup": None, "disabledPlans": [], "error": "None", "lastUpdatedDateTime": changed, "state": "Active"}


def contracts(call: Call) -> list[Item]:
    """The partner's reseller relationships."""
    return [_contract(one) for one in call.directory.contracts]


def _contract(contract: Contract) -> Item:
    return {
        "id": contract.contract_id,
        "deletedDateTime": None,
        "contractType": "ResellerPartner",
        "customerId": contract.customer_id,
        "defaultDomainName": contract.default_domain,
        "displayName": contract.display_name,
    }


def delegated_admin_relationships(call: Call) -> list[Item]:
    """The partner's GDAP relationships in every state."""
    return [_relationship(one) for one in call.directory.relationships]


def _relationship(relationship: Relationship) -> Item:
    return {
        "@odata.type": "#microsoft.graph.delegatedAdminRelationship",
        "@odata.etag": f'W/"{stable_id(relationship.relationship_id, relationship.status)}"',
        "id": relationship.relationship_id,
        "displayName": relationship.display_name,
        "duration": f"P{(relationship.ends - relationship.created).days}D",
        "customer": {"tenantId": relationship.customer_id, "displayName": relationship.customer_name},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": role} for role in relationship.roles]},
        "status": relationship.status,
        "autoExtendDuration": relationship.auto_extend,
        "createdDateTime": timestamp(relationship.created),
        "lastModifiedDateTime": timestamp(relationship.created),
        "activatedDateTime": timestamp(relationship.created),
        "endDateTime": timestamp(relationship.ends),
    }


def _applies_to(sku: Sku) -> str:
    return "Company" if sku.company_wide else "User"


def _service_plans(sku: Sku) -> list[Item]:
    return [
        {"servicePlanId": plan.plan_id, "servicePlanName": plan.name, "provisioningStatus": "Success", "appliesTo": _applies_to(sku)}
        for plan in sku.plans
    ]
