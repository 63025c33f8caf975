package config_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/config"
)

const goodKey = "a:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// with returns a look-up of the required settings and the given ones.
func with(pairs ...string) func(string) string {
	values := map[string]string{
		"AzureWebJobsStorage": "UseDevelopmentStorage=true",
		"IMAGEPRO_APP_SECRET": "app-secret",
		"IMAGEPRO_TOKEN_KEYS": goodKey,
	}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

func TestDefaultsAreRead(t *testing.T) {
	t.Parallel()
	c, err := config.Read(with())
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 8080 || c.AppID != "f64e410d-2685-4834-8cd1-004fcac3a125" || len(c.ClientApps) != 7 ||
		c.Graph != "https://graph.microsoft.com/v1.0" || c.InactiveDays != 90 || c.Development() {
		t.Errorf("read %+v", c)
	}
	if got, want := c.AppIDURI(), "api://localhost/f64e410d-2685-4834-8cd1-004fcac3a125"; got != want {
		t.Errorf("AppIDURI() = %q, want %q", got, want)
	}
}

func TestTheTeamsAppIsTheApplicationUnlessItIsNamed(t *testing.T) {
	t.Parallel()
	const teams = "0f1e2d3c-4b5a-4697-8877-665544332211"
	for set, want := range map[string]string{"": "f64e410d-2685-4834-8cd1-004fcac3a125", teams: teams} {
		c, err := config.Read(with("IMAGEPRO_TEAMS_APP_ID", set))
		if err != nil || c.TeamsApp() != want {
			t.Errorf("with %q: %q, %v, want %q", set, c.TeamsApp(), err, want)
		}
	}
	if _, err := config.Read(with("IMAGEPRO_TEAMS_APP_ID", "image-pro")); err == nil ||
		!strings.Contains(err.Error(), "setting IMAGEPRO_TEAMS_APP_ID: ") {
		t.Errorf("no id at all: %v", err)
	}
}

func TestIdsOfRolesAreTakenInEitherCase(t *testing.T) {
	t.Parallel()
	c, err := config.Read(with("IMAGEPRO_ADMIN_ROLES", "62E90394-69F5-4237-9190-012177145E10, OrganizationAdmin"))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Names{"62e90394-69f5-4237-9190-012177145e10", "OrganizationAdmin"} // names are to the letter
	if diff := cmp.Diff(want, c.AdminRoles); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Read(with(
		"AzureWebJobsStorage", "",
		"FUNCTIONS_CUSTOMHANDLER_PORT", "70000",
		"IMAGEPRO_INACTIVE_DAYS", "0",
		"IMAGEPRO_GRAPH", "https://localhost:8443/v1.0",
		"IMAGEPRO_TOKEN_KEYS", "a:c2hvcnQtc2VjcmV0",
	))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"setting AzureWebJobsStorage: exactly one of AzureWebJobsStorage, AzureWebJobsStorage__accountName and the " +
			"three AzureWebJobsStorage__...ServiceUri must be set, not 0",
		`setting FUNCTIONS_CUSTOMHANDLER_PORT: "70000" is not a whole number from 1 to 65535`,
		`setting IMAGEPRO_INACTIVE_DAYS: "0" is not a whole number from 1 to 3650`,
		"setting IMAGEPRO_GRAPH: a loopback address is taken only when AZURE_FUNCTIONS_ENVIRONMENT is Development",
		"setting IMAGEPRO_TOKEN_KEYS: key a is not the base64 of 32 bytes",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 5 {
		t.Errorf("%d faults reported, want 5:\n%v", lines, err)
	}
	if strings.Contains(err.Error(), "c2hvcnQ") {
		t.Error("the error shows a key")
	}
}

func TestWrongValuesAreRefusedByName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, want string }{
		{"IMAGEPRO_APP_ID", "image-pro", "is not an id such as"},
		{"IMAGEPRO_CLIENT_APPS", "1fec8e78-bce4-4aaf-ab1b-5451cc387264,", "is not an id such as"},
		{"IMAGEPRO_AUTHORITY", "http://login.microsoftonline.com", "is not an https address"},
		{"IMAGEPRO_AUTHORITY", "https://user:pw@login.microsoftonline.com", "is not an https address"},
		{"IMAGEPRO_GRAPH", "https://graph.microsoft.com.evil.example/v1.0",
			"is not what IMAGEPRO_CLOUD=public uses, https://graph.microsoft.com/v1.0"},
		{"IMAGEPRO_GRAPH", "https://login.microsoftonline.com/v1.0", "is not what IMAGEPRO_CLOUD=public uses"},
		{"IMAGEPRO_GRAPH", "https://graph.microsoft.us/v1.0", "is not what IMAGEPRO_CLOUD=public uses"},
		{"IMAGEPRO_GRAPH", "https://graph.microsoft.com/beta", "is not what IMAGEPRO_CLOUD=public uses"},
		{"IMAGEPRO_GRAPH", "https://graph.microsoft.com", "is not what IMAGEPRO_CLOUD=public uses"},
		{"IMAGEPRO_AUTHORITY", "https://login.microsoftonline.com/common", "is not what IMAGEPRO_CLOUD=public uses"},
		{"IMAGEPRO_AUTHORITY_V1", "https://login.microsoftonline.com", "is not what IMAGEPRO_CLOUD=public uses"},
		{"IMAGEPRO_CLOUD", "germany", "is none of china, public, usdod, usgov"},
		{"AzureWebJobsStorage__accountName", "Not_an_account", "is not the name of a storage account"},
		{"AzureWebJobsStorage__clientId", "mine", "is not an id such as"},
		{"IMAGEPRO_HTTP_DEADLINE", "4m", "is not a duration from 1s to 3m45s"},
		{"IMAGEPRO_EVENT_DEADLINE", "10m", "is not a duration from 1s to 9m30s"},
		{"IMAGEPRO_TOKEN_KEYS", goodKey + "," + goodKey, "key id a stands twice"},
		{"IMAGEPRO_TOKEN_KEYS", "no-colon", "every key must be written id:base64"},
		{"IMAGEPRO_LOG_LEVEL", "loud", "unknown name"},
		{"IMAGEPRO_MAX_FILE_MB", "201", "from 1 to 200"},
		{"IMAGEPRO_MAX_MEGAPIXELS", "x", "from 1 to 200"},
		{"IMAGEPRO_MAX_SIDE", "65536", "from 1 to 65535"},
		{"IMAGEPRO_MAX_SCANS", "0", "from 1 to 1000"},
		{"IMAGEPRO_MAX_FRAMES", "1001", "from 1 to 1000"},
		{"IMAGEPRO_MAX_ANIMATION_MEGAPIXELS", "201", "from 1 to 200"},
		{"IMAGEPRO_MAX_IMAGE_MB", "0", "from 1 to 200"},
		{"IMAGEPRO_MAX_IMAGE_MEGAPIXELS", "-1", "from 1 to 200"},
		{"IMAGEPRO_MAX_RESULT_MEGAPIXELS", "401", "from 1 to 400"},
		{"IMAGEPRO_MAX_RESULT_SIDE", "0", "from 1 to 65535"},
		{"IMAGEPRO_MAX_MEMORY_MB", "15", "from 16 to 8000"},
		{"IMAGEPRO_EDIT_TIME", "10m", "is not a duration from 1s to 9m30s"},
		{"IMAGEPRO_BULK_WINDOW", "0", "from 1 to 1000"},
		{"IMAGEPRO_BULK_MAX_IMAGES", "-1", "from 1 to 1000000"},
		{"IMAGEPRO_GRACE_DAYS", "366", "from 0 to 365"},
		{"IMAGEPRO_SESSION_DAYS", "0", "from 1 to 90"},
		{"IMAGEPRO_TAB_CACHE", "11m", "is not a duration from 0s to 10m"},
		{"IMAGEPRO_TENANTS", "contoso.com", "is not an id such as"},
		{"IMAGEPRO_ADMIN_ROLES", "a b", "is not a word of letters"},
		{"IMAGEPRO_APP_CERTIFICATE", "secret", "is neither PEM nor the base64 of PEM"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://10.0.0.1:4318", "neither an https address nor one on this machine"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:pw@collector.example",
			"neither an https address nor one on this machine"},
		{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://collector.example/?key=x",
			"neither an https address nor one on this machine"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "api-key", "no list of name=value"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "api key=x", "is no name of a header"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%0d%0ab", "no list of name=value"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "is not http/protobuf"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "is not a whole number of milliseconds"},
		{"OTEL_METRICS_EXPORTER", "prometheus", "is neither otlp nor none"},
		{"OTEL_RESOURCE_ATTRIBUTES", "=x", "no list of name=value"},
		{"OTEL_SDK_DISABLED", "maybe", "is neither true nor false"},
		{"IMAGEPRO_APP_IDENTITY", "mine", "is neither system nor a client id"},
		{"IMAGEPRO_APP_IDENTITY", "system", ""},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			t.Parallel()
			look := with(test.name, test.value)
			if test.want == "" { // beside the secret
				test.name, test.want = "IMAGEPRO_APP_SECRET",
					"exactly one of IMAGEPRO_APP_SECRET, IMAGEPRO_APP_CERTIFICATE and IMAGEPRO_APP_IDENTITY must "+
						"be set, not 2"
			}
			_, err := config.Read(look)
			if err == nil || !strings.Contains(err.Error(), "setting "+test.name+": ") ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that names the setting and says %q", err, test.want)
			}
		})
	}
}

