using 'main.bicep'

// Values come from the environment: azd puts there what `azd env set NAME VALUE` keeps. Every other parameter of main.bicep can be added here.

param installation = readEnvironmentVariable('SYNC_INSTALLATION')
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', '')
param modeCeiling = readEnvironmentVariable('SYNC_MODE_CEILING', 'observe')

// Empty on the first deployment; afterwards the names of the secrets that are in the vault, with commas between them.
param readSecrets = filter(split(readEnvironmentVariable('READ_SECRETS', ''), ','), name => !empty(name))
param renewedSecret = readEnvironmentVariable('RENEWED_SECRET', '')

param operators = filter(split(readEnvironmentVariable('OPERATOR_IDS', ''), ','), id => !empty(id))
param operatorType = readEnvironmentVariable('OPERATOR_TYPE', 'Group')
