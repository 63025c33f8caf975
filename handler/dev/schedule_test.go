package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/stack"
)

// A bulk edit that nobody starts: the timer does, through the host, with the session that its user has left.
func TestAScheduleStartsABulkEditWhileNobodyIsThere(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{Kind: true})
	c := caller{t, s.Host.URL(), map[string]bool{}}
	user := directory.User{
		Tenant: s.Scene.Contoso.ID,
		ID:     directory.NewID(),
		UPN:    "night@contoso.example",
		Name:   "Night",
	}
	if err := s.Sandbox.Directory.PutUser(user); err != nil {
		t.Fatal(err)
	}
	site, err := s.Sandbox.Graph.AddSite(user.Tenant, "Night", user.ID)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, content string) {
		t.Helper()
		if _, err := s.Sandbox.Graph.PutFile(site.DriveID, name, strings.NewReader(content), user.ID); err != nil {
			t.Fatal(err)
		}
	}
	put("first.txt", "x")
	token, err := s.Token(user)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now().UTC().Add(2 * time.Second)
	body := fmt.Sprintf(
		`{"name":"At night","start":%q,"rule":"FREQ=HOURLY","timeZone":"UTC","onlyChanged":true,"edit":%s}`,
		start.Format("2006-01-02T15:04:05"), editBody(site.DriveID))
	schedule := c.good("POST /schedules", "/schedules", token, body).place()
	tick := func() {
		t.Helper()
		response, err := http.Post(s.Host.URL()+"/admin/functions/BulkSchedules", "application/json",
			strings.NewReader("{}"))
		if err != nil || response.StatusCode != http.StatusAccepted {
			t.Fatalf("the timer: %v, %v", response, err)
		}
		_ = response.Body.Close()
	}
	tick() // before its time
	time.Sleep(time.Until(start.Add(100 * time.Millisecond)))
	tick()
	tick() // and again at once
	var last string
	wait(t, func() bool {
		last, _ = c.good("GET /schedules/{id}", schedule, token, "").body["lastBulkEdit"].(string)
		return last != ""
	})
	wait(t, func() bool {
		return c.good("GET /bulk-edits/{id}", "/bulk-edits/"+last, token, "").body["state"] == "done"
	})
	if all := c.good("GET /bulk-edits", "/bulk-edits", token, "").body["bulkEdits"].([]any); len(all) != 1 {
		t.Errorf("%d bulk edits were started, want one: %v", len(all), all)
	}
	shown := c.good("GET /schedules/{id}", schedule, token, "")
	if next := shown.body["next"].([]any); len(next) != 5 || shown.body["problem"] != nil {
		t.Errorf("the schedule is %s", shown.text)
	}
}
