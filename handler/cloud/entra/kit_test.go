package entra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/caller"
	"imagepro/handler/cloud/entra"
	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	sandboxentra "imagepro/handler/dev/sandbox/entra"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/seal"
	"imagepro/handler/secret"
)

// TestMain keeps all that is logged during the run and looks for secrets in it at the end.
func TestMain(m *testing.M) {
	log := &output{}
	slog.SetDefault(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	code := m.Run()
	if leak := leaked(log.String()); leak != "" {
		fmt.Printf("the log holds a secret that begins with %.12q\n", leak)
		code = 1
	}
	os.Exit(code)
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// secrets are all texts that were on the wire, or belong to a person, and must be in no error and no log line.
var secrets sync.Map

func hide(texts ...string) {
	for _, text := range texts {
		if len(text) > 3 {
			secrets.Store(text, true)
		}
	}
}

// leaked returns a secret that the text holds, or "".
func leaked(text string) (found string) {
	secrets.Range(func(hidden, _ any) bool {
		if strings.Contains(text, hidden.(string)) {
			found = hidden.(string)
		}
		return found == ""
	})
	return found
}

// clock is a time that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// wire is a transport that counts requests and notes the secrets in them.
type wire struct {
	base http.RoundTripper

	mu     sync.Mutex
	sent   map[string]int // by the kind of request
	claims string         // that were asked for last
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	kind, claims := request.URL.Path[strings.LastIndexByte(request.URL.Path, '/')+1:], ""
	if strings.HasSuffix(request.URL.Path, "/discovery/keys") {
		kind = "v1 keys"
	}
	if request.Body != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		raw, _ := io.ReadAll(body)
		form, _ := url.ParseQuery(string(raw))
		hide(form.Get("assertion"), form.Get("refresh_token"), form.Get("client_secret"))
		kind = form.Get("grant_type")[strings.LastIndexByte(form.Get("grant_type"), ':')+1:]
		claims = form.Get("claims")
	}
	w.mu.Lock()
	w.sent[kind]++
	w.claims = claims
	w.mu.Unlock()
	response, err := w.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	raw, readErr := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(raw))
	if readErr != nil {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), broken{readErr}))
	}
	var answer map[string]any
	if json.Unmarshal(raw, &answer) == nil {
		for _, name := range []string{"access_token", "refresh_token", "id_token"} {
			text, _ := answer[name].(string)
			hide(text)
		}
	}
	return response, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// count returns how many requests of a kind were sent: "jwt-bearer", "refresh_token", "keys", "v1 keys".
func (w *wire) count(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[kind]
}

// asked returns the claims that the last request asked for.
func (w *wire) asked() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claims
}

// memory is a store of sessions.
type memory struct {
	mu       sync.Mutex
	sessions map[string]org.Session
	writes   int
	refuse   error // of all writes
}

var _ org.Sessions = (*memory)(nil)

func (m *memory) Session(_ context.Context, tenant, user string) (org.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[tenant+"|"+user]
	if !ok {
		return org.Session{}, fault.New(fault.NotFound, "There is no session.", nil)
	}
	return s, nil
}

func (m *memory) PutSession(_ context.Context, s org.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	m.writes++
	s.Version = fmt.Sprint(m.writes)
	m.sessions[s.Tenant+"|"+s.User] = s
	return nil
}

// DeleteSession and EachSession are the sweeper's.
func (m *memory) DeleteSession(context.Context, org.Session) error          { panic("not entra's") }
func (m *memory) EachSession(context.Context, func(org.Session) bool) error { panic("not entra's") }

func (m *memory) RenewSession(ctx context.Context, s org.Session) error {
	have, err := m.Session(ctx, s.Tenant, s.User)
	if err != nil || have.Version != s.Version {
		return fault.New(fault.Conflict, "The session was changed meanwhile.", err)
	}
	return m.PutSession(ctx, s)
}

// world is Entra, our side of it, and Adele of Contoso.
type world struct {
	*sandbox.Sandbox
	t        *testing.T
	scene    *sandbox.Scene
	clock    *clock
	wire     *wire
	sessions *memory
	ring     []seal.Key
}

