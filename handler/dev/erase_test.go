package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"imagepro/handler/bulk"
	"imagepro/handler/cloud/queue"
	"imagepro/handler/dev/dump"
	"imagepro/handler/dev/stack"
)

// TestAnErasedOrganizationLeavesNothing erases an organization in the middle of its work, over the real host with
// its queues, and looks through everything that the account holds afterwards.
func TestAnErasedOrganizationLeavesNothing(t *testing.T) {
	t.Parallel()
	// shortens the wait
	s, lines := startStack(t,
		stack.Options{Kind: true,
			Settings: map[string]string{"IMAGEPRO_HTTP_DEADLINE": "10s", "IMAGEPRO_EVENT_DEADLINE": "10s"}})
	c := caller{t, s.Host.URL(), map[string]bool{}}
	s.Sandbox.Entra.Consent(s.Scene.Fabrikam.ID, "", s.Scene.App.ID, s.Scene.App.Scopes...)
	stays := c.settle(s, s.Scene.Frida, "fabrikamsecret")
	goes := c.settle(s, s.Scene.Adele, "contososecret")
	before := stored(t, s, s.Scene.Fabrikam.ID)

	// Work under way, and messages of it that failed too often.
	for i := range 300 {
		name := fmt.Sprintf("more/%03d.jpg", i)
		if _, err := s.Sandbox.Graph.PutFile(goes.site.DriveID, name, strings.NewReader("no picture, but looked at"),
			s.Scene.Adele.ID); err != nil {
			t.Fatal(err)
		}
	}
	body := strings.Replace(editBody(goes.site.DriveID), `"itemId":"root"`, `"itemId":"root","recursive":true`, 1)
	job := c.good("POST /bulk-edits", "/bulk-edits", goes.token, body)
	wait(t, func() bool {
		counts := c.good("GET /bulk-edits/{id}", job.place(), goes.token, "").body["counts"].(map[string]any)
		return counts["planned"].(float64) > 300 && counts["waiting"].(float64) < 290
	})
	messages, err := queue.Open(s.Azurite.ConnectionString)
	if err != nil {
		t.Fatal(err)
	}
	// always marshals
	poison, _ := json.Marshal(bulk.ItemMessage{Tenant: s.Scene.Contoso.ID, Job: job.body["id"].(string), N: 299})
	if err := messages.Send(t.Context(), bulk.ItemQueue+"-poison", poison, 0); err != nil {
		t.Fatal(err)
	}

	accepted := c.good("DELETE /organization", "/organization", goes.token, "")
	if r := c.call("GET /me", "/me", goes.token, ""); r.status != 503 {
		t.Errorf("while it is erased: %d %s", r.status, r.text)
	}
	receipt := reply{}
	for end := time.Now().Add(4 * time.Minute); receipt.body["state"] != "done"; time.Sleep(500 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the erasure did not end: %s\n%s", receipt.text, lines.text())
		}
		receipt = c.good("GET /erasures/{id}", accepted.place(), goes.token, "")
	}
	counts := receipt.body["counts"].(map[string]any)
	for kind, want := range map[string]float64{
		"users":     1,
		"sessions":  1,
		"bulkEdits": 2,
		"images":    2 + 302,
		"tabs":      2,
		"presets":   2,
		"files":     4,
	} {
		if counts[kind] != want {
			t.Errorf("the receipt counts %v of %s, want %v: %s", counts[kind], kind, want, receipt.text)
		}
	}

	// the last messages, which may have been put back for so long, come and are dropped
	waitFor(t, 5*time.Minute, func() bool {
		all, err := dump.Read(t.Context(), s.Azurite.ConnectionString)
		if err != nil {
			t.Fatal(err)
		}
		left := 0
		for _, q := range all.Queues {
			left += q.Count
		}
		return left == 0
	})
	all, err := dump.Read(t.Context(), s.Azurite.ConnectionString)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{s.Scene.Contoso.ID, s.Scene.Adele.ID, s.Scene.Adele.Mail, goes.secret,
		job.body["id"].(string)} {
		for _, record := range all.Records {
			if strings.Contains(record.String(), hidden) {
				t.Errorf("left: %s", record)
			}
		}
		for _, blob := range all.Blobs {
			if strings.Contains(blob.Name+string(blob.Content), hidden) {
				t.Errorf("left: %s", blob.Name)
			}
		}
	}
	after := stored(t, s, s.Scene.Fabrikam.ID)
	for line := range before {
		if !after[line] && !strings.Contains(line, "ImageProOrganizations") { // which notes that it is in use
			t.Errorf("changed at the neighbour: %s", line)
		}
	}
	c.good("GET /me", "/me", stays.token, "")
	if back := c.good("GET /me", "/me", goes.token, ""); !strings.Contains(back.text, `"name":"Adele Vance"`) {
		t.Errorf("who comes back: %s", back.text)
	}
	if r := c.good("GET /tabs", "/tabs", goes.token, ""); len(r.body["tabs"].([]any)) != 0 {
		t.Errorf("who comes back finds %s", r.text)
	}
}
