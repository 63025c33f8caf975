package project_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imagepro/handler/dev/project"
)

func TestTheProjectIsFoundFromWithin(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "host.json")); err != nil {
		t.Error(err)
	}
	t.Chdir(filepath.Join(root, "functions"))
	if again, err := project.Root(); err != nil || again != root {
		t.Errorf("from another folder: %q, %v", again, err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "go.mod"), []byte("module somethingelse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(other)
	if elsewhere, err := project.Root(); err == nil || !strings.Contains(err.Error(), "is Image Pro's") {
		t.Errorf("from elsewhere: %q, %v", elsewhere, err)
	}
}
