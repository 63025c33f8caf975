package config

import "strings"

// docs says what each setting means: in handler/docs/settings.md, and where one that is required is missing.
var docs = named([][2]string{
	{"FUNCTIONS_CUSTOMHANDLER_PORT",
		"Port on 127.0.0.1 to listen on, 1 to 65535. The Functions host sets it."},
	{"AZURE_FUNCTIONS_ENVIRONMENT",
		"Development lets Entra ID, Graph and storage be on loopback. The Functions host sets it."},

	{"IMAGEPRO_CLOUD",
		"Microsoft's cloud, with its Entra ID, Graph, SharePoint, Teams and storage hosts: public, usgov (GCC High), " +
			"usdod or china."},

	{"AzureWebJobsStorage",
		"Connection string of the storage account for tables, blobs and queues; the host uses it as well. Exactly " +
			"one of this, the next, and the three after it together is set."},
	{"AzureWebJobsStorage__accountName",
		"In place of a connection string: the account's name; it is reached with the managed identity. In clouds " +
			"other than the public one the host needs the three addresses."},
	{"AzureWebJobsStorage__blobServiceUri",
		"In place of the name: https://account.blob.core.windows.net, or what the cloud has for it."},
	{"AzureWebJobsStorage__queueServiceUri",
		"The same of queues."},
	{"AzureWebJobsStorage__tableServiceUri",
		"The same of tables."},
	{"AzureWebJobsStorage__clientId",
		"Client id of the user-assigned identity that reaches the account; the function app's own if it is not set. " +
			"The host also wants AzureWebJobsStorage__credential=managedidentity then."},

	{"IMAGEPRO_APP_ID",
		"Application (client) id of the app registration."},
	{"IMAGEPRO_APP_SECRET",
		"Client secret of the app registration. Exactly one of this and the next two is set."},
	{"IMAGEPRO_APP_CERTIFICATE",
		"In place of a secret: RSA private key, unencrypted, and its certificate, which the app registration holds. " +
			"PEM, or its base64."},
	{"IMAGEPRO_APP_IDENTITY",
		"In place of a secret: managed identity that the app registration trusts (federated credential); system, or " +
			"the client id of a user-assigned one."},
	{"IMAGEPRO_TEAMS_APP_ID",
		"Id in the manifest of the Teams app, for links to its tabs; the application id if it is not set."},
	{"IMAGEPRO_APP_DOMAIN",
		"Host that serves the tab; the application id URI is api://<domain>/<app id>."},
	{"IMAGEPRO_CLIENT_APPS",
		"Applications that may call: the Teams, Microsoft 365 and Outlook clients, beside this application itself, " +
			"which is the tab in a browser. Comma-separated ids."},
	{"IMAGEPRO_TENANTS",
		"Tenants whose users may call. Comma-separated ids; all tenants if it is not set."},
	{"IMAGEPRO_ADMIN_ROLES",
		"Who may erase their organization: holders of these directory roles (template ids, claim wids; the default " +
			"is the global administrator's) and app roles (claim roles)."},
	{"IMAGEPRO_TOKEN_KEYS",
		"Keys that seal refresh tokens and cursors: id:base64 of 32 bytes, comma-separated. The first seals, all " +
			"open."},

	{"IMAGEPRO_AUTHORITY",
		"Development only: what stands for Entra ID, on loopback; the cloud's if it is not set."},
	{"IMAGEPRO_AUTHORITY_V1",
		"Development only: the same as issuer of v1 tokens."},
	{"IMAGEPRO_GRAPH",
		"Development only: what stands for Microsoft Graph, on loopback, with its version, v1.0."},

	{"IMAGEPRO_SIGN_IN_PAGE",
		"Development only: page of the sandbox where people sign in who open the tab outside Teams, on loopback. " +
			"Otherwise they sign in at Entra ID."},

	{"IMAGEPRO_INACTIVE_DAYS",
		"Days without use after which an organization's grace begins, 1 to 3650."},
	{"IMAGEPRO_GRACE_DAYS",
		"Days of grace before an unused organization is erased, 0 to 365; a signed-in request ends it."},
	{"IMAGEPRO_SESSION_DAYS",
		"Days after which a user's session that no bulk edit needs is deleted, 1 to 90."},

	{"IMAGEPRO_TAB_CACHE",
		"How long a tab's image configuration is remembered, 0s to 10m; so long another instance may show it as it " +
			"was before a change. 0s remembers nothing."},

	{"IMAGEPRO_TENANT_UNITS",
		"Budget of each tenant's requests to SharePoint in a minute, in its resource units, shared by all instances " +
			"(1 for an item or a content, 2 for lists and changes), 0 to 100000. 0 is no budget."},

	{"IMAGEPRO_BULK_WINDOW",
		"Images of one organization that are sent ahead to the queue, divided among its bulk edits that are at work, " +
			"a quarter for each at least, 1 to 1000."},
	{"IMAGEPRO_BULK_MAX_IMAGES",
		"Most images of one bulk edit, 1 to 1000000; it looks at twice as many files and folders."},
	{"IMAGEPRO_BULK_MAX_OPEN",
		"Most bulk edits of one organization that are not over, 1 to 10000."},
	{"IMAGEPRO_BULK_USER_OPEN",
		"Most bulk edits of one user that are not over, 1 to 10000."},
	{"IMAGEPRO_BULK_MAX_DAYS",
		"Days after which a bulk edit that is not over is ended, 1 to 3650."},

	{"IMAGEPRO_MAX_FILE_MB",
		"Largest picture file to edit, in MiB, 1 to 200."},
	{"IMAGEPRO_MAX_MEGAPIXELS",
		"Largest picture to edit, in million pixels, 1 to 200. Each processor may need 20 bytes of memory a pixel."},
	{"IMAGEPRO_MAX_SIDE",
		"Longest side of a picture to edit, in pixels, 1 to 65535."},
	{"IMAGEPRO_MAX_SCANS",
		"Most scans of a JPEG file to edit, 1 to 1000. Each costs as much time as the whole picture."},

	{"IMAGEPRO_MAX_FRAMES",
		"Most frames of an animation to edit, 1 to 1000."},
	{"IMAGEPRO_MAX_ANIMATION_MEGAPIXELS",
		"Largest animation to edit and largest to make, in million pixels of all its frames, 1 to 200."},

	{"IMAGEPRO_MAX_IMAGE_MB",
		"Largest file of a picture that a recipe lays on the image, in million bytes, 1 to 200."},
	{"IMAGEPRO_MAX_IMAGE_MEGAPIXELS",
		"Largest picture that a recipe lays on the image, in million pixels, 1 to 200."},

	{"IMAGEPRO_MAX_RESULT_MEGAPIXELS",
		"Largest picture that a step may make, in million pixels, 1 to 400; twice IMAGEPRO_MAX_MEGAPIXELS if it is " +
			"not set."},
	{"IMAGEPRO_MAX_RESULT_SIDE",
		"Longest side of what a step may make, in pixels, 1 to 65535; a picture with a longer one may keep it."},

	{"IMAGEPRO_MAX_MEMORY_MB",
		"Most memory that one edit may need, as its plan estimates it, in million bytes, 16 to 8000; 20 for each of " +
			"IMAGEPRO_MAX_MEGAPIXELS if it is not set."},
	{"IMAGEPRO_EDIT_TIME",
		"Longest time for the edit of one picture, 1s to 9m30s; the two deadlines below end it as well."},

	{"IMAGEPRO_HTTP_DEADLINE",
		"Longest time for one HTTP request, 1s to 3m45s; the front end cuts at 230 s."},
	{"IMAGEPRO_EVENT_DEADLINE",
		"Longest time for one queue or timer invocation, 1s to 9m30s; keep it below functionTimeout of host.json."},

	{"IMAGEPRO_LOG_LEVEL",
		"DEBUG, INFO, WARN or ERROR."},

	{"OTEL_EXPORTER_OTLP_ENDPOINT",
		"Collector of telemetry, https or on this machine; /v1/traces, /v1/metrics and /v1/logs are added. Without " +
			"it nothing is sent. See telemetry.md for these and for the standard settings that OpenTelemetry's SDK " +
			"reads itself."},
	{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"Collector of traces, used as it is."},
	{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
		"Collector of metrics, used as it is."},
	{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
		"Collector of logs, used as it is."},
	{"OTEL_EXPORTER_OTLP_HEADERS",
		"Headers for the collector, such as its key: name=value, comma-separated, values percent-encoded."},
	{"OTEL_EXPORTER_OTLP_TIMEOUT",
		"Longest time for one request to the collector, in milliseconds, 1 to 600000."},
	{"OTEL_EXPORTER_OTLP_PROTOCOL",
		"How the collector is spoken to: http/protobuf."},
	{"OTEL_TRACES_EXPORTER",
		"otlp, or none to send no traces."},
	{"OTEL_METRICS_EXPORTER",
		"otlp, or none to send no metrics."},
	{"OTEL_LOGS_EXPORTER",
		"otlp, or none to send no logs; they are on stdout in any case."},
	{"OTEL_TRACES_SAMPLER",
		"OpenTelemetry's name of a sampler, such as parentbased_traceidratio with OTEL_TRACES_SAMPLER_ARG=0.1; every " +
			"trace is sent if it is not set."},
	{"OTEL_SERVICE_NAME",
		"What the program is called in telemetry."},
	{"OTEL_RESOURCE_ATTRIBUTES",
		"What else is said of it: name=value, comma-separated, values percent-encoded."},
	{"OTEL_SDK_DISABLED",
		"true sends nothing."},
})

