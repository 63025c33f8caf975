package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/schedule"
)

// agenda keeps schedules.
type agenda struct{ *shelf }

func (a agenda) CreateSchedule(_ context.Context, s schedule.Schedule) (schedule.Schedule, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.Version = a.version()
	a.schedules[s.Tenant+s.User+s.ID] = s
	return s, nil
}

func (a agenda) Schedule(_ context.Context, tenant, user, id string) (schedule.Schedule, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.schedules[tenant+user+id]
	if !ok {
		return s, notThere()
	}
	return s, nil
}

func (a agenda) SchedulesOf(_ context.Context, tenant, user string) ([]schedule.Schedule, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []schedule.Schedule
	for _, s := range a.schedules {
		if s.Tenant == tenant && s.User == user {
			all = append(all, s)
		}
	}
	return all, nil
}

func (a agenda) UpdateSchedule(_ context.Context, s schedule.Schedule) (schedule.Schedule, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.schedules[s.Tenant+s.User+s.ID].Version != s.Version {
		return s, raced()
	}
	s.Version = a.version()
	a.schedules[s.Tenant+s.User+s.ID] = s
	return s, nil
}

func (a agenda) DeleteSchedule(_ context.Context, tenant, user, id, version string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s, ok := a.schedules[tenant+user+id]; ok && version != "*" && s.Version != version {
		return raced()
	}
	delete(a.schedules, tenant+user+id)
	return nil
}

func (agenda) Due(context.Context, time.Time, func(schedule.Schedule) bool) error {
	panic("the API starts nothing")
}

const everyMonday = `{"name":"Every Monday","start":"2026-03-02T02:00:00","rule":"FREQ=WEEKLY;BYDAY=MO",` +
	`"timeZone":"W. Europe Standard Time","onlyChanged":true,
	"edit":{"source":{"folder":{"driveId":"d1","itemId":"root","recursive":true,"types":["jpeg"],` +
	`"changedSince":"2026-01-01T00:00:00Z"}},
		"recipe":{"version":1,"steps":[{"op":"resize","width":100}]},"save":{"onChanged":"editAgain"}}}`

func TestAScheduleIsAddedShownChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(t, post("/api/schedules", everyMonday))
	address := a.header.Get("Location")
	if a.status != http.StatusCreated || address == "" || a.header.Get("ETag") != a.body["etag"] {
		t.Fatalf("%d, Location %q: %s", a.status, address, a.text)
	}
	// summer time
	want := []any{"2026-03-02T01:00:00Z", "2026-03-09T01:00:00Z", "2026-03-16T01:00:00Z", "2026-03-23T01:00:00Z",
		"2026-03-30T00:00:00Z"}
	if diff := cmp.Diff(want, a.body["next"]); diff != "" {
		t.Errorf("next (-want +got):\n%s", diff)
	}
	b := w.call(t, get(address))
	if diff := cmp.Diff(a.body, b.body); b.status != http.StatusOK || diff != "" {
		t.Errorf("%d (-created +shown):\n%s", b.status, diff)
	}
	edit := b.body["edit"].(map[string]any)
	folder := map[string]any{
		"driveId":      "d1",
		"itemId":       "root",
		"recursive":    true,
		"types":        []any{"jpeg"},
		"changedSince": "2026-01-01T00:00:00Z",
	}
	if diff := cmp.Diff(folder, edit["source"].(map[string]any)["folder"]); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
	put := request{
		method: http.MethodPut,
		path:   address,
		body:   strings.Replace(everyMonday, `"onlyChanged"`, `"paused":true,"onlyChanged"`, 1),
		header: map[string]string{"Content-Type": "application/json"},
	}
	if c := w.call(t, put); c.status != http.StatusPreconditionRequired {
		t.Errorf("a change without If-Match: %d %s", c.status, c.text)
	}
	put.header["If-Match"] = b.header.Get("ETag")
	c := w.call(t, put)
	if c.status != http.StatusOK || c.body["paused"] != true || len(c.body["next"].([]any)) != 0 {
		t.Errorf("a change: %d %s", c.status, c.text)
	}
	if d := w.call(t, put); d.status != http.StatusPreconditionFailed {
		t.Errorf("a change of an old version: %d %s", d.status, d.text)
	}
	if list := w.call(t, get("/api/schedules")).body["schedules"].([]any); len(list) != 1 {
		t.Errorf("listed: %v", list)
	}
	if list := w.call(t,
		request{method: http.MethodGet, path: "/api/schedules", token: "Bearer bela"}).body["schedules"].([]any); len(
		list) != 0 {
		t.Errorf("somebody else sees %v", list)
	}
	if d := w.call(
		t, request{method: http.MethodGet, path: address, token: "Bearer bela"}); d.status != http.StatusNotFound {
		t.Errorf("somebody else: %d %s", d.status, d.text)
	}
	gone := request{method: http.MethodDelete, path: address,
		header: map[string]string{"If-Match": c.header.Get("ETag")}}
	if d := w.call(t, gone); d.status != http.StatusNoContent {
		t.Errorf("a deletion: %d %s", d.status, d.text)
	}
	for what, r := range map[string]request{"shown": get(address), "deleted": gone} {
		if d := w.call(t, r); d.status != http.StatusNotFound {
			t.Errorf("%s after it: %d %s", what, d.status, d.text)
		}
	}
}

func TestASchedulesMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for change, field := range map[[2]string]string{
		{"W. Europe Standard Time", "Mars"}:            "/timeZone",
		{"FREQ=WEEKLY;BYDAY=MO", "FREQ=MINUTELY"}:      "/rule",
		{"2026-03-02T02:00:00", "2026-03-02"}:          "/start",
		{`"op":"resize","width":100`, `"op":"shrink"`}: "/edit/recipe/steps/0/op",
		{`"types":["jpeg"]`, `"names":["["]`}:          "/edit/source/folder/names/0",
		{`"onChanged":"editAgain"`, `"name":"x"`}:      "/edit/save/name",
	} {
		a := newWorld().call(t, post("/api/schedules", strings.Replace(everyMonday, change[0], change[1], 1)))
		if kind, at := a.problem(); a.status != 422 || kind != "invalid" || at != field {
			t.Errorf("%s: %d %s, want invalid at %s", change[1], a.status, a.text, field)
		}
	}
}
