package app

import (
	"testing"
	"time"

	"imagepro/handler/config"
	"imagepro/handler/org"
)

// A worker may have read an organization's record before the mark and write until its deadline.
func TestAnErasureWaitsForFunctionsThatAreUnderWay(t *testing.T) {
	t.Parallel()
	for _, c := range []config.Config{
		{HTTPDeadline: config.HTTPDeadline(200 * time.Second), EventDeadline: config.EventDeadline(270 * time.Second),
			TabCache: config.CacheLife(30 * time.Second)},
		{HTTPDeadline: config.HTTPDeadline(220 * time.Second), EventDeadline: config.EventDeadline(60 * time.Second)},
	} {
		left := settle(c) - org.EnteredLife - c.TabCache.Duration() - settleMargin
		if left < c.EventDeadline.Duration() || left < c.HTTPDeadline.Duration() {
			t.Errorf("%+v waits for %v beside the mark, tabs and clocks", c, left)
		}
	}
}
