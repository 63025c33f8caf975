// Package web serves the Teams tab below /api/tab: the files that make build makes of src, embedded. Each text is
// stored compressed.
//
// It does not know what the tab asks of the API, nor who looks at it: a page holds nothing of anybody.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// Prefix is where the tab lies. DocsPrefix is the page of the API's document.
const (
	Prefix     = "/api/tab"
	DocsPrefix = "/api/docs"
)

//go:embed all:dist
var built embed.FS

// Options are what the tab has to know before it may ask anything.
type Options struct {
	AppID     string // the application's client id
	TeamsApp  string // id of the Teams app, for links into Teams
	Scope     string // of the token that the API takes
	Authority string // Entra ID, without a trailing slash
	// SignIn is the address of the sandbox's sign-in page, which is used outside Teams instead of Entra ID's.
	SignIn  string
	Version string
	// Origins of SharePoint's small pictures, and of the pages of Teams, Outlook and Microsoft 365 that may show the
	// tab.
	Thumbnails, Frames []string
}

// settings are the options as the tab reads them.
type settings struct {
	AppID     string `json:"appId"`
	TeamsApp  string `json:"teamsApp"`
	Scope     string `json:"scope"`
	Authority string `json:"authority"`
	SignIn    string `json:"signIn,omitempty"`
	Version   string `json:"version"`
}

// Tab serves the tab.
type Tab struct {
	files    fs.FS
	page     []byte // index.html; nil: it was not built
	docs     []byte // docs.html
	settings string // for the page, escaped
	policy   string // Content-Security-Policy with %s for the nonce
}

// Placeholders of the page.
const (
	settingsMark = "__SETTINGS__"
	nonceMark    = "__NONCE__"
)

// New returns the tab as it was built.
func New(o Options) *Tab {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // dist is embedded, by the line above
	}
	return newTab(o, files)
}

func newTab(o Options, files fs.FS) *Tab {
	text, err := json.Marshal(settings{o.AppID, o.TeamsApp, o.Scope, o.Authority, o.SignIn, o.Version})
	if err != nil {
		panic(err) // strings can be written
	}
	t := &Tab{files: files, settings: html.EscapeString(string(text)), policy: policy(o)}
	if page, err := read(files, "index.html"); err == nil {
		t.page = page
	}
	if page, err := read(files, "docs.html"); err == nil {
		t.docs = bytes.ReplaceAll(page, []byte(nonceMark), nil) // its policy asks for none
	}
	return t
}

// policy lets the page have nothing from elsewhere but small pictures of the tenant's SharePoint, and tokens. Styles of
// elements are set by the editor's canvas.
func policy(o Options) string {
	connect, frame := "'self' "+o.Authority, o.Authority
	if o.SignIn != "" {
		if u, err := url.Parse(o.SignIn); err == nil {
			connect += " " + u.Scheme + "://" + u.Host
		}
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self' 'nonce-%s'", "style-src-attr 'unsafe-inline'",
		strings.Join(append([]string{"img-src 'self' blob: data:"}, o.Thumbnails...), " "), "font-src 'self'",
		"connect-src " + connect, "frame-src " + frame,
		strings.Join(append([]string{"frame-ancestors 'self'"}, o.Frames...), " "), "base-uri 'none'",
		"form-action 'none'",
	}, "; ")
}

// docsPolicy is for the page of the API's document, whose library sets styles of its own. It calls this API alone.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// Serves reports whether an address is one of the tab's, or of the page of the API's document.
func Serves(path string) bool { return below(path, Prefix) || below(path, DocsPrefix) }

func below(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

// ServeHTTP answers every address below Prefix: files by their names, everything else with the page, which looks at the
// address itself; and below DocsPrefix with the page of the API's document.
func (t *Tab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	w.Header().Set("Cache-Control", "no-store")
	name := strings.TrimPrefix(path.Clean(r.URL.Path), Prefix)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD are taken here.", http.StatusMethodNotAllowed)
	case t.page == nil:
		http.Error(w, "The tab was not built: run make build.", http.StatusServiceUnavailable)
	case below(r.URL.Path, DocsPrefix):
		show(w, t.docs, docsPolicy)
	case path.Ext(name) != "" && name != "/index.html":
		t.file(w, r, strings.TrimPrefix(name, "/"))
	default:
		t.index(w)
	}
}

// index answers with the page. What it may load is bound to it by a number that is used once.
func (t *Tab) index(w http.ResponseWriter) {
	nonce := rand.Text()
	page := bytes.ReplaceAll(t.page, []byte(nonceMark), []byte(nonce))
	page = bytes.Replace(page, []byte(settingsMark), []byte(t.settings), 1)
	show(w, page, fmt.Sprintf(t.policy, nonce))
}

func show(w http.ResponseWriter, page []byte, policy string) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page) // who has gone needs no page
}

// compressed is the ending of texts in dist.
const compressed = ".gz"

// file answers with a file of dist. Those in assets have the hash of what they hold in their names.
func (t *Tab) file(w http.ResponseWriter, r *http.Request, name string) {
	if strings.HasSuffix(name, compressed) || strings.Contains(name, "/.") || strings.HasPrefix(name, ".") {
		http.NotFound(w, r)
		return
	}
	packed := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	var content []byte
	err := fs.ErrNotExist
	if packed {
		content, err = fs.ReadFile(t.files, name+compressed)
	}
	if err != nil { // it is not taken so, or not stored so
		packed = false
		content, err = read(t.files, name)
	}
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if packed { // ServeContent would not tell the length
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// read returns a file of dist as it is before it is compressed.
func read(files fs.FS, name string) ([]byte, error) {
	packed, err := files.Open(name + compressed)
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ReadFile(files, name)
	}
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	text, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(text)
}
