"""What Graph lets a caller read: one row per collection with its rules.

Rules follow each resource's page on Microsoft Learn: query options, page sizes, least permissions, resource units.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.microsoft import equipment_resources as equipment
from sandbox.microsoft import registrations, resources
from sandbox.microsoft.collection import Collection


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LICENCES = _names("LicenseAssignment.Read.All Organization.Read.All Directory.Read.All")
_ORGANIZATION = _names("Organization.Read.All Directory.Read.All")

_READABLE = (
    Collection(
        "/subscribedSkus",
        "subscribedSku",
        resources.subscribed_skus,
        members=_names(
            "id accountId accountName appliesTo capabilityStatus consumedUnits prepaidUnits servicePlans skuId skuPartNumber subscriptionIds"
        ),
        permissions=_LICENCES,
        cost=3,
    ),
    Collection(
        "/directory/subscriptions",
        "companySubscription",
        resources.company_subscriptions,
        members=_names(
            "id commerceSubscriptionId createdDateTime isTrial nextLifecycleDateTime ownerId ownerTenantId ownerType serviceStatus skuId "
            "skuPartNumber status totalLicenses"
        ),
        permissions=_ORGANIZATION,
        real_options=_names("$filter $top $orderby $count"),
    ),
    Collection(
        "/organization",
        "organization",
        resources.organizations,
        members=_names(
            "id deletedDateTime assignedPlans businessPhones countryLetterCode createdDateTime displayName marketingNotificationEmails "
            "onPremisesSyncEnabled preferredLanguage provisionedPlans technicalNotificationMails tenantType verifiedDomains"
        ),
        permissions=_names("Organization.Read.All Directory.Read.All User.Read.All"),
    ),
    Collection(
        "/users",
        "user",
        equipment.users_with_sign_ins,
        members=_names(
            "id accountEnabled assignedLicenses businessPhones city companyName country createdDateTime department displayName employeeId "
            "employeeType givenName jobTitle licenseAssignmentStates mail mailNickname mobilePhone officeLocation onPremisesSyncEnabled "
            "postalCode preferredLanguage proxyAddresses state streetAddress surname usageLocation userPrincipalName userType signInActivity"
        ),
        permissions=_names("User.Read.All Directory.Read.All"),
        cost=2,
        options=_names("$select $top $count"),
        real_options=_names("$filter $orderby $search $expand"),
        defaults=resources.USER_DEFAULTS,
        page=100,
        largest_page=999,
    ),
    Collection(
        "/groups",
        "group",
        equipment.groups,
        members=_names(
            "id assignedLicenses createdDateTime description displayName groupTypes mail mailEnabled onPremisesSyncEnabled securityEnabled"
        ),
        permissions=_names("Group.Read.All Directory.Read.All"),
        cost=3,
        options=_names("$select $top $count"),
        real_options=_names("$filter $orderby $search $expand"),
        page=100,
        largest_page=999,
    ),
    Collection(
        "/devices",
        "device",
        equipment.devices,
        members=_names(
            "id accountEnabled approximateLastSignInDateTime deviceId displayName isCompliant isManaged operatingSystem "
            "operatingSystemVersion registrationDateTime trustType"
        ),
        permissions=_names("Device.Read.All Directory.Read.All"),
        options=_names("$select $top $count"),
        real_options=_names("$filter $orderby $search $expand"),
        page=100,
        largest_page=999,
    ),
    Collection(
        "/deviceManagement/managedDevices",
        "managedDevice",
        equipment.managed_devices,
        members=_names(
            "id complianceState deviceName enrolledDateTime lastSyncDateTime managedDeviceOwnerType managementAgent operatingSystem "
            "osVersion serialNumber userPrincipalName"
        ),
        permissions=_names("DeviceManagementManagedDevices.Read.All"),
        options=_names("$select $top"),
        real_options=_names("$filter $orderby $skip $count"),
        page=1000,
        largest_page=1000,
        requires=equipment.require_intune,
    ),
    Collection(
        "/reports/authenticationMethods/userRegistrationDetails",
        "userRegistrationDetails",
        equipment.registrations,
        members=_names(
            "id isAdmin isMfaCapable isMfaRegistered isPasswordlessCapable isSsprRegistered lastUpdatedDateTime methodsRegistered "
            "userDisplayName userPrincipalName userType"
        ),
        permissions=_names("AuditLog.Read.All"),
        options=_names("$select $top"),
        real_options=_names("$filter $orderby"),
        page=100,
        largest_page=999,
        requires=equipment.require_premium,
    ),
    Collection(
        "/domains",
        "domain",
        resources.domains,
        members=_names(
            "id authenticationType availabilityStatus isAdminManaged isDefault isInitial isRoot isVerified passwordNotificationWindowInDays "
            "passwordValidityPeriodInDays state supportedServices"
        ),
        permissions=_names("Domain.Read.All Directory.Read.All"),
        real_options=_names("$top"),
    ),
    Collection(
        "/contracts",
        "contract",
        resources.contracts,
        members=_names("id deletedDateTime contractType customerId defaultDomainName displayName"),
        permissions=_names("Directory.Read.All"),
        cost=3,
        options=_names("$select $top"),
        real_options=_names("$filter"),
        page=100,
        largest_page=999,
        partner_only=True,
    ),
    Collection(
        "/tenantRelationships/delegatedAdminRelationships",
        "delegatedAdminRelationship",
        resources.delegated_admin_relationships,
        members=_names(
            "id displayName duration customer accessDetails status autoExtendDuration createdDateTime lastModifiedDateTime "
            "activatedDateTime endDateTime"
        ),
        permissions=_names("DelegatedAdminRelationship.Read.All"),
        options=_names("$select $filter $top $count"),
        real_options=_names("$orderby"),
        page=100,
        largest_page=300,
        partner_only=True,
        filters=_names("status"),
    ),
)

_OWN = (
    Collection(
        "/applications",
        "application",
        registrations.applications,
        members=_names(
            "id appId displayName signInAudience requiredResourceAccess passwordCredentials keyCredentials web isFallbackPublicClient appRoles "
            "createdDateTime"
        ),
        permissions=_names("Application.Read.All Application.ReadWrite.All Directory.Read.All"),
        options=_names("$select $filter $top"),
        real_options=_names("$search $orderby $count $expand"),
        page=100,
        largest_page=999,
        filters=_names("appId displayName"),
    ),
    Collection(
        "/servicePrincipals",
        "servicePrincipal",
        registrations.principals,
        members=_names("id appId displayName oauth2PermissionScopes appRoles"),
        permissions=_names("Application.Read.All Application.ReadWrite.All Directory.Read.All"),
        options=_names("$select $filter $top"),
        real_options=_names("$search $orderby $count $expand"),
        page=100,
        largest_page=999,
        filters=_names("appId displayName"),
    ),
    Collection(
        "/oauth2PermissionGrants",
        "oAuth2PermissionGrant",
        registrations.grants,
        members=_names("id clientId consentType principalId resourceId scope"),
        permissions=_names("DelegatedPermissionGrant.ReadWrite.All Directory.Read.All"),
        options=_names("$select $filter $top"),
        real_options=_names("$count $orderby"),
        page=100,
        largest_page=999,
        filters=_names("clientId resourceId"),
    ),
)
"""What the partner has registered in its own tenant. Unverified: that Directory.Read.All is enough to read applications."""

COLLECTIONS = (*_READABLE, *_OWN)

_MEMBERS = "/groups/{group}/transitiveMembers"
_USERS = next(collection for collection in COLLECTIONS if collection.path == "/users")

_APPLICATIONS = _names("Application.Read.All Application.ReadWrite.All Directory.Read.All")

OF_ONE = (
    Collection(
        _MEMBERS,
        "directoryObject",
        equipment.members,
        members=_names("id deletedDateTime"),
        permissions=_names("GroupMember.Read.All Group.Read.All Directory.Read.All"),
        cost=5,
        options=_names("$select $top $count"),
        real_options=_names("$filter $orderby $search"),
        page=100,
        largest_page=999,
    ),
    replace(
        _USERS,
        path=f"{_MEMBERS}/microsoft.graph.user",
        items=equipment.user_members,
        members=_USERS.members - {equipment.SIGN_INS},
        cost=5,
        requires=equipment.require_advanced_query,
    ),
    Collection(
        "/me/transitiveMemberOf",
        "directoryObject",
        registrations.memberships,
        members=_names("id displayName roleTemplateId"),
        permissions=_names("Directory.Read.All GroupMember.Read.All"),
        options=_names("$select $top"),
        real_options=_names("$filter $count $orderby $search"),
        page=100,
        largest_page=999,
    ),
    Collection(
        "/tenantRelationships/delegatedAdminRelationships/{relationship}/accessAssignments",
        "delegatedAdminAccessAssignment",
        registrations.access_assignments,
        members=_names("id status createdDateTime lastModifiedDateTime accessContainer accessDetails"),
        permissions=_names("DelegatedAdminRelationship.Read.All"),
        real_options=_names("$filter $top $orderby $count"),
        page=100,
        largest_page=300,
        partner_only=True,
    ),
    Collection(
        "/servicePrincipals/{principal}/appRoleAssignments",
        "appRoleAssignment",
        registrations.role_assignments,
        members=_names("id appRoleId principalId principalType resourceId"),
        permissions=_APPLICATIONS,
        real_options=_names("$filter $top $count"),
        page=100,
        largest_page=999,
    ),
)
"""What belongs to one group, person, relationship or service principal; its id is part of the path."""
