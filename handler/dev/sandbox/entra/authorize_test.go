package entra_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/entra"
)

const verifier = "a-code-verifier-of-at-least-forty-three-characters-._~"

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// signInQuery is a good authorization request for Adele without a page.
func signInQuery(more ...string) url.Values {
	values := form("client_id", appID, "response_type", "code", "redirect_uri", redirect, "scope",
		sites+" openid profile offline_access",
		"state", "the state", "nonce", "the nonce", "prompt", "none", "login_hint", "adele@contoso.example",
		"code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	for name, value := range form(more...) {
		values[name] = value
		if value[0] == "" {
			values.Del(name)
		}
	}
	return values
}

func (w *world) authorize(tenant string, query url.Values) reply {
	w.t.Helper()
	return w.get("/" + tenant + "/oauth2/v2.0/authorize?" + query.Encode())
}

// press sends a form of a page back to where the page came from.
func (w *world) press(path string, query, fields url.Values) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.base+path+"?"+query.Encode(),
		strings.NewReader(fields.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

// back returns what a redirect to the app carries.
func back(t *testing.T, r reply) url.Values {
	t.Helper()
	location := r.header.Get("Location")
	if r.status != http.StatusFound || !strings.HasPrefix(location, redirect) {
		t.Fatalf("answered %d %q %v, want a redirect to the app", r.status, location, r.body)
	}
	values, err := url.ParseQuery(location[len(redirect)+1:])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func codeForm(code string, more ...string) url.Values {
	values := form("grant_type", "authorization_code", "client_id", appID, "client_secret", secret, "code", code,
		"redirect_uri", redirect, "code_verifier", verifier)
	for name, value := range form(more...) {
		values[name] = value
		if value[0] == "" {
			values.Del(name)
		}
	}
	return values
}

func TestSilentSignInGivesACodeForTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tenant := range []string{contoso, "common", "organizations"} {
		values := back(t, w.authorize(tenant, signInQuery()))
		if values.Get("state") != "the state" || values.Get("session_state") == "" {
			t.Errorf("came back with %v", values)
		}
		got := w.post(tenant, codeForm(values.Get("code")))
		wantTokens(t, got)
		if got.text("refresh_token") == "" || claims(t, got.text("id_token"))["nonce"] != "the nonce" {
			t.Errorf("answered %v", got.body)
		}
		wantTokens(t, w.post(contoso, refreshForm(got.text("refresh_token"))))
		wantRefused(t, w.post(tenant, codeForm(values.Get("code"))), 400, "invalid_grant", 54005, "")
	}
}

func TestCodesAreBoundToVerifierRedirectClientAndTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := func(more ...string) string {
		return back(t, w.authorize(contoso, signInQuery(more...))).Get("code")
	}
	w.put(entra.App{ID: otherAppID, Name: "Other", Home: contoso, Secrets: []entra.Secret{{Value: secret}}})
	wantRefused(t, w.post(contoso, codeForm(code(), "code_verifier", verifier+"x")), 400, "invalid_grant", 501481, "")
	wantRefused(t, w.post(contoso, codeForm(code(), "code_verifier", "")), 400, "invalid_grant", 50148, "")
	wantRefused(t, w.post(contoso, codeForm(code("code_challenge", "", "code_challenge_method", ""))), 400,
		"invalid_grant", 50148, "")
	wantRefused(t, w.post(contoso, codeForm(code(), "redirect_uri", "https://localhost:4444/else")), 401,
		"invalid_client", 500112, "")
	wantRefused(t, w.post(contoso, codeForm(code(), "redirect_uri", "")), 400, "invalid_request", 900144, "")
	wantRefused(t, w.post(contoso, codeForm(code(), "client_id", otherAppID)), 400, "invalid_grant", 70000, "bad_token")
	wantRefused(t, w.post(fabrikam, codeForm(code())), 400, "invalid_grant", 70000, "bad_token")
	wantRefused(t, w.post(contoso, codeForm("nonsense")), 400, "invalid_grant", 70000, "bad_token")
	wantTokens(t, w.post(contoso, codeForm(code("code_challenge", verifier, "code_challenge_method", "plain"))))
	wantTokens(t, w.post(contoso, codeForm(code("code_challenge", verifier, "code_challenge_method", ""))))
	wantTokens(
		t, w.post(contoso, codeForm(code("code_challenge", "", "code_challenge_method", ""), "code_verifier", "")))
	late := code()
	w.clock.advance(11 * time.Minute)
	wantRefused(t, w.post(contoso, codeForm(late)), 400, "invalid_grant", 70008, "token_expired")
	revoked := code()
	w.Revoke(contoso, adele)
	wantRefused(t, w.post(contoso, codeForm(revoked)), 400, "invalid_grant", 50173, "bad_token")
}

