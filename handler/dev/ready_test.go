package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"imagepro/handler/dev/stack"
)

// answerOfReady is what GET /health/ready says.
type answerOfReady struct {
	Status       string
	Dependencies []struct {
		Name, Problem string
		OK            bool
	}
}

func TestReadyTellsWhatIsAway(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{Kind: true})
	c := caller{t, s.Host.URL(), map[string]bool{}}
	look := func() (int, answerOfReady, string) {
		var found answerOfReady
		r := c.call("GET /health/ready", "/health/ready", "", "")
		if err := json.Unmarshal([]byte(r.text), &found); err != nil {
			t.Fatal(err, r.text)
		}
		return r.status, found, r.text
	}
	if status, found, text := look(); status != http.StatusOK || found.Status != "ready" ||
		len(found.Dependencies) != 5 {
		t.Fatalf("%d %s", status, text)
	}
	s.Azurite.Stop()
	wait(t, func() bool {
		status, found, text := look()
		if status == http.StatusOK { // as of some seconds ago
			return false
		}
		for _, one := range found.Dependencies {
			if storage := one.Name == "tables" || one.Name == "blobs" || one.Name == "queues"; one.OK == storage ||
				storage && one.Problem != "busy" {
				t.Errorf("%s: %s", one.Name, text)
			}
		}
		if status != http.StatusServiceUnavailable || found.Status != "failing" ||
			strings.Contains(text, "127.0.0.1") || strings.Contains(text, "localhost") {
			t.Errorf("%d %s", status, text)
		}
		return true
	})
	if r := c.call("GET /health", "/health", "", ""); r.status != http.StatusOK {
		t.Errorf("the program itself is %d", r.status)
	}
}
