package sandbox_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox"
	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

// start starts a kind sandbox with the demo scene that ends with the test.
func start(t *testing.T) (*sandbox.Sandbox, *sandbox.Scene) {
	t.Helper()
	s, err := sandbox.Start(sandbox.Options{Kind: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	scene, err := sandbox.Demo(s, "https://localhost:4444/auth-end")
	if err != nil {
		t.Fatal(err)
	}
	return s, scene
}

// call sends a request with a JSON body and reads a JSON answer.
func call(t *testing.T, client *http.Client, method, url, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if json.Unmarshal(raw, &answer) != nil {
		answer = map[string]any{"raw": string(raw)}
	}
	return response.StatusCode, answer
}

// teamsToken is what Adele's tab gets.
func teamsToken(t *testing.T, s *sandbox.Sandbox, scene *sandbox.Scene) string {
	t.Helper()
	token, err := s.Entra.TeamsToken(entra.TeamsTokenRequest{Tenant: scene.Contoso.ID, User: scene.Adele.ID})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// exchange gets a Graph token for Adele through discovery and the on-behalf-of grant, as a client that
// declares CP1.
func exchange(t *testing.T, s *sandbox.Sandbox, scene *sandbox.Scene) string {
	t.Helper()
	client := s.Client()
	_, document := call(t, client, http.MethodGet,
		s.EntraURL+"/"+scene.Contoso.ID+"/v2.0/.well-known/openid-configuration?", "")
	response, err := client.PostForm(document["token_endpoint"].(string), url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {sandbox.DemoApp},
		"client_secret": {scene.Secret},
		"assertion":     {teamsToken(t, s, scene)}, "requested_token_use": {"on_behalf_of"},
		"scope": {
			"https://graph.microsoft.com/Sites.ReadWrite.All https://graph.microsoft.com/User.Read offline_access"},
		"claims": {`{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("the token endpoint answered %s, %v", response.Status, err)
	}
	return answer.AccessToken
}

func TestTheDemoUserGetsATokenOverTLS(t *testing.T) {
	t.Parallel()
	s, scene := start(t)
	grant, err := s.Entra.Check(t.Context(), exchange(t, s, scene))
	if err != nil || grant.User != scene.Adele.ID || grant.Tenant != scene.Contoso.ID {
		t.Errorf("the token stands for %v, %v", grant, err)
	}
}

func TestTheCertificateIsGoodForAllNamesOfThisMachineAndOnlyWithTheCA(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	port := s.EntraURL[strings.LastIndexByte(s.EntraURL, ':'):]
	for _, host := range []string{"localhost", "127.0.0.1"} {
		status, _ := call(t, s.Client(), http.MethodGet, "https://"+host+port+"/common/discovery/v2.0/keys", "")
		if status != http.StatusOK {
			t.Errorf("%s answered %d", host, status)
		}
	}
	stranger := &http.Client{Transport: &http.Transport{}}
	defer stranger.CloseIdleConnections()
	if response, err := stranger.Get(s.EntraURL + "/common/discovery/v2.0/keys"); err == nil {
		_ = response.Body.Close()
		t.Error("a client without the CA trusts the sandbox")
	}
	if _, pem := call(t, s.Client(), http.MethodGet, s.ManagementURL+"/ca.pem", ""); pem["raw"] != string(s.CAPEM) ||
		!bytes.HasPrefix(s.CAPEM, []byte("-----BEGIN CERTIFICATE")) {
		t.Error("/ca.pem is not the CA")
	}
}

func TestTwoSandboxesDoNotTrustEachOthersTokens(t *testing.T) {
	t.Parallel()
	first, scene := start(t)
	second, _ := start(t)
	token := exchange(t, first, scene)
	if _, err := second.Entra.Check(t.Context(), token); err == nil {
		t.Error("the second sandbox accepts a token of the first")
	}
	if _, err := first.Entra.Check(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func TestManagementPortKeepsTenantsAndUsers(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	client := s.Client()
	if _, about := call(t, client, http.MethodGet, s.ManagementURL+"/", ""); about["entraUrl"] != s.EntraURL ||
		about["graphUrl"] != s.GraphURL || about["identityUrl"] != s.ManagementURL+"/msi/token" {
		t.Errorf("/ answers %v", about)
	}
	status, tenant := call(t, client, http.MethodPut, s.ManagementURL+"/tenants",
		`{"name":"Litware","domain":"litware"}`)
	if status != http.StatusOK || len(tenant["id"].(string)) != 36 {
		t.Fatalf("PUT /tenants: %d %v", status, tenant)
	}
	status, user := call(t, client, http.MethodPut, s.ManagementURL+"/users",
		`{"tenant":"litware","upn":"lee@litware.example","name":"Lee Gu","directoryRoles":["r"],"appRoles":{"`+
			sandbox.DemoApp+`":["Editor"]}}`)
	if status != http.StatusOK || user["tenant"] != tenant["id"] || user["directoryRoles"] == nil ||
		user["appRoles"] == nil {
		t.Fatalf("PUT /users: %d %v", status, user)
	}
	status, token := call(t, client, http.MethodPost, s.ManagementURL+"/_sandbox/teams-token",
		`{"tenant":"litware","user":"lee@litware.example"}`)
	if status != http.StatusOK || strings.Count(token["token"].(string), ".") != 2 {
		t.Errorf("teams-token: %d %v", status, token)
	}
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPut, "/tenants", `{"name":"x"}`},
		{http.MethodPut, "/tenants", `{"name":"x","domain":"y","colour":"blue"}`},
		{http.MethodPut, "/users", `{"tenant":"nowhere","upn":"a@b"}`},
		{http.MethodPut, "/users", `{"tenant":"litware"}`},
		{http.MethodGet, "/users?tenant=nowhere", ""},
	} {
		if status, answer := call(t, client, c.method, s.ManagementURL+c.path,
			c.body); status != http.StatusBadRequest || answer["error"] == nil {
			t.Errorf("%s %s %s: %d %v, want 400 with a reason", c.method, c.path, c.body, status, answer)
		}
	}
	if got := payload(t, token["token"].(string)); !cmp.Equal(got["roles"], []any{"Editor"}) ||
		!cmp.Equal(got["wids"], []any{"r", everyMember}) {
		t.Errorf("the token has the roles %v and %v", got["roles"], got["wids"])
	}
	for _, path := range []string{"/tenants", "/users?tenant=litware"} {
		if _, list := call(t, client, http.MethodGet, s.ManagementURL+path, ""); !strings.Contains(list["raw"].(string),
			"itware") {
			t.Errorf("%s lists %v", path, list)
		}
	}
}

// everyMember is the template id of the role that all users of a tenant have.
const everyMember = "b79fbf4d-3ef9-4689-8143-76b194e85509"

// payload reads the claims of a token without any check.
func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestTheSceneHasAnAdministratorInEachTenant(t *testing.T) {
	t.Parallel()
	s, scene := start(t)
	const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"
	for _, c := range []struct {
		user directory.User
		want []any
	}{
		{scene.Adele, []any{globalAdministrator, everyMember}},
		{scene.Alex, []any{everyMember}},
		{scene.Frida, []any{globalAdministrator, everyMember}},
	} {
		token, err := s.Entra.TeamsToken(entra.TeamsTokenRequest{Tenant: c.user.Tenant, User: c.user.ID})
		if err != nil {
			t.Fatal(err)
		}
		if got := payload(t, token); !cmp.Equal(got["wids"], c.want) || got["roles"] != nil {
			t.Errorf("%s has the roles %v and %v, want %v", c.user.Name, got["wids"], got["roles"], c.want)
		}
	}
}

func TestStartFailsOnAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	address, err := url.Parse(s.EntraURL)
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if err := json.Unmarshal([]byte(address.Port()), &port); err != nil {
		t.Fatal(err)
	}
	if second, err := sandbox.Start(sandbox.Options{GraphPort: port}); err == nil {
		second.Stop()
		t.Error("two sandboxes share a port")
	}
}

// This test counts the goroutines of the process, so it does not run beside others.
func TestStopLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := sandbox.Start(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scene, err := sandbox.Demo(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Entra.TeamsToken(
		entra.TeamsTokenRequest{Tenant: scene.Contoso.ID, User: scene.Alex.ID}); err != nil {
		t.Fatal(err)
	}
	client := s.Client()
	call(t, client, http.MethodGet, s.EntraURL+"/common/discovery/v2.0/keys", "")
	s.Stop()
	if response, err := client.Get(s.EntraURL + "/common/discovery/v2.0/keys"); err == nil {
		_ = response.Body.Close()
		t.Error("Entra answers after Stop")
	}
	client.CloseIdleConnections()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(
		10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before the start\n%s", runtime.NumGoroutine(), before,
				stacks[:runtime.Stack(stacks, true)])
		}
	}
}
