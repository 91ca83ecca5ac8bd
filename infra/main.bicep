metadata description = 'The whole installation in one resource group: function app, storage, key vault, logs, identity and roles; on request a private network and a budget.'

targetScope = 'resourceGroup'

@description('Short id of this installation, part of every resource\'s name and of the marker on every PSA line that it makes. Never change it: lines with another id are not ours.')
@minLength(3)
@maxLength(6)
param installation string

@description('Region of all resources. It has to offer Flex Consumption, and the data stays there.')
param location string = resourceGroup().location

@description('Name of the azd environment; azd finds the resources by it. Empty without azd.')
param environmentName string = ''

@description('More tags for every resource, such as a cost centre.')
param tags object = {}

@description('When the daily run starts: six fields (second first), in UTC. A wrong value keeps the timer from starting.')
param schedule string = '0 0 2 * * *'

@description('When lost messages and stuck customers are looked for: six fields, in UTC. Each start is an execution that is billed.')
param sweepSchedule string = '0 */5 * * * *'

@description('When the sign-in is tried and kept fresh, and what ends is looked at: six fields, in UTC. Less often than weekly lets the refresh token age.')
param accessSchedule string = '0 20 * * * *'

@description('When what has been kept long enough is deleted: six fields, in UTC.')
param retentionSchedule string = '0 40 3 * * *'

@description('No customer goes further than this. The first deployment only observes, so that nothing is written to a PSA before a person has read the plans.')
@allowed(['observe', 'approve', 'automatic'])
param modeCeiling string = 'observe'

@description('Settings that have a default in the app; give the ones that differ.')
param furtherSettings furtherSettingsType = {}

