package entra_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"imagepro/handler/dev/sandbox/entra"
)

// steer sends JSON to the management routes.
func (w *world) steer(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.Manage().ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	raw, _ := io.ReadAll(recorder.Body)
	var answer map[string]any
	if len(raw) > 0 && json.Unmarshal(raw, &answer) != nil {
		answer = map[string]any{"raw": string(raw)}
	}
	return recorder.Code, answer
}

// must is steer that has to be answered with a status.
func (w *world) must(status int, method, path, body string) map[string]any {
	w.t.Helper()
	got, answer := w.steer(method, path, body)
	if got != status {
		w.t.Fatalf("%s %s %s: %d %v, want %d", method, path, body, got, answer, status)
	}
	return answer
}

func TestManagementGivesTeamsTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/_sandbox/teams-token", "/entra/teams-token"} {
		answer := w.must(http.StatusOK, http.MethodPost, path,
			`{"tenant":"contoso","user":"adele@contoso.example","version":2,"lifetime":"-1m","host":"h",`+
				`"claims":{"scp":"x"},"header":{"a":1},"signing":"standby"}`)
		if got := claims(t, answer["token"].(string)); got["azp"] != "h" || got["scp"] != "x" ||
			got["exp"].(float64) != float64(w.clock.Now().Unix()-60) {
			t.Errorf("%s gives %v", path, got)
		}
	}
}

func TestManagementSteersUsersAndConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const who = `{"tenant":"contoso","user":"adele@contoso.example"}`
	w.must(http.StatusNoContent, http.MethodDelete, "/entra/consent",
		`{"tenant":"contoso","app":"`+appID+`","scopes":["Sites.ReadWrite.All"]}`)
	wantRefused(t, w.obo(), 400, "invalid_grant", 65001, "consent_required")
	w.must(http.StatusNoContent, http.MethodPut, "/entra/consent",
		`{"tenant":"contoso","user":"adele@contoso.example","app":"`+appID+`","scopes":["Sites.ReadWrite.All"]}`)
	got := w.obo("claims", cp1)
	wantTokens(t, got)
	w.must(http.StatusNoContent, http.MethodPost, "/entra/challenge", who)
	if _, err := w.Check(t.Context(), got.text("access_token")); challenged(err) == "" {
		t.Errorf("after a challenge: %v", err)
	}
	w.must(http.StatusNoContent, http.MethodPost, "/entra/expire", who)
	wantRefused(t, w.post(contoso, refreshForm(got.text("refresh_token"))), 400, "invalid_grant", 700082,
		"token_expired")
	held := w.obo().text("refresh_token")
	w.must(http.StatusNoContent, http.MethodPost, "/entra/revoke", who)
	wantRefused(t, w.post(contoso, refreshForm(held)), 400, "invalid_grant", 50173, "bad_token")
	w.must(http.StatusNoContent, http.MethodPost, "/entra/disable", who)
	w.must(http.StatusBadRequest, http.MethodPost, "/_sandbox/teams-token", who)
	w.must(http.StatusNoContent, http.MethodPost, "/entra/disable",
		`{"tenant":"contoso","user":"adele@contoso.example","disabled":false}`)
	w.must(http.StatusNoContent, http.MethodPost, "/entra/uninstall", `{"tenant":"contoso","app":"`+appID+`"}`)
	wantRefused(t, w.obo(), 400, "unauthorized_client", 700016, "")
}

func TestManagementSteersTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kid := w.must(http.StatusOK, http.MethodPost, "/entra/rotate", `{"withdraw":true}`)["kid"]
	if header := segmentOf(t, w.teams(entra.TeamsTokenRequest{}), 0); header["kid"] != kid {
		t.Errorf("signs with %v, want %v", header["kid"], kid)
	}
	w.must(http.StatusNoContent, http.MethodPut, "/entra/clock", `{"skew":"1h"}`)
	if clock := w.must(http.StatusOK, http.MethodGet, "/entra/clock", ""); clock["now"] != "2026-03-01T13:00:00Z" ||
		clock["skew"] != "1h0m0s" {
		t.Errorf("the clock says %v", clock)
	}
	w.must(http.StatusNoContent, http.MethodPut, "/entra/policy",
		`{"tenant":"contoso","user":"alex@contoso.example","code":50076,"claims":"{}","signInFrequency":"1h",`+
			`"noUserConsent":true}`)
	wantRefused(t, w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{User: alex}), sites)), 400,
		"interaction_required", 50076, "basic_action")
	w.must(http.StatusNoContent, http.MethodDelete, "/entra/policy", `{"tenant":"contoso"}`)
	wantTokens(t, w.post(contoso, oboForm(w.teams(entra.TeamsTokenRequest{User: alex}), sites)))
	w.must(http.StatusNoContent, http.MethodPost, "/entra/errors",
		`{"code":90033,"retryAfter":"2s","times":3,"status":503,"error":"temporarily_unavailable","grant":"`+bearer+
			`","tenant":"`+contoso+`"}`)
	if got := w.obo(); got.status != 503 || got.header.Get("Retry-After") != "2" {
		t.Errorf("answered %d %v", got.status, got.header)
	}
	if answer := w.must(http.StatusOK, http.MethodDelete, "/entra/errors", ""); answer["left"] != 2.0 {
		t.Errorf("left: %v", answer)
	}
}

func TestManagementRegistersApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certify(t).Raw})
	body, err := json.Marshal(map[string]any{
		"id": otherAppID, "name": "Other", "home": contoso, "uris": []string{"api://other"},
		"redirectUris": []string{redirect}, "scopes": []string{"User.Read"},
		"secrets":      []map[string]any{{"value": "hidden", "expires": "2030-01-01T00:00:00Z"}},
		"certificates": []string{string(certificate)}, "tokenVersion": 2, "roles": []string{"Sites.Selected"},
		"exposed": []string{"read"}, "groupMembershipClaims": "All",
		"federated": []map[string]any{{"issuer": "https://idp.example", "subject": "s"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.must(http.StatusNoContent, http.MethodPut, "/entra/apps", string(body))
	app, ok := w.App(otherAppID)
	if !ok || len(app.Certificates) != 1 || len(app.Federated) != 1 || app.Secrets[0].Value != "hidden" ||
		app.TokenVersion != 2 || app.GroupClaims != "All" {
		t.Errorf("registered %+v", app)
	}
	list := w.must(http.StatusOK, http.MethodGet, "/entra/apps", "")["raw"].(string)
	if !strings.Contains(list, otherAppID) || !strings.Contains(list, `"groupMembershipClaims":"All"`) ||
		bytes.Contains([]byte(list), []byte("hidden")) {
		t.Errorf("the list is %s", list)
	}
}

func TestManagementRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, "/entra/revoke", `{"tenant":"contoso"}`},
		{http.MethodPost, "/entra/revoke", `{"tenant":"contoso","user":"nobody"}`},
		{http.MethodPost, "/entra/revoke", `{"tenant":"nowhere","user":"x"}`},
		{http.MethodPost, "/entra/revoke", `{"tenant":"contoso","user":"x","colour":"blue"}`},
		{http.MethodPost, "/entra/revoke", `[`},
		{http.MethodPut, "/entra/consent", `{"tenant":"contoso","app":"x"}`},
		{http.MethodDelete, "/entra/consent", `{"tenant":"nowhere","app":"` + appID + `"}`},
		{http.MethodPost, "/entra/uninstall", `{"tenant":"contoso","app":"x"}`},
		{http.MethodPut, "/entra/apps", `{"id":"x"}`},
		{http.MethodPut, "/entra/apps", `{"id":"` + otherAppID + `","certificates":["x"]}`},
		{http.MethodPut, "/entra/apps", `{"id":"` + otherAppID + `","groupMembershipClaims":"directoryRole"}`},
		{http.MethodPut, "/entra/apps", `{"id":"` + otherAppID + `","federated":[{"keys":{"k":"x"}}]}`},
		{http.MethodPut, "/entra/clock", `{"skew":"late"}`},
		{http.MethodPost, "/entra/errors", `{"status":200}`},
		{http.MethodPost, "/entra/disable", `{"tenant":"contoso","user":"nobody"}`},
		{http.MethodDelete, "/entra/policy", `{"tenant":"nowhere"}`},
		{http.MethodPost, "/_sandbox/teams-token", `{"tenant":"contoso","user":"nobody"}`},
	} {
		if answer := w.must(http.StatusBadRequest, c.method, c.path, c.body); answer["error"] == nil {
			t.Errorf("%s %s %s: %v, want a reason", c.method, c.path, c.body, answer)
		}
	}
}
