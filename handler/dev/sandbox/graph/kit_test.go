package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
)

// The people and tenants of the tests.
const (
	contoso  = "11111111-1111-1111-1111-111111111111"
	fabrikam = "22222222-2222-2222-2222-222222222222"
	ada      = "aaaaaaaa-0000-0000-0000-000000000001" // owns the site "Team"
	bob      = "aaaaaaaa-0000-0000-0000-000000000002" // a colleague without rights, until a test gives some
	eve      = "bbbbbbbb-0000-0000-0000-000000000003" // works at the other tenant
)

// tokens reads tokens of the form tenant/user[/scope,scope]; "stale" needs a new sign-in.
type tokens struct{}

type challenge string

func (challenge) Error() string             { return "session revoked" }
func (c challenge) ClaimsChallenge() string { return string(c) }

func (tokens) Check(_ context.Context, bearer string) (directory.Grant, error) {
	if bearer == "stale" {
		return directory.Grant{}, challenge(`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`)
	}
	parts := strings.Split(bearer, "/")
	if len(parts) < 2 {
		return directory.Grant{}, errors.New("no such token")
	}
	g := directory.Grant{
		Tenant: parts[0],
		User:   parts[1],
		App:    "app",
		Scopes: []string{"User.Read", "Sites.ReadWrite.All"},
	}
	if len(parts) == 3 {
		g.Scopes = strings.Split(parts[2], ",")
	}
	return g, nil
}

// clock is a time that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

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

// world is a running emulator with one site.
type world struct {
	*graph.Graph
	t     *testing.T
	clock *clock
	base  string // of Graph, with /v1.0
	point string // of SharePoint
	site  graph.Site
	drive string // path of the drive below base
}

// open starts a kind emulator; tests that need unkindness set just the one they are about.
func open(t *testing.T) *world {
	t.Helper()
	d := directory.New()
	d.PutTenant(directory.Tenant{ID: contoso, Name: "Contoso", Domain: "contoso"})
	d.PutTenant(directory.Tenant{ID: fabrikam, Name: "Fabrikam", Domain: "fabrikam"})
	for _, u := range []directory.User{
		{
			Tenant: contoso,
			ID:     ada,
			UPN:    "ada@contoso.com",
			Name:   "Ada Lovelace",
			Mail:   "ada@contoso.com",
			Locale: "en-GB",
		},
		{Tenant: contoso, ID: bob, UPN: "bob@contoso.com", Name: "Bob", Mail: "bob@contoso.com"},
		{Tenant: fabrikam, ID: eve, UPN: "eve@fabrikam.com", Name: "Eve"},
	} {
		if err := d.PutUser(u); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{t: t, clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)}}
	var handler, point http.Handler
	front := httptest.NewServer(
		http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	back := httptest.NewServer(
		http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { point.ServeHTTP(rw, r) }))
	t.Cleanup(front.Close)
	t.Cleanup(back.Close)
	var err error
	w.Graph, err = graph.New(graph.Options{
		Directory:     d,
		Tokens:        tokens{},
		BaseURL:       front.URL,
		SharePointURL: back.URL,
		ContentDir:    t.TempDir(),
		Seed:          1,
		Now:           w.clock.Now,
		Kind:          true,
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, point = w.Handler(), w.SharePoint()
	w.base, w.point = front.URL+"/v1.0", back.URL
	if w.site, err = w.AddSite(contoso, "Team", ada); err != nil {
		t.Fatal(err)
	}
	w.drive = "/drives/" + w.site.DriveID
	return w
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	raw    []byte
	json   map[string]any
}

// request is what do sends; as is a token of this package's form.
type request struct {
	as, method, url string
	header          map[string]string
	body            any // string and []byte as they are, everything else as JSON
}

// client follows no redirects: the tests look at them.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// do sends a request. A URL that starts with a slash is below /v1.0 of Graph.
func (w *world) do(q request) reply {
	w.t.Helper()
	var body io.Reader
	kind := ""
	switch b := q.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		body, kind = bytes.NewReader(data), "application/json"
	}
	if strings.HasPrefix(q.url, "/") {
		q.url = w.base + q.url
	}
	r, err := http.NewRequest(q.method, q.url, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if q.as != "" {
		r.Header.Set("Authorization", "Bearer "+q.as)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header}
	if out.raw, err = io.ReadAll(res.Body); err != nil {
		w.t.Fatal(err)
	}
	_ = json.Unmarshal(out.raw, &out.json)
	return out
}

// ask sends a request as Ada and fails the test unless the status is as expected.
func (w *world) ask(status int, method, url string, body any, header ...string) reply {
	w.t.Helper()
	return w.askAs(asAda, status, method, url, body, header...)
}

const (
	asAda = contoso + "/" + ada
	asBob = contoso + "/" + bob
	asEve = fabrikam + "/" + eve
)

func (w *world) askAs(as string, status int, method, url string, body any, header ...string) reply {
	w.t.Helper()
	q := request{as: as, method: method, url: url, body: body, header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		q.header[header[i]] = header[i+1]
	}
	r := w.do(q)
	if r.status != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, url, r.status, status, r.raw)
	}
	return r
}

// text follows a path of member names and indexes to a value.
func (r reply) at(path ...any) any {
	var v any = r.json
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}

func (r reply) text(path ...any) string {
	s, _ := r.at(path...).(string)
	return s
}

// names gives the names of a collection's entries.
func (r reply) names() []string {
	names := []string{}
	list, _ := r.at("value").([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		name, _ := m["name"].(string)
		names = append(names, name)
	}
	return names
}

// put stores a file through the management.
func (w *world) put(name string, content []byte) graph.Item {
	w.t.Helper()
	it, err := w.PutFile(w.site.DriveID, name, bytes.NewReader(content), ada)
	if err != nil {
		w.t.Fatal(err)
	}
	return it
}

// item gives the path of an item below /v1.0.
func (w *world) item(it graph.Item) string { return w.drive + "/items/" + it.ID }

// versions counts the versions of an item.
func (w *world) versions(it graph.Item) int {
	w.t.Helper()
	all, err := w.Versions(w.site.DriveID, it.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(all)
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngPicture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// escape encodes one name for a path.
func escape(name string) string { return url.PathEscape(name) }
