package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
)

func TestHealthTellsWhatRuns(t *testing.T) {
	t.Parallel()
	a := newWorld().call(t, request{method: http.MethodGet, path: "/api/health", token: "-"})
	if diff := cmp.Diff(map[string]any{"status": "ok", "version": "1.2.3", "codec": "test"}, a.body); a.status != 200 ||
		diff != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
}

func TestMeIsTheCallersProfile(t *testing.T) {
	t.Parallel()
	a := newWorld().call(t, me)
	want := map[string]any{
		"id": "anna", "tenant": "tenant-a", "name": "Anna Example", "mail": "anna@example.com", "locale": "de-DE",
		"admin":        false,
		"organization": map[string]any{"firstSeenAt": "2026-03-01T12:00:00Z"},
	}
	if diff := cmp.Diff(want, a.body); a.status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
	if strings.Contains(a.log, "anna@example.com") || strings.Contains(a.log, "Anna Example") {
		t.Errorf("the log shows the profile:\n%s", a.log)
	}
}

const goodEdit = `{"source":{"folder":{"driveId":"d1","itemId":"root","recursive":true}},
	"recipe":{"version":1,"steps":[{"op":"resize","width":100}]}}`

func submit(body string) request {
	return request{
		method: http.MethodPost,
		path:   "/api/bulk-edits",
		body:   body,
		header: map[string]string{"Content-Type": "application/json"},
	}
}

func TestABulkEditIsAcceptedWithItsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(t, submit(goodEdit))
	if a.status != http.StatusAccepted || a.header.Get("Location") != "/api/bulk-edits/job1" ||
		a.body["id"] != "job1" || a.body["state"] != "planning" {
		t.Fatalf("%d, Location %q: %s", a.status, a.header.Get("Location"), a.text)
	}
	if diff := cmp.Diff([]string{`bulk-plan {"tenant":"tenant-a","job":"job1"}`}, w.sent); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	ref := bulk.Ref{Tenant: "tenant-a", Job: "job1"}
	want := bulk.Source{Folder: &bulk.FolderSource{Drive: "d1", Item: "root", Recursive: true}}
	if diff := cmp.Diff(want, w.sources[ref]); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	if got := w.specs[ref].Save.Target; got != bulk.NewVersion {
		t.Errorf("target %q, want newVersion", got)
	}
	b := w.call(t, request{method: http.MethodGet, path: a.header.Get("Location")})
	if b.status != 200 || b.header.Get("Location") != "" || b.body["id"] != "job1" {
		t.Errorf("what Location names: %d %s", b.status, b.text)
	}
}

func TestImagesAndCopiesAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(t, submit(`{"source":{"images":[{"driveId":"d1","itemId":"i1"},{"driveId":"d1","itemId":"i2"}]},
		"recipe":{"version":1,"steps":[]},"save":{"target":"copy","name":"{name} small","onConflict":"skip"}}`))
	if a.status != http.StatusAccepted {
		t.Fatalf("%d %s", a.status, a.text)
	}
	ref := bulk.Ref{Tenant: "tenant-a", Job: "job1"}
	want := bulk.Source{Images: []bulk.ImageRef{{Drive: "d1", Item: "i1"}, {Drive: "d1", Item: "i2"}}}
	if diff := cmp.Diff(want, w.sources[ref]); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(bulk.Save{
		Target:     bulk.Copy,
		Name:       "{name} small",
		OnConflict: bulk.Skip,
		OnChanged:  bulk.LeaveIt,
	}, w.specs[ref].Save); diff != "" {
		t.Errorf("save (-want +got):\n%s", diff)
	}
}

func TestTheSameKeyIsTheSameBulkEdit(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, again := submit(goodEdit), submit(goodEdit)
	first.header["Idempotency-Key"], again.header["Idempotency-Key"] = "key-1", "key-1"
	a, b := w.call(t, first), w.call(t, again)
	if a.status != 202 || b.status != 202 || a.body["id"] != b.body["id"] || len(w.jobs) != 1 {
		t.Errorf("%s and %s, %d jobs; want one and the same", a.text, b.text, len(w.jobs))
	}
}

func TestTheSameKeyForAnotherBulkEditIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, other := submit(goodEdit), submit(strings.Replace(goodEdit, "100", "200", 1))
	first.header["Idempotency-Key"], other.header["Idempotency-Key"] = "key-1", "key-1"
	w.call(t, first)
	a := w.call(t, other)
	if kind, field := a.problem(); a.status != http.StatusConflict || kind != "conflict" || field != "Idempotency-Key" {
		t.Errorf("%d %s, want a conflict at Idempotency-Key", a.status, a.text)
	}
}

// finished is a job with results of every sort.
func finished() bulk.Job {
	return bulk.Job{
		Ref:        bulk.Ref{Tenant: "tenant-a", Job: "job1"},
		User:       "anna",
		Kind:       bulk.Edit,
		State:      bulk.Done,
		CreatedAt:  now,
		FinishedAt: now.Add(time.Minute),
		Planned:    5,
		Passed:     2,
		Counts: bulk.Counts{
			Edited:      1,
			Unchanged:   1,
			Skipped:     1,
			Conflict:    1,
			Failed:      1,
			BytesBefore: 20,
			BytesAfter:  10,
		},
	}
}

func withJob(j bulk.Job, items ...bulk.Item) func(*world) {
	return func(w *world) { w.jobs[j.Ref], w.items[j.Ref] = j, items }
}

func TestABulkEditShowsItsCounts(t *testing.T) {
	t.Parallel()
	a := newWorld(withJob(finished())).call(t, request{method: http.MethodGet, path: "/api/bulk-edits/job1"})
	want := map[string]any{
		"id": "job1", "kind": "edit", "state": "done", "createdAt": "2026-03-01T12:00:00Z",
		"finishedAt": "2026-03-01T12:01:00Z",
		"counts": map[string]any{
			"planned": 7.0, "waiting": 0.0, "edited": 1.0, "unchanged": 1.0, "skipped": 3.0, "conflict": 1.0,
			"failed":      1.0,
			"bytesBefore": 20.0, "bytesAfter": 10.0,
		},
	}
	if diff := cmp.Diff(want, a.body); a.status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
}

func TestAFailedBulkEditSaysWhy(t *testing.T) {
	t.Parallel()
	job := finished()
	job.State, job.Reason, job.Message = bulk.Failed, "not_found", "The folder is gone."
	a := newWorld(withJob(job)).call(t, request{method: http.MethodGet, path: "/api/bulk-edits/job1"})
	if diff := cmp.Diff(map[string]any{"kind": "not_found", "detail": "The folder is gone."},
		a.body["problem"]); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
}

func TestBulkEditsOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(withJob(finished(), bulk.Item{}))
	for _, token := range []string{"Bearer bela", "Bearer chris"} {
		for _, path := range []string{"/api/bulk-edits/job1", "/api/bulk-edits/job1/items",
			"/api/bulk-edits/job1/report", "/api/bulk-edits/job1/events"} {
			a := w.call(t, request{method: http.MethodGet, path: path, token: token})
			none := w.call(
				t, request{method: http.MethodGet, path: strings.Replace(path, "job1", "job2", 1), token: token})
			kind, _ := a.problem()
			if a.status != 404 || kind != "not_found" || a.body["detail"] != none.body["detail"] {
				t.Errorf("%s for %s: %d %s, want the 404 of a job that never was", path, token, a.status, a.text)
			}
		}
	}
}

