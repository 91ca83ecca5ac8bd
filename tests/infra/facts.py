"""What Microsoft's documentation and this project's own decisions fix: role ids, who has which role, names, and values no parameter changes."""

import re
from collections.abc import Mapping
from typing import Any

ACCOUNT = "Microsoft.Storage/storageAccounts"
VAULT = "Microsoft.KeyVault/vaults"
SITE = "Microsoft.Web/sites"
ROLES = {
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
"""Microsoft Learn, "Azure built-in roles": the ids are the same in every tenant."""

APP_ROLES = {
    ("Storage Blob Data Owner", ACCOUNT),
    ("Storage Queue Data Contributor", ACCOUNT),
    ("Storage Table Data Contributor", ACCOUNT),
    ("Monitoring Metrics Publisher", "Microsoft.Insights/components"),
}
SECRET_ROLES = {("Key Vault Secrets User", f"{VAULT}/secrets"), ("Key Vault Secrets Officer", f"{VAULT}/secrets")}
OPERATOR_ROLES = {
    ("Storage Blob Data Contributor", ACCOUNT),
    ("Storage Queue Data Contributor", ACCOUNT),
    ("Storage Table Data Contributor", ACCOUNT),
    ("Key Vault Secrets Officer", VAULT),
}

READ_BY_HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    *(f"AzureWebJobsStorage__{name}" for name in ("blobServiceUri", "queueServiceUri", "tableServiceUri", "credential", "clientId")),
}
"""Microsoft Learn, "App settings reference for Azure Functions"; the storage of the host is read by our code from the same settings."""
READ_BY_WIRING = {"AZURE_CLIENT_ID"}
PREFIXES = {
    VAULT: "kv",
    SITE: "func",
    "Microsoft.Web/serverfarms": "asp",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "id",
    "Microsoft.OperationalInsights/workspaces": "log",
    "Microsoft.Insights/components": "appi",
    "Microsoft.Network/virtualNetworks": "vnet",
    "Microsoft.Network/natGateways": "ng",
    "Microsoft.Network/publicIPAddresses": "pip",
    "Microsoft.Consumption/budgets": "budget",
    "Microsoft.Insights/actionGroups": "ag",
}
"""Microsoft Learn, "Abbreviation recommendations for Azure resources"."""

NOT_ON_FLEX = re.compile(
    "FUNCTIONS_WORKER_RUNTIME.*|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD"
    "|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|WEBSITE_VNET_ROUTE_ALL|WEBSITE_TIME_ZONE|AzureWebJobsStorage|AzureWebJobsDashboard"
)
"""Microsoft Learn, "Flex Consumption plan deprecated properties and settings"; the last two would be a storage key."""

FIXED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    (ACCOUNT, ""): {
        "properties.allowSharedKeyAccess": False,
        "properties.defaultToOAuthAuthentication": True,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.supportsHttpsTrafficOnly": True,
        "properties.minimumTlsVersion": "TLS1_2",
    },
    (VAULT, ""): {
        "properties.enableRbacAuthorization": True,
        "properties.enableSoftDelete": True,
        "properties.enablePurgeProtection": True,
        "properties.sku.name": "standard",
    },
    (f"{ACCOUNT}/blobServices", ""): {"properties.deleteRetentionPolicy.enabled": True, "properties.containerDeleteRetentionPolicy.enabled": True},
    ("Microsoft.OperationalInsights/workspaces", ""): {"properties.features.disableLocalAuth": True},
    ("Microsoft.Insights/components", ""): {"kind": "web", "properties.DisableLocalAuth": True},
    ("Microsoft.Web/serverfarms", ""): {"kind": "functionapp", "sku.name": "FC1", "sku.tier": "FlexConsumption", "properties.reserved": True},
    (SITE, ""): {
        "kind": "functionapp,linux",
        "properties.httpsOnly": True,
        "properties.siteConfig.http20Enabled": True,
        "properties.functionAppConfig.runtime.name": "python",
        "properties.functionAppConfig.runtime.version": "3.13",
        "properties.functionAppConfig.deployment.storage.type": "blobContainer",
        "properties.functionAppConfig.deployment.storage.authentication.type": "UserAssignedIdentity",
    },
    (f"{SITE}/basicPublishingCredentialsPolicies", "scm"): {"properties.allow": False},
    (f"{SITE}/basicPublishingCredentialsPolicies", "ftp"): {"properties.allow": False},
    (f"{SITE}/config", "authsettingsV2"): {
        "properties.globalValidation.requireAuthentication": False,
        "properties.globalValidation.unauthenticatedClientAction": "AllowAnonymous",
        "properties.httpSettings.requireHttps": True,
        "properties.login.tokenStore.enabled": False,
    },
}
"""Values that are not for a parameter to change, in every deployment."""
