package graph_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/graph"
)

// Row 1.
func TestMeIsTheUserOfTheToken(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.ask(http.StatusOK, "GET", "/me?$select=id,displayName,mail,userPrincipalName", nil)
	delete(r.json, "@odata.context")
	want := map[string]any{
		"id":                ada,
		"displayName":       "Ada Lovelace",
		"mail":              "ada@contoso.com",
		"userPrincipalName": "ada@contoso.com",
	}
	if d := cmp.Diff(want, r.json); d != "" {
		t.Error(d)
	}
	if r := w.ask(http.StatusOK, "GET", "/me", nil); r.text("preferredLanguage") != "en-GB" {
		t.Errorf("me is %s", r.raw)
	}
	if r := w.askAs(asEve, http.StatusOK, "GET", "/me?select=mail", nil); r.at("mail") != nil {
		t.Errorf("mail of a user without one is %v", r.at("mail"))
	}
	w.askAs(contoso+"//User.Read", http.StatusBadRequest, "GET", "/me", nil)
	w.askAs(asAda+"/Sites.ReadWrite.All", http.StatusForbidden, "GET", "/me", nil)
	w.ask(http.StatusBadRequest, "GET", "/me?$select=shoeSize", nil)
}

// Row 2.
func TestSitesAreFoundByNameWhenTheIndexHasThem(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{IndexMax: time.Second})
	if _, err := w.AddSite(contoso, "Team Photos", ada); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(2 * time.Second)
	for query, want := range map[string][]string{
		"search=*": {"Team", "TeamPhotos"}, "$search=photos": {"TeamPhotos"},
		`$search=%22team%22`: {"Team", "TeamPhotos"}, "search=zebra": {},
	} {
		r := w.ask(http.StatusOK, "GET", "/sites?"+query, nil)
		got := r.names()
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0]
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", query, d)
		}
		if strings.Contains(string(r.raw), "null") {
			t.Errorf("%s: null in %s", query, r.raw)
		}
	}
	if r := w.askAs(asBob, http.StatusOK, "GET", "/sites?search=*", nil); len(r.names()) != 0 {
		t.Errorf("Bob finds %v", r.names())
	}
	w.ask(http.StatusBadRequest, "GET", "/sites", nil)
	w.ask(http.StatusBadRequest, "GET", "/sites?search=*&$orderby=name", nil)
}

func TestANewSiteIsNotFoundAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.SetUnkindness(graph.Unkindness{IndexMax: time.Hour})
	if _, err := w.AddSite(contoso, "Fresh", ada); err != nil {
		t.Fatal(err)
	}
	if r := w.ask(http.StatusOK, "GET", "/sites?search=Fresh", nil); len(r.names()) != 0 {
		t.Error("found at once")
	}
	w.ask(http.StatusOK, "GET", "/sites/contoso.sharepoint.com:/sites/Fresh", nil)
	w.clock.pass(time.Hour + time.Second)
	if r := w.ask(http.StatusOK, "GET", "/sites?search=Fresh", nil); len(r.names()) != 1 {
		t.Error("never found")
	}
}

