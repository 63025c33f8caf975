using 'main.bicep'

param name = 'imagepro'
param appId = '00000000-0000-0000-0000-000000000000'
param appDomain = 'pictures.contoso.com'
param alertMail = 'operators@contoso.com'
