package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheTourNamesEveryPackageThatIsShipped(t *testing.T) {
	t.Parallel()
	tour, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{".": true}
	for _, line := range imports(t) {
		name := line.from
		if within(name, dev) || within(path.Dir(name), "imaging") || seen[name] { // imaging shows its own parts
			continue
		}
		seen[name] = true
		if !regexp.MustCompile(`\b` + path.Base(name) + `\b`).Match(tour) {
			t.Errorf("the tour in doc.go does not name %s", name)
		}
	}
}

func TestTheAPIPageNamesEveryWarningAndLimit(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, constant := range map[string]string{
		"imaging/imaging.go": `Warn[A-Za-z]+\s+= "([A-Za-z]+)"`,
		"fault/fault.go":     `Limit[A-Za-z]+\s+Limit = "([A-Za-z]+)"`,
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		words := regexp.MustCompile(constant).FindAllStringSubmatch(string(source), -1)
		if len(words) == 0 {
			t.Fatalf("%s has no such constants", file)
		}
		for _, word := range words {
			if !strings.Contains(string(page), "| `"+word[1]+"` |") {
				t.Errorf("docs/api.md does not explain %s of %s", word[1], file)
			}
		}
	}
}

// pages are README and everything in docs.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("docs/*.md")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	all := map[string]string{}
	for _, file := range append(files, "../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(text)
	}
	return all
}

func TestWhatTheDocumentationLinksToIsThere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for file, text := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), found[1])); err != nil {
				t.Errorf("%s links to %s", file, found[1])
			}
		}
	}
	for file, text := range pages(t) {
		if base := filepath.Base(file); base != "README.md" &&
			!strings.Contains(pages(t)["../README.md"], "("+"handler/docs/"+base+")") {
			t.Errorf("README does not name %s: %.40s", file, text)
		}
	}
}

func TestEveryTargetThatTheDocumentationNamesIsThere(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for file, text := range pages(t) {
		code := regexp.MustCompile("(?s)```.*?```").FindAllString(text, -1) // and what stands within a line
		for _, found := range append(regexp.MustCompile("`make ([a-z-]+)").FindAllStringSubmatch(text, -1),
			regexp.MustCompile(`(?m)^ *make ([a-z-]+)`).FindAllStringSubmatch(strings.Join(code, "\n"), -1)...) {
			named++
			if !regexp.MustCompile(`(?m)^` + found[1] + `:`).Match(makefile) {
				t.Errorf("%s names make %s", file, found[1])
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d targets were found", named)
	}
}

// testsNamed are the names of all tests.
func testsNamed(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return filepath.SkipDir
		case !strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(file, ".test.mjs"):
			return nil
		}
		text, err := os.ReadFile(file)
		for _, found := range regexp.MustCompile(
			`(?m)^(?:func ((?:Test|Fuzz)\w+)|test\('([^']+)')`).FindAllStringSubmatch(string(text), -1) {
			all[found[1]+found[2]] = true
		}
		return err
	})
	if err != nil || len(all) < 500 {
		t.Fatalf("%d tests, %v", len(all), err)
	}
	return all
}

func TestTheSecurityPageNamesTestsThatThereAre(t *testing.T) {
	t.Parallel()
	there := testsNamed(t)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+|(?:a page|the window) [^`]+)`").FindAllStringSubmatch(
		pages(t)["docs/security.md"], -1)
	for _, found := range named {
		if !there[found[1]] {
			t.Errorf("docs/security.md names %s", found[1])
		}
	}
	if len(named) < 40 {
		t.Errorf("only %d names were found", len(named))
	}
}

func TestTheOperatorsGuideExplainsEveryAlert(t *testing.T) {
	t.Parallel()
	var alerts []struct{ Name string }
	readJSON(t, "deploy/alerts.json", &alerts)
	if len(alerts) < 5 {
		t.Fatalf("%d alerts", len(alerts))
	}
	for _, alert := range alerts {
		if !strings.Contains(pages(t)["docs/operations.md"], "\n| "+alert.Name+" |") {
			t.Errorf("docs/operations.md does not say what to do about %s", alert.Name)
		}
	}
}

func TestTheTelemetryPageNamesEveryMetric(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"telemetry/telemetry.go", "telemetry/process.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`(?:histogram|counter|Counter)\("([a-z.]+)"`).FindAllStringSubmatch(string(source),
			-1)
		if len(names) == 0 {
			t.Fatalf("%s has no metrics", file)
		}
		for _, name := range names {
			if !strings.Contains(pages(t)["docs/telemetry.md"], "\n| `"+name[1]+"` |") {
				t.Errorf("docs/telemetry.md does not explain %s", name[1])
			}
		}
	}
}