func TestACloudHasHostsOfItsOwn(t *testing.T) {
	t.Parallel()
	for cloud, want := range map[string][]string{
		"": {"https://login.microsoftonline.com", "https://sts.windows.net", "https://graph.microsoft.com/v1.0",
			"https://pictures.table.core.windows.net", ".sharepoint.com"},
		"public": {"https://login.microsoftonline.com", "https://sts.windows.net", "https://graph.microsoft.com/v1.0",
			"https://pictures.table.core.windows.net", ".sharepoint.com"},
		"usgov": {"https://login.microsoftonline.us", "https://sts.windows.net", "https://graph.microsoft.us/v1.0",
			"https://pictures.table.core.usgovcloudapi.net", ".sharepoint.us"},
		"usdod": {"https://login.microsoftonline.us", "https://sts.windows.net", "https://dod-graph.microsoft.us/v1.0",
			"https://pictures.table.core.usgovcloudapi.net", ".sharepoint-mil.us"},
		"china": {"https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn",
			"https://microsoftgraph.chinacloudapi.cn/v1.0", "https://pictures.table.core.chinacloudapi.cn",
			".sharepoint.cn"},
	} {
		c, err := config.Read(
			with("IMAGEPRO_CLOUD", cloud, "AzureWebJobsStorage", "", "AzureWebJobsStorage__accountName", "pictures"))
		if err != nil {
			t.Errorf("%s: %v", cloud, err)
			continue
		}
		at, _ := c.StorageEndpoints()
		got := []string{string(c.Authority), string(c.AuthorityV1), string(c.Graph), at.Tables,
			c.Cloud.Hosts().SharePoint}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cloud, diff)
		}
		if frames, small := c.Cloud.Hosts().Frames,
			c.Cloud.Hosts().Thumbnails(); len(frames) == 0 || small[0] != "https://*"+want[4] {
			t.Errorf("%s: frames %q, small pictures %q", cloud, frames, small)
		}
	}
}

