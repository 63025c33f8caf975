// Package config reads the settings: one table, read once, every fault reported at once.
//
// It does not know the process environment (main hands in a look-up) nor what the settings are used for.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"imagepro/handler/secret"
)

// Config is the table of settings: a field's tags give the setting's name, its default and what it means.
// handler/docs/settings.md and local.settings.json.example are compared with it by a test.
type Config struct {
	Port        Port   `env:"FUNCTIONS_CUSTOMHANDLER_PORT" envDefault:"8080" doc:"Port on 127.0.0.1 to listen on, 1 to 65535. The Functions host sets it."`
	Environment string `env:"AZURE_FUNCTIONS_ENVIRONMENT" envDefault:"Production" doc:"Development lets the three cloud addresses below be on loopback. The Functions host sets it."`

	Storage secret.Text `env:"AzureWebJobsStorage,required,notEmpty" doc:"Connection string of the storage account for tables, blobs and queues; the host uses it as well."`

	AppID      GUID        `env:"IMAGEPRO_APP_ID" envDefault:"f64e410d-2685-4834-8cd1-004fcac3a125" doc:"Application (client) id of the app registration."`
	AppSecret  secret.Text `env:"IMAGEPRO_APP_SECRET,required,notEmpty" doc:"Client secret of the app registration."`
	AppDomain  string      `env:"IMAGEPRO_APP_DOMAIN" envDefault:"localhost" doc:"Host that serves the tab; the application id URI is api://<domain>/<app id>."`
	ClientApps GUIDs       `env:"IMAGEPRO_CLIENT_APPS" envDefault:"1fec8e78-bce4-4aaf-ab1b-5451cc387264,5e3ce6c0-2b1f-4285-8d4b-75ee78787346,4765445b-32c6-49b0-83e6-1d93765276ca,0ec893e0-5785-4de6-99da-4ed124e5296c,d3590ed6-52b3-4102-aeff-aad2292ab01c,bc59ab01-8403-45c6-8796-ac3ef710b3e3,27922004-5251-4030-b22d-91ecd9a37ea4" doc:"Applications that may call: the Teams, Microsoft 365 and Outlook clients. Comma-separated ids."`
	TokenKeys  KeyRing     `env:"IMAGEPRO_TOKEN_KEYS,required,notEmpty" doc:"Keys that seal refresh tokens: id:base64 of 32 bytes, comma-separated. The first seals, all open."`

	Authority   CloudURL `env:"IMAGEPRO_AUTHORITY" envDefault:"https://login.microsoftonline.com" doc:"Entra ID, also the issuer of v2 tokens."`
	AuthorityV1 CloudURL `env:"IMAGEPRO_AUTHORITY_V1" envDefault:"https://sts.windows.net" doc:"Issuer of v1 tokens."`
	Graph       CloudURL `env:"IMAGEPRO_GRAPH" envDefault:"https://graph.microsoft.com/v1.0" doc:"Microsoft Graph with its version, v1.0."`

	InactiveDays Days `env:"IMAGEPRO_INACTIVE_DAYS" envDefault:"90" doc:"Days without a sign-in after which an organization is erased, 1 to 3650."`

	BulkWindow    Window    `env:"IMAGEPRO_BULK_WINDOW" envDefault:"32" doc:"Images of one bulk edit that are sent ahead to the queue, 1 to 1000."`
	BulkMaxImages MaxImages `env:"IMAGEPRO_BULK_MAX_IMAGES" envDefault:"100000" doc:"Most images of one bulk edit, 1 to 1000000."`

	MaxFileMB     FileMB     `env:"IMAGEPRO_MAX_FILE_MB" envDefault:"50" doc:"Largest picture file to edit, in MiB, 1 to 200."`
	MaxMegapixels Megapixels `env:"IMAGEPRO_MAX_MEGAPIXELS" envDefault:"50" doc:"Largest picture to edit, in million pixels, 1 to 200. Each processor may need 20 bytes of memory a pixel."`

	HTTPDeadline  HTTPDeadline  `env:"IMAGEPRO_HTTP_DEADLINE" envDefault:"3m20s" doc:"Longest time for one HTTP request, 1s to 3m45s; the front end cuts at 230 s."`
	EventDeadline EventDeadline `env:"IMAGEPRO_EVENT_DEADLINE" envDefault:"4m30s" doc:"Longest time for one queue or timer invocation, 1s to 9m30s; keep it below functionTimeout of host.json."`

	LogLevel slog.Level `env:"IMAGEPRO_LOG_LEVEL" envDefault:"INFO" doc:"DEBUG, INFO, WARN or ERROR."`
}

// Development reports whether the process runs on a developer's machine.
func (c Config) Development() bool { return strings.EqualFold(c.Environment, "Development") }

// AppIDURI returns the application id URI, the audience that v1 tokens may carry beside the app id.
func (c Config) AppIDURI() string { return "api://" + c.AppDomain + "/" + string(c.AppID) }

// Setting is a row of the table.
type Setting struct {
	Name     string
	Default  string
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
	return c, errors.Join(append(explain(err), c.checkClouds()...)...)
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

// The hosts of Entra ID and Graph in Microsoft's clouds, sovereign ones included
// (https://learn.microsoft.com/graph/deployments).
func (c Config) checkClouds() []error {
	var faults []error
	for _, one := range []struct {
		name  string
		url   CloudURL
		hosts []string
		path  string
	}{
		{"IMAGEPRO_AUTHORITY", c.Authority, []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}, ""},
		{"IMAGEPRO_AUTHORITY_V1", c.AuthorityV1, []string{"sts.windows.net", "sts.chinacloudapi.cn"}, ""},
		{"IMAGEPRO_GRAPH", c.Graph, []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}, "/v1.0"},
	} {
		if err := one.url.check(one.hosts, one.path, c.Development()); err != nil {
			faults = append(faults, fmt.Errorf("setting %s: %w", one.name, err))
		}
	}
	return faults
}

// Deadlines as plain durations.
func (d HTTPDeadline) Duration() time.Duration  { return time.Duration(d) }
func (d EventDeadline) Duration() time.Duration { return time.Duration(d) }
