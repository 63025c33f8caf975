package graph

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ticket is what a pre-authenticated URL allows. It travels inside the URL (tempauth), signed together with
// the path and the rest of the query, so that a URL which is changed in any way is refused.
type ticket struct {
	Kind    string    `json:"k"` // download, upload, thumbnail
	Drive   string    `json:"d,omitempty"`
	Item    string    `json:"i,omitempty"`
	Version string    `json:"v,omitempty"`
	Session string    `json:"s,omitempty"`
	Size    string    `json:"z,omitempty"`
	Tenant  string    `json:"t"`
	User    string    `json:"u"`
	Expires time.Time `json:"e"`
}

// sign returns the URL with its ticket. The query must be given as it is to stand in the URL.
func (g *Graph) sign(base, path, query string, t ticket) string {
	payload, _ := json.Marshal(t) //nolint:errcheck // strings and a time
	body := base64.RawURLEncoding.EncodeToString(payload)
	const tail = "&ApiVersion=2.0"
	mac := hex.EncodeToString(g.mac(path + "?" + apostrophes(query) + tail + body)[:16])
	return base + path + "?" + query + "&tempauth=v1." + body + "." + mac + tail
}

// open checks the ticket of a request. Only the query's apostrophes may be encoded: every client that
// follows the URL standard of browsers does that.
func (g *Graph) open(r *http.Request, kind string) (ticket, *failure) {
	refused := fail(http.StatusUnauthorized, "unauthenticated", "The caller is not authenticated.")
	raw := apostrophes(r.URL.RawQuery)
	query, rest, ok := strings.Cut(raw, "&tempauth=v1.")
	token, tail, _ := strings.Cut(rest, "&")
	body, mac, ok2 := strings.Cut(token, ".")
	if !ok || !ok2 {
		return ticket{}, refused
	}
	path, err := url.PathUnescape(r.URL.EscapedPath())
	if err != nil {
		return ticket{}, refused
	}
	// The path may come in another encoding: clients normalise paths.
	if mac != hex.EncodeToString(g.mac(escapePath(path) + "?" + query + "&" + tail + body)[:16]) {
		return ticket{}, refused
	}
	payload, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return ticket{}, refused
	}
	var t ticket
	if err := json.Unmarshal(payload, &t); err != nil || t.Kind != kind || !g.now().Before(t.Expires) {
		return ticket{}, refused
	}
	return t, nil
}

func apostrophes(query string) string { return strings.ReplaceAll(query, "%27", "'") }

func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// urlLife draws how long a pre-authenticated URL is good for. mu is held.
func (g *Graph) urlLife() time.Duration {
	if !g.unkind.ShortURL {
		return time.Hour
	}
	return time.Minute + g.upTo(4*time.Minute)
}

// downloadURL makes a pre-authenticated URL of a file's content: the current one if v is nil. mu is held.
func (c *call) downloadURL(it *item, v *version) string {
	s := it.drive.site
	t := ticket{
		Kind:    "download",
		Drive:   it.drive.id,
		Item:    it.id,
		Tenant:  s.tenant,
		User:    c.who.User,
		Expires: c.now().Add(c.urlLife()),
	}
	query := "UniqueId=" + it.guid + "&Translate=false"
	if v != nil {
		t.Version = v.id()
		query += "&v='" + v.id() + "'"
	}
	return c.sign(c.sharePoint(s.tenant), escapePath(s.path+"/_layouts/15/download.aspx"), query, t)
}
