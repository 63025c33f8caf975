package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/api"
	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/invocation"
	"imagepro/handler/library"
	"imagepro/handler/org"
	"imagepro/handler/ready"
	"imagepro/handler/schedule"
	"imagepro/handler/seal"
	"imagepro/handler/secret"
	"imagepro/handler/tab"
)

// log keeps what the package logs; each test reads the lines of its own invocations.
var log recorder

func TestMain(m *testing.M) {
	slog.SetDefault(
		slog.New(
			invocation.LogHandler{Handler: slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})}))
	os.Exit(m.Run())
}

type recorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

// of returns the lines of an invocation.
func (r *recorder) of(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines strings.Builder
	for line := range strings.Lines(r.text.String()) {
		if strings.Contains(line, `"invocation":"`+id+`"`) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// Two users of a tenant and one of another, by their tokens.
var callers = map[string]caller.Caller{
	"Bearer anna":  {Tenant: "tenant-a", User: "anna"},
	"Bearer bela":  {Tenant: "tenant-a", User: "bela", Admin: true},
	"Bearer chris": {Tenant: "tenant-b", User: "chris"},
}

type verifier struct{}

func (verifier) Verify(_ context.Context, authorization string) (caller.Caller, error) {
	who, ok := callers[authorization]
	if !ok {
		return caller.Caller{}, fault.New(fault.Unauthorized, "The access token is not valid.", nil)
	}
	return who, nil
}

// world is the API on fakes. The functions may be replaced before the first request.
type world struct {
	api          *api.API
	profile      func(context.Context) (org.Profile, error)
	graphToken   func(scopes []string, claims string) (org.GraphToken, error)
	organization org.Organization // none if it has no tenant
	entered      int              // writes of the organization
	erasures     map[string]org.Erasure
	shelf        *shelf
	pictures     *library.Service
	erasing      bool // of every user
	ids          int
	sent         []string
	mu           sync.Mutex
	jobs         map[bulk.Ref]bulk.Job
	items        map[bulk.Ref][]bulk.Item
	specs        map[bulk.Ref]bulk.Spec
	sources      map[bulk.Ref]bulk.Source
	deadline     time.Duration
	open         int // bulk edits
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var secretToken = secret.New("graph-token")

func newWorld(options ...func(*world)) *world {
	w := &world{
		jobs:     map[bulk.Ref]bulk.Job{},
		items:    map[bulk.Ref][]bulk.Item{},
		specs:    map[bulk.Ref]bulk.Spec{},
		sources:  map[bulk.Ref]bulk.Source{},
		deadline: time.Minute,
		erasures: map[string]org.Erasure{},
		shelf:    newShelf(),
	}
	w.graphToken = func([]string, string) (org.GraphToken, error) {
		return org.GraphToken{Text: secret.New("graph-token"), Expires: now.Add(time.Hour)}, nil
	}
	w.profile = func(context.Context) (org.Profile, error) {
		return org.Profile{Name: "Anna Example", Mail: "anna@example.com", Locale: "de-DE"}, nil
	}
	for _, option := range options {
		option(w)
	}
	clock := func() time.Time { return now }
	known := people{w: w}
	newID := func() string { w.ids++; return fmt.Sprint("id", w.ids) }
	people := org.NewService(org.ServiceOptions{
		Organizations: known,
		Users:         known,
		Sessions:      known,
		Erasures:      known,
		Directory:     known,
		Exchanger:     known,
		Queue:         w,
		Now:           clock,
		NewID:         newID,
	})
	edits := bulk.NewService(bulk.ServiceOptions{
		Jobs:      w,
		Items:     w,
		Index:     w,
		Specs:     w,
		Queue:     w,
		MaxImages: 3,
		MaxOpen:   bulk.MaxOpen{Tenant: 7, User: 5},
		Previews:  w,
		Now:       clock,
		NewID: func() string {
			return "job1"
		},
	})
	w.api = api.New(api.Options{
		Verifier: verifier{},
		Deadline: w.deadline,
		Now:      clock,
		Cursors:  cursors(),
		TeamsApp: "app",
		Org:      people,
		Bulk:     edits,
		Schedules: schedule.NewService(schedule.ServiceOptions{
			Store:  agenda{w.shelf},
			Edits:  edits,
			People: people,
			Now:    clock,
			NewID:  newID,
		}),
		Library: w.pictures,
		Tabs: tab.NewService(tab.ServiceOptions{
			Tabs:      w.shelf,
			Presets:   w.shelf,
			Library:   w,
			Now:       clock,
			NewID:     newID,
			CacheLife: time.Minute,
		}),
		Health: api.Health{Version: "1.2.3", Codec: "test"},
		Ready:  ready.NewProber(clock),
	})
	return w
}

// cursors seals with a key that all tests know.
func cursors() *seal.Sealer {
	ring, err := seal.NewRing([]seal.Key{{ID: "k", Secret: secret.New(strings.Repeat("k", 32))}})
	if err != nil {
		panic(err)
	}
	s, err := ring.For("cursor")
	if err != nil {
		panic(err)
	}
	return s
}

// answer is what a client gets, and what the log says of it.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
	log    string
}

// problem returns kind and field of a problem document.
func (a answer) problem() (kind, field string) {
	t, _ := a.body["type"].(string)
	field, _ = a.body["field"].(string)
	return strings.TrimPrefix(t, "urn:image-pro:problem:"), field
}

// request is a call by Anna unless token says otherwise.
type request struct {
	method, path, body string
	token              string // "-" for none
	header             map[string]string
}

// call sends a request and checks what holds for every answer: JSON, never kept, never sniffed, logged once;
// errors are problem documents with the invocation's id.
func (w *world) call(t *testing.T, r request) answer {
	t.Helper()
	id := rand.Text()
	a := w.serve(t.Context(), r, id)
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
		"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
		"Strict-Transport-Security":   "max-age=31536000",
		"Access-Control-Allow-Origin": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if a.status == http.StatusNoContent && a.text == "" {
		return a
	}
	if err := json.Unmarshal([]byte(a.text), &a.body); err != nil {
		t.Fatalf("%d with no JSON object: %q", a.status, a.text)
	}
	want := "application/json"
	if a.status >= 400 {
		want = "application/problem+json"
		kind, _ := a.problem()
		if kind == "" || a.body["detail"] == "" || a.body["title"] == "" || a.body["status"] != float64(a.status) ||
			a.body["invocation"] != id {
			t.Errorf("%d with an incomplete problem document: %s", a.status, a.text)
		}
	}
	if got := a.header.Get("Content-Type"); got != want {
		t.Errorf("Content-Type %q, want %q", got, want)
	}
	if n := strings.Count(a.log, `"msg":"request"`); n != 1 ||
		!strings.Contains(a.log, fmt.Sprintf(`"status":%d`, a.status)) {
		t.Errorf("the request is logged %d times with its status %d, want once:\n%s", n, a.status, a.log)
	}
	return a
}

func (w *world) serve(ctx context.Context, r request, id string) answer {
	in := httptest.NewRequestWithContext(ctx, r.method, r.path, strings.NewReader(r.body))
	in.Header.Set("X-Azure-Functions-InvocationId", id)
	switch r.token {
	case "":
		in.Header.Set("Authorization", "Bearer anna")
	case "-":
	default:
		in.Header.Set("Authorization", r.token)
	}
	for name, value := range r.header {
		in.Header.Set(name, value)
	}
	out := httptest.NewRecorder()
	w.api.ServeHTTP(out, in)
	return answer{status: out.Code, header: out.Header(), text: out.Body.String(), log: log.of(id)}
}