func TestStorageIsReachedInExactlyOneWay(t *testing.T) {
	t.Parallel()
	const blobs, queues, tables, none = "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__queueServiceUri",
		"AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage"
	three := []string{none, "", blobs, "https://pictures.blob.core.windows.net/", queues,
		"https://pictures.queue.core.windows.net", tables, "https://pictures.table.core.windows.net"}
	for name, c := range map[string]struct {
		pairs []string
		want  string // part of the fault; empty: there is none
	}{
		"a connection string": {nil, ""},
		"three addresses":     {three, ""},
		"and an identity": {
			append(three, "AzureWebJobsStorage__clientId", "F64E410D-2685-4834-8CD1-004FCAC3A125"), ""},
		"a name beside a string": {[]string{"AzureWebJobsStorage__accountName", "pictures"},
			"must be set, not 2"},
		"a name beside addresses": {append(three, "AzureWebJobsStorage__accountName", "pictures"),
			"must be set, not 2"},
		"two addresses": {append(three, queues, ""),
			"setting AzureWebJobsStorage__queueServiceUri: is not set: all three addresses are, or none"},
		"an identity beside a string": {
			[]string{"AzureWebJobsStorage__clientId", "f64e410d-2685-4834-8cd1-004fcac3a125"},
			"no identity beside a connection string"},
		"another service's address": {append(three, tables, "https://pictures.blob.core.windows.net"),
			"setting AzureWebJobsStorage__tableServiceUri: "},
		"another cloud's address": {append(three, tables, "https://pictures.table.core.chinacloudapi.cn"),
			"is not https://<account>.table.core.windows.net"},
		"somebody's address": {
			append(three, tables, "https://pictures.table.core.windows.net.evil.example"),
			"is not https://<account>.table.core.windows.net"},
		"an address with a path": {append(three, tables, "https://pictures.table.core.windows.net/a"),
			"is not https://<account>.table.core.windows.net"},
		"without TLS": {append(three, tables, "http://pictures.table.core.windows.net"),
			"is not an https address"},
		"this machine": {append(three, tables, "https://127.0.0.1:10002/devstoreaccount1"),
			"a loopback address is taken only when"},
		"this machine for its developer": {
			append(three, tables, "https://127.0.0.1:10002/devstoreaccount1", "AZURE_FUNCTIONS_ENVIRONMENT",
				"Development"), ""},
		"a shared access signature in one": {
			append(three, tables, "https://pictures.table.core.windows.net?sig=geheim"), "is not an https address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, err := config.Read(with(c.pairs...))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want one that says %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			at, byIdentity := read.StorageEndpoints()
			if byIdentity != (c.pairs != nil) || byIdentity &&
				(at.Blobs != "https://pictures.blob.core.windows.net" ||
					at.Queues != "https://pictures.queue.core.windows.net") {
				t.Errorf("endpoints %+v, %t", at, byIdentity)
			}
			want := config.Identity(config.SystemIdentity)
			if read.StorageClientID != "" {
				want = "f64e410d-2685-4834-8cd1-004fcac3a125"
			}
			if got := read.StorageIdentity(); got != want {
				t.Errorf("identity %s, want %s", got, want)
			}
		})
	}
}

