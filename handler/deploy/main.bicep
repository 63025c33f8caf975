// Everything that Image Pro needs in a resource group of its own: a function app on Flex Consumption, a storage account, a key vault, and
// what watches them. No key and no password: the function app's identity reaches all of it. The app registration is in Entra ID and is
// made by hand; handler/docs/operations.md says how, and what else belongs to running this.
//
//   az deployment group create --resource-group <group> --template-file handler/deploy/main.bicep --parameters handler/deploy/main.bicepparam

targetScope = 'resourceGroup'

@description('Begins the names of all resources: 3 to 11 lower-case letters and digits.')
@minLength(3)
@maxLength(11)
param name string

@description('Region; one that has Flex Consumption.')
param location string = resourceGroup().location

@description('Application (client) id of the app registration.')
param appId string

@description('Host that serves the tab, as the application id URI names it: the function app\'s own if it is empty.')
param appDomain string = ''

@description('Id in the manifest of the Teams app; the application id if it is empty.')
param teamsAppId string = ''

@description('Tenants whose users may call, comma-separated; all tenants if it is empty.')
param tenants string = ''

@description('Mail address that alerts go to.')
param alertMail string

@description('Microsoft\'s cloud, as IMAGEPRO_CLOUD names it.')
@allowed(['public', 'usgov', 'usdod', 'china'])
param cloud string = environment().name == 'AzureUSGovernment' ? 'usgov' : environment().name == 'AzureChinaCloud' ? 'china' : 'public'

@description('Copies of the data: within a building, or in three zones of the region.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_ZRS'

@description('Memory of an instance in MB. Each image at work may take 1000.')
@allowed([2048, 4096])
param instanceMemory int = 2048

@description('Most instances, 40 to 1000.')
@minValue(40)
@maxValue(1000)
param maxInstances int = 40

@description('Instances for requests that wait for work at any time: without one, the first request after a while waits for a start.')
@minValue(0)
@maxValue(10)
param alwaysReady int = 1

@description('Collector of telemetry by OTLP, https; nothing is sent if it is empty.')
param collector string = ''

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

var unique = take(uniqueString(resourceGroup().id, name), 8)
var appName = '${name}-${unique}'

module data 'data.bicep' = {
  name: 'data'
  params: {
    name: name
    unique: unique
    location: location
    storageSku: storageSku
  }
}

module watch 'watch.bicep' = {
  name: 'watch'
  params: {
    name: name
    location: location
    alertMail: alertMail
    logDays: logDays
    readyAddress: 'https://${appName}.${cloud == 'china' ? 'chinacloudsites.cn' : cloud == 'public' ? 'azurewebsites.net' : 'azurewebsites.us'}/api/health/ready'
    identityPrincipal: data.outputs.identityPrincipal
  }
}

module app 'app.bicep' = {
  name: 'app'
  params: {
    appName: appName
    location: location
    identityId: data.outputs.identityId
    identityClient: data.outputs.identityClient
    storageName: data.outputs.storageName
    packageContainer: data.outputs.packageContainer
    tokenKeysUri: data.outputs.tokenKeysUri
    insightsConnection: watch.outputs.insightsConnection
    instanceMemory: instanceMemory
    maxInstances: maxInstances
    alwaysReady: alwaysReady
    settings: {
      IMAGEPRO_CLOUD: cloud
      IMAGEPRO_APP_ID: appId
      IMAGEPRO_APP_DOMAIN: appDomain
      IMAGEPRO_TEAMS_APP_ID: teamsAppId
      IMAGEPRO_TENANTS: tenants
      OTEL_EXPORTER_OTLP_ENDPOINT: collector
      OTEL_SERVICE_NAME: appName
    }
  }
}

@description('Where the package goes: az functionapp deployment source config-zip --name.')
output appName string = appName
@description('Host of the function app.')
output host string = app.outputs.host
@description('For the federated credential of the app registration: the subject. Its issuer is https://login.microsoftonline.com/<tenant>/v2.0, or the cloud\'s.')
output identitySubject string = data.outputs.identityPrincipal
@description('Key vault that holds the secret token-keys.')
output vaultName string = data.outputs.vaultName
