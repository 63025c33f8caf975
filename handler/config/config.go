// Package config reads the settings: one table, read once, every fault reported at once.
//
// It does not know the process environment (main hands in a look-up) nor what the settings are used for.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"imagepro/handler/secret"
)

// Config is the table of settings: a field's tags give the setting's name, its default and what it means.
// handler/docs/settings.md and local.settings.json.example are compared with it by a test.
type Config struct {
	Port        Port   `env:"FUNCTIONS_CUSTOMHANDLER_PORT" envDefault:"8080" doc:"Port on 127.0.0.1 to listen on, 1 to 65535. The Functions host sets it."`
	Environment string `env:"AZURE_FUNCTIONS_ENVIRONMENT" envDefault:"Production" doc:"Development lets Entra ID, Graph and storage be on loopback. The Functions host sets it."`

	Cloud Cloud `env:"IMAGEPRO_CLOUD" envDefault:"public" doc:"Microsoft's cloud, with its Entra ID, Graph, SharePoint, Teams and storage hosts: public, usgov (GCC High), usdod or china."`

	Storage         secret.Text `env:"AzureWebJobsStorage" doc:"Connection string of the storage account for tables, blobs and queues; the host uses it as well. Exactly one of this, the next, and the three after it together is set."`
	StorageAccount  AccountName `env:"AzureWebJobsStorage__accountName" doc:"In place of a connection string: the account's name; it is reached with the managed identity. In clouds other than the public one the host needs the three addresses."`
	StorageBlobs    CloudURL    `env:"AzureWebJobsStorage__blobServiceUri" doc:"In place of the name: https://account.blob.core.windows.net, or what the cloud has for it."`
	StorageQueues   CloudURL    `env:"AzureWebJobsStorage__queueServiceUri" doc:"The same of queues."`
	StorageTables   CloudURL    `env:"AzureWebJobsStorage__tableServiceUri" doc:"The same of tables."`
	StorageClientID GUID        `env:"AzureWebJobsStorage__clientId" doc:"Client id of the user-assigned identity that reaches the account; the function app's own if it is not set. The host also wants AzureWebJobsStorage__credential=managedidentity then."`

	AppID          GUID        `env:"IMAGEPRO_APP_ID" envDefault:"f64e410d-2685-4834-8cd1-004fcac3a125" doc:"Application (client) id of the app registration."`
	AppSecret      secret.Text `env:"IMAGEPRO_APP_SECRET" doc:"Client secret of the app registration. Exactly one of this and the next two is set."`
	AppCertificate PEM         `env:"IMAGEPRO_APP_CERTIFICATE" doc:"In place of a secret: RSA private key, unencrypted, and its certificate, which the app registration holds. PEM, or its base64."`
	AppIdentity    Identity    `env:"IMAGEPRO_APP_IDENTITY" doc:"In place of a secret: managed identity that the app registration trusts (federated credential); system, or the client id of a user-assigned one."`
	TeamsAppID     GUID        `env:"IMAGEPRO_TEAMS_APP_ID" doc:"Id in the manifest of the Teams app, for links to its tabs; the application id if it is not set."`
	AppDomain      string      `env:"IMAGEPRO_APP_DOMAIN" envDefault:"localhost" doc:"Host that serves the tab; the application id URI is api://<domain>/<app id>."`
	ClientApps     GUIDs       `env:"IMAGEPRO_CLIENT_APPS" envDefault:"1fec8e78-bce4-4aaf-ab1b-5451cc387264,5e3ce6c0-2b1f-4285-8d4b-75ee78787346,4765445b-32c6-49b0-83e6-1d93765276ca,0ec893e0-5785-4de6-99da-4ed124e5296c,d3590ed6-52b3-4102-aeff-aad2292ab01c,bc59ab01-8403-45c6-8796-ac3ef710b3e3,27922004-5251-4030-b22d-91ecd9a37ea4" doc:"Applications that may call: the Teams, Microsoft 365 and Outlook clients, beside this application itself, which is the tab in a browser. Comma-separated ids."`
	Tenants        GUIDs       `env:"IMAGEPRO_TENANTS" doc:"Tenants whose users may call. Comma-separated ids; all tenants if it is not set."`
	AdminRoles     Names       `env:"IMAGEPRO_ADMIN_ROLES" envDefault:"62e90394-69f5-4237-9190-012177145e10,OrganizationAdmin" doc:"Who may erase their organization: holders of these directory roles (template ids, claim wids; the default is the global administrator's) and app roles (claim roles)."`
	TokenKeys      KeyRing     `env:"IMAGEPRO_TOKEN_KEYS,required,notEmpty" doc:"Keys that seal refresh tokens and cursors: id:base64 of 32 bytes, comma-separated. The first seals, all open."`

	Authority   CloudURL `env:"IMAGEPRO_AUTHORITY" doc:"Development only: what stands for Entra ID, on loopback; the cloud's if it is not set."`
	AuthorityV1 CloudURL `env:"IMAGEPRO_AUTHORITY_V1" doc:"Development only: the same as issuer of v1 tokens."`
	Graph       CloudURL `env:"IMAGEPRO_GRAPH" doc:"Development only: what stands for Microsoft Graph, on loopback, with its version, v1.0."`

	SignInPage SignInPage `env:"IMAGEPRO_SIGN_IN_PAGE" doc:"Development only: page of the sandbox where people sign in who open the tab outside Teams, on loopback. Otherwise they sign in at Entra ID."`

	InactiveDays Days        `env:"IMAGEPRO_INACTIVE_DAYS" envDefault:"90" doc:"Days without use after which an organization's grace begins, 1 to 3650."`
	GraceDays    GraceDays   `env:"IMAGEPRO_GRACE_DAYS" envDefault:"14" doc:"Days of grace before an unused organization is erased, 0 to 365; a signed-in request ends it."`
	SessionDays  SessionDays `env:"IMAGEPRO_SESSION_DAYS" envDefault:"30" doc:"Days after which a user's session that no bulk edit needs is deleted, 1 to 90."`

	TabCache CacheLife `env:"IMAGEPRO_TAB_CACHE" envDefault:"30s" doc:"How long a tab's image configuration is remembered, 0s to 10m; so long another instance may show it as it was before a change. 0s remembers nothing."`

	TenantUnits Units `env:"IMAGEPRO_TENANT_UNITS" envDefault:"1200" doc:"Budget of each tenant's requests to SharePoint in a minute, in its resource units, shared by all instances (1 for an item or a content, 2 for lists and changes), 0 to 100000. 0 is no budget."`

	BulkWindow    Window    `env:"IMAGEPRO_BULK_WINDOW" envDefault:"24" doc:"Images of one organization that are sent ahead to the queue, divided among its bulk edits that are at work, a quarter for each at least, 1 to 1000."`
	BulkMaxImages MaxImages `env:"IMAGEPRO_BULK_MAX_IMAGES" envDefault:"100000" doc:"Most images of one bulk edit, 1 to 1000000; it looks at twice as many files and folders."`
	BulkMaxOpen   Open      `env:"IMAGEPRO_BULK_MAX_OPEN" envDefault:"100" doc:"Most bulk edits of one organization that are not over, 1 to 10000."`
	BulkUserOpen  Open      `env:"IMAGEPRO_BULK_USER_OPEN" envDefault:"20" doc:"Most bulk edits of one user that are not over, 1 to 10000."`
	BulkMaxDays   Days      `env:"IMAGEPRO_BULK_MAX_DAYS" envDefault:"30" doc:"Days after which a bulk edit that is not over is ended, 1 to 3650."`

	MaxFileMB     FileMB     `env:"IMAGEPRO_MAX_FILE_MB" envDefault:"50" doc:"Largest picture file to edit, in MiB, 1 to 200."`
	MaxMegapixels Megapixels `env:"IMAGEPRO_MAX_MEGAPIXELS" envDefault:"50" doc:"Largest picture to edit, in million pixels, 1 to 200. Each processor may need 20 bytes of memory a pixel."`
	MaxSide       Side       `env:"IMAGEPRO_MAX_SIDE" envDefault:"30000" doc:"Longest side of a picture to edit, in pixels, 1 to 65535."`
	MaxScans      Count      `env:"IMAGEPRO_MAX_SCANS" envDefault:"100" doc:"Most scans of a JPEG file to edit, 1 to 1000. Each costs as much time as the whole picture."`

	MaxFrames              Count      `env:"IMAGEPRO_MAX_FRAMES" envDefault:"400" doc:"Most frames of an animation to edit, 1 to 1000."`
	MaxAnimationMegapixels Megapixels `env:"IMAGEPRO_MAX_ANIMATION_MEGAPIXELS" envDefault:"100" doc:"Largest animation to edit and largest to make, in million pixels of all its frames, 1 to 200."`

	MaxImageMB         FileMB     `env:"IMAGEPRO_MAX_IMAGE_MB" envDefault:"10" doc:"Largest file of a picture that a recipe lays on the image, in million bytes, 1 to 200."`
	MaxImageMegapixels Megapixels `env:"IMAGEPRO_MAX_IMAGE_MEGAPIXELS" envDefault:"10" doc:"Largest picture that a recipe lays on the image, in million pixels, 1 to 200."`

	MaxResultMegapixels ResultMegapixels `env:"IMAGEPRO_MAX_RESULT_MEGAPIXELS" doc:"Largest picture that a step may make, in million pixels, 1 to 400; twice IMAGEPRO_MAX_MEGAPIXELS if it is not set."`
	MaxResultSide       Side             `env:"IMAGEPRO_MAX_RESULT_SIDE" envDefault:"16384" doc:"Longest side of what a step may make, in pixels, 1 to 65535; a picture with a longer one may keep it."`

	MaxMemoryMB MemoryMB `env:"IMAGEPRO_MAX_MEMORY_MB" doc:"Most memory that one edit may need, as its plan estimates it, in million bytes, 16 to 8000; 20 for each of IMAGEPRO_MAX_MEGAPIXELS if it is not set."`
	EditTime    EditTime `env:"IMAGEPRO_EDIT_TIME" envDefault:"1m30s" doc:"Longest time for the edit of one picture, 1s to 9m30s; the two deadlines below end it as well."`

	HTTPDeadline  HTTPDeadline  `env:"IMAGEPRO_HTTP_DEADLINE" envDefault:"3m20s" doc:"Longest time for one HTTP request, 1s to 3m45s; the front end cuts at 230 s."`
	EventDeadline EventDeadline `env:"IMAGEPRO_EVENT_DEADLINE" envDefault:"4m30s" doc:"Longest time for one queue or timer invocation, 1s to 9m30s; keep it below functionTimeout of host.json."`

	LogLevel slog.Level `env:"IMAGEPRO_LOG_LEVEL" envDefault:"INFO" doc:"DEBUG, INFO, WARN or ERROR."`

	Collector        Collector    `env:"OTEL_EXPORTER_OTLP_ENDPOINT" doc:"Collector of telemetry, https or on this machine; /v1/traces, /v1/metrics and /v1/logs are added. Without it nothing is sent. See telemetry.md for these and for the standard settings that OpenTelemetry's SDK reads itself."`
	TracesCollector  Collector    `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" doc:"Collector of traces, used as it is."`
	MetricsCollector Collector    `env:"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT" doc:"Collector of metrics, used as it is."`
	LogsCollector    Collector    `env:"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT" doc:"Collector of logs, used as it is."`
	CollectorHeaders Headers      `env:"OTEL_EXPORTER_OTLP_HEADERS" doc:"Headers for the collector, such as its key: name=value, comma-separated, values percent-encoded."`
	CollectorTimeout Milliseconds `env:"OTEL_EXPORTER_OTLP_TIMEOUT" envDefault:"10000" doc:"Longest time for one request to the collector, in milliseconds, 1 to 600000."`
	CollectorSpeaks  Protocol     `env:"OTEL_EXPORTER_OTLP_PROTOCOL" envDefault:"http/protobuf" doc:"How the collector is spoken to: http/protobuf."`
	TracesExporter   Exporter     `env:"OTEL_TRACES_EXPORTER" envDefault:"otlp" doc:"otlp, or none to send no traces."`
	MetricsExporter  Exporter     `env:"OTEL_METRICS_EXPORTER" envDefault:"otlp" doc:"otlp, or none to send no metrics."`
	LogsExporter     Exporter     `env:"OTEL_LOGS_EXPORTER" envDefault:"otlp" doc:"otlp, or none to send no logs; they are on stdout in any case."`
	TracesSampler    string       `env:"OTEL_TRACES_SAMPLER" doc:"OpenTelemetry's name of a sampler, such as parentbased_traceidratio with OTEL_TRACES_SAMPLER_ARG=0.1; every trace is sent if it is not set."`
	ServiceName      string       `env:"OTEL_SERVICE_NAME" envDefault:"image-pro" doc:"What the program is called in telemetry."`
	AboutService     Attributes   `env:"OTEL_RESOURCE_ATTRIBUTES" doc:"What else is said of it: name=value, comma-separated, values percent-encoded."`
	TelemetryOff     Switch       `env:"OTEL_SDK_DISABLED" envDefault:"false" doc:"true sends nothing."`
}

