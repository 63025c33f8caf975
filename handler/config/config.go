// Package config reads the settings: one table, read once, every fault reported at once.
//
// It does not know the process environment (main hands in a look-up) nor what the settings are used for.
package config

import (
	"cmp"
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

// Config is the table of settings: a field's tags give the setting's name and its default; docs says what it means.
// handler/docs/settings.md and local.settings.json.example are compared with it by a test.
type Config struct {
	Port        Port   `env:"FUNCTIONS_CUSTOMHANDLER_PORT" envDefault:"8080"`
	Environment string `env:"AZURE_FUNCTIONS_ENVIRONMENT" envDefault:"Production"`

	Cloud Cloud `env:"IMAGEPRO_CLOUD" envDefault:"public"`

	Storage         secret.Text `env:"AzureWebJobsStorage"`
	StorageAccount  AccountName `env:"AzureWebJobsStorage__accountName"`
	StorageBlobs    CloudURL    `env:"AzureWebJobsStorage__blobServiceUri"`
	StorageQueues   CloudURL    `env:"AzureWebJobsStorage__queueServiceUri"`
	StorageTables   CloudURL    `env:"AzureWebJobsStorage__tableServiceUri"`
	StorageClientID GUID        `env:"AzureWebJobsStorage__clientId"`

	AppID          GUID        `env:"IMAGEPRO_APP_ID" envDefault:"f64e410d-2685-4834-8cd1-004fcac3a125"`
	AppSecret      secret.Text `env:"IMAGEPRO_APP_SECRET"`
	AppCertificate PEM         `env:"IMAGEPRO_APP_CERTIFICATE"`
	AppIdentity    Identity    `env:"IMAGEPRO_APP_IDENTITY"`
	TeamsAppID     GUID        `env:"IMAGEPRO_TEAMS_APP_ID"`
	AppDomain      string      `env:"IMAGEPRO_APP_DOMAIN" envDefault:"localhost"`
	ClientApps     GUIDs       `env:"IMAGEPRO_CLIENT_APPS"`
	Tenants        GUIDs       `env:"IMAGEPRO_TENANTS"`
	AdminRoles     Names       `env:"IMAGEPRO_ADMIN_ROLES"`
	TokenKeys      KeyRing     `env:"IMAGEPRO_TOKEN_KEYS,required,notEmpty"`

	Authority   CloudURL `env:"IMAGEPRO_AUTHORITY"`
	AuthorityV1 CloudURL `env:"IMAGEPRO_AUTHORITY_V1"`
	Graph       CloudURL `env:"IMAGEPRO_GRAPH"`

	SignInPage SignInPage `env:"IMAGEPRO_SIGN_IN_PAGE"`

	InactiveDays Days        `env:"IMAGEPRO_INACTIVE_DAYS" envDefault:"90"`
	GraceDays    GraceDays   `env:"IMAGEPRO_GRACE_DAYS" envDefault:"14"`
	SessionDays  SessionDays `env:"IMAGEPRO_SESSION_DAYS" envDefault:"30"`

	TabCache CacheLife `env:"IMAGEPRO_TAB_CACHE" envDefault:"30s"`

	TenantUnits Units `env:"IMAGEPRO_TENANT_UNITS" envDefault:"1200"`

	BulkWindow    Window    `env:"IMAGEPRO_BULK_WINDOW" envDefault:"24"`
	BulkMaxImages MaxImages `env:"IMAGEPRO_BULK_MAX_IMAGES" envDefault:"100000"`
	BulkMaxOpen   Open      `env:"IMAGEPRO_BULK_MAX_OPEN" envDefault:"100"`
	BulkUserOpen  Open      `env:"IMAGEPRO_BULK_USER_OPEN" envDefault:"20"`
	BulkMaxDays   Days      `env:"IMAGEPRO_BULK_MAX_DAYS" envDefault:"30"`

	MaxFileMB     FileMB     `env:"IMAGEPRO_MAX_FILE_MB" envDefault:"50"`
	MaxMegapixels Megapixels `env:"IMAGEPRO_MAX_MEGAPIXELS" envDefault:"50"`
	MaxSide       Side       `env:"IMAGEPRO_MAX_SIDE" envDefault:"30000"`
	MaxScans      Count      `env:"IMAGEPRO_MAX_SCANS" envDefault:"100"`

	MaxFrames              Count      `env:"IMAGEPRO_MAX_FRAMES" envDefault:"400"`
	MaxAnimationMegapixels Megapixels `env:"IMAGEPRO_MAX_ANIMATION_MEGAPIXELS" envDefault:"100"`

	MaxImageMB         FileMB     `env:"IMAGEPRO_MAX_IMAGE_MB" envDefault:"10"`
	MaxImageMegapixels Megapixels `env:"IMAGEPRO_MAX_IMAGE_MEGAPIXELS" envDefault:"10"`

	MaxResultMegapixels ResultMegapixels `env:"IMAGEPRO_MAX_RESULT_MEGAPIXELS"`
	MaxResultSide       Side             `env:"IMAGEPRO_MAX_RESULT_SIDE" envDefault:"16384"`

	MaxMemoryMB MemoryMB `env:"IMAGEPRO_MAX_MEMORY_MB"`
	EditTime    EditTime `env:"IMAGEPRO_EDIT_TIME" envDefault:"1m30s"`

	HTTPDeadline  HTTPDeadline  `env:"IMAGEPRO_HTTP_DEADLINE" envDefault:"3m20s"`
	EventDeadline EventDeadline `env:"IMAGEPRO_EVENT_DEADLINE" envDefault:"4m30s"`

	LogLevel slog.Level `env:"IMAGEPRO_LOG_LEVEL" envDefault:"INFO"`

	Collector        Collector    `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	TracesCollector  Collector    `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"`
	MetricsCollector Collector    `env:"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"`
	LogsCollector    Collector    `env:"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"`
	CollectorHeaders Headers      `env:"OTEL_EXPORTER_OTLP_HEADERS"`
	CollectorTimeout Milliseconds `env:"OTEL_EXPORTER_OTLP_TIMEOUT" envDefault:"10000"`
	CollectorSpeaks  Protocol     `env:"OTEL_EXPORTER_OTLP_PROTOCOL" envDefault:"http/protobuf"`
	TracesExporter   Exporter     `env:"OTEL_TRACES_EXPORTER" envDefault:"otlp"`
	MetricsExporter  Exporter     `env:"OTEL_METRICS_EXPORTER" envDefault:"otlp"`
	LogsExporter     Exporter     `env:"OTEL_LOGS_EXPORTER" envDefault:"otlp"`
	TracesSampler    string       `env:"OTEL_TRACES_SAMPLER"`
	ServiceName      string       `env:"OTEL_SERVICE_NAME" envDefault:"image-pro"`
	AboutService     Attributes   `env:"OTEL_RESOURCE_ATTRIBUTES"`
	TelemetryOff     Switch       `env:"OTEL_SDK_DISABLED" envDefault:"false"`
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
			Default:  cmp.Or(field.Tag.Get("envDefault"), defaults[name]),
			Doc:      docs[name],
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
		if value := cmp.Or(getenv(row.Name), defaults[row.Name]); value != "" {
			values[row.Name] = value
		}
	}
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: values})
	return c, errors.Join(
		slices.Concat(explain(err), c.settleClouds(), c.checkStorage(getenv), c.checkCredential(getenv))...)
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
	return []error{
		fmt.Errorf(
			"setting IMAGEPRO_APP_SECRET: exactly one of IMAGEPRO_APP_SECRET, IMAGEPRO_APP_CERTIFICATE and "+
				"IMAGEPRO_APP_IDENTITY must be set, not %d", set)}
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
		return fmt.Errorf("setting %s: is not set: %s", unset.Key, docs[unset.Key])
	}
	var empty env.EmptyVarError
	if errors.As(err, &empty) {
		return fmt.Errorf("setting %s: is empty: %s", empty.Key, docs[empty.Key])
	}
	return err
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
