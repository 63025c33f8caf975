package api_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// secretValue stands for whatever a client may send by mistake: it must not come back, nor be logged.
const secretValue = "c2VjcmV0LXZhbHVl"

type refused struct {
	name, body string
	status     int
	field      string
}

// wrongRequests are bodies of POST /bulk-edits, and how each is refused.
func wrongRequests() []refused {
	source := `"source":{"folder":{"driveId":"d","itemId":"i"}}`
	recipe := `"recipe":{"version":1,"steps":[]}`
	return []refused{
		{"no body", "", 400, ""},
		{"no JSON", secretValue, 400, ""},
		{"half of an object", `{"source":{"folder":"` + secretValue, 400, ""},
		{"two objects", `{} {"a":"` + secretValue + `"}`, 400, ""},
		{"a list", `["` + secretValue + `"]`, 422, ""},
		{"null", `null`, 422, ""},
		{"nothing of what is needed", `{}`, 422, "/recipe"},
		{"an item without its drive", `{"source":{"images":[{"itemId":"i"}]},` + recipe + `}`, 422,
			"/source/images/0/driveId"},
		{"an unknown field", `{` + source + `,` + recipe + `,"token":"` + secretValue + `"}`, 422, "/token"},
		{"an unknown field within",
			`{"source":{"folder":{"driveId":"d","itemId":"i","a/b~c":"` + secretValue + `"}},` + recipe + `}`, 422,
			"/source/folder/a~1b~0c"},
		{"a wrong type", `{"source":{"folder":"` + secretValue + `"},` + recipe + `}`, 422, "/source/folder"},
		{"a wrong type in a list",
			`{"source":{"images":[{"driveId":"d","itemId":"i"},{"driveId":1,"itemId":"` + secretValue + `"}]},` +
				recipe + `}`, 422, "/source/images/1/driveId"},
		{"an empty id", `{"source":{"folder":{"driveId":"","itemId":"` + secretValue + `"}},` + recipe + `}`, 422,
			"/source/folder/driveId"},
		{"an id that is too long",
			`{"source":{"folder":{"driveId":"d","itemId":"` + strings.Repeat(secretValue, 20) + `"}},` + recipe + `}`,
			422, "/source/folder/itemId"},
		{"a value that is none of the list", `{` + source + `,` + recipe + `,"save":{"target":"` + secretValue + `"}}`,
			422, "/save/target"},
		{"neither folder nor images", `{"source":{},` + recipe + `}`, 422, "/source"},
		{"too many images", `{"source":{"images":[` + strings.Repeat(`{"driveId":"d","itemId":"i"},`, 3) +
			`{"driveId":"d","itemId":"i"}]},` + recipe + `}`, 422, "/source/images"},
		{"a recipe of null", `{` + source + `,"recipe":null}`, 422, "/recipe"},
		{"a recipe that is text", `{` + source + `,"recipe":"` + secretValue + `"}`, 422, "/recipe"},
		{"an unknown operation", `{` + source + `,"recipe":{"version":1,"steps":[{"op":"` + secretValue + `"}]}}`, 422,
			"/recipe/steps/0/op"},
		{"a number out of range in a recipe",
			`{` + source + `,"recipe":{"version":1,"steps":[{"op":"blur","sigma":1e9}]}}`, 422,
			"/recipe/steps/0/sigma"},
		{"a field twice", `{` + source + `,` + recipe + `,"dryRun":true,"dryRun":false}`, 400, "/dryRun"},
		{"a field twice within", `{"source":{"images":[{"driveId":"d","itemId":"i"},{"driveId":"d","itemId":"i",` +
			`"driveId":"` + secretValue + `"}]},` + recipe + `}`, 400, "/source/images/1/driveId"},
		{"a field twice, spelled otherwise", `{` + source + `,` + recipe + `,"dryRun":true,"dry\u0052un":false}`, 400,
			"/dryRun"},
		{"a number that no one can hold", `{` + source + `,` + recipe + `,"save":{"target":1e999}}`, 400, ""},
		{"a name for a new version", `{` + source + `,` + recipe + `,"save":{"name":"` + secretValue + `"}}`, 422,
			"/save/name"},
		{"a copy's name with a slash",
			`{` + source + `,` + recipe + `,"save":{"target":"copy","name":"{name}/` + secretValue + `"}}`, 422,
			"/save/name"},
	}
}

func TestWrongRequestsNameTheFieldAndEchoNothing(t *testing.T) {
	t.Parallel()
	for _, test := range wrongRequests() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			a := w.call(t, submit(test.body))
			kind, field := a.problem()
			if a.status != test.status || kind != "invalid" || field != test.field {
				t.Errorf("%d %s at %q, want %d invalid at %q:\n%s", a.status, kind, field, test.status, test.field,
					a.text)
			}
			if strings.Contains(a.text+a.log, secretValue) {
				t.Errorf("the value is shown: %s\n%s", a.text, a.log)
			}
			if len(w.jobs) != 0 || len(w.sent) != 0 {
				t.Error("something was started")
			}
		})
	}
}

func TestWrongParametersAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(withJob(finished()))
	tests := []struct{ path, field string }{
		{"/api/bulk-edits/job1/items?limit=0", "limit"},
		{"/api/bulk-edits/job1/items?limit=501", "limit"},
		{"/api/bulk-edits/job1/items?limit=" + secretValue, "limit"},
		{"/api/bulk-edits/job1/items?cursor=" + secretValue, "cursor"},
		{"/api/bulk-edits/job1/items?cursor=" + strings.Repeat(secretValue, 5), "cursor"},
		{"/api/bulk-edits/" + strings.Repeat(secretValue, 5), "id"},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			a := w.call(t, request{method: http.MethodGet, path: test.path})
			if _, field := a.problem(); a.status != 422 || field != test.field ||
				strings.Contains(a.text, secretValue) {
				t.Errorf("%d at %q, want 422 at %q without the value:\n%s", a.status, field, test.field, a.text)
			}
		})
	}
}

func TestAKeyThatIsTooLongIsNamed(t *testing.T) {
	t.Parallel()
	r := submit(goodEdit)
	r.header["Idempotency-Key"] = strings.Repeat("k", 129)
	if a := newWorld().call(t, r); a.status != 422 || a.body["field"] != "Idempotency-Key" {
		t.Errorf("%d %s, want 422 at Idempotency-Key", a.status, a.text)
	}
}

func TestManyWrongThingsAreListedInPart(t *testing.T) {
	t.Parallel()
	a := newWorld().call(t, submit(`{"source":{"images":[`+strings.Repeat(`{},`, 1000)+`{}]},"recipe":{}}`))
	fields, _ := a.body["fields"].([]any)
	if a.status != 422 || len(fields) != 20 {
		t.Errorf("%d with %d fields, want 422 with 20", a.status, len(fields))
	}
	if len(a.text) > 4<<10 {
		t.Errorf("the answer has %d bytes", len(a.text))
	}
}

func TestLongAndDeepNamesComeBackShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 100_000)
	a := newWorld().call(t, submit(`{"source":{"`+long+`":1},"recipe":{}}`))
	if a.status != 422 || len(a.text) > 2<<10 {
		t.Errorf("%d with %d bytes, want 422 with few", a.status, len(a.text))
	}
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	a := newWorld().call(t, submit(strings.Repeat(" ", 16<<20)))
	kind, _ := a.problem()
	if a.status != http.StatusRequestEntityTooLarge || kind != "too_large" || a.body["limit"] != "bodyBytes" ||
		!strings.Contains(a.text, "16777216 bytes") {
		t.Errorf("%d %s, want 413 that names the limit", a.status, a.text)
	}
}

// The host passes a body on as it comes. If the connection ended before, it would answer 502 in our place.
func TestARefusalComesAfterTheWholeBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newWorld().api)
	t.Cleanup(server.Close)
	for name, length := range map[string]int{"with its length": 40 << 20, "in chunks": -1} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		r, err := http.NewRequest(http.MethodPost, server.URL+"/api/presets", zeros(40<<20))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = int64(length)
		r.Header.Set("Authorization", "Bearer anna")
		r.Header.Set("Content-Type", "application/json")
		if err := r.Write(c); err != nil {
			t.Errorf("%s: the body was not taken: %v", name, err)
		}
		response, err := http.ReadResponse(bufio.NewReader(c), r)
		if err != nil || response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %v, %v, want 413", name, response, err)
		}
	}
}

// zeros is a body of so many bytes.
func zeros(n int64) io.Reader { return io.LimitReader(endlessZeros{}, n) }

type endlessZeros struct{}

func (endlessZeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestABodyOfAnotherTypeIsRefused(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"text/" + secretValue, "image/jpeg", "application/xml; charset=+"} {
		r := submit(goodEdit)
		r.header["Content-Type"] = contentType
		a := newWorld().call(t, r)
		if a.status != http.StatusUnsupportedMediaType || strings.Contains(a.text, secretValue) {
			t.Errorf("%s: %d %s, want 415", contentType, a.status, a.text)
		}
	}
}

func TestEveryAcceptHeaderGetsJSON(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"", "*/*", "text/html", "json", "application/cbor", "application/json;q=0"} {
		r := me
		r.header = map[string]string{"Accept": accept}
		if a := newWorld().call(t, r); a.status != 200 {
			t.Errorf("Accept %q: %d %s", accept, a.status, a.text)
		}
	}
}

func TestABodyThatNeverEndsIsLeftAtTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(func(w *world) { w.deadline = 50 * time.Millisecond })
	server := httptest.NewServer(w.api)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(
		[]byte(
			"POST /api/bulk-edits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer anna\r\nContent-Length: " +
				"100\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, len("HTTP/1.1 408"))
	if _, err := conn.Read(head); err != nil || string(head) != "HTTP/1.1 408" {
		t.Errorf("the answer begins %q (%v), want a 408", head, err)
	}
}
