package entra_test

import (
	"net/http"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/entra"
)

const otherAppID = "0a0a0a0a-0000-4000-8000-000000000001"

func TestRefreshTokensRotateAndTheOldOnesStayValid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.obo().text("refresh_token")
	w.clock.advance(89 * 24 * time.Hour)
	got := w.post(contoso, refreshForm(first))
	wantTokens(t, got)
	second := got.text("refresh_token")
	if second == "" || second == first {
		t.Errorf("the refresh token was not rotated: %q", second)
	}
	if want := sites + " openid profile"; got.text("scope") != want {
		t.Errorf("scope = %q, want %q", got.text("scope"), want)
	}
	wantTokens(t, w.post(contoso, refreshForm(first)))
	w.clock.advance(2 * 24 * time.Hour)
	wantRefused(t, w.post(contoso, refreshForm(first)), 400, "invalid_grant", 700082, "token_expired")
	wantTokens(t, w.post(contoso, refreshForm(second)))
}

func TestRefreshTokensAreNotBoundToAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.obo().text("refresh_token")
	values := refreshForm(held)
	values.Set("scope", "User.Read")
	got := w.post("organizations", values)
	wantTokens(t, got)
	if got.text("refresh_token") != "" || got.text("scope") != "User.Read" {
		t.Errorf("without offline_access: %v", got.body)
	}
	values.Del("scope")
	if got = w.post(contoso, values); got.text("scope") != sites+" openid profile" || got.text("refresh_token") == "" {
		t.Errorf("without scope, the first ones count: %v", got.body)
	}
	values.Set("scope", "Mail.Read")
	wantRefused(t, w.post(contoso, values), 400, "invalid_grant", 65001, "consent_required")
}

func TestRefreshTokensAreBoundToClientAndTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.obo().text("refresh_token")
	w.put(entra.App{ID: otherAppID, Name: "Other", Home: contoso, Secrets: []entra.Secret{{Value: secret}}})
	wantRefused(t, w.post(contoso, refreshForm(held, "client_id", otherAppID)), 400, "invalid_grant", 70000,
		"bad_token")
	wantRefused(t, w.post(contoso, refreshForm("1.nonsense")), 400, "invalid_grant", 70000, "bad_token")
	wantRefused(t, w.post(fabrikam, refreshForm(held)), 400, "invalid_grant", 50020, "")
	wantRefused(t, w.post(contoso, refreshForm("")), 400, "invalid_request", 900144, "")
	wantRefused(t, w.post(contoso, refreshForm(held, "client_secret", "wrong")), 401, "invalid_client", 7000215, "")
}

func TestRefreshTokensDieForTheReasonsOfTheService(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		happens  func(*world)
		word     string
		code     int
		suberror string
	}{
		{"sessions are revoked", func(w *world) { w.Revoke(contoso, adele) }, "invalid_grant", 50173, "bad_token"},
		{"the user is disabled", func(w *world) { _ = w.Disable(contoso, adele, true) }, "invalid_grant", 50057, ""},
		{"the user was disabled for a while", func(w *world) {
			_ = w.Disable(contoso, adele, true)
			_ = w.Disable(contoso, adele, false)
		}, "invalid_grant", 50173, "bad_token"},
		{"it runs out", func(w *world) { w.Expire(contoso, adele) }, "invalid_grant", 700082, "token_expired"},
		{"consent is removed", func(w *world) {
			w.RemoveConsent(contoso, "", appID)
		}, "invalid_grant", 65001, "consent_required"},
		{"the app is removed", func(w *world) { w.Uninstall(contoso, appID) }, "unauthorized_client", 700016, ""},
		{"the app is disabled", func(w *world) {
			w.app.Disabled = true
			w.put(w.app)
		}, "unauthorized_client", 7000112, ""},
		{"sign-ins must be fresh", func(w *world) {
			w.SetPolicy(entra.Policy{Tenant: contoso, SignInFrequency: time.Hour})
			w.clock.advance(2 * time.Hour)
		}, "invalid_grant", 70043, "token_expired"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			held := w.obo().text("refresh_token")
			others := w.post(contoso,
				oboForm(w.teams(entra.TeamsTokenRequest{User: alex}), sites)).text("refresh_token")
			c.happens(w)
			wantRefused(t, w.post(contoso, refreshForm(held)), 400, c.word, c.code, c.suberror)
			if c.code == 50173 || c.code == 50057 || c.code == 700082 {
				wantTokens(t, w.post(contoso, refreshForm(others)))
			}
		})
	}
}

