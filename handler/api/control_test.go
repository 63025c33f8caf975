package api_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/fault"
	"imagepro/handler/org"
)

func running() bulk.Job {
	job := finished()
	job.State, job.FinishedAt, job.Planned = bulk.Running, time.Time{}, 10
	job.Place.End, job.RunningAt = true, now.Add(-time.Minute)
	return job
}

func TestARunningBulkEditTellsItsRateAndItsEnd(t *testing.T) {
	t.Parallel()
	a := newWorld(withJob(running())).call(t, get("/api/bulk-edits/job1"))
	want := map[string]any{"imagesPerMinute": 5.0, "estimatedEnd": "2026-03-01T12:01:00Z"}
	if diff := cmp.Diff(want, a.body["progress"]); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestABulkEditIsPausedResumedAndCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(withJob(running()))
	for _, step := range []struct{ verb, state string }{
		{"pause", "paused"}, {"pause", "paused"}, {"resume", "running"}, {"cancel", "cancelled"},
		{"cancel", "cancelled"},
	} {
		a := w.call(t, post("/api/bulk-edits/job1/"+step.verb, ""))
		if a.status != http.StatusOK || a.body["state"] != step.state {
			t.Errorf("%s: %d %s, want it %s", step.verb, a.status, a.text, step.state)
		}
	}
	if diff := cmp.Diff([]string{`bulk-plan {"tenant":"tenant-a","job":"job1","resume":true}`}, w.sent); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	for _, verb := range []string{"pause", "resume"} {
		if a := w.call(t, post("/api/bulk-edits/job1/"+verb, "")); a.status != http.StatusConflict {
			t.Errorf("%s afterwards: %d %s", verb, a.status, a.text)
		}
	}
}

// Whoever has taken consent back, or cannot sign in, can still stop what goes on in their name.
func TestPausingAndCancellingNeedNoSession(t *testing.T) {
	t.Parallel()
	parked := running()
	parked.Job, parked.State = "job2", bulk.Parked
	w := newWorld(withJob(running()), withJob(parked))
	w.profile = func(context.Context) (org.Profile, error) {
		return org.Profile{}, fault.New(fault.Consent, "Consent.", nil)
	}
	for _, step := range []struct {
		verb   string
		status int
	}{{"pause", 200}, {"resume", 403}, {"retry", 403}, {"undo", 403}, {"cancel", 200}} {
		if a := w.call(t, post("/api/bulk-edits/job1/"+step.verb, "")); a.status != step.status {
			t.Errorf("%s: %d %s, want %d", step.verb, a.status, a.text, step.status)
		}
	}
	if len(w.sent) != 0 || w.jobs[parked.Ref].State != bulk.Parked {
		t.Errorf("something went on: %v, %s", w.sent, w.jobs[parked.Ref].State)
	}
}

func TestTheListOfBulkEditsIsTheCallers(t *testing.T) {
	t.Parallel()
	others := running()
	others.Job, others.User = "job2", "bela"
	older := running()
	older.Job, older.CreatedAt = "job0", now.Add(-time.Hour)
	w := newWorld(withJob(finished()), withJob(others), withJob(older))
	ids := func(query string) (ids []any, next any) {
		t.Helper()
		a := w.call(t, get("/api/bulk-edits"+query))
		list, ok := a.body["bulkEdits"].([]any)
		if a.status != http.StatusOK || !ok {
			t.Fatalf("%d %s", a.status, a.text)
		}
		for _, one := range list {
			ids = append(ids, one.(map[string]any)["id"])
		}
		return ids, a.body["next"]
	}
	if got, _ := ids(""); fmt.Sprint(got) != "[job1 job0]" {
		t.Errorf("listed %v", got)
	}
	if got, _ := ids("?open=true"); fmt.Sprint(got) != "[job0]" {
		t.Errorf("open ones: %v", got)
	}
	first, next := ids("?limit=1")
	second, end := ids("?limit=1&cursor=" + next.(string))
	if fmt.Sprint(first, second, end) != "[job1] [job0] <nil>" {
		t.Errorf("in pages: %v, %v, %v", first, second, end)
	}
	if a := w.call(t, get("/api/bulk-edits?open=true&cursor="+next.(string))); a.status != http.StatusBadRequest &&
		a.status != http.StatusUnprocessableEntity {
		t.Errorf("the cursor of another list: %d %s", a.status, a.text)
	}
}

