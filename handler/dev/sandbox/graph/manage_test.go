package graph_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/graph"
)

func TestTheManagementBuildsAWorldAndLooksIntoIt(t *testing.T) {
	t.Parallel()
	w := open(t)
	server := httptest.NewServer(w.Manage())
	defer server.Close()
	call := func(status int, method, path string, body any) reply {
		t.Helper()
		r := w.do(request{method: method, url: server.URL + path, body: body})
		if r.status != status {
			t.Fatalf("%s %s: %d %s", method, path, r.status, r.raw)
		}
		return r
	}
	site := call(200, "POST", "/graph/sites",
		map[string]any{"tenant": "fabrikam", "name": "Photos", "owner": "eve@fabrikam.com"})
	drive := "/graph/drives/" + site.text("driveId")
	call(200, "PUT", drive+"/files?path=a/b.jpg&by=eve@fabrikam.com", "one")
	call(200, "PUT", drive+"/files?path=a/b.jpg&by=eve@fabrikam.com", "two!")
	item := call(200, "GET", drive+"/item?item=a/b.jpg", nil)
	if item.text("version") != "2.0" || item.at("size") != 4.0 || item.text("modifiedBy") != eve ||
		len(item.text("sha256")) != 64 {
		t.Errorf("%s", item.raw)
	}
	at := "?item=" + item.text("id")
	if r := call(200, "GET", drive+"/content"+at+"&version=1.0", nil); string(r.raw) != "one" {
		t.Errorf("version 1.0: %q", r.raw)
	}
	if r := call(200, "GET", drive+"/versions"+at, nil); !bytes.Contains(r.raw, []byte(`"2.0"`)) {
		t.Errorf("%s", r.raw)
	}
	call(200, "POST", drive+"/folders?path=x/y", nil)
	call(200, "GET", drive+"/items?item=x", nil)
	call(200, "POST", drive+"/lock"+at+"&shape=2", nil)
	call(400, "POST", drive+"/lock"+at+"&shape=9", nil)
	call(200, "POST", drive+"/unlock"+at, nil)
	call(200, "POST", drive+"/checkout"+at+"&by=eve@fabrikam.com", nil)
	call(200, "POST", drive+"/checkin"+at, nil)
	call(200, "POST", drive+"/malware"+at+"&name=EICAR", nil)
	call(200, "POST", drive+"/rename"+at+"&name="+url.QueryEscape("c d.jpg"), nil)
	call(200, "POST", drive+"/fields"+at+"&by=eve@fabrikam.com", map[string]any{"Title": "T"})
	call(200, "PUT", drive+"/library",
		map[string]any{"quota": 5000, "columns": []any{map[string]any{"name": "Mood", "kind": "text"}}})
	call(400, "PUT", drive+"/library",
		map[string]any{"columns": []any{map[string]any{"name": "Mood", "kind": "feeling"}}})
	call(200, "POST", drive+"/expire-delta", nil)
	call(200, "POST", "/graph/permissions", map[string]any{
		"driveId": site.text("driveId"),
		"itemId":  "a",
		"user":    "*",
		"level":   "read",
	})
	call(400, "POST", "/graph/permissions",
		map[string]any{"driveId": site.text("driveId"), "user": "*", "level": "some"})
	call(200, "POST", "/graph/sites/"+site.text("id")+"/drives", map[string]any{"name": "More"})
	call(200, "POST", drive+"/remove"+at, nil)
	call(404, "GET", drive+"/item?item=a/b.jpg", nil)
	call(400, "POST", "/graph/sites", map[string]any{"tenant": "none"})
	call(200, "GET", "/graph/sites", nil)
	call(200, "GET", "/graph/refused", nil)
	if r := call(200, "PUT", "/graph/unkindness", map[string]any{"rapid": 1, "copyMaxMs": 5}); r.at("rapid") != 1.0 ||
		r.at("kind") != false {
		t.Errorf("%s", r.raw)
	}
	if w.Unkindness() != (graph.Unkindness{Rapid: 1, CopyMax: 5 * time.Millisecond}) {
		t.Errorf("%+v", w.Unkindness())
	}
	call(200, "PUT", "/graph/unkindness", map[string]any{"kind": true})
	call(400, "PUT", "/graph/unkindness", map[string]any{"rabid": 1})
}

func TestNewNeedsItsOptionsAndCloseCleansUp(t *testing.T) {
	t.Parallel()
	if _, err := graph.New(graph.Options{}); err == nil {
		t.Error("no error")
	}
	w := open(t)
	w.session("/root:/a.jpg:", nil)
	d := directory.New()
	d.PutTenant(directory.Tenant{ID: contoso, Domain: "contoso"})
	if err := d.PutUser(directory.User{Tenant: contoso, ID: ada}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	g, err := graph.New(graph.Options{
		Directory:     d,
		Tokens:        tokens{},
		BaseURL:       "http://g",
		SharePointURL: "http://{tenant}.test",
		ContentDir:    dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	site, err := g.AddSite(contoso, "x", ada)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := g.PutFile(site.DriveID, "a", bytes.NewReader([]byte("same")), ada); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadDir(filepath.Join(dir, "content"))
	if err != nil || len(kept) != 1 {
		t.Errorf("%d contents on disk, %v", len(kept), err)
	}
	r := httptest.NewRequest("GET", "/v1.0/drives/"+site.DriveID+"/root:/a:/content", nil)
	r.Header.Set("Authorization", "Bearer "+asAda)
	rec := httptest.NewRecorder()
	g.Handler().ServeHTTP(rec, r)
	if u, err := url.Parse(rec.Header().Get("Location")); err != nil || u.Host != "contoso.test" {
		t.Errorf("the tenant's SharePoint is %v", u)
	}
	if rec.Code != http.StatusFound {
		t.Errorf("status %d", rec.Code)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}
