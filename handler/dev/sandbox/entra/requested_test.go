package entra_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryScopeThatIsAskedForIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	consentPath := "/" + contoso + "/v2.0/adminconsent"
	signInPath := "/" + contoso + "/oauth2/v2.0/authorize"
	adminQuery := func(scope string) string {
		return form("client_id", appID, "redirect_uri", redirect, "scope", scope).Encode()
	}
	twice := codeForm("nonsense", "scope", "twice.first")
	twice.Add("scope", "twice.second")
	cases := []struct {
		name string
		ask  func()
		want string
	}{
		{"on behalf of, in its spelling", func() {
			w.obo("scope", "user.READ  https://graph.microsoft.com/User.Read")
		}, "https://graph.microsoft.com/User.Read user.READ"},
		{"the same again", func() { w.obo("scope", "user.READ") }, ""},
		{"refresh, refused", func() {
			w.post(contoso, refreshForm("nonsense", "scope", "refresh.scope openid"))
		}, "openid refresh.scope"},
		{"code", func() { w.post(contoso, codeForm("nonsense", "scope", "code.scope")) }, "code.scope"},
		{"client credentials", func() {
			w.post(
				contoso, form("grant_type", "client_credentials", "client_id", appID, "client_secret", secret, "scope",
					"https://graph.microsoft.com/.default"))
		}, "https://graph.microsoft.com/.default"},
		{"an unknown grant", func() {
			w.post(contoso, form("grant_type", "password", "scope", "password.scope"))
		}, "password.scope"},
		{"an unknown tenant", func() {
			w.post("nowhere", oboForm("x", "", "scope", "nowhere.scope"))
		}, "nowhere.scope"},
		{"scope twice", func() { w.post(contoso, twice) }, "twice.first twice.second"},
		{"authorize", func() { w.authorize(contoso, signInQuery("scope", "authorize.scope")) }, "authorize.scope"},
		{"authorize, by an unknown app", func() {
			w.authorize(contoso, signInQuery("client_id", otherAppID, "scope", "unknown.app"))
		}, "unknown.app"},
		{"authorize, by the buttons", func() {
			w.press(signInPath, signInQuery("scope", "pressed.scope"), form("user", adele, "decision", "cancel"))
		}, "pressed.scope"},
		{"adminconsent", func() { w.get(consentPath + "?" + adminQuery("admin.scope")) }, "admin.scope"},
		{"adminconsent without scopes", func() {
			w.get(consentPath + "?client_id=" + appID + "&redirect_uri=" + redirect)
		}, ""},
		{"not at the token endpoint's query", func() {
			w.get("/" + contoso + "/oauth2/v2.0/token?scope=query.scope")
		}, ""},
	}
	if got := w.Requested(); len(got) != 0 {
		t.Errorf("at the start: %q", got)
	}
	for _, c := range cases {
		before := map[string]bool{}
		for _, scope := range w.Requested() {
			before[scope] = true
		}
		c.ask()
		var fresh []string
		for _, scope := range w.Requested() {
			if !before[scope] {
				fresh = append(fresh, scope)
			}
		}
		if got := strings.Join(fresh, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRequestedScopesAreListedAndBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.must(http.StatusOK, http.MethodGet, "/entra/requested", ""); !cmp.Equal(got,
		map[string]any{"scopes": []any{}}) {
		t.Errorf("at the start: %v", got)
	}
	w.obo("scope", "b a")
	if diff := cmp.Diff(map[string]any{"scopes": []any{"a", "b"}},
		w.must(http.StatusOK, http.MethodGet, "/entra/requested", "")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var many strings.Builder
	for i := range 1100 {
		_, _ = fmt.Fprintf(&many, "scope%d ", i)
	}
	w.obo("scope", many.String())
	w.obo("scope", "late")
	if got := w.Requested(); len(got) != 1000 || got[0] != "a" {
		t.Errorf("%d scopes are kept, the first is %q", len(got), got[0])
	}
}
