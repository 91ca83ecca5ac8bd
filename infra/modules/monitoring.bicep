metadata description = 'Where logs go: a workspace and Application Insights, which takes telemetry of signed-in senders only.'

@description('What all names end with.')
param suffix string

@description('Region of the logs.')
param location string

@description('Tags of the resources.')
param tags object

@description('For so many days logs are kept.')
param logDays int

@description('Gigabytes a day after which nothing more is taken; -1 for no cap.')
param logGigabytesADay int

@description('Object id of the app\'s identity, which sends the telemetry.')
param appPrincipalId string

var roles = { 'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb' }

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: logDays
    workspaceCapping: { dailyQuotaGb: logGigabytesADay }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, appPrincipalId, roles['Monitoring Metrics Publisher'])
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Monitoring Metrics Publisher'])
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Id of the workspace, for logs of other resources.')
output workspaceId string = workspace.id

@description('Where the app sends its telemetry. No secret: it names the place, and the sender signs in.')
output connectionString string = insights.properties.ConnectionString
