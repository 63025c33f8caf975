package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// permissive are the licences whose parts may be in the program and in the tab: they ask for no more than to be named.
// BSD-Source-Code is what the detector makes of the three clauses of Go's own.
var permissive = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "MIT",
	"MPL-2.0", "Unlicense"}

// part is a component of a bill of materials.
type part struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Licenses []struct {
		License    struct{ ID, Name string } `json:"license"`
		Expression string                    `json:"expression"`
	} `json:"licenses"`
	Evidence struct {
		Licenses []struct {
			License struct{ ID, Name string } `json:"license"`
		} `json:"licenses"`
	} `json:"evidence"`
}

// licenses are the names of a part's licences.
func (p part) licenses() []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, l := range p.Licenses {
		add(l.License.ID)
		add(l.License.Name)
		add(l.Expression)
	}
	for _, l := range p.Evidence.Licenses {
		add(l.License.ID)
		add(l.License.Name)
	}
	return names
}

// bills writes the bills of materials of the program and of the tab (CycloneDX, JSON), prints how many parts have which
// licence, and fails if one is not permissive. The same sources give the same bytes.
func bills(ctx context.Context, o options) error {
	target := filepath.Dir(o.app)
	program := exec.CommandContext(ctx, "go", "tool", "-modfile=handler/dev/tools/go.mod", "cyclonedx-gomod", "app",
		"-json", "-licenses", "-noserial", "-notimestamp", "-main", "handler", ".")
	tab := exec.CommandContext(ctx, "npm", "sbom", "--sbom-format", "cyclonedx", "--omit", "dev")
	tab.Dir = "handler/web"
	var parts []part
	for _, one := range []struct {
		file    string
		command *exec.Cmd
	}{{"sbom.json", program}, {"sbom-tab.json", tab}} {
		one.command.Stderr = os.Stderr
		text, err := one.command.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", one.file, err)
		}
		found, text, err := readBill(text)
		if err != nil {
			return fmt.Errorf("%s: %w", one.file, err)
		}
		path := filepath.Join(target, one.file)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(o.stdout, "%s: %d parts\n", path, len(found))
		parts = append(parts, found...)
	}
	return judge(parts, o.stdout)
}

// readBill returns the parts of a bill, and the bill without what differs from one time to the next.
func readBill(text []byte) ([]part, []byte, error) {
	var bill struct{ Components []part }
	var all map[string]any
	if err := json.Unmarshal(text, &bill); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, nil, err
	}
	if len(bill.Components) == 0 {
		return nil, nil, errors.New("it names no parts")
	}
	delete(all, "serialNumber")
	if about, ok := all["metadata"].(map[string]any); ok {
		delete(about, "timestamp")
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(all)
	return bill.Components, out.Bytes(), err
}

// judge prints how many parts have which licence, and fails if one has none, or one that is not permissive.
func judge(parts []part, out io.Writer) error {
	counts := map[string]int{}
	var refused []string
	for _, p := range parts {
		names := p.licenses()
		if len(names) == 0 || slices.ContainsFunc(names, func(name string) bool {
			return !slices.Contains(permissive, name)
		}) {
			refused = append(refused, fmt.Sprintf("%s %s (%s)", p.Name, p.Version, strings.Join(names, ", ")))
		}
		counts[strings.Join(names, ", ")]++
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "%5d  %s\n", counts[name], name)
	}
	if len(refused) > 0 {
		return fmt.Errorf("parts without a licence that is known to be permissive: %s", strings.Join(refused, "; "))
	}
	return nil
}