func TestPublicClientsRedeemCodesWithoutACredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app.Public, w.app.RedirectURIs = true, []string{"http://localhost"}
	w.put(w.app)
	const there = "http://localhost:50123"
	response := w.authorize(contoso, signInQuery("redirect_uri", there))
	location, err := url.Parse(response.header.Get("Location"))
	if err != nil || location.Host != "localhost:50123" {
		t.Fatalf("redirected to %v, %v", location, err)
	}
	wantTokens(t, w.post(contoso, codeForm(location.Query().Get("code"), "client_secret", "", "redirect_uri", there)))
}

func TestOwnAPITokensComeFromTheCodeFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for version, audience := range map[int]string{1: appURI, 2: appID} {
		w.app.TokenVersion = version
		w.put(w.app)
		values := back(t, w.authorize(contoso, signInQuery("scope", appURI+"/access_as_user openid")))
		got := w.post(contoso, codeForm(values.Get("code")))
		wantTokens(t, got)
		token := got.text("access_token")
		if c := claims(t, token); c["aud"] != audience || c["scp"] != "access_as_user openid" {
			t.Errorf("version %d: %v", version, c)
		}
		if err := w.verify(token); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		wantTokens(t, w.post(contoso, oboForm(token, sites)))
	}
}

func TestSignInErrorsGoBackToTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.RemoveConsent(contoso, "", appID, "Sites.ReadWrite.All")
	cases := []struct {
		name string
		more []string
		word string
		code string
	}{
		{"nobody is signed in", []string{"login_hint", ""}, "login_required", "AADSTS50058"},
		{"an unknown user", []string{"login_hint", "nobody@contoso.example"}, "login_required", "AADSTS50058"},
		{"no consent", nil, "consent_required", "AADSTS65001"},
		{"another response type", []string{"response_type", "id_token"}, "unsupported_response_type", "AADSTS700054"},
		{"no response type", []string{"response_type", ""}, "invalid_request", "AADSTS900144"},
		{"no scope", []string{"scope", ""}, "invalid_request", "AADSTS900144"},
		{"an unknown scope", []string{"scope", "No.Such"}, "invalid_scope", "AADSTS70011"},
		{"a short challenge", []string{"code_challenge", "x"}, "invalid_request", "AADSTS501491"},
		{"an unknown challenge method", []string{"code_challenge_method", "S512"}, "invalid_request", "AADSTS70007"},
		{"an unknown prompt", []string{"prompt", "please"}, "invalid_request", "AADSTS70007"},
		{"broken claims", []string{"claims", "{"}, "invalid_request", "AADSTS9002313"},
	}
	for _, c := range cases {
		got := back(t, w.authorize(contoso, signInQuery(c.more...)))
		if got.Get("error") != c.word || !strings.HasPrefix(got.Get("error_description"), c.code+":") ||
			got.Get("state") != "the state" {
			t.Errorf("%s: came back with %v, want %s %s", c.name, got, c.word, c.code)
		}
	}
	w.SetPolicy(entra.Policy{Tenant: contoso, Code: 50076})
	if got := back(t, w.authorize(contoso, signInQuery("scope", "User.Read"))); got.Get(
		"error") != "interaction_required" || got.Get("claims") == "" {
		t.Errorf("with a policy: %v", got)
	}
	_ = w.Disable(contoso, adele, true)
	if got := back(t, w.authorize(contoso, signInQuery())); got.Get("error") != "interaction_required" {
		t.Errorf("disabled: %v", got)
	}
}

