package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEveryRouteBearsLoadBesideABareHandler is the short form of make load. It runs the command, since the bare handler
// is the command's own file.
func TestEveryRouteBearsLoadBesideABareHandler(t *testing.T) {
	t.Parallel()
	command := filepath.Join(t.TempDir(), "dev")
	if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var out bytes.Buffer
	run := exec.Command(command, "-app", scriptRoot, "-time", "300ms", "-rest", "1s", "load")
	run.Stdout, run.Stderr, run.Env = &out, &out, os.Environ()
	if err := run.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	line := regexp.MustCompile(
		`(?m)^GET \S+ +(50|200) +[1-9]\d* +[\d.]+ ms +[\d.]+ ms +0 +[1-9]\d* +[\d.]+ ms +[\d.]+ ms +[\d.]+ ` +
			`+[\d.]+ +[\d.]+$`)
	if found := len(line.FindAllString(out.String(), -1)); found != 12 {
		t.Errorf("%d lines of routes, want 12:\n%s", found, out.String())
	}
	if rest := regexp.MustCompile(
		`(?m)^at rest .*: [\d.]+ MB of memory of its own, [\d.]+ with pages of its file, \d+ open files and ` +
			`connections, [1-9]\d* goroutines`); len(rest.FindAllString(out.String(), -1)) != 2 {
		t.Errorf("it does not say what is left over:\n%s", out.String())
	}
}
