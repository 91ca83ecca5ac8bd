metadata description = 'The function app on Flex Consumption, its app settings and how people sign in to it.'

@description('What all names end with.')
param suffix string

@description('Region of the app.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource id of the identity that the app runs as.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Where blobs, queues and tables answer.')
param storage object

@description('URL of the container that deployment packages are put into.')
param packages string

@description('Connection string of Application Insights.')
param insightsConnection string

@description('Subnet that the app calls out of; empty for none.')
param subnetId string

@description('How many instances each function may have at the most.')
param maximumInstanceCount int

@description('Memory of an instance in megabytes.')
param instanceMemoryMB int

@description('Application id that people sign in with; empty for function keys only.')
param signInApplicationId string

@description('The settings of the app itself.')
param settings object

resource plan 'Microsoft.Web/serverfarms@2025-05-01' = {
  name: 'asp-${suffix}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-05-01' = {
  name: 'func-${suffix}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: { minTlsVersion: '1.2', http20Enabled: true }
    functionAppConfig: {
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: { maximumInstanceCount: maximumInstanceCount, instanceMemoryMB: instanceMemoryMB }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packages
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2025-05-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    AzureWebJobsStorage__blobServiceUri: storage.blob
    AzureWebJobsStorage__queueServiceUri: storage.queue
    AzureWebJobsStorage__tableServiceUri: storage.table
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    AZURE_CLIENT_ID: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  })
}

resource noPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = [for name in ['scm', 'ftp']: {
  parent: app
  name: name
  properties: { allow: false }
}]

// Always there, so that an emptied parameter switches the sign-in off. Requests without one pass: the function key is checked behind it.
resource signIn 'Microsoft.Web/sites/config@2025-05-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: !empty(signInApplicationId) }
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
    httpSettings: { requireHttps: true }
    login: { tokenStore: { enabled: false } }
    identityProviders: {
      azureActiveDirectory: {
        enabled: !empty(signInApplicationId)
        registration: {
          clientId: signInApplicationId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: [signInApplicationId, 'api://${signInApplicationId}'] }
      }
    }
  }
  dependsOn: [appSettings] // the platform refuses two changes of an app at once
}

@description('Name of the app.')
output appName string = app.name

@description('Where the app answers.')
output appUrl string = 'https://${app.properties.defaultHostName}'
