package need

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command writes a program that prints a text, and returns the folder with it.
func command(t *testing.T, name, prints string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\ncat <<'END'\n"+prints+"\nEND\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAProgramIsKnownByWhatItSays(t *testing.T) {
	shell := os.Getenv("PATH")
	other := command(t, "convert", "convert: converts units of length")
	real := command(t, "convert-im6", "Version: ImageMagick 6.9.11-60 Q16")
	needed := imageMagick

	t.Setenv("PATH", other+":"+shell)
	needed.commands = []string{"convert"}
	if path, err := needed.find(); err == nil ||
		!strings.Contains(err.Error(), filepath.Join(other, "convert")+" is another program") {
		t.Errorf("another program of that name: %q, %v", path, err)
	}
	t.Setenv("PATH", other+":"+real+":"+shell)
	needed.commands = []string{"convert", "convert-im6"}
	if path, err := needed.find(); err != nil || path != filepath.Join(real, "convert-im6") {
		t.Errorf("ImageMagick under its other name: %q, %v", path, err)
	}
	needed.commands = []string{"no-such-program"}
	if path, err := needed.find(); err == nil || !strings.Contains(err.Error(), "apt-get install imagemagick") {
		t.Errorf("none: %q, %v", path, err)
	}
}
