package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/entra"
)

// send sends a request without following redirects; the bearer may be empty.
func send(t *testing.T, s *sandbox.Sandbox, url, bearer string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := s.Client().Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestGraphTakesEntrasTokensAndSharePointGivesTheContent(t *testing.T) {
	t.Parallel()
	s, scene := start(t)
	site, err := s.Graph.AddSite(scene.Contoso.ID, "Photos", scene.Adele.ID)
	if err != nil {
		t.Fatal(err)
	}
	file, err := s.Graph.PutFile(site.DriveID, "a.txt", strings.NewReader("the content"), scene.Adele.ID)
	if err != nil {
		t.Fatal(err)
	}
	token := exchange(t, s, scene)
	if response, body := send(t, s, s.GraphURL+"/me", token); response.StatusCode != http.StatusOK ||
		!strings.Contains(body, scene.Adele.UPN) {
		t.Errorf("/me: %s %s", response.Status, body)
	}
	response, body := send(t, s, s.GraphURL+"/drives/"+site.DriveID+"/items/"+file.ID+"/content", token)
	location := response.Header.Get("Location")
	if response.StatusCode != http.StatusFound || !strings.HasPrefix(location, s.SharePointURL+"/") {
		t.Fatalf("content: %s %q %s, want a redirect to SharePoint", response.Status, location, body)
	}
	if response, body := send(t, s, location, ""); response.StatusCode != http.StatusOK || body != "the content" {
		t.Errorf("SharePoint: %s %q", response.Status, body)
	}
	if response, _ := send(t, s, strings.TrimSuffix(s.GraphURL, "/v1.0")+"/beta/me", token); response.StatusCode < 400 {
		t.Errorf("/beta: %s, want a refusal", response.Status)
	}
	for _, bearer := range []string{"", "nonsense", teamsToken(t, s, scene)} {
		if response, _ := send(t, s, s.GraphURL+"/me", bearer); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("with bearer %.10q: %s, want 401", bearer, response.Status)
		}
	}
}

// askIdentity asks the identity endpoint for a token the way MSAL for Go does at App Service.
func askIdentity(t *testing.T, s *sandbox.Sandbox, method, header string) (int, map[string]any) {
	t.Helper()
	query := url.Values{"api-version": {"2019-08-01"}, "resource": {"api://AzureADTokenExchange"}}
	req, err := http.NewRequestWithContext(t.Context(), method, s.IdentityURL+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-IDENTITY-HEADER", header)
	response, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer) // the port's own refusals are no JSON
	return response.StatusCode, answer
}

func TestTheAppNeedsNoSecretWithAnIdentity(t *testing.T) {
	t.Parallel()
	s, scene := start(t)
	const object = "1de00000-0000-4000-8000-00000000000a"
	s.Entra.PutIdentity(entra.Identity{
		Tenant:   scene.Contoso.ID,
		ClientID: "1de00000-0000-4000-8000-000000000001",
		ObjectID: object,
		System:   true,
	})
	app := scene.App
	app.Secrets, app.Federated = nil,
		[]entra.Federated{{Issuer: s.EntraURL + "/" + scene.Contoso.ID + "/v2.0", Subject: object}}
	if err := s.Entra.PutApp(app); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, header string
		want           int
	}{
		{http.MethodGet, "", http.StatusUnauthorized},
		{http.MethodGet, "wrong", http.StatusForbidden},
		{http.MethodPost, s.Entra.IdentityHeader(), http.StatusMethodNotAllowed},
	} {
		if status, answer := askIdentity(t, s, c.method, c.header); status != c.want {
			t.Errorf("%s with the header %q: %d %v, want %d", c.method, c.header, status, answer, c.want)
		}
	}
	status, identity := askIdentity(t, s, http.MethodGet, s.Entra.IdentityHeader())
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, identity)
	}
	common := url.Values{
		"client_id": {sandbox.DemoApp}, "client_assertion": {identity["access_token"].(string)}, "client_info": {"1"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"scope":                 {"https://graph.microsoft.com/Sites.ReadWrite.All openid offline_access profile"},
	}
	held := ""
	for _, grant := range []func() url.Values{
		func() url.Values {
			return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
				"assertion": {teamsToken(t, s, scene)}, "requested_token_use": {"on_behalf_of"}}
		},
		func() url.Values { return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {held}} },
	} {
		form := grant()
		maps.Copy(form, common)
		response, err := s.Client().PostForm(s.EntraURL+"/"+scene.Contoso.ID+"/oauth2/v2.0/token", form)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]any
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v, %v", form.Get("grant_type"), response.Status, answer, err)
		}
		held = answer["refresh_token"].(string)
		if got, err := s.Entra.Check(t.Context(), answer["access_token"].(string)); err != nil ||
			got.User != scene.Adele.ID {
			t.Errorf("%s: the token stands for %v, %v", form.Get("grant_type"), got, err)
		}
	}
	_, requested := call(t, s.Client(), http.MethodGet, s.ManagementURL+"/entra/requested", "")
	if want := map[string]any{
		"scopes": []any{"https://graph.microsoft.com/Sites.ReadWrite.All", "offline_access", "openid",
			"profile"}}; !cmp.Equal(requested, want) {
		t.Errorf("asked for %v, want %v", requested, want)
	}
}

