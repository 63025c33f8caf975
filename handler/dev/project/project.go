// Package project finds the project's folder, for programs and tests that need its other files.
package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Root returns the folder with the project's go.mod: the working directory or one above it.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("project: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		module, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && strings.HasPrefix(string(module), "module imagepro\n"):
			return dir, nil
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("project: %w", err)
		case dir == filepath.Dir(dir):
			return "", fmt.Errorf("project: neither %s nor a folder above it is Image Pro's", start)
		}
	}
}
