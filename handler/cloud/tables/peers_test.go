package tables_test

import (
	"testing"

	"imagepro/handler/erasure"
)

func TestProcessesThatWorkForATenantAreCounted(t *testing.T) {
	t.Parallel()
	one, tenant := open(t)
	other := openAt(t, storage)
	for step, c := range []struct {
		of   string
		want int
	}{{"one", 1}, {"one", 1}, {"other", 2}, {"one", 2}, {"neighbour", 1}} {
		store, id := one, tenant
		switch c.of {
		case "other":
			store = other
		case "neighbour":
			id += "0"
		}
		if n, err := store.Here(t.Context(), id); err != nil || n != c.want {
			t.Errorf("step %d: %d processes, %v; want %d", step, n, err, c.want)
		}
	}
	must(t, one.Erase(t.Context(), erasure.Scope{Tenant: tenant}, true, uncounted))
	if left := stored(t, "ImageProPeers", tenant); len(left) != 1 {
		t.Errorf("left: %v, want the neighbour's", left)
	}
}
