package main

import (
	"testing"
	"time"

	"imagepro/handler/dev/chaos"
	"imagepro/handler/dev/meter"
	"imagepro/handler/dev/stack"
)

// A short form of make chaos. What a restart of the host cuts off comes back after ten minutes, which the long form
// waits for: here the host waits for what is running.
func TestEachImageIsEditedOnceWhateverBreaks(t *testing.T) {
	t.Parallel()
	var m *meter.Meter
	s, _ := startStack(t,
		stack.Options{
			Seed:    5,
			Kind:    true,
			Strikes: 1000,
			Drain:   time.Minute,
			Lease:   time.Minute,
			Storage: func(connection string) (behind string, stop func(), err error) {
				m, behind, stop, err = meter.Around(connection)
				return behind, stop, err
			},
		})
	o := chaos.Options{
		Images:   36,
		Jobs:     4,
		Tenants:  2,
		Kills:    3,
		Restarts: 2,
		Seed:     5,
		Time:     12 * time.Minute,
		Log:      t.Logf,
	}
	report, err := chaos.Run(t.Context(), s, m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	for _, problem := range report.Problems {
		t.Error(problem)
	}
	if !report.Good() || report.Kills != o.Kills || report.Restarts != o.Restarts || report.Undone != 9 ||
		report.Faults == 0 {
		t.Errorf("%d undone: %v", report.Undone, report)
	}
}
