package entra_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/directory"
	"imagepro/handler/dev/sandbox/entra"
)

func TestOnBehalfOfGivesTokensForGraph(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, request := range []entra.TeamsTokenRequest{{Version: 1}, {Version: 2}, {Version: 1, Audience: appID}} {
		got := w.post(contoso, oboForm(w.teams(request), sites))
		wantTokens(t, got)
		if got.text("token_type") != "Bearer" || got.body["expires_in"].(float64) <= 300 ||
			got.body["ext_expires_in"] == nil || got.text("refresh_token") == "" {
			t.Errorf("answered %v", got.body)
		}
		if want := sites + " openid profile"; got.text("scope") != want {
			t.Errorf("scope = %q, want %q: as asked, without offline_access", got.text("scope"), want)
		}
		info, err := base64.RawURLEncoding.DecodeString(got.text("client_info"))
		if err != nil || string(info) != `{"uid":"`+adele+`","utid":"`+contoso+`"}` {
			t.Errorf("client_info = %s, %v", info, err)
		}
		if err := w.verify(got.text("id_token")); err != nil {
			t.Errorf("id_token: %v", err)
		}
		if id := claims(t, got.text("id_token")); id["oid"] != adele || id["aud"] != appID ||
			id["iss"] != w.base+"/"+contoso+"/v2.0" || id["preferred_username"] != "adele@contoso.example" {
			t.Errorf("id_token = %v", id)
		}
		grant, err := w.Check(t.Context(), got.text("access_token"))
		want := directory.Grant{
			Tenant: contoso,
			User:   adele,
			App:    appID,
			Scopes: []string{"openid", "profile", "Sites.ReadWrite.All"},
		}
		if diff := cmp.Diff(want, grant); err != nil || diff != "" {
			t.Errorf("Check: %v (-want +got)\n%s", err, diff)
		}
	}
}

func TestAnswersAreNotCachedAndCarryTheClientsRequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{}), sites), func(r *http.Request) {
		r.Header.Set("client-request-id", "12345678-ABCD-4ABC-8ABC-1234567890ab")
		r.Header.Set("return-client-request-id", "true")
	})
	if got.header.Get("Cache-Control") != "no-store, no-cache" ||
		!strings.HasPrefix(got.header.Get("Content-Type"), "application/json") ||
		got.header.Get("client-request-id") != "12345678-abcd-4abc-8abc-1234567890ab" {
		t.Errorf("headers %v", got.header)
	}
}

func TestGraphTokensAreOfVersionOneAndNotForOthersToVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.obo().text("access_token")
	header, payload := segmentOf(t, token, 0), claims(t, token)
	if header["nonce"] == nil || header["alg"] != "RS256" || header["x5t"] != header["kid"] {
		t.Errorf("header %v", header)
	}
	if payload["ver"] != "1.0" || payload["aud"] != "https://graph.microsoft.com" || payload["appid"] != appID ||
		payload["appidacr"] != "1" ||
		payload["scp"] != "openid profile Sites.ReadWrite.All" || payload["idtyp"] != "user" ||
		payload["iss"] != w.base+"/"+contoso+"/" {
		t.Errorf("payload %v", payload)
	}
	if err := w.verify(token); err == nil {
		t.Error("a Graph token passes plain signature checking")
	}
}

func TestScopesAreEchoedInTheSpellingAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct{ scope, echo, scp string }{
		{"User.Read offline_access", "User.Read", "User.Read"},
		{"https://graph.microsoft.com/user.read offline_access", "https://graph.microsoft.com/user.read", "User.Read"},
		{"https://graph.microsoft.com/User.Read https://graph.microsoft.com/email",
			"https://graph.microsoft.com/User.Read https://graph.microsoft.com/email", "email User.Read"},
		{"00000003-0000-0000-c000-000000000000/User.Read", "00000003-0000-0000-c000-000000000000/User.Read",
			"User.Read"},
		{"https://graph.microsoft.com/.default",
			"https://graph.microsoft.com/.default https://graph.microsoft.com/Sites.ReadWrite.All " +
				"https://graph.microsoft.com/User.Read", "Sites.ReadWrite.All User.Read"},
	}
	for _, c := range cases {
		values := oboForm(w.teams(entra.TeamsTokenRequest{}), "")
		values.Set("scope", c.scope)
		got := w.post(contoso, values)
		if got.text("scope") != c.echo || claims(t, got.text("access_token"))["scp"] != c.scp {
			t.Errorf("scope %q is answered with %q, want %q, and scp %q", c.scope, got.text("scope"), c.echo,
				claims(t, got.text("access_token"))["scp"])
		}
		if asked := strings.Contains(c.scope, "offline_access"); asked != (got.text("refresh_token") != "") {
			t.Errorf("scope %q: refresh token %q", c.scope, got.text("refresh_token"))
		}
		if got.text("id_token") != "" {
			t.Errorf("scope %q: an id_token without openid", c.scope)
		}
	}
}

func TestErrorsHaveTheShapeOfTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const id = "01234567-89ab-4cde-8f01-23456789abcd"
	got := w.post(contoso, oboForm("nonsense", sites), func(r *http.Request) { r.Header.Set("client-request-id", id) })
	wantRefused(t, got, 400, "invalid_request", 50027, "")
	form := regexp.MustCompile(
		`^AADSTS50027: Invalid JWT token\.[^\r\n]*\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: ` + id +
			`\r\nTimestamp: 2026-03-01 12:00:00Z$`)
	if !form.MatchString(got.text("error_description")) {
		t.Errorf("error_description = %q", got.text("error_description"))
	}
	if got.text("timestamp") != "2026-03-01 12:00:00Z" || got.text("correlation_id") != id ||
		len(got.text("trace_id")) != 36 ||
		got.text("error_uri") != w.base+"/error?code=50027" ||
		got.header.Get("x-ms-request-id") != got.text("trace_id") {
		t.Errorf("body %v", got.body)
	}
	if page := w.get("/error?code=50027"); page.status != http.StatusOK ||
		!strings.Contains(page.text("raw"), "AADSTS50027") {
		t.Errorf("error_uri answers %d %v", page.status, page.body)
	}
}

func TestOnBehalfOfRefusesBadAssertions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Consent(fabrikam, "", appID, "Sites.ReadWrite.All", "openid", "profile", "offline_access")
	msa := "9188040d-6c67-4c5b-b112-36a304b66dad"
	cases := []struct {
		name    string
		request entra.TeamsTokenRequest
		code    int
		word    string
	}{
		{"expired", entra.TeamsTokenRequest{Lifetime: -time.Second}, 500133, "invalid_grant"},
		{"not yet valid", entra.TeamsTokenRequest{Claims: map[string]any{"nbf": w.clock.Now().Add(time.Hour).Unix()}},
			500133, "invalid_grant"},
		{"without exp", entra.TeamsTokenRequest{Claims: map[string]any{"exp": nil}}, 500133, "invalid_grant"},
		{"for another audience", entra.TeamsTokenRequest{Audience: "api://other/app"}, 500131, "invalid_grant"},
		{"for the audience in another case", entra.TeamsTokenRequest{Audience: "API://localhost/" + appID}, 500131,
			"invalid_grant"},
		{"of another issuer", entra.TeamsTokenRequest{Claims: map[string]any{"iss": "https://evil.example/"}}, 50013,
			"invalid_grant"},
		{"of the other version's issuer",
			entra.TeamsTokenRequest{Version: 2, Claims: map[string]any{"iss": w.base + "/" + contoso + "/"}}, 50013,
			"invalid_grant"},
		{"signed by a stranger", entra.TeamsTokenRequest{Signing: entra.SignWrongKey}, 50013, "invalid_grant"},
		{"with an unknown kid", entra.TeamsTokenRequest{Signing: entra.SignUnknownKid}, 50013, "invalid_grant"},
		{"without kid", entra.TeamsTokenRequest{Signing: entra.SignNoKid}, 50013, "invalid_grant"},
		{"with HS256", entra.TeamsTokenRequest{Signing: entra.SignHS256}, 50013, "invalid_grant"},
		{"without signature", entra.TeamsTokenRequest{Signing: entra.SignNone}, 50013, "invalid_grant"},
		{"with its own key", entra.TeamsTokenRequest{Signing: entra.SignEmbedded}, 50013, "invalid_grant"},
		{"with a key elsewhere", entra.TeamsTokenRequest{Signing: entra.SignRemote}, 50013, "invalid_grant"},
		{"tampered with", entra.TeamsTokenRequest{Signing: entra.SignTampered}, 50013, "invalid_grant"},
		{"signed by the key of personal accounts", entra.TeamsTokenRequest{Signing: entra.SignMSA}, 50013,
			"invalid_grant"},
		{"of a personal account",
			entra.TeamsTokenRequest{Signing: entra.SignMSA, Version: 2,
				Claims: map[string]any{"tid": msa, "iss": w.base + "/" + msa + "/v2.0"}}, 50020, "invalid_grant"},
		{"of another tenant", entra.TeamsTokenRequest{Tenant: fabrikam, User: frida}, 50020, "invalid_grant"},
		{"without a scope", entra.TeamsTokenRequest{Claims: map[string]any{"scp": nil}}, 240002, "invalid_grant"},
		{"with another scope", entra.TeamsTokenRequest{Claims: map[string]any{"scp": "something_else"}}, 50013,
			"invalid_grant"},
		{"of an app", entra.TeamsTokenRequest{Claims: map[string]any{"scp": nil, "idtyp": "app"}}, 7000114,
			"unauthorized_client"},
		{"of a user who is gone",
			entra.TeamsTokenRequest{Claims: map[string]any{"oid": "99999999-0000-4000-8000-000000000000"}}, 50034,
			"invalid_grant"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, w.post(contoso, oboForm(w.teams(c.request), sites)), 400, c.word, c.code, "")
		})
	}
}

