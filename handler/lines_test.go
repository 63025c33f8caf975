package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const columns = 120 // a tab takes four

// unbroken are lines that the language or a reader cannot do with in parts: a tag of a struct, an address alone.
var unbroken = regexp.MustCompile("^\t+\\w+ +\\S+ +`\\w+:\".*`$|^\\s*(//|\\*) \\(?https://\\S+$")

func TestLinesFitTheirColumns(t *testing.T) {
	t.Parallel()
	foreign := []string{"node_modules", "dist", "build"}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(foreign, entry.Name()) {
			return fs.SkipDir
		}
		kinds := []string{".go", ".ts", ".tsx", ".mjs", ".js", ".css", ".sh"}
		if entry.IsDir() || !slices.Contains(kinds, filepath.Ext(name)) || filepath.Base(name) == "schema.d.ts" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for n, line := range strings.Split(string(text), "\n") {
			if width(line) > columns && !unbroken.MatchString(line) {
				t.Errorf("%s:%d has %d columns", name, n+1, width(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func width(line string) int {
	n := 0
	for _, r := range line {
		if r == '\t' {
			n += 4 - n%4
		} else {
			n++
		}
	}
	return n
}