func named(rows [][2]string) map[string]string {
	all := map[string]string{}
	for _, row := range rows {
		all[row[0]] = row[1]
	}
	return all
}

// defaults are those that are too long for a tag. The ids are Microsoft's: of a directory role
// (https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference) and of its clients
// (https://learn.microsoft.com/microsoftteams/platform/m365-apps/extend-m365-teams-personal-tab).
var defaults = map[string]string{
	"IMAGEPRO_ADMIN_ROLES": "62e90394-69f5-4237-9190-012177145e10,OrganizationAdmin", // the global administrator's
	"IMAGEPRO_CLIENT_APPS": strings.Join([]string{
		"1fec8e78-bce4-4aaf-ab1b-5451cc387264", // Teams on a desktop or phone
		"5e3ce6c0-2b1f-4285-8d4b-75ee78787346", // Teams in a browser
		"4765445b-32c6-49b0-83e6-1d93765276ca", // Microsoft 365 in a browser
		"0ec893e0-5785-4de6-99da-4ed124e5296c", // Microsoft 365 on a desktop
		"d3590ed6-52b3-4102-aeff-aad2292ab01c", // Microsoft 365 on a phone, Outlook on a desktop
		"bc59ab01-8403-45c6-8796-ac3ef710b3e3", // Outlook in a browser
		"27922004-5251-4030-b22d-91ecd9a37ea4", // Outlook on a phone
	}, ","),
}