// Development reports whether the process runs on a developer's machine.
func (c Config) Development() bool { return strings.EqualFold(c.Environment, "Development") }

// Address returns where the program listens, as host and port. The host dials IPv4.
func (c Config) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(c.Port))) }

// AppIDURI returns the application id URI, the audience that v1 tokens may carry beside the app id.
func (c Config) AppIDURI() string { return "api://" + c.AppDomain + "/" + string(c.AppID) }

// TeamsApp returns the id of the Teams app.
func (c Config) TeamsApp() string {
	if c.TeamsAppID != "" {
		return string(c.TeamsAppID)
	}
	return string(c.AppID)
}

// Setting is a row of the table.
type Setting struct {
	Name     string
	Default  string // empty: it is required, or left out means something
	Doc      string
	Required bool
}

// Table returns the settings in their order.
func Table() []Setting {
	var rows []Setting
	for field := range reflect.TypeFor[Config]().Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("env"), ",")
		rows = append(rows, Setting{
			Name:     name,
			Default:  field.Tag.Get("envDefault"),
			Doc:      field.Tag.Get("doc"),
			Required: strings.Contains(options, "required"),
		})
	}
	return rows
}

// Read reads every setting through getenv. The error joins one line for each fault, with the setting's name
// and what it must be, and never a secret's value.
func Read(getenv func(string) string) (Config, error) {
	values := map[string]string{"": ""} // never empty: an empty map would mean the process environment
	for _, row := range Table() {
		if value := getenv(row.Name); value != "" {
			values[row.Name] = value
		}
	}
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: values})
	return c, errors.Join(slices.Concat(explain(err), c.settleClouds(), c.checkStorage(getenv), c.checkCredential(getenv))...)
}

