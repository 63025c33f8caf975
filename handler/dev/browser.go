package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"imagepro/handler/dev/chaos"
	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/stack"
)

// web is where the tab's sources and its tests are.
const web = "handler/web"

// browserPhotos are enough for the tests in a browser, and small.
var browserPhotos = photos.Options{Count: 12, Seed: 7, MinMegapixels: 0.1, MaxMegapixels: 0.5}

// browserStack is what the tests in a browser are told of the stack.
type browserStack struct {
	Tab        string      `json:"tab"`
	Management string      `json:"management"`
	Photos     string      `json:"photos"`
	Screens    string      `json:"screens"`
	Chromium   string      `json:"chromium"`
	Adele      browserUser `json:"adele"`
	Alex       browserUser `json:"alex"`
	Frida      browserUser `json:"frida"`
	Images     int         `json:"images"` // of the measurement
}

type browserUser struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

func browserUserOf(u directory.User) browserUser { return browserUser{u.Tenant, u.ID, u.Name} }

// findChromium returns the path of the first command that says that it is Chromium, or nothing.
func findChromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		says, err := exec.Command(path, "--version").Output()
		if err == nil && (bytes.HasPrefix(says, []byte("Chromium ")) ||
			bytes.HasPrefix(says, []byte("Google Chrome "))) {
			return path
		}
	}
	return ""
}

// browserTests are the arguments with which Node runs the tests in a browser: all of them, those of a file
// (browser/bulk.test.mjs), or those of it whose names fit a regular expression. The tests wait for one thing at a time,
// each with a limit of its own; that of a file is for one that hangs.
func browserTests(file, name string) []string {
	arguments := []string{"--test", "--test-concurrency", "4", "--test-timeout", "900000"}
	if file == "" {
		return append(arguments, "--test-reporter", "dot", "browser/")
	}
	if name != "" {
		arguments = append(arguments, "--test-name-pattern", name)
	}
	return append(arguments, "--test-reporter", "spec", file)
}

// inBrowser starts everything and lets Node run what drives the browser, with the arguments.
func inBrowser(ctx context.Context, o options, arguments ...string) error {
	chromium := findChromium()
	if chromium == "" {
		const says = "the tab was not tried in a browser: Chromium is not installed (apt-get install chromium, or " +
			"CHROMIUM=path)"
		if os.Getenv("CI") == "true" {
			return errors.New(says)
		}
		fmt.Fprintln(o.stdout, "SKIPPED:", says)
		return nil
	}
	drawn, screens, err := browserFolders(o)
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{ScriptRoot: o.app, Seed: o.seed, Kind: true})
	if err != nil {
		return err
	}
	defer s.Stop()
	if o.images > 0 {
		if err := fillLibrary(s, o.images); err != nil {
			return err
		}
	}
	told, err := json.Marshal(browserStack{
		Tab:        s.Host.URL() + "/api/tab",
		Management: s.Sandbox.ManagementURL,
		Photos:     drawn,
		Screens:    screens,
		Chromium:   chromium,
		Adele:      browserUserOf(s.Scene.Adele),
		Alex:       browserUserOf(s.Scene.Alex),
		Frida:      browserUserOf(s.Scene.Frida),
		Images:     o.images,
	})
	if err != nil {
		return err
	}
	node := exec.CommandContext(ctx, "node", arguments...)
	node.Dir, node.Stdout, node.Stderr = web, o.stdout, os.Stderr
	node.Env = append(os.Environ(), "IMAGEPRO_STACK="+string(told))
	if err := node.Run(); err != nil {
		return errors.Join(errors.New("the tab does not do in a browser what it should"), err)
	}
	return nil
}

// fillLibrary makes a site that is called Measured, with so many small pictures in its library.
func fillLibrary(s *stack.Stack, images int) error {
	site, err := s.Sandbox.Graph.AddSite(s.Scene.Contoso.ID, "Measured", s.Scene.Adele.ID)
	if err != nil {
		return err
	}
	for n := range images {
		content := chaos.Draw(480, 360, uint64(n))
		if _, err := s.Sandbox.Graph.PutFile(site.DriveID, fmt.Sprintf("Picture %05d.jpg", n), bytes.NewReader(content),
			s.Scene.Adele.ID); err != nil {
			return err
		}
	}
	return nil
}

// browserFolders draws the photographs and makes a folder for screenshots.
func browserFolders(o options) (drawn, screens string, err error) {
	out, err := filepath.Abs(filepath.Join(filepath.Dir(o.app), "tab"))
	if err != nil {
		return "", "", err
	}
	drawn, screens = filepath.Join(out, "photos"), filepath.Join(out, "screens")
	if err := os.RemoveAll(drawn); err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(screens, 0o755); err != nil {
		return "", "", err
	}
	_, err = photos.Draw(drawn, browserPhotos)
	return drawn, screens, err
}
