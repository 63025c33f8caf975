package tables_test

import (
	"testing"
	"time"

	"imagepro/handler/erasure"
)

func TestProcessesThatWorkForATenantAreCounted(t *testing.T) {
	t.Parallel()
	one, tenant := open(t)
	other := openAt(t, storage)
	noon := noon.Truncate(time.Millisecond) // as it is stored
	for step, c := range []struct {
		of    string
		after time.Duration // since noon
		pause time.Duration // since noon
		want  int
		until time.Duration
	}{
		{"one", 0, 0, 1, 0}, {"one", 0, 0, 1, 0}, {"other", 0, time.Hour, 2, time.Hour},
		{"one", 0, time.Minute, 2, time.Hour}, {"neighbour", 0, 0, 1, 0},
		{"one", 89 * time.Second, 0, 2, time.Hour}, {"one", 91 * time.Second, 0, 1, 0},
		{"one", 11 * time.Minute, 0, 1, 0},
	} {
		store, id := one, tenant
		switch c.of {
		case "other":
			store = other
		case "neighbour":
			id += "0"
		}
		n, until, err := store.Here(t.Context(), id, noon.Add(c.after), noon.Add(c.pause))
		if err != nil || n != c.want || !until.Equal(noon.Add(c.until)) {
			t.Errorf("step %d: %d processes, until %v, %v; want %d, until %v", step, n, until, err, c.want, c.until)
		}
	}
	if left := stored(t, "ImageProPeers", tenant); len(left) != 2 { // with the neighbour's
		t.Errorf("a process that is gone is still there: %v", left)
	}
	must(t, one.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted))
	if left := stored(t, "ImageProPeers", tenant); len(left) != 1 {
		t.Errorf("left: %v, want the neighbour's", left)
	}
}
