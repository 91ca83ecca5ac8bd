metadata description = 'Mails when the resource group costs more than it should. It stops nothing.'

@description('What the name ends with.')
param suffix string

@description('What the resource group may cost a month, in the subscription\'s currency.')
param amount int

@description('First day of the month in which the budget is made, as YYYY-MM-01.')
param start string

@description('Mail addresses that are written to.')
param contacts array

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: 'budget-${suffix}'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: '${start}T00:00:00Z' }
    notifications: {
      spent: { enabled: true, operator: 'GreaterThanOrEqualTo', threshold: 80, thresholdType: 'Actual', contactEmails: contacts }
      expected: { enabled: true, operator: 'GreaterThanOrEqualTo', threshold: 100, thresholdType: 'Forecasted', contactEmails: contacts }
    }
  }
}