func TestARetryStartsAnotherBulkEditOfTheSameSort(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.call(t, submit(goodEdit))
	ref := bulk.Ref{Tenant: "tenant-a", Job: "job1"}
	job := w.jobs[ref]
	job.State = bulk.Done
	old := bulk.Ref{Tenant: "tenant-a", Job: "job0"}
	job.Ref = old
	w.jobs, w.specs, w.sources = map[bulk.Ref]bulk.Job{old: job}, map[bulk.Ref]bulk.Spec{old: w.specs[ref]},
		map[bulk.Ref]bulk.Source{}
	a := w.call(t, post("/api/bulk-edits/job0/retry?states=conflict,failed", ""))
	if a.status != http.StatusAccepted || a.header.Get("Location") != "/api/bulk-edits/job1" ||
		a.body["of"] != "job0" || a.body["kind"] != "edit" {
		t.Fatalf("%d, Location %q: %s", a.status, a.header.Get("Location"), a.text)
	}
	want := bulk.Source{Job: &bulk.JobSource{Job: "job0", States: []bulk.ItemState{bulk.Conflicted, bulk.Broken}}}
	if diff := cmp.Diff(want, w.sources[ref]); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	if a := w.call(t, post("/api/bulk-edits/job0/retry?states=edited", "")); a.status != http.StatusBadRequest &&
		a.status != http.StatusUnprocessableEntity {
		t.Errorf("edited ones again: %d %s", a.status, a.text)
	}
}

func TestApplyingADryRunStartsWhatItTried(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.call(t, submit(strings.Replace(goodEdit, "{", `{"dryRun":true,`, 1)))
	ref := bulk.Ref{Tenant: "tenant-a", Job: "job1"}
	job := w.jobs[ref]
	if a := w.call(t, post("/api/bulk-edits/job1/apply", "")); a.status != http.StatusConflict {
		t.Errorf("a dry run that goes on: %d %s", a.status, a.text)
	}
	job.State = bulk.Done
	w.jobs[ref] = job
	first := w.call(t, post("/api/bulk-edits/job1/apply", ""))
	if first.status != http.StatusAccepted || first.body["kind"] != "edit" || first.body["of"] != "job1" {
		t.Fatalf("%d %s", first.status, first.text)
	}
	again := w.call(t, post("/api/bulk-edits/job1/apply", ""))
	if again.status != http.StatusAccepted || again.body["id"] != first.body["id"] {
		t.Errorf("once more: %d %s, want the same bulk edit as %s", again.status, again.text, first.text)
	}
	started := bulk.Ref{Tenant: "tenant-a", Job: first.body["id"].(string)}
	if diff := cmp.Diff(w.specs[ref], w.specs[started]); diff != "" {
		t.Errorf("what it does (-tried +started):\n%s", diff)
	}
	want := bulk.Source{Job: &bulk.JobSource{Job: "job1", States: []bulk.ItemState{bulk.Edited}}}
	if diff := cmp.Diff(want, w.sources[started]); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
}

func reported() func(*world) {
	ref := finished().Ref
	return withJob(finished(),
		bulk.Item{
			Ref:        ref,
			N:          0,
			Drive:      "d",
			File:       "f0",
			Name:       `a, "b".jpg`,
			State:      bulk.Edited,
			FinishedAt: now,
			Saved:      &bulk.Saved{File: "f9"},
			Before:     bulk.Picture{Width: 4, Height: 3, Bytes: 20, Format: "jpeg"},
			After: bulk.Picture{
				Width:  2,
				Height: 1,
				Bytes:  10,
				Format: "jpeg",
			},
			Warnings: []string{"v", "w"},
		},
		bulk.Item{
			Ref:     ref,
			N:       1,
			Drive:   "d",
			File:    "f1",
			Name:    "=HYPERLINK(1).jpg",
			State:   bulk.Broken,
			Reason:  "internal",
			Message: "It failed.",
		},
	)
}