@description('How many instances each function may have at the most. More instances read no faster than the PSA and Graph allow.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance in megabytes; 2048 comes with one core, whose threads the queue settings of host.json are made for.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('How many copies of the data there are, and where. Tables have no restore of their own: choose copies in several zones, or regions. LRS where the region has no zones.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('After so many days without a change a blob of evidence is deleted, also the newest of a customer who does not change; 0 leaves it to the app, which deletes evidence by SYNC_NAMES_MONTHS.')
@minValue(0)
@maxValue(36500)
param evidenceDays int = 0

@description('For so many days a deleted blob or container can be brought back.')
@minValue(1)
@maxValue(365)
param deletedBlobDays int = 14

@description('For so many days a deleted vault or secret can be brought back and its name cannot be used again. Azure does not let it be changed later.')
@minValue(7)
@maxValue(90)
param deletedSecretDays int = 90

@description('Brings back the vault that a removed installation of the same name left. Set it for that one deployment only: it fails when there is none.')
param recoverVault bool = false

@description('Names of the secrets that the app reads. They have to be in the vault already, so leave it empty on the first deployment. A missing one: health says which role the app lacks.')
param readSecrets array = []

@description('Name of the secret that the app reads and renews: the refresh token of the delegated sign-in. It has to be in the vault already; empty for the application sign-in.')
param renewedSecret string = ''

@description('Object ids of the people (or, better, the one group) who configure, approve and store secrets. Who can write to the storage account can bill: keep it short.')
param operators array = []

@description('What the object ids of the operators are. A wrong kind makes the role assignment fail.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string = 'Group'

@description('Application id of the Entra app registration that people sign in with. Empty: function keys only. Requests without a sign-in still pass to the function key check.')
param signInApplicationId string = ''

@description('For so many days logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 90

@description('Gigabytes of logs a day after which nothing more is taken that day, alerts included; -1 for no cap.')
@minValue(-1)
param logGigabytesADay int = 1

@description('Logs who reads and writes secrets, and every write to tables and blobs. Without it nobody can say later who changed a row by hand.')
param auditLogs bool = true

@description('Mail addresses that alerts write to. Empty: alerts only show in the portal.')
param alertContacts array = []

@description('Names of alerts that are not wanted, such as no-run-finished where the schedule leaves days out. Each alert has a section in docs/operations.md.')
@allowed(['no-run-finished', 'poison-message', 'run-held', 'notice-failed', 'failed-customers', 'access-at-risk'])
param alertsSwitchedOff array = []

@description('Percentage of a daily run\'s customers that may fail before there is an alert.')
@minValue(0)
@maxValue(99)
param failedCustomersPercent int = 10

@description('Puts storage and vault behind private endpoints and gives the app a network with one outbound address. It costs by the hour: four endpoints and a NAT gateway.')
param privateNetwork bool = false

@description('Addresses of the private network, at least a /25. They must not overlap with a network that is peered with it.')
param networkAddresses string = '10.80.0.0/24'

@description('Public IPv4 addresses or ranges from which operators reach storage and vault when the network is private. Empty: only from inside the network.')
param operatorAddresses array = []

@description('What the resource group may cost a month in the subscription\'s currency, before contacts are mailed; 0 for no budget. It warns and stops nothing.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month in which the budget is made, as YYYY-MM-01. Leave it as it is afterwards: Azure does not let it be moved.')
param budgetStart string = ''

@description('Mail addresses that the budget writes to, at 80 % spent and when 100 % is to be expected.')
param budgetContacts array = []

@description('App settings with a default in the app. The sentences are those of the app.')
@sealed()
type furtherSettingsType = {
  @description('Where Microsoft signs us in. Change it for a national cloud or the sandbox.')
  SYNC_LOGIN_URL: string?

  @description('Base URL of Microsoft Graph.')
  SYNC_GRAPH_URL: string?

  @description('Base URL of the Partner Center API.')
  SYNC_PARTNER_CENTER_URL: string?

  @description('Microsoft\'s CSV of product names, read once a week. Its path changes now and then.')
  SYNC_SKU_NAMES_URL: string?

  @description('Where metrics go: logs, or opentelemetry for a collector beside them. The latter needs packages of its own.')
  SYNC_TELEMETRY: ('logs' | 'opentelemetry')?

  @description('With SYNC_TELEMETRY opentelemetry: the collector, such as https://collector.example.com:4318.')
  OTEL_EXPORTER_OTLP_ENDPOINT: string?

  @description('With SYNC_TELEMETRY opentelemetry: headers that the collector asks for. Give a Key Vault reference, never a key.')
  OTEL_EXPORTER_OTLP_HEADERS: string?

  @description('After this many minutes a run is released with the customers that were read.')
  SYNC_READING_MINUTES: string?

  @description('Where nothing has changed, a customer\'s lines in the PSA are read only every so many days, 1 to 31. 1: every night.')
  SYNC_VERIFY_DAYS: string?

  @description('How long a message may be put back before its customer fails with the reason.')
  SYNC_WAIT_LIMIT_MINUTES: string?

  @description('For so many months it is kept who was counted and named.')
  SYNC_NAMES_MONTHS: string?

  @description('For so many years counts, plans, decisions, writes and runs are kept.')
  SYNC_NUMBERS_YEARS: string?

  @description('First delay, in seconds, when a message is put back; it doubles from there.')
  SYNC_RETRY_SECONDS: string?

  @description('How long after its journal row a PSA write may still be sent, in seconds.')
  SYNC_SEND_WINDOW_SECONDS: string?

  @description('Total deadline of one PSA write, connect to last byte, in seconds.')
  SYNC_WRITE_DEADLINE_SECONDS: string?

  @description('How long after its deadline a lost write may still happen, in seconds. Empty: what each PSA is known for.')
  SYNC_SETTLE_SECONDS: string?
}

var token = uniqueString(resourceGroup().id, installation)
var suffix = '${installation}-${token}'
var allTags = union(tags, { application: 'm365-psa-sync', installation: installation }, empty(environmentName) ? {} : { 'azd-env-name': environmentName })

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${suffix}'
  location: location
  tags: allTags
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    suffix: suffix
    location: location
    tags: allTags
    addresses: networkAddresses
    storageAccountName: storage.outputs.accountName
    vaultName: vault.outputs.vaultName
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    accountName: 'st${installation}${token}'
    location: location
    tags: allTags
    redundancy: storageRedundancy
    evidenceDays: evidenceDays
    deletedBlobDays: deletedBlobDays
    closed: privateNetwork
    openTo: operatorAddresses
    appPrincipalId: identity.properties.principalId
    operators: operators
    operatorType: operatorType
    workspaceId: auditLogs ? monitoring.outputs.workspaceId : ''
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    vaultName: 'kv-${suffix}'
    location: location
    tags: allTags
    deletedSecretDays: deletedSecretDays
    recover: recoverVault
    closed: privateNetwork
    openTo: operatorAddresses
    readSecrets: readSecrets
    renewedSecret: renewedSecret
    appPrincipalId: identity.properties.principalId
    operators: operators
    operatorType: operatorType
    workspaceId: auditLogs ? monitoring.outputs.workspaceId : ''
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    suffix: suffix
    location: location
    tags: allTags
    logDays: logDays
    logGigabytesADay: logGigabytesADay
    appPrincipalId: identity.properties.principalId
  }
}

module watching 'modules/watching.bicep' = {
  name: 'watching'
  params: {
    suffix: suffix
    installation: installation
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    contacts: alertContacts
    switchedOff: alertsSwitchedOff
    failedCustomersPercent: failedCustomersPercent
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    suffix: suffix
    location: location
    tags: allTags
    identityId: identity.id
    identityClientId: identity.properties.clientId
    storage: storage.outputs.endpoints
    packages: storage.outputs.packages
    insightsConnection: monitoring.outputs.connectionString
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    signInApplicationId: signInApplicationId
    settings: union(furtherSettings, {
      SYNC_INSTALLATION: installation
      SYNC_SCHEDULE: schedule
      SYNC_SWEEP_SCHEDULE: sweepSchedule
      SYNC_ACCESS_SCHEDULE: accessSchedule
      SYNC_RETENTION_SCHEDULE: retentionSchedule
      SYNC_MODE_CEILING: modeCeiling
      SYNC_KEY_VAULT_URL: vault.outputs.vaultUrl
    })
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0) {
  name: 'budget'
  params: {
    suffix: suffix
    amount: monthlyBudget
    start: budgetStart
    contacts: budgetContacts
  }
}

@description('Name of the function app, for publishing code to it.')
output AZURE_FUNCTION_NAME string = functionApp.outputs.appName

@description('Where the app answers.')
output AZURE_FUNCTION_URL string = functionApp.outputs.appUrl

@description('Name of the vault that the secrets belong into.')
output AZURE_KEY_VAULT_NAME string = vault.outputs.vaultName

@description('Name of the storage account.')
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.accountName

@description('Client id of the app\'s identity, for the app registration\'s federated credential.')
output AZURE_IDENTITY_CLIENT_ID string = identity.properties.clientId

@description('Object id of the app\'s identity: the subject of that credential.')
output AZURE_IDENTITY_PRINCIPAL_ID string = identity.properties.principalId

@description('The one address that the app calls from, for a PSA\'s allow list; empty without the private network.')
output AZURE_OUTBOUND_ADDRESS string = privateNetwork ? network!.outputs.outboundAddress : ''
