package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheTeamsPackageHoldsTheSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "local.settings.json")
	text := `{"Values": {"IMAGEPRO_APP_ID": "11111111-2222-4333-8444-555555555555", "IMAGEPRO_APP_DOMAIN": ` +
		`"pictures.contoso.com"}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	values, err := teamsSettings(file)
	if err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile("../web/teams/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		ID                 string
		ConfigurableTabs   []struct{ ConfigurationURL string }
		ValidDomains       []string
		WebApplicationInfo struct{ ID, Resource string }
	}
	filled := values.Replace(string(template))
	if err := json.Unmarshal([]byte(filled), &manifest); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(filled, "{domain}") || strings.Contains(filled, "ppId}") {
		t.Errorf("a placeholder is left: %s", filled)
	}
	if manifest.ID != "11111111-2222-4333-8444-555555555555" ||
		manifest.WebApplicationInfo.Resource != "api://pictures.contoso.com/"+manifest.ID ||
		manifest.ConfigurableTabs[0].ConfigurationURL != "https://pictures.contoso.com/api/tab/config" ||
		manifest.ValidDomains[0] != "pictures.contoso.com" {
		t.Errorf("%+v", manifest)
	}
}

func TestATeamsPackageWithoutADomainIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"IMAGEPRO_APP_DOMAIN": `{"Values": {"IMAGEPRO_APP_DOMAIN": "localhost"}}`,
		"IMAGEPRO_APP_ID":     `{"Values": {"IMAGEPRO_APP_ID": "none", "IMAGEPRO_APP_DOMAIN": "a.example"}}`,
	} {
		file := filepath.Join(t.TempDir(), "local.settings.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := teamsSettings(file); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want an error that names %s", err, name)
		}
	}
}

func TestTheTeamsPackageIsHeldAgainstTheSchema(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	t.Setenv("IMAGEPRO_APP_DOMAIN", "pictures.contoso.com")
	var out bytes.Buffer
	app := filepath.Join(t.TempDir(), "app")
	if err := teamsPackage(t.Context(), options{app: app, stdout: &out}); err != nil {
		t.Fatal(err, out.String())
	}
	archive, err := zip.OpenReader(filepath.Join(filepath.Dir(app), "teams.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
	}
	if got := strings.Join(names, " "); got != "color.png de.json fr.json manifest.json outline.png" {
		t.Errorf("the package has %s", got)
	}
	t.Setenv("IMAGEPRO_TEAMS_APP_ID", strings.Repeat("g", 36))
	if err := teamsPackage(t.Context(), options{app: app, stdout: &out}); err == nil {
		t.Error("an id that is none was taken")
	}
}
