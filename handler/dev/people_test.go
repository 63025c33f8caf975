package main

import (
	"testing"
	"time"

	"imagepro/handler/dev/people"
	"imagepro/handler/dev/stack"
)

// TestManyPeopleAtWork is the short form of make people.
func TestManyPeopleAtWork(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{})
	report, err := people.Run(t.Context(), s, people.Options{
		Tenants:  2,
		Users:    10,
		Pictures: 5,
		Time:     15 * time.Second,
		Seed:     1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", report)
	if len(report.Violations) > 0 || report.Saves < 10 || len(report.Operations) < 12 {
		t.Errorf("%d violations, %d saves, %d kinds of operations", len(report.Violations), report.Saves,
			len(report.Operations))
	}
}
