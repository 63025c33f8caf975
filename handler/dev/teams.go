package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"imagepro/handler/config"
)

// teamsPackage makes the Teams app package of web/teams and the settings: those of the environment or, in their place,
// of local.settings.json. It is held against Microsoft's schemas before it is packed.
func teamsPackage(ctx context.Context, o options) error {
	folder := filepath.Join(filepath.Dir(o.app), "teams")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(web, "teams"))); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(folder, "validate.mjs")); err != nil {
		return err
	}
	values, err := teamsSettings("local.settings.json")
	if err != nil {
		return err
	}
	manifest := filepath.Join(folder, "manifest.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	if err := os.WriteFile(manifest, []byte(values.Replace(string(text))), 0o644); err != nil {
		return err
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	node := exec.CommandContext(ctx, "node", "teams/validate.mjs", absolute)
	node.Dir, node.Stdout, node.Stderr = web, o.stdout, os.Stderr
	if err := node.Run(); err != nil {
		return errors.Join(errors.New("the manifest is not what Microsoft's schema asks for"), err)
	}
	return pack(folder, folder+".zip", o.stdout)
}

var domain = regexp.MustCompile(`^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$`)

// teamsSettings returns what stands for the placeholders of the manifest.
func teamsSettings(file string) (*strings.Replacer, error) {
	var local struct{ Values map[string]string }
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, &local); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	defaults := map[string]string{}
	for _, row := range config.Table() {
		defaults[row.Name] = row.Default
	}
	get := func(name string) string {
		for _, value := range []string{os.Getenv(name), local.Values[name]} {
			if value != "" {
				return value
			}
		}
		return defaults[name]
	}
	appID, teamsID, host := get("IMAGEPRO_APP_ID"), get("IMAGEPRO_TEAMS_APP_ID"), get("IMAGEPRO_APP_DOMAIN")
	if teamsID == "" {
		teamsID = appID
	}
	for _, id := range []struct{ name, value string }{{"IMAGEPRO_APP_ID", appID}, {"IMAGEPRO_TEAMS_APP_ID", teamsID}} {
		if err := new(config.GUID).UnmarshalText([]byte(id.value)); err != nil {
			return nil, fmt.Errorf("setting %s: %w", id.name, err)
		}
	}
	if !domain.MatchString(host) {
		return nil, errors.New(
			"setting IMAGEPRO_APP_DOMAIN: it must be the domain that serves the tab, such as pictures.contoso.com: " +
				"set it, or write it to local.settings.json")
	}
	return strings.NewReplacer("{appId}", appID, "{teamsAppId}", teamsID, "{domain}", host), nil
}