func TestItemsComeInPages(t *testing.T) {
	t.Parallel()
	ref := finished().Ref
	w := newWorld(withJob(finished(),
		bulk.Item{
			Ref:        ref,
			N:          0,
			Drive:      "d",
			File:       "f0",
			Name:       "a.jpg",
			State:      bulk.Edited,
			FinishedAt: now,
			Before:     bulk.Picture{Width: 4, Height: 3, Bytes: 20, Format: "jpeg"},
			After: bulk.Picture{
				Width:  2,
				Height: 1,
				Bytes:  10,
				Format: "jpeg",
			},
			Warnings: []string{"w"},
		},
		bulk.Item{Ref: ref, N: 1, Drive: "d", File: "f1", Name: "b.jpg", State: bulk.Waiting},
		bulk.Item{
			Ref:     ref,
			N:       0,
			Passed:  true,
			Drive:   "d",
			File:    "f2",
			Name:    "c.txt",
			State:   bulk.Skipped,
			Reason:  "unsupported",
			Message: "No image.",
		},
	))
	get := func(query string) (items []any, next any) {
		a := w.call(t, request{method: http.MethodGet, path: "/api/bulk-edits/job1/items" + query})
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.text)
		}
		items, _ = a.body["items"].([]any)
		return items, a.body["next"]
	}
	first, next := get("?limit=2")
	rest, end := get("?limit=2&cursor=" + next.(string))
	want := []any{
		map[string]any{"driveId": "d", "itemId": "f0", "name": "a.jpg", "state": "edited",
			"finishedAt": "2026-03-01T12:00:00Z", "warnings": []any{"w"},
			"before": map[string]any{"width": 4.0, "height": 3.0, "bytes": 20.0, "format": "jpeg"},
			"after":  map[string]any{"width": 2.0, "height": 1.0, "bytes": 10.0, "format": "jpeg"}},
		map[string]any{"driveId": "d", "itemId": "f1", "name": "b.jpg", "state": "waiting"},
		map[string]any{
			"driveId": "d",
			"itemId":  "f2",
			"name":    "c.txt",
			"state":   "skipped",
			"reason":  map[string]any{"kind": "unsupported", "detail": "No image."},
		},
	}
	if diff := cmp.Diff(want, append(first, rest...)); diff != "" || end != nil {
		t.Errorf("next %v (-want +got):\n%s", end, diff)
	}
	if all, end := get(""); len(all) != 3 || end != nil {
		t.Errorf("without a limit: %d items and next %v, want 3 and none", len(all), end)
	}
}

func TestADryRunShowsItsPreviewsToItsUserForADay(t *testing.T) {
	t.Parallel()
	job := finished()
	job.Kind, job.Planned, job.Passed, job.Place.End = bulk.DryRun, 3, 0, true
	size := bulk.Picture{Width: 4, Height: 3, Bytes: 20, Format: "jpeg"}
	item := func(n int, age time.Duration) bulk.Item {
		return bulk.Item{
			Ref:        job.Ref,
			N:          n,
			Drive:      "d",
			File:       fmt.Sprint("f", n),
			Name:       "a.jpg",
			State:      bulk.Edited,
			FinishedAt: now.Add(-age),
			Before:     size,
			After:      size,
			Intent:     &bulk.Intent{Name: "a-edited.jpg"},
		}
	}
	w := newWorld(
		withJob(job, item(0, 23*time.Hour), item(1, 24*time.Hour), bulk.Item{Ref: job.Ref, N: 2, State: bulk.Waiting}))
	get := func(path, token string) answer {
		return w.call(t, request{method: http.MethodGet, path: "/api/bulk-edits/job1/previews" + path, token: token})
	}
	picture := map[string]any{"width": 4.0, "height": 3.0, "bytes": 20.0, "format": "jpeg"}
	want := map[string]any{"previews": []any{map[string]any{
		"n": 0.0, "until": "2026-03-01T13:00:00Z", "beforeUrl": "/api/bulk-edits/job1/previews/0/before",
		"afterUrl": "/api/bulk-edits/job1/previews/0/after",
		"image": map[string]any{"driveId": "d", "itemId": "f0", "name": "a.jpg", "state": "edited",
			"copyName": "a-edited.jpg",
			"before":   picture, "after": picture, "finishedAt": "2026-02-28T13:00:00Z"},
	}}}
	if a := get("", ""); a.status != 200 || cmp.Diff(want, a.body) != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, cmp.Diff(want, a.body))
	}
	a := w.serve(t.Context(), request{method: http.MethodGet, path: "/api/bulk-edits/job1/previews/0/after"}, "picture")
	if a.status != 200 || a.text != "JPEG job1 0 after" || a.header.Get("Content-Type") != "image/jpeg" ||
		a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", a.status, a.text, a.header)
	}
	for what, a := range map[string]answer{
		"the list for a colleague": get("", "Bearer bela"), "the list for another tenant": get("", "Bearer chris"),
		"a picture for a colleague":    get("/0/after", "Bearer bela"),
		"a picture for another tenant": get("/0/before", "Bearer chris"),
		"one that is a day old":        get("/1/before", ""), "one that is not made yet": get("/2/before", ""),
		"one that is none": get("/7/before", ""),
	} {
		if kind, _ := a.problem(); a.status != 404 || kind != "not_found" {
			t.Errorf("%s: %d %s", what, a.status, a.text)
		}
	}
	if a := get("/0/beside", ""); a.status != 422 && a.status != 400 {
		t.Errorf("a side that is none: %d", a.status)
	}
	edit := job
	edit.Job, edit.Kind = "job2", bulk.Edit
	withJob(edit)(w)
	if a := w.call(t, request{method: http.MethodGet, path: "/api/bulk-edits/job2/previews"}); a.status != 404 {
		t.Errorf("previews of an edit: %d %s", a.status, a.text)
	}
}

