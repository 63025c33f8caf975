package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/bulk"
	"imagepro/handler/erasure"
	"imagepro/handler/fault"
	"imagepro/handler/org"
	"imagepro/handler/recipe"
)

func TestMeTellsThatTheOrganizationCameBackLately(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ago  time.Duration
		told bool
	}{{0, true}, {7*24*time.Hour - 1, true}, {7 * 24 * time.Hour, false}} {
		w := newWorld()
		w.organization = org.Organization{
			Tenant:     "tenant-a",
			State:      org.Active,
			FirstSeen:  now,
			LastActive: now,
			ReturnedAt: now.Add(-c.ago),
			WasDueAt:   now.AddDate(0, 0, 3),
		}
		a := w.call(t, me)
		organization := a.body["organization"].(map[string]any)
		returned, told := organization["returned"].(map[string]any)
		if told != c.told || told && (returned["erasureWasDueAt"] != "2026-03-04T12:00:00Z" || returned["at"] == nil) {
			t.Errorf("%v after the return: %v, want it told: %v", c.ago, organization, c.told)
		}
	}
}

func TestEveryUseIsNotedAndAReceiptIsNone(t *testing.T) {
	t.Parallel()
	uses := []request{me, submit(goodEdit), get("/api/tabs"), get("/api/presets"), get("/api/bulk-edits/x"),
		post("/api/token", "{}")}
	for _, r := range uses {
		w := newWorld()
		w.call(t, r)
		if w.entered != 1 {
			t.Errorf("%s %s: the use was noted %d times, want once", r.method, r.path, w.entered)
		}
	}
	for _, r := range []request{get("/api/erasures/x"), {method: http.MethodDelete, path: "/api/me"},
		get("/api/health"), get("/api/privacy"), {method: http.MethodGet, path: "/api/me", token: "Bearer stranger"}} {
		w := newWorld()
		w.call(t, r)
		if w.entered != 0 {
			t.Errorf("%s %s is taken for a use of the organization", r.method, r.path)
		}
	}
}

func get(path string) request { return request{method: http.MethodGet, path: path} }

func post(path, body string) request {
	return request{
		method: http.MethodPost,
		path:   path,
		body:   body,
		header: map[string]string{"Content-Type": "application/json"},
	}
}

func TestNothingIsServedWhileTheOrganizationIsErased(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.organization = org.Organization{Tenant: "tenant-a", State: org.Erasing, Erasure: "e"}
	for _, r := range []request{me, submit(goodEdit), get("/api/tabs"), get("/api/presets/x"), post("/api/token", "{}"),
		get("/api/bulk-edits/x/items")} {
		a := w.call(t, r)
		if kind, _ := a.problem(); a.status != 503 || kind != "busy" || a.header.Get("Retry-After") != "300" {
			t.Errorf("%s %s: %d %s", r.method, r.path, a.status, a.text)
		}
	}
	w.erasures["e"] = org.Erasure{ID: "e", Subject: org.OfOrganization, Begun: now}
	a := w.call(t, request{method: http.MethodDelete, path: "/api/organization", token: "Bearer bela"})
	if a.status != 202 || a.body["state"] != "erasing" {
		t.Errorf("a repeated erasure: %d %s", a.status, a.text)
	}
}

