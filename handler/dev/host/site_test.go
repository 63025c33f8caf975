package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/cloud/queue"
	"imagepro/handler/dev/azurite"
	"imagepro/handler/dev/host"
)

var storage string

func TestMain(m *testing.M) {
	if boot, ok := os.LookupEnv("FAKE_BOOT"); ok {
		os.Exit(fakeHandler(boot))
	}
	server, err := azurite.Start("")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	storage = server.ConnectionString
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// site is a script root under construction.
type site struct {
	t        *testing.T
	root     string
	settings map[string]string
	service  *queue.Service
}

// newSite returns a script root with a host.json that starts the fake handler. more is laid over it by
// paths such as extensions.queues.batchSize.
func newSite(t *testing.T, more map[string]any) *site {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	service, err := queue.Open(storage)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{
		t:       t,
		root:    t.TempDir(),
		service: service,
		settings: map[string]string{
			"FAKE_BOOT": "", "FUNCTIONS_WORKER_RUNTIME": "custom", "AzureWebJobsStorage": storage,
		},
	}
	keys := map[string]any{
		"version": "2.0",
		"customHandler.description.defaultExecutablePath": binary,
		"customHandler.enableProxyingHttpRequest":         true,
		"extensions.queues.maxPollingInterval":            "00:00:00.200",
	}
	maps.Copy(keys, more)
	tree := map[string]any{}
	for path, value := range keys {
		parts := strings.Split(path, ".")
		node := tree
		for _, part := range parts[:len(parts)-1] {
			if node[part] == nil {
				node[part] = map[string]any{}
			}
			node = node[part].(map[string]any)
		}
		node[parts[len(parts)-1]] = value
	}
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	s.write("host.json", string(text))
	return s
}

func (s *site) write(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// function adds a function with these bindings, as JSON.
func (s *site) function(name, bindings string) {
	s.t.Helper()
	s.write(filepath.Join(name, "function.json"), `{"bindings":[`+bindings+`]}`)
}

// http adds an HTTP function for a route. Its trigger has more keys, as JSON.
func (s *site) http(name, route, more string) {
	s.t.Helper()
	s.function(
		name, fmt.Sprintf(
			`{"type":"httpTrigger","name":"req","route":%q%s},{"type":"http","direction":"out","name":"res"}`, route,
			more))
}

// everything adds an HTTP function for all paths below /api.
func (s *site) everything() {
	s.t.Helper()
	s.http("zAll", "{*path}", "")
}

// queue adds a queue function and returns the name of its queue, which no other test uses.
func (s *site) queue(name, more string) string {
	s.t.Helper()
	queue := fmt.Sprintf("%s-%d", strings.ToLower(name), time.Now().UnixNano())
	s.function(name, fmt.Sprintf(`{"type":"queueTrigger","direction":"in","name":"msg","queueName":%q%s}`, queue, more))
	return queue
}

// send puts a text on a queue in base64. It creates the queue.
func (s *site) send(name, text string) {
	s.t.Helper()
	if err := s.service.Send(s.t.Context(), name, []byte(text), 0); err != nil {
		s.t.Fatal(err)
	}
}

// timer adds a timer function.
func (s *site) timer(name, schedule, more string) {
	s.t.Helper()
	s.function(
		name, fmt.Sprintf(`{"type":"timerTrigger","direction":"in","name":"timer","schedule":%q%s}`, schedule, more))
}

// running is a host under test.
type running struct {
	*site
	*host.Host
	out *record // what the handler printed, with levels
	log *record // what the host logged
}

// start starts the site and stops it at the end of the test.
func (s *site) start(o host.Options) *running {
	s.t.Helper()
	r, err := s.tryStart(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *site) tryStart(o host.Options) (*running, error) {
	s.t.Helper()
	r := &running{site: s, out: &record{}, log: &record{}}
	o.ScriptRoot, o.Settings = s.root, s.settings
	o.Log = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.HandlerOutput = func(level slog.Level, line string) { fmt.Fprintln(r.out, level, line) }
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	var err error
	if r.Host, err = host.Start(context.Background(), o); err != nil {
		return nil, err
	}
	s.t.Cleanup(func() {
		r.Stop()
		if s.t.Failed() {
			s.t.Logf("host:\n%s\nhandler:\n%s", r.log, r.out)
		}
	})
	return r, nil
}

// ready waits for the handler.
func (r *running) ready() *running {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.Ready(ctx); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// do makes a request and returns the answer with its body read.
func (r *running) do(method, path, body string, header ...string) (*http.Response, string) {
	r.t.Helper()
	response, text, err := r.try(method, path, body, header...)
	if err != nil {
		r.t.Fatal(err)
	}
	return response, text
}

// try is do for requests that may fail. Headers are names and values in turn; Host is set as the host.
func (r *running) try(method, path, body string, header ...string) (*http.Response, string, error) {
	request, err := http.NewRequest(method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	request.Host = request.Header.Get("Host")
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

// hang makes a request that the handler does not answer and waits until it is there. The function that it
// returns takes the client away.
func (r *running) hang() (hangUp func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.URL()+"/api/hang", nil)
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	r.awaitCalls("/api/hang", 1)
	return func() {
		cancel()
		<-gone
	}
}

// calls returns what the handler was asked at a path.
func (r *running) calls(path string) []call {
	var all []call
	for _, line := range r.out.lines() {
		_, text, ok := strings.Cut(line, callPrefix)
		var c call
		if ok && json.Unmarshal([]byte(text), &c) == nil && c.Path == path {
			all = append(all, c)
		}
	}
	return all
}

// awaitCalls waits until the handler was asked n times at a path.
func (r *running) awaitCalls(path string, n int) []call {
	r.t.Helper()
	r.await(fmt.Sprintf("%d calls of %s", n, path), func() bool { return len(r.calls(path)) >= n })
	return r.calls(path)
}

// awaitCount waits until a function has these counts.
func (r *running) awaitCount(name string, want host.Count) {
	r.t.Helper()
	r.await(fmt.Sprintf("counts %+v of %s", want, name), func() bool { return r.Invocations()[name] == want })
}

// await waits for a condition.
func (r *running) await(what string, holds func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			r.t.Fatalf("waited in vain for %s; counts are %+v", what, r.Invocations())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// count returns how many messages a queue holds; 0 if there is none.
func (r *running) count(name string) int {
	n, err := r.service.ApproximateCount(r.t.Context(), name)
	if err != nil {
		return 0
	}
	return n
}

// record is text that is written by one goroutine and read by another.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *record) lines() []string { return strings.Split(r.String(), "\n") }

func (r *record) has(text string) bool { return strings.Contains(r.String(), text) }
