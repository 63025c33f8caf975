package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/cloud/graph"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	sandboxgraph "imagepro/handler/dev/sandbox/graph"
	"imagepro/handler/dev/sandbox/trouble"
	devstage "imagepro/handler/dev/stage"
	"imagepro/handler/fault"
	"imagepro/handler/secret"
)

// shared is a kind sandbox that most tests use, each with a site of its own.
var shared *stage

// TestMain starts the shared sandbox, and looks at the end at all calls that it got.
func TestMain(m *testing.M) {
	var err error
	if shared, err = newStage(sandbox.Options{Kind: true}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	for _, defect := range shared.defects() {
		fmt.Println(defect)
		code = 1
	}
	shared.Stop()
	os.Exit(code)
}

// stage is a sandbox with the demo scene and tokens for its people.
type stage struct {
	*devstage.Stage
	scene *sandbox.Scene
}

func newStage(o sandbox.Options) (*stage, error) {
	s, err := devstage.New(o)
	if err != nil {
		return nil, err
	}
	return &stage{s, s.Scene}, nil
}

// defects are the calls of the run that no client of ours may make.
func (s *stage) defects() []string {
	var found []string
	for _, call := range s.Graph.Refused() {
		found = append(found, "a call that is promised never to be made: "+call)
	}
	allowed := regexp.MustCompile(`^/v1\.0/(me\?|drives[/(])|^/sites/`)
	for _, call := range s.Trouble.History(trouble.Filter{}) {
		if call.Service != "graph" && call.Service != "sharepoint" {
			continue
		}
		if call.Agent != "ISV|ImagePro|ImagePro/1.0" || !allowed.MatchString(call.Path) {
			found = append(found, fmt.Sprintf("an odd call: %s %s by %q", call.Method, call.Path, call.Agent))
		}
	}
	return found
}

// guard is a transport that fails the test if a token leaves for SharePoint, or anything is compressed.
type guard struct {
	*stage
	t    *testing.T
	base http.RoundTripper
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	toGraph := strings.HasPrefix(r.URL.String(), g.GraphURL)
	if authorization := r.Header.Get("Authorization"); toGraph != (authorization != "") {
		g.t.Errorf("%s %s left with the authorization %.10q", r.Method, r.URL.Host, authorization)
	}
	if r.Header.Get("Content-Encoding") != "" || r.Body != nil && r.ContentLength < 0 {
		g.t.Errorf("%s left compressed or without its length", r.Method)
	}
	return g.base.RoundTrip(r)
}

// world is a site of Adele's and a client that reaches it.
type world struct {
	*stage
	t      *testing.T
	client *graph.Client
	site   sandboxgraph.Site
	who    caller.Caller // Adele
}

// open gives the test a site of its own in the shared sandbox.
func open(t *testing.T) *world {
	t.Helper()
	return openOn(t, shared)
}

func openOn(t *testing.T, s *stage) *world {
	t.Helper()
	w := &world{stage: s, t: t}
	w.who = w.caller(s.scene.Adele)
	w.client = w.connect(guard{s, t, s.Client().Transport})
	var err error
	name := strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()) + "-" + fmt.Sprint(rand.Uint32())
	if w.site, err = s.Graph.AddSite(s.scene.Contoso.ID, name, s.scene.Adele.ID); err != nil {
		t.Fatal(err)
	}
	return w
}