func TestATokenIsGivenWithItsScopes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var claims string
	w.graphToken = func(_ []string, c string) (org.GraphToken, error) {
		claims = c
		return org.GraphToken{Text: secretToken, Expires: now.Add(time.Hour)}, nil
	}
	a := w.call(t, post("/api/token", `{"scopes":["User.Read","openid"],"claims":"{\"access_token\":{}}"}`))
	want := map[string]any{
		"accessToken": "graph-token",
		"tokenType":   "Bearer",
		"expiresAt":   "2026-03-01T13:00:00Z",
		"scopes":      []any{"User.Read"},
	}
	if diff := cmp.Diff(want, a.body); a.status != 200 || diff != "" || claims != `{"access_token":{}}` {
		t.Errorf("%d, claims %q (-want +got):\n%s", a.status, claims, diff)
	}
	if strings.Contains(a.log, "graph-token") {
		t.Error("the log shows the token")
	}
	for sent, want := range map[string]string{
		`{"id_token":{"x":null}}`: `{"id_token":{"x":null}}`,
		`{"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["CP1"]}},` +
			`"userinfo":{}}`: `{"access_token":{"nbf":{"value":"1"}},"userinfo":{}}`,
	} {
		text, _ := json.Marshal(sent)
		if a := w.call(t, post("/api/token", `{"claims":`+string(text)+`}`)); a.status != 200 || claims != want {
			t.Errorf("claims %s: %d, Entra gets %s, want %s", sent, a.status, claims, want)
		}
	}
	for body, field := range map[string]string{
		`{"scopes":["Mail.Read"]}`:                                  "/scopes/0",
		`{"scopes":["openid"]}`:                                     "/scopes",
		`{"claims":"no JSON"}`:                                      "/claims",
		`{"claims":"[]"}`:                                           "/claims",
		`{"claims":"null"}`:                                         "/claims",
		`{"claims":"{\"access_token\":[]}"}`:                        "/claims",
		`{"claims":"{\"access_token\":null}"}`:                      "/claims",
		`{"scope":"User.Read"}`:                                     "/scope",
		`{"Scopes":["User.Read"]}`:                                  "/Scopes",
		`{"scopes":["User.Read"],"SCOPES":["Sites.ReadWrite.All"]}`: "/SCOPES",
	} {
		a := w.call(t, post("/api/token", body))
		if kind, at := a.problem(); a.status != 422 || kind != "invalid" || at != field {
			t.Errorf("%s: %d %s, want invalid at %s", body, a.status, a.text, field)
		}
	}
}

func TestAMissingConsentSaysWhereToGiveIt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	f := fault.New(fault.Consent, "Consent.", nil)
	f.Consent = &fault.ConsentNeed{Scopes: []string{"s"}, AuthorizeURL: "https://a", AdminURL: "https://b"}
	w.graphToken = func([]string, string) (org.GraphToken, error) { return org.GraphToken{}, f }
	a := w.call(t, post("/api/token", "{}"))
	want := map[string]any{"scopes": []any{"s"}, "authorizeUrl": "https://a", "adminUrl": "https://b"}
	if diff := cmp.Diff(want, a.body["consent"]); a.status != 403 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
}

func TestAnErasureHasAReceiptForWhoAskedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(t, request{method: http.MethodDelete, path: "/api/me"})
	location := a.header.Get("Location")
	if a.status != 202 || a.body["state"] != "erasing" || a.body["subject"] != "user" ||
		location != "/api/erasures/"+a.body["id"].(string) {
		t.Fatalf("%d, Location %q: %s", a.status, location, a.text)
	}
	if want := []string{`erasures {"erasure":"id1"}`}; !slices.Equal(w.sent, want) {
		t.Errorf("sent %q, want %q", w.sent, want)
	}
	e := w.erasures["id1"]
	e.Scope, e.Done, e.Counts = erasure.Scope{}, now.Add(time.Hour), map[erasure.Kind]int{erasure.Images: 7}
	w.erasures["id1"] = e
	receipt := w.call(t, get(location))
	want := map[string]any{
		"id": a.body["id"], "subject": "user", "state": "done", "begunAt": "2026-03-01T12:00:00Z",
		"doneAt": "2026-03-01T13:00:00Z",
		"counts": map[string]any{"images": 7.0},
	}
	if diff := cmp.Diff(want, receipt.body); receipt.status != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", receipt.status, diff)
	}
	var answers []string
	for _, r := range []request{
		{method: http.MethodGet, path: location, token: "Bearer bela"},
		{method: http.MethodGet, path: location, token: "Bearer chris"},
		get("/api/erasures/id1"), get(location + "x"),
	} {
		a := w.call(t, r)
		a.body["invocation"] = ""
		answers = append(answers, http.StatusText(a.status)+" "+strings.Join(slices.Sorted(maps.Keys(a.body)), ","),
			a.body["detail"].(string))
	}
	for i := 2; i < len(answers); i++ {
		if answers[i] != answers[i%2] || !strings.HasPrefix(answers[0], "Not Found") {
			t.Errorf("the refusals differ: %q", answers)
		}
	}
}

func TestOnlyAnAdministratorErasesTheOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.call(t, request{method: http.MethodDelete, path: "/api/organization"})
	if kind, _ := a.problem(); a.status != 403 || kind != "forbidden" || len(w.erasures) != 0 {
		t.Errorf("a member: %d %s", a.status, a.text)
	}
	a = w.call(t, request{method: http.MethodDelete, path: "/api/organization", token: "Bearer bela"})
	if a.status != 202 || a.body["subject"] != "organization" || a.header.Get("Location") == "" {
		t.Errorf("an administrator: %d %s", a.status, a.text)
	}
}

func TestAVisitGoesOnWithWhatWaitedForTheUser(t *testing.T) {
	t.Parallel()
	for _, r := range []request{me, submit(goodEdit)} {
		w := newWorld()
		for id, state := range map[string]bulk.JobState{"parked": bulk.Parked, "running": bulk.Running,
			"done": bulk.Done} {
			ref := bulk.Ref{Tenant: "tenant-a", Job: id}
			w.jobs[ref] = bulk.Job{Ref: ref, User: "anna", State: state}
		}
		other := bulk.Ref{Tenant: "tenant-a", Job: "belas"}
		w.jobs[other] = bulk.Job{Ref: other, User: "bela", State: bulk.Parked}
		w.call(t, r)
		if len(w.sent) == 0 || w.sent[0] != `bulk-plan {"tenant":"tenant-a","job":"parked","resume":true}` ||
			strings.Contains(strings.Join(w.sent[1:], ""), "resume") {
			t.Errorf("%s: sent %q, want the parked job alone resumed", r.path, w.sent)
		}
	}
}

func TestTheSchemaOfRecipesIsForEverybodyToRead(t *testing.T) {
	t.Parallel()
	a := newWorld().serve(t.Context(), request{method: http.MethodGet, path: "/api/recipes/schema", token: "-"},
		"schema")
	if a.status != 200 || a.header.Get("Content-Type") != "application/schema+json" ||
		a.header.Get("Cache-Control") != "public, max-age=3600" || a.text != string(recipe.Schema()) {
		t.Errorf("%d %v %.300s", a.status, a.header, a.text)
	}
}

func TestTheLettersAreForEverybodyToRead(t *testing.T) {
	t.Parallel()
	a := newWorld().serve(t.Context(), request{method: http.MethodGet, path: "/api/recipes/letters", token: "-"},
		"letters")
	var body struct{ Letters [][2]int }
	err := json.Unmarshal([]byte(a.text), &body)
	if err != nil || a.status != 200 || a.header.Get("Cache-Control") != "public, max-age=3600" ||
		len(body.Letters) < 50 || body.Letters[0] != [2]int{0, 383} {
		t.Errorf("%d %v %.300s", a.status, a.header, a.text)
	}
}

func TestPrivacyIsForEverybodyToRead(t *testing.T) {
	t.Parallel()
	a := newWorld().call(t, request{method: http.MethodGet, path: "/api/privacy", token: "-"})
	kept, _ := a.body["kept"].([]any)
	never, _ := a.body["never"].([]any)
	if a.status != 200 || len(kept) < 10 || len(never) < 3 || !strings.Contains(a.text, "ImageProSessions") {
		t.Errorf("%d %.300s", a.status, a.text)
	}
}
