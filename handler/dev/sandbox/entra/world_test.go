package entra_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

const (
	contoso  = "11111111-aaaa-4aaa-8aaa-111111111111"
	fabrikam = "22222222-bbbb-4bbb-8bbb-222222222222"
	adele    = "a0000000-0000-4000-8000-00000000000a"
	alex     = "a0000000-0000-4000-8000-00000000000b"
	frida    = "f0000000-0000-4000-8000-00000000000f"
	appID    = "f64e410d-2685-4834-8cd1-004fcac3a125"
	appURI   = "api://localhost/" + appID
	secret   = "a secret+with/odd=signs%"
	redirect = "https://localhost:4444/auth-end"
	bearer   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is an Entra that listens, with two tenants and the app, which everybody at Contoso has consented to.
type world struct {
	*entra.Entra
	t      *testing.T
	base   string
	client *http.Client
	clock  *clock
	dir    *directory.Directory
	app    entra.App
}

func newWorld(t *testing.T, change ...func(*entra.Options)) *world {
	t.Helper()
	dir := directory.New()
	dir.PutTenant(directory.Tenant{ID: contoso, Name: "Contoso", Domain: "contoso"})
	dir.PutTenant(directory.Tenant{ID: fabrikam, Name: "Fabrikam", Domain: "fabrikam"})
	for _, u := range []directory.User{
		{
			Tenant: contoso,
			ID:     adele,
			UPN:    "adele@contoso.example",
			Name:   "Adele Vance",
			Mail:   "adele.vance@contoso.example",
			Admin:  true,
		},
		{Tenant: contoso, ID: alex, UPN: "alex@contoso.example", Name: "Alex Wilber", Mail: "alex@contoso.example"},
		{Tenant: fabrikam, ID: frida, UPN: "frida@fabrikam.example", Name: "Frida Berg"},
	} {
		if err := dir.PutUser(u); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewUnstartedServer(nil)
	w := &world{
		t:     t,
		dir:   dir,
		base:  "http://" + server.Listener.Addr().String(),
		clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}
	options := entra.Options{Directory: dir, BaseURL: w.base, Now: w.clock.Now, Seed: 1}
	for _, c := range change {
		c(&options)
	}
	e, err := entra.New(options)
	if err != nil {
		t.Fatal(err)
	}
	w.Entra = e
	server.Config.Handler = e.Handler()
	server.Start()
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		server.Close()
	})
	w.app = entra.App{
		ID:           appID,
		Name:         "Image Pro",
		URIs:         []string{appURI},
		RedirectURIs: []string{redirect},
		Secrets:      []entra.Secret{{Value: secret}, {Value: "old", Expires: w.clock.Now().Add(-time.Hour)}},
		Scopes:       []string{"User.Read", "Sites.ReadWrite.All", "email", "openid", "profile", "offline_access"},
	}
	w.put(w.app)
	w.Consent(contoso, "", appID, "User.Read", "email", "openid", "profile", "offline_access", "Sites.ReadWrite.All")
	return w
}

func (w *world) put(app entra.App) {
	w.t.Helper()
	if err := w.PutApp(app); err != nil {
		w.t.Fatal(err)
	}
}

// teams is TeamsToken that must work.
func (w *world) teams(request entra.TeamsTokenRequest) string {
	w.t.Helper()
	if request.Tenant == "" {
		request.Tenant = contoso
	}
	if request.User == "" {
		request.User = adele
	}
	if request.App == "" {
		request.App = appID
	}
	token, err := w.TeamsToken(request)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// reply is an answer of the token endpoint.
type reply struct {
	status int
	header http.Header
	body   map[string]any
}

func (r reply) text(member string) string {
	s, _ := r.body[member].(string)
	return s
}

func (r reply) code() int {
	codes, _ := r.body["error_codes"].([]any)
	if len(codes) != 1 {
		return -1
	}
	code, _ := codes[0].(float64)
	return int(code)
}

// form makes a form of name and value in turn.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// post sends a form to a tenant's token endpoint.
func (w *world) post(tenant string, values url.Values, edit ...func(*http.Request)) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.base+"/"+tenant+"/oauth2/v2.0/token",
		strings.NewReader(values.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	for _, e := range edit {
		e(req)
	}
	return w.do(req)
}

func (w *world) do(req *http.Request) reply {
	w.t.Helper()
	response, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := reply{status: response.StatusCode, header: response.Header}
	if err := json.Unmarshal(raw, &r.body); err != nil {
		r.body = map[string]any{"raw": string(raw)}
	}
	return r
}

func (w *world) get(path string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.do(req)
}

// oboForm is the form of an on-behalf-of request as MSAL sends it.
func oboForm(assertion, scope string, more ...string) url.Values {
	values := form("grant_type", bearer, "client_id", appID, "client_secret", secret, "assertion", assertion,
		"requested_token_use", "on_behalf_of", "client_info", "1", "scope", scope+" openid offline_access profile")
	for name, value := range form(more...) {
		values[name] = value
	}
	return values
}

const sites = "https://graph.microsoft.com/Sites.ReadWrite.All"

// obo exchanges a good Teams token of Adele's.
func (w *world) obo(more ...string) reply {
	w.t.Helper()
	return w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{}), sites, more...))
}

// refreshForm is the form of a refresh.
func refreshForm(token string, more ...string) url.Values {
	values := form("grant_type", "refresh_token", "client_id", appID, "client_secret", secret,
		"refresh_token", token, "scope", sites+" openid offline_access profile")
	for name, value := range form(more...) {
		values[name] = value
	}
	return values
}

// claims reads the payload of a token without any check.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	return segmentOf(t, token, 1)
}

func segmentOf(t *testing.T, token string, i int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// wantRefused checks status, error, AADSTS code and suberror.
func wantRefused(t *testing.T, got reply, status int, word string, code int, suberror string) {
	t.Helper()
	if got.status != status || got.text("error") != word || got.code() != code || got.text("suberror") != suberror {
		t.Errorf("answered %d %q %d %q, want %d %q %d %q\n%v",
			got.status, got.text("error"), got.code(), got.text("suberror"), status, word, code, suberror, got.body)
	}
}

func wantTokens(t *testing.T, got reply) {
	t.Helper()
	if got.status != http.StatusOK || got.text("access_token") == "" {
		t.Fatalf("answered %d %v, want tokens", got.status, got.body)
	}
}