func TestSignInErrorsStayOnThePageIfTheAppIsNotSure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		tenant string
		query  url.Values
		code   string
	}{
		"an unknown tenant":        {"33333333-cccc-4ccc-8ccc-333333333333", signInQuery(), "AADSTS90002"},
		"an unknown app":           {contoso, signInQuery("client_id", otherAppID), "AADSTS700016"},
		"no app":                   {contoso, signInQuery("client_id", ""), "AADSTS900144"},
		"no redirect URI":          {contoso, signInQuery("redirect_uri", ""), "AADSTS900144"},
		"another redirect URI":     {contoso, signInQuery("redirect_uri", redirect+"/"), "AADSTS50011"},
		"a redirect URI elsewhere": {contoso, signInQuery("redirect_uri", "https://evil.example/"), "AADSTS50011"},
		"another port": {contoso, signInQuery("redirect_uri", "https://localhost:5555/auth-end"),
			"AADSTS50011"},
		"an unknown response mode": {contoso, signInQuery("response_mode", "smoke"), "AADSTS70007"},
	} {
		if got := w.authorize(c.tenant, c.query); got.status != 400 || !strings.Contains(got.text("raw"), c.code+":") {
			t.Errorf("%s: %d %v, want a page with %s", name, got.status, got.body, c.code)
		}
	}
}

func TestResponseModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.authorize(contoso,
		signInQuery("response_mode", "fragment")).header.Get("Location"); !strings.HasPrefix(got, redirect+"#code=") {
		t.Errorf("fragment: %s", got)
	}
	if got := w.authorize(contoso,
		signInQuery("response_mode", "query")).header.Get("Location"); !strings.HasPrefix(got, redirect+"?code=") {
		t.Errorf("query: %s", got)
	}
	page := w.authorize(contoso, signInQuery("response_mode", "form_post"))
	if page.status != http.StatusOK || !strings.Contains(page.text("raw"), `action="`+redirect+`"`) ||
		!strings.Contains(page.text("raw"), `name="code"`) {
		t.Errorf("form_post: %d %v", page.status, page.body)
	}
}

func TestThePageLetsAUserConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *entra.Options) { o.ConsentDelay = 3 * time.Second })
	w.RemoveConsent(contoso, "", appID)
	path := "/" + contoso + "/oauth2/v2.0/authorize"
	query := signInQuery("prompt", "consent")
	page := w.get(path + "?" + query.Encode())
	if page.status != http.StatusOK || !strings.Contains(page.text("raw"), "Adele Vance") ||
		strings.Contains(page.text("raw"), "Frida") || !strings.Contains(page.text("raw"), "Sites.ReadWrite.All") {
		t.Fatalf("the page is %v", page.body)
	}
	declined := back(t, w.press(path, query, form("user", alex, "decision", "cancel")))
	if declined.Get("error") != "access_denied" || declined.Get("error_subcode") != "cancel" ||
		!strings.HasPrefix(declined.Get("error_description"), "AADSTS65004:") {
		t.Errorf("declined: %v", declined)
	}
	accepted := back(t, w.press(path, query, form("user", alex, "decision", "accept")))
	wantTokens(t, w.post(contoso, codeForm(accepted.Get("code"))))
	assertion := w.teams(entra.TeamsTokenRequest{User: alex})
	wantRefused(t, w.post(contoso, oboForm(assertion, sites)), 400, "invalid_grant", 65001, "consent_required")
	w.clock.advance(3 * time.Second)
	wantTokens(t, w.post(contoso, oboForm(assertion, sites)))
	if got := back(t, w.authorize(contoso, signInQuery("prompt", "", "login_hint", alex))); got.Get("code") == "" {
		t.Errorf("a user who has consented is asked again: %v", got)
	}
	wantRefused(t, w.obo(), 400, "invalid_grant", 65001, "consent_required")
	w.press(path, query, form("user", adele, "decision", "accept", "organization", "on"))
	w.clock.advance(3 * time.Second)
	wantTokens(t, w.obo())
}

func TestThePageKeepsPoliciesAndDisabledUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.RemoveConsent(contoso, "", appID)
	path := "/" + contoso + "/oauth2/v2.0/authorize"
	query := signInQuery("prompt", "consent")
	w.SetPolicy(entra.Policy{Tenant: contoso, NoUserConsent: true})
	if got := back(t, w.press(path, query, form("user", alex, "decision", "accept"))); !strings.HasPrefix(
		got.Get("error_description"), "AADSTS90094:") {
		t.Errorf("without user consent: %v", got)
	}
	w.SetPolicy(entra.Policy{Tenant: contoso, Code: 53003})
	if got := w.press(path, query, form("user", alex, "decision", "accept")); got.status != 400 ||
		!strings.Contains(got.text("raw"), "AADSTS53003") {
		t.Errorf("blocked: %d %v", got.status, got.body)
	}
	w.SetPolicy(entra.Policy{Tenant: contoso, Code: 50076})
	values := back(t, w.press(path, query, form("user", alex, "decision", "accept")))
	got := w.post(contoso, codeForm(values.Get("code")))
	wantTokens(t, got)
	wantTokens(t, w.post(contoso, refreshForm(got.text("refresh_token"))))
	_ = w.Disable(contoso, alex, true)
	if got := w.press(path, query, form("user", alex, "decision", "accept")); got.status != 400 ||
		!strings.Contains(got.text("raw"), "AADSTS50057") {
		t.Errorf("disabled: %d %v", got.status, got.body)
	}
	if got := w.press(path, query, form("user", "nobody", "decision", "accept")); got.status != 400 ||
		!strings.Contains(got.text("raw"), "AADSTS50034") {
		t.Errorf("nobody: %d %v", got.status, got.body)
	}
}

func TestAdministratorsConsentForTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.RemoveConsent(contoso, "", appID)
	const path = "/organizations/v2.0/adminconsent"
	query := form("client_id", appID, "redirect_uri", redirect, "state", "s1", "scope",
		"https://graph.microsoft.com/.default")
	page := w.get(path + "?" + query.Encode())
	if page.status != http.StatusOK || !strings.Contains(page.text("raw"), "Adele") ||
		strings.Contains(page.text("raw"), "Alex") || !strings.Contains(page.text("raw"), "Sites.ReadWrite.All") {
		t.Errorf("the page is %v", page.body)
	}
	if got := w.press(path, query, form("user", alex, "decision", "accept")); got.status != 400 ||
		!strings.Contains(got.text("raw"), "AADSTS90094") {
		t.Errorf("a member: %d %v", got.status, got.body)
	}
	if got := back(t, w.press(path, query, form("user", adele, "decision", "cancel"))); got.Get(
		"error") != "permission_denied" || got.Get("state") != "s1" {
		t.Errorf("declined: %v", got)
	}
	bad := form("client_id", appID, "redirect_uri", redirect, "scope", "No.Such")
	if got := back(t, w.press(path, bad, form("user", adele, "decision", "accept"))); got.Get(
		"error") != "invalid_scope" {
		t.Errorf("an unknown scope: %v", got)
	}
	got := back(t, w.press(path, query, form("user", adele, "decision", "accept")))
	if got.Get("admin_consent") != "True" || got.Get("tenant") != contoso || got.Get("scope") == "" ||
		got.Get("state") != "s1" {
		t.Errorf("accepted: %v", got)
	}
	wantTokens(t, w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{User: alex}), sites)))
	if page := w.get(path + "?client_id=" + appID + "&redirect_uri=https://evil.example"); page.status != 400 {
		t.Errorf("another redirect URI: %d", page.status)
	}
}

func TestCodesOfSinglePageApplicationsAreForScriptsInBrowsersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const page = "http://127.0.0.1:7071/api/tab/signed-in"
	app, _ := w.Entra.App(appID)
	app.SPARedirectURIs = []string{page}
	w.put(app)
	script := func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:7071") }
	code := func(to string) string {
		location := w.authorize(contoso, signInQuery("redirect_uri", to)).header.Get("Location")
		u, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("code")
	}
	bare := func(code string) url.Values { return codeForm(code, "redirect_uri", page, "client_secret", "") }

	got := w.post(contoso, bare(code(page)), script)
	wantTokens(t, got)
	if got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v: no browser would show the answer to the script", got.header)
	}
	refresh := got.text("refresh_token")
	wantRefused(t, w.post(contoso, bare(code(page))), 401, "invalid_client", 7000218, "")
	wantRefused(t, w.post(contoso, codeForm(code(page), "redirect_uri", page)), 400, "invalid_request", 9002327, "")
	wantRefused(t, w.post(contoso, codeForm(code(redirect), "client_secret", ""), script), 400, "invalid_request",
		9002326, "")

	again := refreshForm(refresh)
	wantRefused(t, w.post(contoso, again), 400, "invalid_request", 9002327, "")
	again.Del("client_secret")
	wantTokens(t, w.post(contoso, again, script))
	w.clock.advance(24 * time.Hour)
	wantRefused(t, w.post(contoso, again, script), 400, "invalid_grant", 700084, "token_expired")
}