func TestOnBehalfOfWorksAtTheSharedEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tenant := range []string{"common", "organizations", "contoso.onmicrosoft.com"} {
		wantTokens(t, w.post(tenant, oboForm(w.teams(entra.TeamsTokenRequest{}), sites)))
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.teams(entra.TeamsTokenRequest{})
	without := func(name string) url.Values { f := oboForm(good, sites); f.Del(name); return f }
	with := func(name, value string) url.Values { f := oboForm(good, sites); f.Set(name, value); return f }
	twice := oboForm(good, sites)
	twice.Add("scope", "User.Read")
	cases := []struct {
		name   string
		tenant string
		form   url.Values
		status int
		word   string
		code   int
	}{
		{"no grant type", contoso, without("grant_type"), 400, "invalid_request", 900144},
		{"no client id", contoso, without("client_id"), 400, "invalid_request", 900144},
		{"no assertion", contoso, without("assertion"), 400, "invalid_request", 900144},
		{"no requested_token_use", contoso, without("requested_token_use"), 400, "invalid_request", 900144},
		{"no scope", contoso, without("scope"), 400, "invalid_request", 900144},
		{"no credential", contoso, without("client_secret"), 401, "invalid_client", 7000218},
		{"another token use", contoso, with("requested_token_use", "for_fun"), 400, "invalid_request", 70007},
		{"an unknown grant", contoso, with("grant_type", "password"), 400, "unsupported_grant_type", 70003},
		{"a parameter twice", contoso, twice, 400, "invalid_request", 9000411},
		{"broken claims", contoso, with("claims", "{"), 400, "invalid_request", 9002313},
		{"an unknown scope", contoso, with("scope", "https://graph.microsoft.com/No.Such"), 400, "invalid_scope",
			70011},
		{"a word that is no scope", contoso, with("scope", "foo"), 400, "invalid_scope", 70011},
		{"an empty scope", contoso, with("scope", " "), 400, "invalid_scope", 70011},
		{"default beside others", contoso, with("scope", sites+" https://graph.microsoft.com/.default"), 400,
			"invalid_scope", 70011},
		{"two resources", contoso, with("scope", sites+" "+appURI+"/access_as_user"), 400, "invalid_scope", 28000},
		{"an unknown resource", contoso, with("scope", "https://vault.azure.net/.default"), 400, "invalid_resource",
			500011},
		{"an unknown tenant", "33333333-cccc-4ccc-8ccc-333333333333", oboForm(good, sites), 400, "invalid_request",
			90002},
		{"an unknown domain", "nowhere.onmicrosoft.com", oboForm(good, sites), 400, "invalid_request", 90002},
		{"a tenant that is no name", "nowhere", oboForm(good, sites), 400, "invalid_request", 900023},
		{"an unknown app", contoso, with("client_id", "00000000-1111-4222-8333-444444444444"), 400,
			"unauthorized_client", 700016},
		{"a wrong secret", contoso, with("client_secret", "wrong"), 401, "invalid_client", 7000215},
		{"an expired secret", contoso, with("client_secret", "old"), 401, "invalid_client", 7000222},
		{"two credentials", contoso, with("client_assertion", "x"), 400, "invalid_request", 90023},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, w.post(c.tenant, c.form), c.status, c.word, c.code, "")
		})
	}
	wantRefused(t, w.get("/"+contoso+"/oauth2/v2.0/token?grant_type=x"), 400, "invalid_request", 900561, "")
	asJSON := w.post(contoso, oboForm(good, sites), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
	})
	wantRefused(t, asJSON, 400, "invalid_request", 900144, "")
}