func TestRevocationAlsoEndsAssertionsIssuedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.teams(entra.TeamsTokenRequest{})
	w.Revoke(contoso, adele)
	wantRefused(t, w.post(contoso, oboForm(before, sites)), 400, "invalid_grant", 50173, "bad_token")
	wantTokens(t, w.obo())
	if err := w.Disable(contoso, adele, true); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, w.post(contoso, oboForm(before, sites)), 400, "invalid_grant", 50057, "")
	if _, err := w.TeamsToken(entra.TeamsTokenRequest{Tenant: contoso, User: adele, App: appID}); err == nil {
		t.Error("Teams gives a disabled user a token")
	}
	if err := w.Disable(contoso, "nobody", true); err == nil {
		t.Error("an unknown user can be disabled")
	}
}

func TestClockAndSkewMoveTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.teams(entra.TeamsTokenRequest{Lifetime: time.Hour})
	w.SetSkew(59 * time.Minute)
	got := w.post(contoso, oboForm(token, sites))
	wantTokens(t, got)
	if date, err := http.ParseTime(got.header.Get("Date")); err != nil ||
		!date.Equal(w.clock.Now().Add(59*time.Minute)) {
		t.Errorf("Date = %v, %v", date, err)
	}
	w.clock.advance(2 * time.Minute)
	wantRefused(t, w.post(contoso, oboForm(token, sites)), 400, "invalid_grant", 500133, "")
	w.SetSkew(-time.Minute)
	wantTokens(t, w.post(contoso, oboForm(token, sites)))
}

func TestForcedErrorsComeAsOftenAsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Force(entra.Forced{Code: 90055, RetryAfter: 1500 * time.Millisecond, Times: 2})
	w.Force(entra.Forced{Code: 700082, Grant: "refresh_token"})
	w.Force(entra.Forced{Status: 502, Tenant: fabrikam})
	for range 2 {
		got := w.obo()
		wantRefused(t, got, 429, "temporarily_unavailable", 90055, "")
		if got.header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After = %q, want whole seconds", got.header.Get("Retry-After"))
		}
	}
	got := w.obo()
	wantTokens(t, got)
	wantRefused(t, w.post(contoso, refreshForm(got.text("refresh_token"))), 400, "invalid_grant", 700082,
		"token_expired")
	wantTokens(t, w.post(contoso, refreshForm(got.text("refresh_token"))))
	page := w.post(fabrikam, oboForm("x", sites))
	if page.status != 502 || page.header.Get("Content-Type") != "text/html" {
		t.Errorf("code 0 answers %d %v", page.status, page.header)
	}
	w.Force(entra.Forced{Code: 1234, Status: 403, Word: "access_denied", Suberror: "odd", Claims: "{}", Times: 5})
	got = w.obo()
	wantRefused(t, got, 403, "access_denied", 1234, "odd")
	if got.text("claims") != "{}" {
		t.Errorf("claims = %q", got.text("claims"))
	}
	if left := w.ClearForced(); left != 4 {
		t.Errorf("%d errors were left, want 4", left)
	}
	wantTokens(t, w.obo())
}

func TestEveryErrorAClientHasToHandleCanBeForced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct {
		codes    []int
		status   int
		word     string
		suberror string
	}{
		{[]int{65001, 65004, 90094, 650052, 650056}, 400, "invalid_grant", "consent_required"},
		{[]int{650057, 500011}, 400, "invalid_resource", ""},
		{[]int{50072, 50076, 50079, 50158}, 400, "interaction_required", "basic_action"},
		{[]int{53000, 53001, 53002}, 400, "interaction_required", "message_only"},
		{[]int{53003, 53004, 530035}, 400, "invalid_grant", "message_only"},
		{[]int{500133, 500131, 50013, 50057, 50196}, 400, "invalid_grant", ""},
		{[]int{700082, 70008, 70043}, 400, "invalid_grant", "token_expired"},
		{[]int{50173, 70000}, 400, "invalid_grant", "bad_token"},
		{[]int{700016, 7000112, 70001, 7000229}, 400, "unauthorized_client", ""},
		{[]int{90002, 900023, 900144}, 400, "invalid_request", ""},
		{[]int{7000215, 7000222, 700027, 700025, 70002, 7000218}, 401, "invalid_client", ""},
		{[]int{70003}, 400, "unsupported_grant_type", ""},
		{[]int{70011}, 400, "invalid_scope", ""},
		{[]int{90055}, 429, "temporarily_unavailable", ""},
		{[]int{90033, 90006}, 503, "temporarily_unavailable", ""},
	}
	for _, c := range cases {
		for _, code := range c.codes {
			w.Force(entra.Forced{Code: code})
			wantRefused(t, w.obo(), c.status, c.word, code, c.suberror)
		}
	}
	wantTokens(t, w.obo())
}