func TestARevokedUsersTokenIsChallengedByGraph(t *testing.T) {
	t.Parallel()
	s, scene := start(t)
	token := exchange(t, s, scene)
	s.Entra.Revoke(scene.Contoso.ID, scene.Adele.ID)
	response, _ := send(t, s, s.GraphURL+"/me", token)
	header := response.Header.Get("WWW-Authenticate")
	_, rest, found := strings.Cut(header, `claims="`)
	encoded, _, _ := strings.Cut(rest, `"`)
	challenge, err := base64.StdEncoding.DecodeString(encoded)
	if response.StatusCode != http.StatusUnauthorized || !found || err != nil ||
		!strings.HasPrefix(string(challenge), `{"access_token":{"nbf":{"essential":true`) {
		t.Errorf("answered %s %q, claims %s", response.Status, header, challenge)
	}
}

func TestManagementPortReachesGraphTroubleAndHistory(t *testing.T) {
	t.Parallel()
	s, scene := start(t)
	client := s.Client()
	status, site := call(t, client, http.MethodPost, s.ManagementURL+"/graph/sites",
		`{"tenant":"contoso","name":"Photos","owner":"`+scene.Adele.ID+`"}`)
	if status/100 != 2 || len(s.Graph.Sites()) != 1 {
		t.Errorf("POST /graph/sites: %d %v", status, site)
	}
	status, rule := call(t, client, http.MethodPost, s.ManagementURL+"/trouble/rules",
		`{"service":"entra","path":"/discovery/","action":"fail","status":503,"times":1}`)
	if status/100 != 2 {
		t.Fatalf("POST /trouble/rules: %d %v", status, rule)
	}
	for _, want := range []int{http.StatusServiceUnavailable, http.StatusOK} {
		if status, _ := call(t, client, http.MethodGet, s.EntraURL+"/common/discovery/v2.0/keys", ""); status != want {
			t.Errorf("the keys: %d, want %d", status, want)
		}
	}
	exchange(t, s, scene)
	status, history := call(t, client, http.MethodGet, s.ManagementURL+"/history?service=entra&user="+scene.Adele.ID,
		"")
	if status != http.StatusOK || !strings.Contains(history["raw"].(string), "/oauth2/v2.0/token") {
		t.Errorf("GET /history: %d %v", status, history)
	}
	if status, count := call(t, client, http.MethodGet, s.ManagementURL+"/history/count?service=entra",
		""); status != http.StatusOK || count["count"] != 4.0 {
		t.Errorf("GET /history/count: %d %v, want 4 calls to Entra", status, count)
	}
}

func TestStopKeepsAContentFolderThatWasGiven(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := sandbox.Start(sandbox.Options{Kind: true, ContentDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	scene, err := sandbox.Demo(s)
	if err != nil {
		t.Fatal(err)
	}
	site, err := s.Graph.AddSite(scene.Contoso.ID, "Photos", scene.Adele.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Graph.PutFile(site.DriveID, "a.txt", strings.NewReader("x"), scene.Adele.ID); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if files, err := os.ReadDir(dir); err != nil || len(files) == 0 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}