func TestConsentIsKeptForEachTenantUserAppAndScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.RemoveConsent(contoso, "", appID)
	exchange := func(user, scope string) reply {
		return w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{User: user}), scope))
	}
	wantRefused(t, exchange(adele, "User.Read"), 400, "invalid_grant", 65001, "consent_required")
	w.Consent(contoso, adele, appID, "https://graph.microsoft.com/User.Read", "openid", "profile")
	got := exchange(adele, "User.Read")
	wantTokens(t, got)
	if got.text("refresh_token") != "" {
		t.Error("a refresh token without consent for offline_access")
	}
	wantRefused(t, exchange(adele, "User.Read "+sites), 400, "invalid_grant", 65001, "consent_required")
	wantRefused(t, exchange(alex, "User.Read"), 400, "invalid_grant", 65001, "consent_required")
	w.Consent(contoso, "", appID, "Sites.ReadWrite.All", "offline_access")
	wantTokens(t, exchange(alex, sites))
	w.RemoveConsent(contoso, "", appID, "Sites.ReadWrite.All")
	wantRefused(t, exchange(alex, sites), 400, "invalid_grant", 65001, "consent_required")
	w.Uninstall(contoso, appID)
	wantRefused(t, exchange(adele, "User.Read"), 400, "unauthorized_client", 700016, "")
	fabrikams := w.post(fabrikam, oboForm(w.teams(entra.TeamsTokenRequest{Tenant: fabrikam, User: frida}), "User.Read"))
	wantRefused(t, fabrikams, 400, "invalid_grant", 65001, "consent_required")
}

func TestOtherApplicationsAndResourcesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const otherID = "0a0a0a0a-0000-4000-8000-000000000001"
	other := entra.App{
		ID:      otherID,
		Name:    "Other",
		Home:    contoso,
		URIs:    []string{"api://other"},
		Secrets: []entra.Secret{{Value: secret}},
	}
	w.put(other)
	good := w.teams(entra.TeamsTokenRequest{App: appID})
	wantRefused(t, w.post(contoso, oboForm(good, "api://other/.default")), 400, "invalid_resource", 650057, "")
	wantRefused(t, w.post(contoso, oboForm(good, sites, "client_id", otherID)), 400, "invalid_grant", 500131, "")
	w.app.Disabled = true
	w.put(w.app)
	wantRefused(t, w.post(contoso, oboForm(good, sites)), 400, "unauthorized_client", 7000112, "")
	w.app.Disabled, w.app.SingleTenant, w.app.Home = false, true, fabrikam
	w.put(w.app)
	wantRefused(t, w.post(contoso, oboForm(good, sites)), 400, "unauthorized_client", 700016, "")
	w.app.SingleTenant, w.app.Public = false, true
	w.put(w.app)
	wantRefused(t, w.post(contoso, oboForm(good, sites)), 401, "invalid_client", 700025, "")
}

func TestPoliciesDemandInteractionWithAClaimsChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.obo().text("refresh_token")
	cases := []struct {
		code           int
		word, suberror string
		mendable       bool
	}{
		{50072, "interaction_required", "basic_action", true},
		{50076, "interaction_required", "basic_action", true},
		{50079, "interaction_required", "basic_action", true},
		{50158, "interaction_required", "basic_action", true},
		{53000, "interaction_required", "message_only", false},
		{53001, "interaction_required", "message_only", false},
		{53002, "interaction_required", "message_only", false},
		{53003, "invalid_grant", "message_only", false},
		{53004, "invalid_grant", "message_only", false},
		{530035, "invalid_grant", "message_only", false},
	}
	for _, c := range cases {
		w.SetPolicy(entra.Policy{Tenant: contoso, Code: c.code})
		got := w.obo()
		wantRefused(t, got, 400, c.word, c.code, c.suberror)
		if !strings.HasPrefix(got.text("claims"), `{"access_token":{"`) {
			t.Errorf("%d: claims = %q", c.code, got.text("claims"))
		}
		refreshed := w.post(contoso, refreshForm(held))
		wantRefused(t, refreshed, 400, "invalid_grant", c.code, c.suberror)
		if refreshed.text("claims") == "" {
			t.Errorf("%d: no claims for the refresh token", c.code)
		}
		strong := w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{Strong: true}), sites))
		if c.mendable != (strong.status == http.StatusOK) {
			t.Errorf("%d: after a strong sign-in %d %v", c.code, strong.status, strong.body)
		}
	}
	w.SetPolicy(entra.Policy{
		Tenant: contoso,
		User:   alex,
		Code:   50076,
		Claims: `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`,
	})
	w.SetPolicy(entra.Policy{Tenant: contoso})
	wantTokens(t, w.obo())
	got := w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{User: alex}), sites))
	if got.text("claims") != `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}` {
		t.Errorf("claims = %q", got.text("claims"))
	}
	w.ClearPolicies(contoso)
	wantTokens(t, w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{User: alex}), sites)))
}
