metadata description = 'A network for the app: private endpoints for storage and vault, and one outbound address.'

@description('What all names end with.')
param suffix string

@description('Region of the network.')
param location string

@description('Tags of the resources.')
param tags object

@description('Addresses of the network, at least a /25.')
param addresses string

@description('The storage account that gets endpoints for blobs, queues and tables.')
param storageAccountName string

@description('The vault that gets an endpoint.')
param vaultName string

var storageZones = map(['blob', 'queue', 'table'], service => { service: service, zone: 'privatelink.${service}.${environment().suffixes.storage}' })
var vaultZone = replace(environment().suffixes.keyvaultDns, '.vault.', 'privatelink.vaultcore.')
var endpoints = concat(
  map(storageZones, item => { service: item.service, zone: item.zone, target: account.id }),
  [{ service: 'vault', zone: vaultZone, target: vault.id }]
)

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource outbound 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: 'pip-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: 'ng-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: outbound.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addresses] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 0)
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 1)
          defaultOutboundAccess: false
        }
      }
    ]
  }
}

resource appSubnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' existing = {
  parent: network
  name: 'app'
}

resource endpointSubnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' existing = {
  parent: network
  name: 'endpoints'
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for endpoint in endpoints: {
  name: endpoint.zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (endpoint, index) in endpoints: {
  parent: zones[index]
  name: 'link-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: network.id }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [for endpoint in endpoints: {
  name: 'pep-${endpoint.service}-${suffix}'
  location: location
  tags: tags
  properties: {
    subnet: { id: endpointSubnet.id }
    privateLinkServiceConnections: [
      {
        name: endpoint.service
        properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.service] }
      }
    ]
  }
}]

resource registrations 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: endpoint.service, properties: { privateDnsZoneId: zones[index].id } }]
  }
}]

@description('Subnet that the app calls out of.')
output appSubnetId string = appSubnet.id

@description('The address that the app calls from.')
output outboundAddress string = outbound.properties.ipAddress