// open starts a kind sandbox with the demo scene on a clock that the test moves.
func open(t testing.TB) *world {
	t.Helper()
	w := &world{clock: newClock(), sessions: &memory{sessions: map[string]org.Session{}}}
	w.t, _ = t.(*testing.T)
	var err error
	if w.Sandbox, err = sandbox.Start(sandbox.Options{Kind: true, Now: w.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	if w.scene, err = sandbox.Demo(w.Sandbox); err != nil {
		t.Fatal(err)
	}
	w.wire = &wire{base: w.Client().Transport, sent: map[string]int{}}
	w.ring = []seal.Key{{ID: "k1", Secret: secret.New(strings.Repeat("1", 32))}}
	hide(w.scene.Secret, w.ring[0].Secret.Reveal())
	for _, user := range []directory.User{w.scene.Adele, w.scene.Alex, w.scene.Frida} {
		hide(user.UPN, user.Mail, user.Name)
	}
	return w
}

// tokens returns a source of tokens as a new process would have it.
func (w *world) tokens(change ...func(*entra.TokensOptions)) *entra.Tokens {
	w.t.Helper()
	options := entra.TokensOptions{
		Authority:  w.EntraURL,
		AppID:      sandbox.DemoApp,
		Credential: entra.Credential{Secret: secret.New(w.scene.Secret)},
		Resource:   "https://graph.microsoft.com",
		Scopes:     org.GraphScopes,
		Transport:  w.wire,
		Sealer:     sealer(w.t, w.ring...),
		Sessions:   w.sessions,
		Now:        w.clock.Now,
	}
	for _, c := range change {
		c(&options)
	}
	tokens, err := entra.NewTokens(options)
	if err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

// sealer returns the sealer of refresh tokens with a ring.
func sealer(t testing.TB, ring ...seal.Key) *seal.Sealer {
	t.Helper()
	keys, err := seal.NewRing(ring)
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.For("refresh-token")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verifier returns a verifier for the demo app.
func (w *world) verifier(change ...func(*entra.VerifierOptions)) *entra.Verifier {
	options := entra.VerifierOptions{
		Authority:   w.EntraURL,
		AuthorityV1: w.EntraURL,
		AppID:       sandbox.DemoApp,
		AppIDURI:    "api://localhost/" + sandbox.DemoApp,
		ClientApps:  []string{sandboxentra.TeamsWeb, "1fec8e78-bce4-4aaf-ab1b-5451cc387264"},
		Client:      &http.Client{Transport: w.wire},
		Now:         w.clock.Now,
	}
	for _, c := range change {
		c(&options)
	}
	return entra.NewVerifier(options)
}

// teams is what Teams gives the tab: for Adele, unless the request names somebody else.
func (w *world) teams(request sandboxentra.TeamsTokenRequest) string {
	w.t.Helper()
	if request.Tenant == "" {
		request.Tenant, request.User = w.scene.Contoso.ID, w.scene.Adele.ID
	}
	token, err := w.Entra.TeamsToken(request)
	if err != nil {
		w.t.Fatal(err)
	}
	hide(token)
	return token
}

// adele is Adele at work, with a fresh assertion.
func (w *world) adele() caller.Caller {
	w.t.Helper()
	who := w.away()
	who.Assertion = secret.New(w.teams(sandboxentra.TeamsTokenRequest{}))
	return who
}

// away is Adele as the background knows her.
func (w *world) away() caller.Caller { return caller.Away(w.scene.Contoso.ID, w.scene.Adele.ID) }

// signIn lets Adele leave a session.
func (w *world) signIn() {
	w.t.Helper()
	w.good(w.tokens(), w.adele(), "")
}

// good returns a token that Graph takes.
func (w *world) good(tokens *entra.Tokens, who caller.Caller, claims string) string {
	w.t.Helper()
	token, err := tokens.Token(w.t.Context(), who, claims)
	if err != nil {
		w.t.Fatalf("no token: %v", err)
	}
	grant, err := w.Entra.Check(w.t.Context(), token.Reveal())
	if err != nil || grant.User != who.User || grant.Tenant != who.Tenant {
		w.t.Fatalf("the token stands for %+v, %v", grant, err)
	}
	return token.Reveal()
}

// wantFault checks the kind and the sentence of an error, and that it holds no secret.
func wantFault(t *testing.T, err error, kind fault.Kind, sentence string) *fault.Fault {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s: %s", kind, sentence)
	}
	f := fault.From(err)
	if f.Kind != kind || f.Message != sentence {
		t.Errorf("got %v\nwant %s: %s", err, kind, sentence)
	}
	if leak := leaked(err.Error() + f.Message + f.Claims); leak != "" {
		t.Errorf("the error holds a secret that begins with %.12q", leak)
	}
	return f
}