func TestTelemetryGoesWhereItsSettingsSay(t *testing.T) {
	t.Parallel()
	const all = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for name, c := range map[string]struct {
		pairs []string
		want  config.Telemetry
	}{
		"nowhere": {nil, config.Telemetry{}},
		"to one collector": {[]string{all, "https://c.example/otlp/"},
			config.Telemetry{Traces: "https://c.example/otlp/v1/traces", Metrics: "https://c.example/otlp/v1/metrics",
				Logs: "https://c.example/otlp/v1/logs"}},
		"one elsewhere": {
			[]string{all, "https://c.example", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:4318/logs"},
			config.Telemetry{Traces: "https://c.example/v1/traces", Metrics: "https://c.example/v1/metrics",
				Logs: "http://127.0.0.1:4318/logs"}},
		"one alone": {[]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://m.example/x"},
			config.Telemetry{Metrics: "https://m.example/x"}},
		"one not": {
			[]string{all, "https://c.example", "OTEL_LOGS_EXPORTER", "none", "OTEL_TRACES_EXPORTER", "none"},
			config.Telemetry{Metrics: "https://c.example/v1/metrics"}},
		"nowhere after all": {[]string{all, "https://c.example", "OTEL_SDK_DISABLED", "TRUE"}, config.Telemetry{}},
	} {
		read, err := config.Read(with(append(c.pairs, "OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb, x=y")...))
		if err != nil || read.Telemetry() != c.want || read.CollectorHeaders["api-key"].Reveal() != "a,b" ||
			strings.Contains(fmt.Sprintf("%+v", read), "a,b") {
			t.Errorf("%s: %+v, %v", name, read.Telemetry(), err)
		}
	}
}

func TestDevelopmentTakesLoopback(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost:8443", "127.0.0.1:8443", "[::1]:8443"} {
		c, err := config.Read(
			with("AZURE_FUNCTIONS_ENVIRONMENT", "Development", "IMAGEPRO_GRAPH", "https://"+host+"/v1.0/"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(config.CloudURL("https://"+host+"/v1.0"), c.Graph); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPrintingTheSettingsShowsNoSecret(t *testing.T) {
	t.Parallel()
	c, err := config.Read(with())
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		text := fmt.Sprintf(verb, c)
		if strings.Contains(text, "app-secret") || strings.Contains(text, "0123456789") ||
			strings.Contains(text, "UseDevelopmentStorage") {
			t.Errorf("%s shows a secret: %s", verb, text)
		}
	}
}

func TestTheTableDocumentsEverySetting(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range config.Table() {
		if row.Name == "" || row.Doc == "" || seen[row.Name] {
			t.Errorf("row %+v has no name or no text, or stands twice", row)
		}
		if row.Required && row.Default != "" {
			t.Errorf("setting %s is required and has a default", row.Name)
		}
		seen[row.Name] = true
	}
}

func TestOneOfThreeCredentialsIsTaken(t *testing.T) {
	t.Parallel()
	const pem = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
	for name, pairs := range map[string][]string{
		"a certificate":           {"IMAGEPRO_APP_CERTIFICATE", pem},
		"a certificate in base64": {"IMAGEPRO_APP_CERTIFICATE", base64.StdEncoding.EncodeToString([]byte(pem))},
		"the app's identity":      {"IMAGEPRO_APP_IDENTITY", "system"},
		"an identity of its own":  {"IMAGEPRO_APP_IDENTITY", "F64E410D-2685-4834-8CD1-004FCAC3A125"},
	} {
		c, err := config.Read(with(append(pairs, "IMAGEPRO_APP_SECRET", "")...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := fmt.Sprintf("%+v", c); strings.Contains(text, "MIIE") {
			t.Errorf("%s is shown: %s", name, text)
		}
		if pairs[0] == "IMAGEPRO_APP_CERTIFICATE" && c.AppCertificate.Reveal() != pem {
			t.Errorf("%s was read as %d bytes", name, len(c.AppCertificate.Reveal()))
		}
	}
	_, err := config.Read(with("IMAGEPRO_APP_SECRET", ""))
	if err == nil || !strings.Contains(err.Error(), "must be set, not 0") {
		t.Errorf("without a credential: %v", err)
	}
}
