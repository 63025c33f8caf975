package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/config"
)

// readDeploy reads a file of handler/deploy.
func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ofHost are settings that the Functions host and its parts read.
var ofHost = []string{"AzureWebJobsStorage__credential", "APPLICATIONINSIGHTS_CONNECTION_STRING",
	"APPLICATIONINSIGHTS_AUTHENTICATION_STRING"}

func TestTheDeploymentSetsSettingsThatThereAre(t *testing.T) {
	t.Parallel()
	known := slices.Clone(ofHost)
	for _, row := range config.Table() {
		known = append(known, row.Name)
	}
	set := map[string]string{}
	for _, found := range regexp.MustCompile(
		`(?m)^\s+((?:IMAGEPRO|OTEL|AzureWebJobs|APPLICATIONINSIGHTS)_*\w+): (.+)$`).FindAllStringSubmatch(
		readDeploy(t, "main.bicep")+readDeploy(t, "app.bicep"), -1) {
		set[found[1]] = found[2]
		if !slices.Contains(known, found[1]) {
			t.Errorf("nobody reads %s", found[1])
		}
	}
	if len(set) < 15 {
		t.Fatalf("only %d settings were found", len(set))
	}
	// What the deployment sets, with what the resources would give it, must start the program.
	values := map[string]string{}
	for name, value := range set {
		values[name] = map[string]string{
			"storage.properties.primaryEndpoints.blob":  "https://imagepro12345678.blob.core.windows.net/",
			"storage.properties.primaryEndpoints.queue": "https://imagepro12345678.queue.core.windows.net/",
			"storage.properties.primaryEndpoints.table": "https://imagepro12345678.table.core.windows.net/",
			"'managedidentity'":                         "managedidentity",
			"identityClient":                            "0f1e2d3c-4b5a-4697-8877-665544332211",
			"appId":                                     "f64e410d-2685-4834-8cd1-004fcac3a125",
			"cloud":                                     "public",
			"appName":                                   "imagepro-12345678",
			"app.properties.defaultHostName":            "imagepro-12345678.azurewebsites.net",
			"'@Microsoft.KeyVault(SecretUri=${tokenKeysUri})'": "a:" + keySecret,
		}[value]
	}
	c, err := config.Read(lookUp(values))
	if err != nil {
		t.Fatal(err)
	}
	if at, byIdentity := c.StorageEndpoints(); !byIdentity ||
		at.Tables != "https://imagepro12345678.table.core.windows.net" || c.AppIdentity == "" {
		t.Errorf("storage %+v, identity %q", at, c.AppIdentity)
	}
}

func TestTheDeploymentMakesEveryTableQueueAndContainer(t *testing.T) {
	t.Parallel()
	text := readDeploy(t, "data.bicep")
	listed := func(name string) []string {
		_, list, _ := strings.Cut(text, "var "+name+" = [")
		list, _, _ = strings.Cut(list, "]")
		var all []string
		for _, found := range regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(list, -1) {
			all = append(all, found[1])
		}
		slices.Sort(all)
		return all
	}
	source := func(file, pattern string) []string {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(code), -1) {
			names[found[1]] = true
		}
		return slices.Sorted(maps.Keys(names))
	}
	if diff := cmp.Diff(source("cloud/tables/tables.go", `= "(ImagePro\w+)"`), listed("tables")); diff != "" {
		t.Errorf("tables (-the program's +the deployment's):\n%s", diff)
	}
	containers := append(source("cloud/blobs/blobs.go", `container = "([a-z-]+)"`),
		source("cloud/blobs/previews.go", `previewContainer = "([a-z-]+)"`)...)
	containers = append(containers, source("cloud/blobs/blobs.go", `(?m)^\s+container\s+= "([a-z-]+)"`)...)
	containers = append(containers, "app-package")
	slices.Sort(containers)
	if diff := cmp.Diff(slices.Compact(containers), listed("containers")); diff != "" {
		t.Errorf("containers (-the program's +the deployment's):\n%s", diff)
	}
	var queues []string
	files, err := filepath.Glob("../functions/*/function.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var function struct{ Bindings []struct{ QueueName string } }
		readJSON(t, file, &function)
		for _, b := range function.Bindings {
			if b.QueueName != "" {
				queues = append(queues, b.QueueName)
			}
		}
	}
	slices.Sort(queues)
	if diff := cmp.Diff(queues, listed("queues")); diff != "" {
		t.Errorf("queues (-the functions' +the deployment's):\n%s", diff)
	}
}

// TestEveryEventThatAlertsLookForIsLogged looks for the events of alerts and workbook in the program.
func TestEveryEventThatAlertsLookForIsLogged(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, file := range []string{"bulk/*.go", "org/*.go", "api/*.go", "app/*.go", "invoke/*.go", "main.go"} {
		files, err := filepath.Glob(file)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				code.Write(text)
			}
		}
	}
	states := []string{"edited", "unchanged", "skipped", "conflict", "failed"} // bulk.ItemState, after "image is "
	looked := map[string]bool{}
	var everything strings.Builder
	for _, name := range []string{"alerts.json", "workbook.json"} {
		var all any
		if err := json.Unmarshal([]byte(readDeploy(t, name)), &all); err != nil {
			t.Fatal(err)
		}
		everything.WriteString(readDeploy(t, name))
	}
	for _, found := range regexp.MustCompile(`event (?:==|in) (\([^)]*\)|\\"[^"]*\\")`).FindAllStringSubmatch(
		everything.String(), -1) {
		for _, event := range regexp.MustCompile(`\\"([^"\\]+)\\"`).FindAllStringSubmatch(found[1], -1) {
			looked[event[1]] = true
		}
	}
	if len(looked) < 12 {
		t.Fatalf("only %d events were found: %v", len(looked), looked)
	}
	for event := range looked {
		state, isImage := strings.CutPrefix(event, "image is ")
		if !strings.Contains(code.String(), `"`+event+`"`) && !(isImage && slices.Contains(states, state)) {
			t.Errorf("nothing logs %q", event)
		}
	}
}

// TestTheDeploymentIsWellFormed runs the grammar of Bicep and Kusto's language service over it.
func TestTheDeploymentIsWellFormed(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("dev/deploy/node_modules/.package-lock.json"); err != nil {
		t.Fatal("the packages of handler/dev/deploy are not installed: run make check-deploy")
	}
	out, err := exec.Command("node", "dev/deploy/check.mjs").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "no fault found") {
		t.Errorf("%v\n%s", err, out)
	}
}
