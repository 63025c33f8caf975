package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func pack(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: out.Bytes()}
}

func sample(t *testing.T) *Tab {
	t.Helper()
	return newTab(
		Options{
			AppID:      "app",
			Scope:      `api://x/"app"/access_as_user`,
			Authority:  "https://login.example",
			SignIn:     "http://127.0.0.1:9/sign-in",
			Thumbnails: []string{"https://*.sharepoint.us"},
			Frames:     []string{"https://gov.teams.microsoft.us", "https://*.office365.us"},
		}, fstest.MapFS{
			"index.html": {
				Data: []byte(
					`<meta name="settings" content="__SETTINGS__"><script nonce="__NONCE__"></script><style ` +
						`nonce="__NONCE__">`)},
			"assets/main-1234.js.gz": pack(t, "let a = 1"),
			"icon.png":               {Data: []byte("png")},
			"docs.html":              {Data: []byte(`<script nonce="__NONCE__">`)},
			".keep":                  {},
		})
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	all, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestEveryAddressThatIsNoFileIsThePage(t *testing.T) {
	t.Parallel()
	tab := sample(t)
	for _, path := range []string{"/api/tab", "/api/tab/", "/api/tab/jobs/abc", "/api/tab/index.html",
		"/api/tab/x/../jobs"} {
		r := get(t, tab, path)
		if body := text(t, r); r.StatusCode != 200 || !strings.HasPrefix(body, "<meta") {
			t.Errorf("%s: %d %q", path, r.StatusCode, body)
		}
	}
}

func TestThePageHoldsTheSettingsAndANonceThatIsUsedOnce(t *testing.T) {
	t.Parallel()
	tab := sample(t)
	nonce := regexp.MustCompile(`'nonce-([A-Z2-7]{26})'`)
	seen := map[string]bool{}
	for range 3 {
		r := get(t, tab, "/api/tab/")
		body, policy := text(t, r), r.Header.Get("Content-Security-Policy")
		found := nonce.FindStringSubmatch(policy)
		if found == nil || seen[found[1]] || strings.Count(body, `nonce="`+found[1]+`"`) != 2 {
			t.Fatalf("policy %q, page %q", policy, body)
		}
		seen[found[1]] = true
		if want := `&#34;scope&#34;:&#34;api://x/\&#34;app\&#34;/access_as_user&#34;`; !strings.Contains(body, want) {
			t.Errorf("the page %q lacks %s", body, want)
		}
		for _, part := range []string{"default-src 'none'", "script-src 'self';",
			"frame-ancestors 'self' https://gov.teams.microsoft.us https://*.office365.us;",
			"img-src 'self' blob: data: https://*.sharepoint.us;",
			"connect-src 'self' https://login.example http://127.0.0.1:9;"} {
			if !strings.Contains(policy, part) {
				t.Errorf("the policy %q lacks %s", policy, part)
			}
		}
		if got := r.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
	}
}

func TestTheDocumentOfTheAPIHasAPageOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/docs", "/api/docs/", "/api/docs/anything"} {
		r := get(t, sample(t), path)
		if body := text(t, r); body != `<script nonce="">` ||
			!strings.Contains(r.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %q, %v", path, body, r.Header)
		}
	}
}

func TestFilesAreKeptForAYearAndComeCompressedToThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	tab := sample(t)
	packed := get(t, tab, "/api/tab/assets/main-1234.js", "Accept-Encoding", "gzip, br")
	plain := get(t, tab, "/api/tab/assets/main-1234.js")
	if packed.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" ||
		text(t, plain) != "let a = 1" {
		t.Errorf("packed %v, plain %v", packed.Header, plain.Header)
	}
	if zipped, err := gzip.NewReader(packed.Body); err != nil {
		t.Error(err)
	} else if all, _ := io.ReadAll(zipped); string(all) != "let a = 1" {
		t.Errorf("unpacked %q", all)
	}
	for _, r := range []*http.Response{packed, plain} {
		if r.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			!strings.HasPrefix(r.Header.Get("Content-Type"), "text/javascript") ||
			r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers %v", r.Header)
		}
	}
	if r := get(t, tab, "/api/tab/icon.png"); r.Header.Get("Cache-Control") != "no-cache" || text(t, r) != "png" {
		t.Errorf("icon: %v", r.Header)
	}
}

func TestWhatIsNoFileOfTheTabIsNotFound(t *testing.T) {
	t.Parallel()
	tab := sample(t)
	for _, path := range []string{"/api/tab/assets/other.js", "/api/tab/.keep", "/api/tab/assets/main-1234.js.gz",
		"/api/tab/assets/.env", "/api/tab/../../etc/passwd.txt"} {
		if r := get(t, tab, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	sample(t).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/tab/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestATabThatWasNotBuiltSaysSo(t *testing.T) {
	t.Parallel()
	r := get(t, newTab(Options{}, fstest.MapFS{}), "/api/tab/")
	if body := text(t, r); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "make build") {
		t.Errorf("%d %q", r.StatusCode, body)
	}
}