// Row 3.
func TestASiteIsReachedByAllFormsOfItsAddress(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.ask(http.StatusOK, "GET", "/sites/contoso.sharepoint.com/getByPath(path='/sites/Team')", nil)
	root, err := w.AddSite(contoso, "", ada)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^contoso\.sharepoint\.com,[0-9a-f-]{36},[0-9a-f-]{36}$`).MatchString(w.site.ID) {
		t.Errorf("id %s", w.site.ID)
	}
	for url, want := range map[string]string{
		"/sites/" + w.site.ID: w.site.ID,
		"/sites/" + strings.ReplaceAll(w.site.ID, ",", "%2C"): w.site.ID,
		"/sites/root":                                                              root.ID,
		"/sites/contoso.sharepoint.com":                                            root.ID,
		"/sites/Contoso.SharePoint.com:/sites/team":                                w.site.ID,
		"/sites/contoso.sharepoint.com:/sites/Team:":                               w.site.ID,
		"/sites/contoso.sharepoint.com/getByPath(path='/sites/Team')":              w.site.ID,
		"/sites/" + root.ID + "/getByPath(path='sites%2FTeam')":                    w.site.ID,
		"/sites/" + root.ID + "/microsoft.graph.getByPath(path='%2Fsites%2FTeam')": w.site.ID,
	} {
		if r := w.ask(http.StatusOK, "GET", url, nil); r.text("id") != want {
			t.Errorf("%s leads to %s", url, r.text("webUrl"))
		}
	}
	w.ask(http.StatusNotFound, "GET", "/sites/contoso.sharepoint.com:/sites/none", nil)
	w.ask(http.StatusBadRequest, "GET", "/sites/fabrikam.sharepoint.com", nil)
	w.ask(http.StatusBadRequest, "GET", "/sites/nonsense", nil)
	w.askAs(asBob, http.StatusForbidden, "GET", "/sites/"+w.site.ID, nil)
	w.askAs(asEve, http.StatusBadRequest, "GET", "/sites/"+w.site.ID, nil)
}

// Row 4.
func TestDrivesShowOwnerAndQuota(t *testing.T) {
	t.Parallel()
	w := open(t)
	second, err := w.AddDrive(w.site.ID, "Archive")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetLibrary(w.site.DriveID, graph.Library{Quota: 1000}); err != nil {
		t.Fatal(err)
	}
	w.put("a.txt", make([]byte, 950))
	r := w.ask(http.StatusOK, "GET", "/sites/contoso.sharepoint.com:/sites/Team:/drives", nil)
	if d := cmp.Diff([]string{"Archive", "Documents"}, r.names()); d != "" {
		t.Error(d)
	}
	if r.text("value", 0, "id") != second || !regexp.MustCompile(`^b![A-Za-z0-9_-]{64}$`).MatchString(second) {
		t.Errorf("drive %s", second)
	}
	for _, url := range []string{w.drive, strings.ReplaceAll(w.drive, "!", "%21"), "/sites/" + w.site.ID + "/drive"} {
		r := w.ask(http.StatusOK, "GET", url+"?expand=list", nil)
		if r.text("driveType") != "documentLibrary" || r.text("owner", "user", "id") != ada ||
			r.text("list", "id") != w.site.ListID {
			t.Errorf("%s: %s", url, r.raw)
		}
		want := map[string]any{"total": 1000.0, "used": 950.0, "remaining": 50.0, "deleted": 0.0, "state": "nearing"}
		if d := cmp.Diff(want, r.at("quota")); d != "" {
			t.Error(d)
		}
	}
	w.askAs(asBob, http.StatusForbidden, "GET", w.drive, nil)
	w.askAs(asEve, http.StatusNotFound, "GET", w.drive, nil)
}

func TestTokensAreCheckedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.do(request{method: "GET", url: w.drive})
	if r.status != http.StatusUnauthorized || r.text("error", "code") != "InvalidAuthenticationToken" ||
		!strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("no token: %d %s", r.status, r.raw)
	}
	if r := w.do(request{as: "junk", method: "GET", url: "/nonsense"}); r.status != http.StatusUnauthorized {
		t.Errorf("a bad token: %d", r.status)
	}
	r = w.do(request{as: "stale", method: "GET", url: w.drive})
	m := regexp.MustCompile(`error="insufficient_claims", claims="([A-Za-z0-9+/=]+)"`).FindStringSubmatch(
		r.header.Get("WWW-Authenticate"))
	if r.status != http.StatusUnauthorized || m == nil {
		t.Fatalf("a revoked session: %d %s", r.status, r.header.Get("WWW-Authenticate"))
	}
	if claims, err := base64.StdEncoding.DecodeString(m[1]); err != nil ||
		!strings.HasPrefix(string(claims), `{"access_token"`) {
		t.Errorf("claims %q, %v", claims, err)
	}
	for scopes, status := range map[string]int{
		"Sites.ReadWrite.All": 200,
		"sites.readwrite.all": 200,
		"Sites.Read.All":      200,
		"User.Read":           403,
	} {
		w.askAs(asAda+"/"+scopes, status, "GET", w.drive, nil)
	}
	w.askAs(asAda+"/Sites.Read.All", http.StatusForbidden, "PUT", w.drive+"/root:/a.txt:/content", "x")
	w.askAs(contoso+"//Sites.ReadWrite.All", http.StatusOK, "GET", w.drive+"/root/children", nil)
}

func TestTheProductsPromisesAreWatched(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, url := range []string{"/teams/1/channels", "/chats", "/me/drive/root", "/me/joinedTeams",
		"/users/" + ada + "/drive"} {
		w.ask(http.StatusForbidden, "GET", url, nil)
	}
	w.ask(http.StatusOK, "GET", "/me", nil)
	want := []string{"GET /v1.0/teams/1/channels", "GET /v1.0/chats", "GET /v1.0/me/drive/root",
		"GET /v1.0/me/joinedTeams", "GET /v1.0/users/" + ada + "/drive"}
	if d := cmp.Diff(want, w.Refused()); d != "" {
		t.Error(d)
	}
}

func TestErrorsHaveGraphsShape(t *testing.T) {
	t.Parallel()
	w := open(t)
	for url, want := range map[string]struct {
		status int
		code   string
	}{
		"/nonsense":                    {400, "BadRequest"},
		"/drives":                      {400, "BadRequest"},
		w.drive + "/nonsense":          {400, "BadRequest"},
		w.drive + "/root/nonsense":     {400, "BadRequest"},
		w.drive + "/root/copy":         {405, "Request_BadRequest"},
		w.drive + "/root?$top=0":       {400, "invalidRequest"},
		w.drive + "/root?$select=nose": {400, "BadRequest"},
		w.drive + "/root?$expand=nose": {400, "BadRequest"},
		w.drive + "/items/01X":         {404, "itemNotFound"},
		"/drives/b!x":                  {404, "itemNotFound"},
	} {
		r := w.ask(want.status, "GET", url, nil, "client-request-id", "mine")
		if r.text("error", "code") != want.code || r.text("error", "message") == "" {
			t.Errorf("%s: %s", url, r.raw)
		}
		id := r.header.Get("request-id")
		if r.text("error", "innerError", "request-id") != id || id == "" ||
			r.text("error", "innerError", "client-request-id") != "mine" {
			t.Errorf("%s: ids in %s", url, r.raw)
		}
		if r.text("error", "innerError", "date") != "2026-03-01T12:00:00" ||
			r.header.Get("Date") != "Sun, 01 Mar 2026 12:00:00 GMT" {
			t.Errorf("%s: date %s, %s", url, r.header.Get("Date"), r.raw)
		}
		if r.header.Get("Content-Type") != "application/json" || r.header.Get("x-ms-ags-diagnostic") == "" {
			t.Errorf("%s: headers %v", url, r.header)
		}
	}
	if r := w.ask(200, "GET", w.drive,
		nil); r.header.Get(
		"Content-Type") != "application/json;odata.metadata=minimal;"+
		"odata.streaming=true;IEEE754Compatible=false;charset=utf-8" {
		t.Errorf("content type %s", r.header.Get("Content-Type"))
	}
	r := w.do(request{as: asAda, method: "GET", url: strings.TrimSuffix(w.base, "v1.0") + "beta/me"})
	if r.status != 400 {
		t.Errorf("beta: %d", r.status)
	}
}

func TestRightsAreInheritedAndCanBeTakenAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	open := w.put("open/a.txt", []byte("a"))
	secret := w.put("secret/b.txt", []byte("b"))
	allow := func(p graph.Permission) {
		t.Helper()
		if err := w.Allow(p); err != nil {
			t.Fatal(err)
		}
	}
	w.askAs(asBob, http.StatusNotFound, "GET", w.item(open), nil)
	allow(graph.Permission{SiteID: w.site.ID, User: "bob@contoso.com", Level: graph.Read})
	w.askAs(asBob, http.StatusOK, "GET", w.item(open), nil)
	w.askAs(asBob, http.StatusForbidden, "PUT", w.item(open)+"/content", "x")
	w.askAs(asBob, http.StatusForbidden, "DELETE", w.item(open), nil)
	allow(graph.Permission{DriveID: w.site.DriveID, ItemID: "secret", User: graph.Everyone, Level: graph.None})
	allow(graph.Permission{DriveID: w.site.DriveID, ItemID: "open", User: bob, Level: graph.Write})
	w.askAs(asBob, http.StatusNotFound, "GET", w.item(secret), nil)
	w.askAs(asBob, http.StatusNotFound, "GET", w.drive+"/root:/secret/b.txt", nil)
	w.askAs(asBob, http.StatusOK, "PUT", w.item(open)+"/content", "x")
	if r := w.askAs(asBob, http.StatusOK, "GET", w.drive+"/root/children", nil); len(r.names()) != 1 {
		t.Errorf("Bob sees %v", r.names())
	}
	r := w.ask(http.StatusOK, "GET", w.item(open), nil)
	if r.text("lastModifiedBy", "user", "id") != bob || r.text("createdBy", "user", "id") != ada {
		t.Errorf("by %v", r.at("lastModifiedBy"))
	}
	allow(graph.Permission{DriveID: w.site.DriveID, User: bob, Level: graph.None})
	w.askAs(asBob, http.StatusOK, "GET", "/sites/"+w.site.ID, nil)
	w.askAs(asBob, http.StatusForbidden, "GET", w.drive+"/root/children", nil)
	w.askAs(asBob, http.StatusOK, "GET", w.item(open), nil)
}