func TestABulkEditWithoutItemsHasAnEmptyList(t *testing.T) {
	t.Parallel()
	a := newWorld(withJob(finished())).call(t, request{method: http.MethodGet, path: "/api/bulk-edits/job1/items"})
	if strings.TrimSpace(a.text) != `{"items":[]}` {
		t.Errorf("%s, want an empty list", a.text)
	}
}

func TestTheListOfOperationsIsWhole(t *testing.T) {
	t.Parallel()
	want := []string{
		"DELETE /me", "DELETE /organization", "DELETE /presets/{id}", "DELETE /schedules/{id}", "DELETE /tabs/{id}",
		"GET /bulk-edits", "GET /bulk-edits/{id}", "GET /bulk-edits/{id}/events", "GET /bulk-edits/{id}/items",
		"GET /bulk-edits/{id}/previews", "GET /bulk-edits/{id}/previews/{n}/{side}", "GET /bulk-edits/{id}/report",
		"GET /drives/{driveId}/changes", "GET /drives/{driveId}/items",
		"GET /erasures/{id}", "GET /health",
		"GET /health/ready", "GET /images/{driveId}/{itemId}", "GET /images/{driveId}/{itemId}/about",
		"GET /images/{driveId}/{itemId}/comparison",
		"GET /images/{driveId}/{itemId}/content", "GET /images/{driveId}/{itemId}/properties",
		"GET /images/{driveId}/{itemId}/thumbnails/{size}",
		"GET /images/{driveId}/{itemId}/versions", "GET /images/{driveId}/{itemId}/versions/{version}/content",
		"GET /images/{driveId}/{itemId}/versions/{version}/thumbnails/{size}",
		"GET /me", "GET /openapi.json", "GET /presets", "GET /presets/{id}", "GET /privacy", "GET /properties",
		"GET /recipes/letters", "GET /recipes/schema", "GET /schedules", "GET /schedules/{id}", "GET /sites",
		"GET /sites/{siteId}/drives", "GET /tabs", "GET /tabs/{id}",
		"PATCH /images/{driveId}/{itemId}/properties", "POST /bulk-edits",
		"POST /bulk-edits/{id}/apply", "POST /bulk-edits/{id}/cancel", "POST /bulk-edits/{id}/pause",
		"POST /bulk-edits/{id}/resume", "POST /bulk-edits/{id}/retry", "POST /bulk-edits/{id}/undo",
		"POST /images/{driveId}/{itemId}/edits", "POST /images/{driveId}/{itemId}/preview",
		"POST /images/{driveId}/{itemId}/versions/{version}/restore",
		"POST /presets", "POST /recipes/from-editor", "POST /schedules", "POST /tabs", "POST /token",
		"PUT /images/{driveId}/{itemId}/content", "PUT /presets/{id}", "PUT /schedules/{id}", "PUT /tabs/{id}",
	}
	if diff := cmp.Diff(want, newWorld().api.Operations()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// deadlines notes the read deadlines that are set on a connection before it has its answer.
type deadlines struct {
	*httptest.ResponseRecorder
	set      []time.Time
	answered bool
}

func (d *deadlines) WriteHeader(status int) {
	d.answered = true
	d.ResponseRecorder.WriteHeader(status)
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	if !d.answered {
		d.set = append(d.set, at)
	}
	return nil
}

func TestALongListHasTheWholeTimeOfTheRequestToArrive(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/api/bulk-edits", strings.NewReader(goodEdit))
	r.Header.Set("Authorization", "Bearer anna")
	out := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	newWorld().api.ServeHTTP(out, r)
	if out.Code != http.StatusAccepted || !out.answered {
		t.Fatalf("%d %s", out.Code, out.Body)
	}
	for _, at := range out.set {
		if !at.IsZero() {
			t.Errorf("reads end at %v already", at)
		}
	}
}

func TestABodyThatNeverEndsDoesNotHoldItsConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newWorld().api)
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	// No token: the answer is there before the body.
	if _, err := connection.Write(
		[]byte(
			"POST /api/bulk-edits HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
				"500\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection) // until the server ends it
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401 ") {
		t.Errorf("%v after %q, want 401 and the end", err, answer)
	}
}

func TestTheEditorsStateBecomesARecipe(t *testing.T) {
	t.Parallel()
	const state = `{"width":800,"height":600,"epochs":[{"background":{"type":"image","width":400,"height":300,` +
		`"filters":[{"type":"Sepia"},{"type":"Ripple"}]}}]}`
	post := func(body string) request {
		return request{
			method: http.MethodPost,
			path:   "/api/recipes/from-editor",
			body:   body,
			header: map[string]string{"Content-Type": "application/json"},
		}
	}
	a := newWorld().call(t, post(state))
	recipe := map[string]any{"version": 1.0, "steps": []any{map[string]any{"op": "filter", "name": "sepia"}}}
	hash, _ := a.body["recipeHash"].(string)
	want := map[string]any{"recipe": recipe, "recipeHash": hash, "notes": []any{
		map[string]any{"path": "/epochs/0/background/filters/1",
			"message": `The filter "Ripple" is not known here; it is left out.`},
	}}
	if diff := cmp.Diff(want, a.body); a.status != 200 || len(hash) != 64 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
	a = newWorld().call(t, post(`{"backgroundImage":{"width":9,"height":9}}`))
	if notes, ok := a.body["notes"].([]any); a.status != 200 || !ok || len(notes) > 0 {
		t.Errorf("%d %s, want no notes", a.status, a.text)
	}
	a = newWorld().call(t, post(`{"epochs":[{}]}`))
	if kind, field := a.problem(); a.status != 422 || kind != "invalid" || field != "/epochs/0/background" {
		t.Errorf("%d %s, want invalid at the picture", a.status, a.text)
	}
	a = newWorld().call(t, post(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`))
	if kind, _ := a.problem(); a.status != 413 && a.status != 422 || kind == "" {
		t.Errorf("%d %s, want a refusal of what is too long", a.status, a.text)
	}
	without := post(state)
	without.token = "-"
	if a := newWorld().call(t, without); a.status != 401 {
		t.Errorf("without a token: %d", a.status)
	}
}
