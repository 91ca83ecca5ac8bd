metadata description = 'The workbook and the alerts, over what the app logs. Their queries are the files in infra/queries.'

@description('What all names end with.')
param suffix string

@description('Id of the installation, as mails about an alert show it.')
param installation string

@description('Region of the workbook and the alert rules: that of the workspace.')
param location string

@description('Tags of the resources.')
param tags object

@description('The workspace that the logs are in.')
param workspaceId string

@description('Mail addresses that alerts write to.')
param contacts array

@description('Names of the alerts that are switched off.')
param switchedOff array

@description('Percentage of a daily run\'s customers that may fail before there is an alert.')
param failedCustomersPercent int

// A workbook's definition names its queries; the texts come from the files, so that each stands in one place.
var definition = loadJsonContent('../workbook.json')
var queries = {
  runs: loadTextContent('../queries/runs.kql')
  'failed-by-customer': loadTextContent('../queries/failed-by-customer.kql')
  'last-read': loadTextContent('../queries/last-read.kql')
  changes: loadTextContent('../queries/changes.kql')
  money: loadTextContent('../queries/money.kql')
  throttling: loadTextContent('../queries/throttling.kql')
  waiting: loadTextContent('../queries/waiting.kql')
  durations: loadTextContent('../queries/durations.kql')
  failures: loadTextContent('../queries/failures.kql')
}
var items = map(definition.items, item => union(item, { content: union(item.content, contains(queries, item.name) ? { query: queries[item.name] } : {}) }))

// Every query answers with a row for what is wrong, so that one row is enough; of failed customers the percentage counts.
var anyRow = { aggregation: 'Count', column: null, threshold: 0 }
var alerts = [
  { name: 'no-run-finished', query: loadTextContent('../queries/no-run-finished.kql'), severity: 1, every: 'PT1H', over: 'P2D', measure: anyRow }
  { name: 'poison-message', query: loadTextContent('../queries/poison-message.kql'), severity: 1, every: 'PT15M', over: 'PT1H', measure: anyRow }
  { name: 'run-held', query: loadTextContent('../queries/run-held.kql'), severity: 2, every: 'PT15M', over: 'PT1H', measure: anyRow }
  { name: 'notice-failed', query: loadTextContent('../queries/notice-failed.kql'), severity: 2, every: 'PT15M', over: 'PT1H', measure: anyRow }
  { name: 'access-at-risk', query: loadTextContent('../queries/access-at-risk.kql'), severity: 1, every: 'PT1H', over: 'PT2H', measure: anyRow }
  {
    name: 'failed-customers'
    query: loadTextContent('../queries/failed-customers.kql')
    severity: 2
    every: 'PT1H'
    over: 'P1D'
    measure: { aggregation: 'Maximum', column: 'percent', threshold: failedCustomersPercent }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspaceId, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Licence sync ${installation}'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string(union(definition, { items: items, fallbackResourceIds: [workspaceId] }))
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(contacts)) {
  name: 'ag-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: installation
    enabled: true
    emailReceivers: [for contact in contacts: { name: contact, emailAddress: contact, useCommonAlertSchema: true }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2022-08-01-preview' = [for alert in alerts: {
  name: '${alert.name}-${suffix}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    description: substring(split(alert.query, '\n')[0], 3)
    severity: alert.severity
    enabled: !contains(switchedOff, alert.name)
    scopes: [workspaceId]
    evaluationFrequency: alert.every
    windowSize: alert.over
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: alert.measure.aggregation
          metricMeasureColumn: alert.measure.column
          operator: 'GreaterThan'
          threshold: alert.measure.threshold
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    skipQueryValidation: true
    actions: {
      actionGroups: empty(contacts) ? [] : [people.id]
      customProperties: { runbook: 'docs/operations.md#${alert.name}' }
    }
  }
}]
