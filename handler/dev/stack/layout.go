package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"imagepro/handler/dev/project"
)

// Layout builds the program and lays out a script root in dir, as `make build` does: host.json, the binary,
// and one folder per function (the host looks only one level below host.json).
func Layout(dir string) error {
	root, err := project.Root()
	if err != nil {
		return fmt.Errorf("stack: %w", err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "handler"), "./handler")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("stack: building the handler: %w\n%s", err, output)
	}
	host, err := os.ReadFile(filepath.Join(root, "host.json"))
	if err != nil {
		return fmt.Errorf("stack: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "host.json"), host, 0o644); err != nil {
		return fmt.Errorf("stack: %w", err)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "functions"))); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("stack: %w", err)
	}
	return nil
}
