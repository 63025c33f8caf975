package main

import (
	"os"
	"path"
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

func TestWhatTheDocumentationLinksToIsThere(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"docs/design.md", "docs/settings.md", "docs/functions.md", "docs/api.md"} {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
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
