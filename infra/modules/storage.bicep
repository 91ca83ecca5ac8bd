metadata description = 'The storage account of the app: queues, tables, evidence and deployment packages. Nobody has a key to it.'

@description('Name of the account, 3 to 24 lower-case letters and digits.')
param accountName string

@description('Region of the account.')
param location string

@description('Tags of the account.')
param tags object

@description('How many copies of the data there are, and where.')
param redundancy string

@description('After so many days without a change a blob of evidence is deleted; 0 leaves it to the app.')
param evidenceDays int

@description('For so many days a deleted blob or container can be brought back.')
param deletedBlobDays int

@description('Lets in nobody from the internet but the addresses in openTo.')
param closed bool

@description('Public addresses or ranges that are let in when closed.')
param openTo array

@description('Object id of the app\'s identity.')
param appPrincipalId string

@description('Object ids of the people who configure and approve.')
param operators array

@description('What the object ids of the operators are: User, Group or ServicePrincipal.')
param operatorType string

@description('Workspace that the writes are logged to; empty for none.')
param workspaceId string

var stages = ['sync-customer', 'apply-plan', 'send-notices', 'cut-over']
var queueNames = concat(stages, map(stages, stage => '${stage}-poison'))
var tableNames = ['configuration', 'runs', 'customers', 'control', 'leases', 'budget', 'signin', 'cutovers', 'notices']
var evidenceName = 'evidence'
var packagesName = 'packages'

var appRoles = {
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
var operatorRoles = {
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
var operatorAssignments = flatten(map(operators, person => map(items(operatorRoles), role => { person: person, role: role.value })))

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    supportsHttpsTrafficOnly: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: closed && empty(openTo) ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: closed ? 'Deny' : 'Allow'
      bypass: 'None'
      ipRules: [for address in (closed ? openTo : []): { value: address, action: 'Allow' }]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: deletedBlobDays }
    containerDeleteRetentionPolicy: { enabled: true, days: deletedBlobDays }
  }
}

resource evidence 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: evidenceName
  properties: { publicAccess: 'None' }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: packagesName
  properties: { publicAccess: 'None' }
}

// Always there, so that going back to 0 days switches the rule off instead of leaving it behind.
resource retention 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-evidence'
          type: 'Lifecycle'
          enabled: evidenceDays > 0
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${evidenceName}/snapshots/', '${evidenceName}/runs/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: max(evidenceDays, 1) } } }
          }
        }
      ]
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for name in queueNames: {
  parent: queueService
  name: name
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for name in tableNames: {
  parent: tableService
  name: name
}]

resource appAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in items(appRoles): {
  scope: account
  name: guid(account.id, appPrincipalId, role.value)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}]

resource operatorAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for assignment in operatorAssignments: {
  scope: account
  name: guid(account.id, assignment.person, assignment.role)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', assignment.role)
    principalId: assignment.person
    principalType: operatorType
  }
}]

// Reads are left out: the host polls, and every poll would be a line.
resource tableWrites 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  scope: tableService
  name: 'writes'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

resource blobWrites 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  scope: blobs
  name: 'writes'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

@description('Name of the account.')
output accountName string = account.name

@description('Where blobs, queues and tables answer, in any cloud.')
output endpoints object = account.properties.primaryEndpoints

@description('The container that deployment packages are put into.')
output packages string = '${account.properties.primaryEndpoints.blob}${packages.name}'
