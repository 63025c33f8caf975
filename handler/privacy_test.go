package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/privacy"
)

const (
	privacyPage  = "docs/privacy.md"
	privacyBegin = "<!-- what follows is rewritten by: go test ./handler -run Privacy -update -->\n"
)

// privacyTables is the inventory as the page shows it.
func privacyTables() string {
	var b strings.Builder
	b.WriteString("\n## Never kept\n\n| what | rule |\n|---|---|\n")
	for _, never := range privacy.NeverKept() {
		fmt.Fprintf(&b, "| %s | %s |\n", never.What, never.Rule)
	}
	place := privacy.Place("")
	titles := map[privacy.Place]string{
		privacy.Table: "Tables", privacy.Blob: "Blobs", privacy.Queue: "Queues", privacy.Log: "Logs",
		privacy.Memory:  "Memory",
		privacy.Browser: "Browsers",
	}
	places := []privacy.Place{privacy.Table, privacy.Blob, privacy.Queue, privacy.Log, privacy.Memory, privacy.Browser}
	for _, want := range places {
		for _, entry := range privacy.Inventory() {
			if entry.Place != want {
				continue
			}
			if place != want {
				place = want
				fmt.Fprintf(&b, "\n## %s\n", titles[place])
			}
			fmt.Fprintf(&b, "\n### `%s`\n\n%s Data of: %s.\n\nKept: %s\n\n| field | holds |\n|---|---|\n", entry.Name,
				entry.Purpose, entry.Of, entry.Kept)
			for _, field := range entry.Fields {
				fmt.Fprintf(&b, "| `%s` | %s |\n", field.Name, field.Holds)
			}
		}
	}
	return b.String()
}

func TestThePrivacyPageHoldsTheInventory(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(privacyPage)
	if err != nil {
		t.Fatal(err)
	}
	before, tables, ok := strings.Cut(string(page), privacyBegin)
	if !ok {
		t.Fatalf("%s lacks the mark before the tables", privacyPage)
	}
	if *update {
		if err := os.WriteFile(privacyPage, []byte(before+privacyBegin+privacyTables()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(privacyTables(), tables); diff != "" {
		t.Errorf("%s is not up to date, -update rewrites it (-want +got):\n%s", privacyPage, diff)
	}
}

func TestTheInventoryIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, entry := range privacy.Inventory() {
		key := string(entry.Place) + " " + entry.Name
		if entry.Name == "" || entry.Of == "" || entry.Purpose == "" || entry.Kept == "" || len(entry.Fields) == 0 ||
			seen[key] {
			t.Errorf("%s says too little, or stands twice", key)
		}
		seen[key] = true
		fields := map[string]bool{}
		for _, field := range entry.Fields {
			if field.Name == "" || field.Holds == "" || fields[field.Name] {
				t.Errorf("%s: the field %q says too little, or stands twice", key, field.Name)
			}
			fields[field.Name] = true
		}
	}
}
