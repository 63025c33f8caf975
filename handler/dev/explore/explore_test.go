package explore_test

import (
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imagepro/handler/dev/explore"
)

// TestTheBulkEditKeepsItsPromises tries 2000 orders of steps, or EXPLORE_RUNS; with EXPLORE=1h (make explore) others
// than these, for as long as that. EXPLORE_SEED=n shows the steps of one.
func TestTheBulkEditKeepsItsPromises(t *testing.T) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if seed, err := strconv.ParseUint(os.Getenv("EXPLORE_SEED"), 10, 64); err == nil {
		result := explore.Run(t, seed)
		t.Log(strings.Join(result.Trace, "\n"))
		for _, problem := range result.Problems {
			t.Error(problem)
		}
		return
	}
	runs := uint64(2000)
	if n, err := strconv.ParseUint(os.Getenv("EXPLORE_RUNS"), 10, 64); err == nil {
		runs = n
	}
	long, _ := time.ParseDuration(os.Getenv("EXPLORE"))
	begin := time.Now()
	first := uint64(1)
	if long > 0 {
		first = uint64(begin.UnixNano())
	}
	var steps atomic.Int64
	for seed := first; long > 0 && time.Since(begin) < long || long == 0 && seed <= runs; seed++ {
		result := explore.Run(t, seed)
		steps.Add(int64(result.Steps))
		if len(result.Problems) > 0 {
			t.Fatalf("seed %d (%s): %s\nEXPLORE_SEED=%d shows all steps; the last were\n%s", seed, result.Scenario,
				strings.Join(result.Problems, "; "), seed,
				strings.Join(result.Trace[max(0, len(result.Trace)-40):], "\n"))
		}
	}
	t.Logf("%d steps in %v", steps.Load(), time.Since(begin))
}
