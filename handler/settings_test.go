package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/app"
	"imagepro/handler/config"
)

// setByHost are the settings of the table that the host gives the program; nobody writes them down.
var setByHost = []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "AZURE_FUNCTIONS_ENVIRONMENT"}

// readByHost are settings that only the host reads.
var readByHost = map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"}

// example reads local.settings.json.example.
func example(t *testing.T) map[string]string {
	t.Helper()
	var file struct {
		IsEncrypted *bool
		Values      map[string]string
	}
	readJSON(t, "../local.settings.json.example", &file)
	if file.IsEncrypted == nil || *file.IsEncrypted {
		t.Error("IsEncrypted must be false; a missing one counts as true")
	}
	return file.Values
}

// placeholder reports whether a value is to be replaced.
func placeholder(value string) bool { return strings.Contains(value, "<") }

func TestTheExampleHoldsEverySettingWithItsDefault(t *testing.T) {
	t.Parallel()
	values := example(t)
	for _, row := range config.Table() {
		value, written := values[row.Name]
		delete(values, row.Name)
		switch {
		case slices.Contains(setByHost, row.Name):
			if written {
				t.Errorf("the example sets %s, which the host does", row.Name)
			}
		case !written:
			t.Errorf("the example lacks %s", row.Name)
		case row.Name == "AzureWebJobsStorage":
			if value != "UseDevelopmentStorage=true" {
				t.Errorf("the example sets %s to %q, which is not the emulator", row.Name, value)
			}
		case !row.Required && !placeholder(value) && value != row.Default:
			t.Errorf("the example sets %s to %q, its default is %q", row.Name, value, row.Default)
		case row.Required && !placeholder(value):
			t.Errorf("the example sets %s to %q, want a <placeholder>", row.Name, value)
		}
	}
	if diff := cmp.Diff(readByHost, values); diff != "" {
		t.Errorf("settings that nobody reads (-want +got):\n%s", diff)
	}
}

func TestTheExampleWorksOnceItsPlaceholdersAreReplaced(t *testing.T) {
	t.Parallel()
	values := example(t)
	if _, err := config.Read(lookUp(values)); err == nil {
		t.Error("the example's placeholders are taken for settings")
	}
	values["IMAGEPRO_APP_SECRET"] = "secret"
	key, _, _ := strings.Cut(values["IMAGEPRO_TOKEN_KEYS"], "<")
	values["IMAGEPRO_TOKEN_KEYS"] = key + base64.StdEncoding.EncodeToString(make([]byte, 32))
	settings, err := config.Read(lookUp(values))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(settings); err != nil {
		t.Error(err)
	}
}

const (
	settingsPage = "docs/settings.md"
	tableBegin   = "<!-- the table is rewritten by: go test ./handler -run Settings -update -->\n"
	tableEnd     = "<!-- end of the table -->\n"
)

// settingsTable is the table of the page.
func settingsTable() string {
	escape := strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;")
	var b strings.Builder
	b.WriteString("\n| setting | default | meaning |\n|---|---|---|\n")
	for _, row := range config.Table() {
		value := ""
		switch {
		case row.Required:
			value = "**required**"
		case row.Default != "":
			value = "`" + strings.ReplaceAll(row.Default, ",", "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.Name, value, escape.Replace(row.Doc))
	}
	return b.String() + "\n"
}

func TestTheSettingsPageHoldsTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), tableBegin)
	table, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s lacks the marks around the table", settingsPage)
	}
	if *update {
		if err := os.WriteFile(settingsPage, []byte(before+tableBegin+settingsTable()+tableEnd+after),
			0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(settingsTable(), table); diff != "" {
		t.Errorf("%s is not up to date, -update rewrites it (-want +got):\n%s", settingsPage, diff)
	}
}

func TestTheSettingsPageNamesNoOtherSettingOfOurs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, row := range config.Table() {
		known = append(known, row.Name)
	}
	notName := func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9') }
	for word := range strings.FieldsFuncSeq(string(page), notName) {
		if strings.HasPrefix(word, "IMAGEPRO_") && !slices.Contains(known, word) {
			t.Errorf("%s names %s, which is no setting", settingsPage, word)
		}
	}
}