// unkind gives the test a sandbox of its own that is as unkind as it is by default.
func unkind(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	s, err := newStage(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	w := openOn(t, s)
	t.Cleanup(func() {
		for _, defect := range s.defects() {
			t.Error(defect)
		}
	})
	return w
}

func (w *world) connect(transport http.RoundTripper) *graph.Client {
	w.t.Helper()
	client, err := graph.NewClient(graph.Options{
		BaseURL:   w.GraphURL,
		Tokens:    w.Tokens,
		Transport: transport,
		Loopback:  true,
		Now:       time.Now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// caller is a person at work.
func (w *world) caller(user directory.User) caller.Caller {
	w.t.Helper()
	who, err := w.Caller(user)
	if err != nil {
		w.t.Fatal(err)
	}
	return who
}

// put writes a file as Adele and returns it as the client sees it.
func (w *world) put(name string, content []byte) bulk.File {
	w.t.Helper()
	item, err := w.Graph.PutFile(w.site.DriveID, name, bytes.NewReader(content), w.scene.Adele.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := w.client.File(w.t.Context(), w.who, w.site.DriveID, item.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return bare(f)
}

// secrets lets files be compared.
var secrets = cmp.Comparer(func(a, b secret.Text) bool { return a == b })

// bare is a file without what only the answer to a question for it tells: the address of its content, and its date.
func bare(f bulk.File) bulk.File {
	f.Source, f.Dated = secret.Text{}, time.Time{}
	return f
}

// content is what the library holds now.
func (w *world) content(item string) []byte {
	w.t.Helper()
	r, err := w.Graph.Content(w.site.DriveID, item, "")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	raw, err := io.ReadAll(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// versions is how many there are.
func (w *world) versions(item string) int {
	w.t.Helper()
	all, err := w.Graph.Versions(w.site.DriveID, item)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(all)
}

// trouble adds a rule for this world's drive at Graph, or for its site at SharePoint.
func (w *world) trouble(rule trouble.Rule) {
	w.t.Helper()
	own := regexp.QuoteMeta(url.PathEscape(w.site.DriveID)) + "|" +
		regexp.QuoteMeta(strings.ReplaceAll(url.PathEscape(w.site.DriveID), "!", "%21"))
	if rule.Service == "sharepoint" {
		address, err := url.Parse(w.site.WebURL)
		if err != nil {
			w.t.Fatal(err)
		}
		own = regexp.QuoteMeta(address.Path) + "/"
	}
	rule.Path = "(" + own + ").*" + rule.Path
	if _, err := w.Trouble.Add(rule); err != nil {
		w.t.Fatal(err)
	}
}

// calls are the calls for this world that a service got.
func (w *world) calls(service, method, path string) []trouble.Call {
	var own []trouble.Call
	address, _ := url.Parse(w.site.WebURL)
	for _, call := range w.Trouble.History(
		trouble.Filter{Service: service, Method: method, Path: regexp.MustCompile(path)}) {
		if strings.Contains(call.Path, w.site.DriveID[2:]) || strings.HasPrefix(call.Path, address.Path+"/") {
			own = append(own, call)
		}
	}
	return own
}

// random are bytes that no other test has.
func random(n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	raw := make([]byte, n)
	_, _ = source.Read(raw)
	return raw
}

// private matches what no error may say: names of these tests' files, people, tokens, signed addresses.
var private = regexp.MustCompile(`(?i)geheim|eyJ|tempauth|@|adele|alex|\.jpg|sites/|b!`)

// wantFault checks the kind of an error and a part of its sentence, and that it says nothing private.
func wantFault(t *testing.T, err error, kind fault.Kind, sentence string) *fault.Fault {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s: %s", kind, sentence)
	}
	f := fault.From(err)
	if f.Kind != kind || f.Message != sentence {
		t.Errorf("got %v\nwant %s: %s", err, kind, sentence)
	}
	if found := private.FindString(err.Error()); found != "" {
		t.Errorf("the error says %q: %v", found, err)
	}
	return f
}

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answered is an answer of a function that stands for a service.
func answered(r *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode:    status,
		Header:        h,
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}
}

// canned counts the tokens that it gives out; each is another.
type canned struct {
	mu      sync.Mutex
	claims  []string // that were asked for
	err     error    // of tokens with claims
	refused []string
}

func (c *canned) Refused(_ caller.Caller, token secret.Text) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = append(c.refused, token.Reveal())
}

func (c *canned) Token(_ context.Context, _ caller.Caller, claims string) (secret.Text, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims = append(c.claims, claims)
	if claims != "" && c.err != nil {
		return secret.Text{}, c.err
	}
	return secret.New(fmt.Sprint("token-", len(c.claims))), nil
}

// alone returns a client whose Graph is a function.
func alone(t *testing.T, tokens graph.Tokens, serve func(*http.Request) *http.Response) *graph.Client {
	t.Helper()
	client, err := graph.NewClient(graph.Options{
		BaseURL:    "https://graph.example/v1.0",
		Tokens:     tokens,
		SharePoint: ".sharepoint.com",
		Media:      ".svc.ms",
		Now:        time.Now,
		Transport:  roundTrip(func(r *http.Request) (*http.Response, error) { return serve(r), nil }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