// checkCredential wants exactly one of the three settings, whether or not it is right.
func (c Config) checkCredential(getenv func(string) string) []error {
	set := 0
	for _, name := range []string{"IMAGEPRO_APP_SECRET", "IMAGEPRO_APP_CERTIFICATE", "IMAGEPRO_APP_IDENTITY"} {
		if getenv(name) != "" {
			set++
		}
	}
	if set == 1 {
		return nil
	}
	return []error{fmt.Errorf("setting IMAGEPRO_APP_SECRET: exactly one of IMAGEPRO_APP_SECRET, IMAGEPRO_APP_CERTIFICATE and IMAGEPRO_APP_IDENTITY must be set, not %d", set)}
}

// explain turns the library's faults, which name fields, into ours, which name settings.
func explain(err error) []error {
	if err == nil {
		return nil
	}
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []error{err}
	}
	var faults []error
	for _, one := range all.Errors {
		faults = append(faults, explainOne(one))
	}
	return faults
}

func explainOne(err error) error {
	var parse env.ParseError
	if errors.As(err, &parse) {
		field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		return fmt.Errorf("setting %s: %w", name, parse.Err)
	}
	var unset env.VarIsNotSetError
	if errors.As(err, &unset) {
		return fmt.Errorf("setting %s: is not set: %s", unset.Key, docOf(unset.Key))
	}
	var empty env.EmptyVarError
	if errors.As(err, &empty) {
		return fmt.Errorf("setting %s: is empty: %s", empty.Key, docOf(empty.Key))
	}
	return err
}

func docOf(name string) string {
	for _, row := range Table() {
		if row.Name == name {
			return row.Doc
		}
	}
	return ""
}

// Deadlines as plain durations.
func (d HTTPDeadline) Duration() time.Duration  { return time.Duration(d) }
func (d EventDeadline) Duration() time.Duration { return time.Duration(d) }
func (d CacheLife) Duration() time.Duration     { return time.Duration(d) }
func (d EditTime) Duration() time.Duration      { return time.Duration(d) }

// Duration of so many days.
func (d Days) Duration() time.Duration        { return days(int(d)) }
func (d GraceDays) Duration() time.Duration   { return days(int(d)) }
func (d SessionDays) Duration() time.Duration { return days(int(d)) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
