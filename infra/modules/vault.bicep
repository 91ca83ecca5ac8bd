metadata description = 'The vault with the secrets of Microsoft, the PSAs and mail. The app may read the ones it needs, one by one, and renew one.'

@description('Name of the vault, up to 24 letters, digits and hyphens.')
param vaultName string

@description('Region of the vault.')
param location string

@description('Tags of the vault.')
param tags object

@description('For so many days a deleted vault or secret can be brought back. It cannot be changed later.')
param deletedSecretDays int

@description('Brings back a deleted vault of this name.')
param recover bool

@description('Lets in nobody from the internet but the addresses in openTo.')
param closed bool

@description('Public addresses or ranges that are let in when closed.')
param openTo array

@description('Names of the secrets that the app reads; they have to exist.')
param readSecrets array

@description('Name of the secret that the app reads and renews; it has to exist. Empty for none.')
param renewedSecret string

@description('Object id of the app\'s identity.')
param appPrincipalId string

@description('Object ids of the people who store secrets.')
param operators array

@description('What the object ids of the operators are: User, Group or ServicePrincipal.')
param operatorType string

@description('Workspace that every use of a secret is logged to; empty for none.')
param workspaceId string

var roles = {
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: vaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    createMode: recover ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: deletedSecretDays
    publicNetworkAccess: closed && empty(openTo) ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: closed ? 'Deny' : 'Allow'
      bypass: 'None'
      ipRules: [for address in (closed ? openTo : []): { value: address }]
    }
  }
}

resource read 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = [for name in readSecrets: {
  parent: vault
  name: name
}]

resource renewed 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = if (!empty(renewedSecret)) {
  parent: vault
  name: renewedSecret
}

resource readAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in readSecrets: {
  scope: read[index]
  name: guid(vault.id, name, appPrincipalId, roles['Key Vault Secrets User'])
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets User'])
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}]

resource renewAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(renewedSecret)) {
  scope: renewed
  name: guid(vault.id, renewedSecret, appPrincipalId, roles['Key Vault Secrets Officer'])
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets Officer'])
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource operatorAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for person in operators: {
  scope: vault
  name: guid(vault.id, person, roles['Key Vault Secrets Officer'])
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets Officer'])
    principalId: person
    principalType: operatorType
  }
}]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

@description('Name of the vault.')
output vaultName string = vault.name

@description('Where the vault answers.')
output vaultUrl string = vault.properties.vaultUri