func TestTheReportIsATableThatSpreadsheetsDoNotRun(t *testing.T) {
	t.Parallel()
	a := newWorld(reported()).serve(t.Context(), get("/api/bulk-edits/job1/report"), "id")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		!strings.Contains(a.header.Get("Content-Disposition"), `bulk-edit-job1.csv`) {
		t.Fatalf("%d %v", a.status, a.header)
	}
	rows, err := csv.NewReader(strings.NewReader(a.text)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v: %s", len(rows), err, a.text)
	}
	want := []string{`a, "b".jpg`, "edited", "", "", "d", "f0", "f9", "4", "3", "20", "jpeg", "2", "1", "10", "jpeg",
		"v w", "2026-03-01T12:00:00Z"}
	if diff := cmp.Diff(want, rows[1]); diff != "" || len(rows[0]) != len(want) {
		t.Errorf("a row (-want +got):\n%s", diff)
	}
	if rows[2][0] != "'=HYPERLINK(1).jpg" {
		t.Errorf("a name that is a formula is %q", rows[2][0])
	}
}

func TestTheReportIsJSONIfAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(reported())
	a := w.call(t, get("/api/bulk-edits/job1/items"))
	b := w.serve(t.Context(), get("/api/bulk-edits/job1/report?format=json"), "id")
	if strings.Join(strings.Fields(a.text), "") != strings.Join(strings.Fields(b.text), "") {
		t.Errorf("the report is %s, the items are %s", b.text, a.text)
	}
	if none := newWorld(withJob(finished())).serve(t.Context(), get("/api/bulk-edits/job1/report?format=json"),
		"id"); strings.Join(strings.Fields(none.text), "") != `{"items":[]}` {
		t.Errorf("a report of nothing: %s", none.text)
	}
	if c := w.call(t, get("/api/bulk-edits/job9/report")); c.status != http.StatusNotFound {
		t.Errorf("of no bulk edit: %d", c.status)
	}
}

// events reads server-sent events from a real connection.
func events(t *testing.T, w *world, path string) *bufio.Scanner {
	t.Helper()
	server := httptest.NewServer(w.api)
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer anna")
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	return bufio.NewScanner(answer.Body)
}

// nextEvent returns the name and data of the next event; empty at the end.
func nextEvent(lines *bufio.Scanner) (name, data string) {
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "event: "); ok {
			name = rest
		}
		if rest, ok := strings.CutPrefix(line, "data: "); ok {
			return name, rest
		}
	}
	return "", ""
}

func TestEventsTellWhatChangesUntilTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(withJob(running()))
	lines := events(t, w, "/api/bulk-edits/job1/events")
	if name, data := nextEvent(lines); name != "progress" || !strings.Contains(data, `"edited":1,`) ||
		!strings.Contains(data, `"imagesPerMinute":5`) {
		t.Fatalf("the first event: %s %s", name, data)
	}
	change := func(change func(*bulk.Job)) {
		w.mu.Lock()
		defer w.mu.Unlock()
		job := w.jobs[finished().Ref]
		change(&job)
		w.jobs[job.Ref] = job
	}
	change(func(j *bulk.Job) { j.Counts.Edited = 2 })
	if name, data := nextEvent(lines); name != "progress" || !strings.Contains(data, `"edited":2,`) {
		t.Errorf("the second event: %s %s", name, data)
	}
	change(func(j *bulk.Job) { j.State = bulk.Done })
	if name, data := nextEvent(lines); name != "end" || !strings.Contains(data, `"state":"done"`) {
		t.Errorf("the last event: %s %s", name, data)
	}
	if name, _ := nextEvent(lines); name != "" || lines.Err() != nil {
		t.Errorf("after the end: %q, %v", name, lines.Err())
	}
}

func TestEventsEndBeforeTheTimeOfTheRequestDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(withJob(running()), func(w *world) { w.deadline = 6 * time.Second })
	lines := events(t, w, "/api/bulk-edits/job1/events")
	nextEvent(lines)
	if name, _ := nextEvent(lines); name != "" || lines.Err() != nil {
		t.Errorf("a further event %q, %v; want a clean end", name, lines.Err())
	}
}

func TestEventsOfNoBulkEditAreAProblem(t *testing.T) {
	t.Parallel()
	if a := newWorld().call(t, get("/api/bulk-edits/job1/events")); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.text)
	}
}
