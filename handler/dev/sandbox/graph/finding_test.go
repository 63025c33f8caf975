package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/graph"
)

// Row 7.
func TestSearchFindsNamesAndTitlesWhenTheIndexHasThem(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{IndexMax: time.Second})
	w.put("f/It's a Beach.jpg", []byte("x"))
	it := w.put("b.jpg", []byte("x"))
	if _, err := w.SetFields(w.site.DriveID, it.ID, map[string]any{"Title": "Beach house"}, ada); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(2 * time.Second)
	for q, want := range map[string][]string{
		w.drive + "/root/search(q='beach')":              {"It's a Beach.jpg", "b.jpg"},
		w.drive + "/root/search(q='it''s')":              {"It's a Beach.jpg"},
		w.drive + "/root/search(q='it%27%27s%20a')":      {"It's a Beach.jpg"},
		w.drive + "/root/microsoft.graph.search(q='b.')": {"b.jpg"},
		w.drive + "/root:/f:/search(q='.jpg')":           {"It's a Beach.jpg"},
		w.drive + "/root/search(q='zebra')":              {},
	} {
		r := w.ask(http.StatusOK, "GET", q, nil)
		got := r.names()
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", q, d)
		}
	}
	w.SetUnkindness(graph.Unkindness{IndexMax: time.Hour})
	w.put("late beach.jpg", []byte("x"))
	if r := w.ask(http.StatusOK, "GET", w.drive+"/root/search(q='late')", nil); len(r.names()) != 0 {
		t.Error("found before the index could know it")
	}
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root/search(x='y')", nil)
}

// changes follows delta from a URL to its deltaLink.
func (w *world) changes(url string, header ...string) (names []string, link string) {
	w.t.Helper()
	for {
		r := w.ask(http.StatusOK, "GET", url, nil, header...)
		list, _ := r.at("value").([]any)
		for i := range list {
			name := r.text("value", i, "name")
			if r.at("value", i, "deleted") != nil {
				name = "-" + r.text("value", i, "id")
			}
			names = append(names, name)
		}
		next, last := r.text("@odata.nextLink"), r.text("@odata.deltaLink")
		if (next == "") == (last == "") {
			w.t.Fatalf("nextLink %q, deltaLink %q", next, last)
		}
		if last != "" {
			return names, last
		}
		url = next
	}
}

// Row 8.
func TestDeltaTellsWhatChanged(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.put("f/a.txt", []byte("x"))
	gone := w.put("f/b.txt", []byte("x"))
	names, link := w.changes(w.drive + "/root/delta")
	if d := cmp.Diff([]string{"root", "f", "a.txt", "b.txt"}, names); d != "" {
		t.Error(d)
	}
	w.clock.pass(time.Minute)
	then := w.clock.Now().Format(time.RFC3339)
	w.put("f/c.txt", []byte("x"))
	w.ask(http.StatusNoContent, "DELETE", w.item(gone), nil)
	names, again := w.changes(link)
	if d := cmp.Diff([]string{"root", "f", "c.txt", "-" + gone.ID}, names); d != "" {
		t.Error(d)
	}
	names, _ = w.changes(link, "deltaExcludeParent", "true")
	if d := cmp.Diff([]string{"c.txt", "-" + gone.ID}, names); d != "" {
		t.Error(d)
	}
	names, _ = w.changes(w.drive+"/root/delta?token="+then, "deltaExcludeParent", "true")
	if d := cmp.Diff([]string{"c.txt", "-" + gone.ID}, names); d != "" {
		t.Error(d)
	}
	if names, _ = w.changes(again); len(names) != 0 {
		t.Errorf("nothing changed, but %v", names)
	}
	for _, latest := range []string{w.drive + "/root/delta?token=latest", w.drive + "/root/delta(token='latest')",
		w.drive + "/root/microsoft.graph.delta(token='latest')"} {
		names, link := w.changes(latest)
		if len(names) != 0 {
			t.Errorf("%s: %v", latest, names)
		}
		w.put("d.txt", []byte("x"))
		if names, _ := w.changes(link); !slices.Contains(names, "d.txt") {
			t.Errorf("%s: then %v", latest, names)
		}
	}
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root:/f:/delta", nil)
	w.ask(http.StatusBadRequest, "GET", w.drive+"/root/delta?token=forged", nil)
}

func TestDeltaComesInPages(t *testing.T) {
	t.Parallel()
	w := open(t)
	var want []string
	for i := range 30 {
		name := fmt.Sprintf("p%02d", i)
		w.put(name, []byte("x"))
		want = append(want, name)
	}
	w.SetUnkindness(graph.Unkindness{ShortPage: 0.5, DeltaTwice: 1})
	names, link := w.changes(w.drive + "/root/delta?$top=7&$select=name")
	slices.Sort(names)
	if names = slices.Compact(names); cmp.Diff(append(want, "root"), names) != "" {
		t.Errorf("%v", names)
	}
	if !strings.Contains(link, "$top=7") || !strings.Contains(link, "token=") {
		t.Errorf("deltaLink %s", link)
	}
}

func TestAnExpiredDeltaTokenAsksForAFreshStart(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.put("a.txt", []byte("x"))
	_, link := w.changes(w.drive + "/root/delta")
	if err := w.ExpireDelta(w.site.DriveID); err != nil {
		t.Fatal(err)
	}
	r := w.ask(http.StatusGone, "GET", link, nil)
	if r.text("error", "code") != "resyncChangesApplyDifferences" || r.header.Get("Location") == "" {
		t.Errorf("%v %s", r.header, r.raw)
	}
	names, _ := w.changes(r.header.Get("Location"))
	if d := cmp.Diff([]string{"root", "a.txt"}, names); d != "" {
		t.Error(d)
	}
}
