package host

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/cloud/queue"
)

// The files queue.json and timer.json are payloads that were recorded from real hosts: the first is from the
// tests of a Go handler (GeWoScout), shortened, the second from a Rust handler. They are not made by this
// package, so there is no flag to rewrite them.

// equalToRecord compares a payload with a recorded one in all but the host's own time and random GUID, whose
// form it checks.
func equalToRecord(t *testing.T, file string, got payload) {
	t.Helper()
	recorded, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decode := func(text []byte) map[string]any {
		var tree map[string]any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		sys := tree["Metadata"].(map[string]any)["sys"].(map[string]any)
		if now := sys["UtcNow"].(string); !regexp.MustCompile(
			`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$`).MatchString(now) {
			t.Errorf("UtcNow is %q", now)
		}
		if id := sys["RandGuid"].(string); len(id) != 36 {
			t.Errorf("RandGuid is %q", id)
		}
		delete(sys, "UtcNow")
		delete(sys, "RandGuid")
		return tree
	}
	if diff := cmp.Diff(decode(recorded), decode(marshal(got))); diff != "" {
		t.Errorf("payload (-recorded +got):\n%s", diff)
	}
}

func TestQueuePayloadIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	f := &function{name: "scraperResultTrigger", binding: "msg", queue: &queueTrigger{}}
	body := `{"scraperId":"viennaHousingScraper002","timestamp":"2024-04-06T15:30:00Z","listings":[{"title":"x"}]}`
	m := queue.Message{
		ID:           "4434c659-815f-434e-a851-f1df7b701f27",
		PopReceipt:   "AgAAAAMAAAAAAAAAVqQNb/ai2gE=",
		DequeueCount: 5,
		Inserted:     time.Date(2024, 5, 10, 16, 13, 45, 0, time.UTC),
		Expires:      time.Date(2024, 5, 17, 16, 13, 45, 0, time.UTC),
		NextVisible:  time.Date(2024, 5, 10, 16, 23, 46, 0, time.UTC),
	}
	equalToRecord(t, "testdata/queue.json", queuePayload(f, []byte(body), messageMetadata(f, m)))
}

func TestTimerPayloadIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	s, err := parseSchedule("*/15 * * * * *")
	if err != nil {
		t.Fatal(err)
	}
	f := &function{name: "azure", binding: "timer", timer: &timerTrigger{schedule: s, monitor: true}}
	timer, err := newTimer(&Host{app: &app{}, log: Options{}.withDefaults().Log}, f)
	if err != nil {
		t.Fatal(err)
	}
	equalToRecord(t, "testdata/timer.json", timer.payload(false))
}

func TestPropertiesOfTheMessageOverrideMetadata(t *testing.T) {
	t.Parallel()
	m := metadata{"Id": "message", "DequeueCount": int64(3), "sys": object(`{}`)}
	m.merge(`{"id":"mine","dequeueCount":99,"SYS":"no","half":1.50,"big":1e3,"yes":true,"none":null,"list":[1],
		"inner":{ "a": "<&>" },"queueTrigger":"left out","local":"2024-04-06T15:30:00.5","word":"2024-04-06"}`)
	got := map[string]string{}
	for name, raw := range m.encode() {
		got[name] = string(raw)
	}
	want := map[string]string{
		"Id": `"\"mine\""`, "DequeueCount": `"\"99\""`, "sys": `"\"no\""`, "half": `"\"1.5\""`, "big": `"\"1000\""`,
		"yes": `"\"True\""`, "inner": `{"a":"<&>"}`, "local": `"\"04/06/2024 15:30:00\""`, "word": `"\"2024-04-06\""`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Metadata (-want +got):\n%s", diff)
	}
}

func TestMessageThatIsNoObjectLeavesMetadataAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"hello", `["a"]`, `"text"`, "", "{broken"} {
		m := metadata{"Id": "message"}
		m.merge(text)
		if len(m) != 1 {
			t.Errorf("%q: Metadata = %v", text, m)
		}
	}
}

func TestTextThatIsNoUTF8IsReplaced(t *testing.T) {
	t.Parallel()
	f := &function{name: "f", binding: "msg", queue: &queueTrigger{}}
	got := queuePayload(f, []byte("a\xffb"), metadata{})
	if text := string(got.Data["msg"]); !strings.Contains(text, "a\uFFFDb") {
		t.Errorf("Data.msg = %s", text)
	}
}
