package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers is the tree of packages from the top down: a package imports what stands below it, nothing beside
// or above it. A package that is new gets its place here first; those that are planned have theirs already.
var layers = [][]string{
	{"."}, // main
	{"app"},
	{"api", "invoke", "web"},
	{"schedule"},
	{"org", "tab", "library", "bulk"},
	{"imaging", "editor"},
	{"imaging/metadata", "imaging/jpegcodec", "imaging/icc"},
	{"imaging/container"},
	{"recipe", "naming", "caller", "config", "invocation", "middleware", "erasure", "privacy", "ready"},
	{"seal", "telemetry/otlp"},
	{"fault", "secret", "telemetry"},
}

const (
	module = "imagepro/handler"
	cloud  = "cloud"    // implements the interfaces of features; imported by app, dev and tests alone
	dev    = "dev"      // imports what it likes; imported by dev and tests alone
	dump   = "dev/dump" // looks at what is stored, with Microsoft's modules
)

// cloudPackages may import the shared ones of each other and no more.
var (
	cloudPackages = []string{"cloud/blobs", "cloud/entra", "cloud/graph", "cloud/queue", "cloud/tables"}
	cloudShared   = []string{"cloud/account", "cloud/form", "cloud/outbound", "cloud/retry"}
)

// microsoft are the modules that only cloud, and dump, name.
var microsoft = []string{"github.com/Azure/", "github.com/AzureAD/", "github.com/microsoftgraph/",
	"github.com/microsoft/"}

// importLine is an import in a file.
type importLine struct {
	from string // package, relative to handler
	to   string // import path
	test bool   // in a file of tests
	file string
}

func (l importLine) own() (pkg string, ok bool) {
	if l.to == module {
		return ".", true
	}
	return strings.CutPrefix(l.to, module+"/")
}

// refusal says why an import may not be, or nothing.
func (l importLine) refusal() string {
	to, own := l.own()
	if !own {
		if within(l.from, cloud) || l.from == dump || !slices.ContainsFunc(microsoft, func(prefix string) bool {
			return strings.HasPrefix(l.to, prefix)
		}) {
			return ""
		}
		return "only cloud and dev/dump name Microsoft's modules"
	}
	switch {
	case l.test && (within(to, cloud) || within(to, dev) || to == l.from), within(l.from, dev):
		return ""
	case within(to, dev):
		return "nothing that is shipped imports dev"
	case within(l.from, cloud):
		return cloudRefusal(to, l.test)
	case within(to, cloud):
		if l.from != "app" {
			return "only app imports cloud"
		}
	case to == "config" && !l.test && l.from != "." && l.from != "app":
		return "settings are handed in, not read"
	case layer(l.from) > layer(to), layer(l.from) == layer(to) && !l.test:
		return "imports run downwards"
	}
	return ""
}

// cloudRefusal says why a cloud package may not import another package.
func cloudRefusal(to string, test bool) string {
	features := layer("schedule")
	switch {
	case slices.Contains(cloudShared, to), layer(to) >= features && to != "config" && to != "invocation",
		test && layer(to) >= features:
		return ""
	case within(to, cloud):
		return "cloud's packages do not know each other"
	}
	return "cloud knows the features and what is below them"
}

func within(pkg, tree string) bool { return pkg == tree || strings.HasPrefix(pkg, tree+"/") }

// layer returns the number of a package's layer, or -1.
func layer(pkg string) int {
	return slices.IndexFunc(layers, func(all []string) bool { return slices.Contains(all, pkg) })
}

// imports returns every import of every file below handler, whatever its build tags.
func imports(t *testing.T) []importLine {
	t.Helper()
	var all []importLine
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(file) != ".go":
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all = append(all, importLine{
				from: path.Dir(filepath.ToSlash(file)),
				to:   to,
				test: strings.HasSuffix(file, "_test.go"),
				file: file,
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryPackageHasItsPlaceAndImportsDownwards(t *testing.T) {
	t.Parallel()
	unknown := map[string]bool{}
	for _, line := range imports(t) {
		if layer(line.from) < 0 && !within(line.from, dev) &&
			!slices.Contains(slices.Concat(cloudPackages, cloudShared), line.from) {
			unknown[line.from] = true
			continue
		}
		if why := line.refusal(); why != "" {
			t.Errorf("%s imports %s: %s", line.file, line.to, why)
		}
	}
	for pkg := range unknown {
		t.Errorf("package %s has no rule in imports_test.go", pkg)
	}
}

func TestTheRulesRefuseWhatTheyShould(t *testing.T) {
	t.Parallel()
	tests := []struct {
		from, to string
		test, ok bool
	}{
		{".", "app", false, true},
		{".", "config", false, true},
		{".", "cloud/entra", false, false},
		{"app", "cloud/entra", false, true},
		{"app", "api", false, true},
		{"app", "dev/host", false, false},
		{"app", "dev/host", true, true},
		{"api", "app", false, false},
		{"api", "invoke", false, false},
		{"api", "bulk", false, true},
		{"api", "config", false, false},
		{"bulk", "org", false, false},
		{"bulk", "org", true, true},
		{"bulk", "api", true, false},
		{"bulk", "cloud/graph", false, false},
		{"bulk", "cloud/tables", true, true},
		{"recipe", "imaging", false, false},
		{"imaging", "recipe", false, true},
		{"caller", "secret", false, true},
		{"fault", "config", false, false},
		{"cloud/graph", "bulk", false, true},
		{"cloud/graph", "cloud/retry", false, true},
		{"cloud/graph", "cloud/entra", false, false},
		{"cloud/graph", "cloud/entra", true, true},
		{"cloud/graph", "config", false, false},
		{"cloud/graph", "api", false, false},
		{"dev/sandbox", "cloud/queue", false, true},
	}
	for _, test := range tests {
		line := importLine{from: test.from, to: module + "/" + test.to, test: test.test}
		if why := line.refusal(); (why == "") != test.ok {
			t.Errorf("%s imports %s (test %t): refused because %q, want allowed %t", test.from, test.to, test.test, why,
				test.ok)
		}
	}
}

func TestOnlyCloudMayImportAzure(t *testing.T) {
	t.Parallel()
	const azure = "github.com/Azure/azure-sdk-for-go/sdk/azcore"
	for from, ok := range map[string]bool{
		"cloud/blobs": true,
		"dev/dump":    true,
		"app":         false,
		"dev/host":    false,
		"bulk":        false,
	} {
		for _, test := range []bool{false, true} {
			if why := (importLine{from: from, to: azure, test: test}).refusal(); (why == "") != ok {
				t.Errorf("%s imports Azure (test %t): refused because %q, want allowed %t", from, test, why, ok)
			}
		}
	}
}

func TestTheShippedBinaryContainsNothingOfDev(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, module+"/app") {
		t.Fatalf("go list lists no %s/app", module)
	}
	for _, pkg := range packages {
		if within(pkg, module+"/"+dev) {
			t.Errorf("the shipped binary contains %s", pkg)
		}
	}
}
