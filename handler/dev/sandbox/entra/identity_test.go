package entra_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"imagepro/handler/dev/sandbox/entra"
)

const (
	exchangeAudience = "api://AzureADTokenExchange"
	systemID         = "50000000-0000-4000-8000-000000000001"
	systemObject     = "50000000-0000-4000-8000-00000000000a"
	assignedID       = "50000000-0000-4000-8000-000000000002"
	assignedObject   = "50000000-0000-4000-8000-00000000000b"
)

// putIdentities assigns one identity of each kind.
func (w *world) putIdentities() {
	w.PutIdentity(entra.Identity{Tenant: contoso, ClientID: systemID, ObjectID: systemObject, System: true})
	w.PutIdentity(entra.Identity{Tenant: contoso, ClientID: assignedID, ObjectID: assignedObject})
}

// identityQuery is what MSAL for Go asks the identity endpoint; more with an empty value takes away.
func identityQuery(more ...string) url.Values {
	values := form("api-version", "2019-08-01", "resource", exchangeAudience)
	for name, value := range form(more...) {
		values[name] = value
		if value[0] == "" {
			values.Del(name)
		}
	}
	return values
}

// askIdentity sends a request to the identity endpoint; without a header if it is empty.
func (w *world) askIdentity(header, query string) reply {
	w.t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/msi/token?"+query, nil)
	if header != "" {
		req.Header.Set("X-IDENTITY-HEADER", header)
	}
	recorder := httptest.NewRecorder()
	w.ManagedIdentity().ServeHTTP(recorder, req)
	r := reply{status: recorder.Code, header: recorder.Header()}
	if err := json.Unmarshal(recorder.Body.Bytes(), &r.body); err != nil {
		w.t.Fatalf("%s: %v", recorder.Body, err)
	}
	return r
}

// identityToken is a token of the identity with a client id, or of the system's.
func (w *world) identityToken(clientID string) string {
	w.t.Helper()
	got := w.askIdentity(w.IdentityHeader(), identityQuery("client_id", clientID).Encode())
	wantTokens(w.t, got)
	return got.text("access_token")
}

func TestIdentitiesGetTokensForAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putIdentities()
	cases := []struct {
		name, client, object string
		more                 []string
	}{
		{"the system's", systemID, systemObject, nil},
		{"the system's, by client id", systemID, systemObject, []string{"client_id", systemID}},
		{"by client id", assignedID, assignedObject, []string{"client_id", strings.ToUpper(assignedID)}},
		{"by object id, as MSAL", assignedID, assignedObject, []string{"object_id", assignedObject}},
		{"by principal id", assignedID, assignedObject, []string{"principal_id", assignedObject}},
		{"another resource", systemID, systemObject, []string{"resource", "https://vault.azure.net"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			query := identityQuery(c.more...)
			got := w.askIdentity(w.IdentityHeader(), query.Encode())
			wantTokens(t, got)
			expires := w.clock.Now().Add(24 * time.Hour).Unix()
			if got.text("client_id") != c.client || got.text("resource") != query.Get("resource") ||
				got.text("token_type") != "Bearer" ||
				got.text("expires_on") != strconv.FormatInt(expires, 10) || len(got.body) != 5 {
				t.Errorf("answered %v", got.body)
			}
			token := got.text("access_token")
			if err := w.verify(token); err != nil {
				t.Error(err)
			}
			payload := claims(t, token)
			wanted := map[string]any{"iss": w.base + "/" + contoso + "/v2.0", "sub": c.object, "oid": c.object,
				"tid": contoso, "azp": c.client,
				"aud": query.Get("resource"), "exp": float64(expires), "ver": "2.0", "idtyp": "app", "scp": nil}
			if strings.HasPrefix(query.Get("resource"), "https://") {
				wanted["iss"], wanted["ver"], wanted["azp"], wanted["appid"] = "https://sts.windows.net/"+contoso+"/",
					"1.0", nil, c.client
			}
			for name, want := range wanted {
				if payload[name] != want {
					t.Errorf("%s = %v, want %v", name, payload[name], want)
				}
			}
			begin := float64(w.clock.Now().Add(-5 * time.Minute).Unix())
			if payload["nbf"] != begin || payload["iat"] != begin {
				t.Errorf("nbf = %v, iat = %v, want %v", payload["nbf"], payload["iat"], begin)
			}
		})
	}
}

func TestTheIdentityEndpointRefusesOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putIdentities()
	good := w.IdentityHeader()
	cases := []struct {
		name, header string
		query        url.Values
		status       int
	}{
		{"no header", "", identityQuery(), 401},
		{"another header", strings.ToLower(good), identityQuery(), 403},
		{"a part of the header", good[:31], identityQuery(), 403},
		{"no header and nothing else", "", nil, 401},
		{"no version", good, identityQuery("api-version", ""), 400},
		{"an old version", good, identityQuery("api-version", "2017-09-01"), 400},
		{"the version of virtual machines", good, identityQuery("api-version", "2018-02-01"), 400},
		{"no resource", good, identityQuery("resource", ""), 400},
		{"a scope", good, identityQuery("resource", exchangeAudience+"/.default"), 400},
		{"an unknown client id", good, identityQuery("client_id", appID), 400},
		{"an object id for a client id", good, identityQuery("client_id", assignedObject), 400},
		{"an unknown object id", good, identityQuery("object_id", assignedID), 400},
		{"a resource id", good,
			identityQuery("mi_res_id",
				"/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"), 400},
		{"two names", good, identityQuery("client_id", assignedID, "object_id", assignedObject), 400},
		{"an empty client id", good,
			url.Values{"api-version": {"2019-08-01"}, "resource": {exchangeAudience}, "client_id": {""}}, 400},
	}
	for _, c := range cases {
		got := w.askIdentity(c.header, c.query.Encode())
		if got.status != c.status || got.body["statusCode"] != float64(c.status) || got.text("message") == "" ||
			len(got.body) != 2 {
			t.Errorf("%s: %d %v, want %d", c.name, got.status, got.body, c.status)
		}
	}
	if newWorld(t).IdentityHeader() == good {
		t.Error("two sandboxes have the same header")
	}
}

func TestTheAppHasOneIdentityOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(more ...string) string {
		got := w.askIdentity(w.IdentityHeader(), identityQuery(more...).Encode())
		return got.text("client_id") + got.text("message")
	}
	const noSystem, unknown = "Unable to load the proper Managed Identity.",
		"No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
	want := func(when, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	want("without any identity", ask(), noSystem)
	want("without any identity, by client id", ask("client_id", assignedID), unknown)
	w.PutIdentity(entra.Identity{Tenant: contoso, ClientID: assignedID, ObjectID: assignedObject})
	want("without one of its own", ask(), noSystem)
	w.PutIdentity(entra.Identity{Tenant: contoso, ClientID: systemID, ObjectID: systemObject, System: true})
	want("with one of its own", ask(), systemID)
	w.PutIdentity(entra.Identity{Tenant: contoso, ClientID: assignedID, ObjectID: assignedObject, System: true})
	want("with another of its own", ask(), assignedID)
	want("the one before, by client id", ask("client_id", systemID), systemID)
	w.PutIdentity(entra.Identity{Tenant: contoso, ClientID: assignedID, ObjectID: assignedObject})
	want("after it is its own no longer", ask(), noSystem)
}

// trustIdentities leaves the app no credential but the system's identity.
func (w *world) trustIdentities() {
	w.t.Helper()
	w.putIdentities()
	w.app.Secrets = nil
	w.app.Federated = []entra.Federated{{Issuer: w.base + "/" + contoso + "/v2.0", Subject: systemObject}}
	w.put(w.app)
}

// refreshWithAssertion is a refresh form with a client assertion instead of the secret.
func refreshWithAssertion(token, assertion string) url.Values {
	values := refreshForm(token, "client_assertion", assertion,
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	values.Del("client_secret")
	return values
}

func TestAnIdentityStandsInForTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.trustIdentities()
	wantRefused(t, w.obo(), 401, "invalid_client", 7000215, "")
	first := w.identityToken("")
	got := w.post(contoso, w.withAssertion(first))
	wantTokens(t, got)
	if acr := claims(t, got.text("access_token"))["appidacr"]; acr != "2" {
		t.Errorf("appidacr = %v, want 2", acr)
	}
	w.clock.advance(23 * time.Hour)
	got = w.post("organizations", refreshWithAssertion(got.text("refresh_token"), first))
	wantTokens(t, got)
	w.clock.advance(2 * time.Hour)
	wantRefused(t, w.post(contoso, refreshWithAssertion(got.text("refresh_token"), first)), 401, "invalid_client",
		700024, "")
	if _, err := w.Rotate(false); err != nil {
		t.Fatal(err)
	}
	second := w.identityToken(systemID)
	wantTokens(t, w.post(contoso, refreshWithAssertion(got.text("refresh_token"), second)))
	if _, err := w.Rotate(true); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, w.post(contoso, w.withAssertion(second)), 401, "invalid_client", 700027, "")
	wantTokens(t, w.post(contoso, w.withAssertion(w.identityToken(""))))
}

func TestOnlyTheTrustedIdentityStandsInForTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.trustIdentities()
	const foreign = "50000000-0000-4000-8000-000000000003"
	w.PutIdentity(entra.Identity{Tenant: fabrikam, ClientID: foreign, ObjectID: systemObject})
	wantRefused(t, w.post(contoso, w.withAssertion(w.identityToken(assignedID))), 401, "invalid_client", 700213, "")
	wantRefused(t, w.post(contoso, w.withAssertion(w.identityToken(foreign))), 401, "invalid_client", 700211, "")
	// tokens of version 1 have another issuer
	for resource, code := range map[string]int{"api://another": 700212, "https://storage.azure.com": 700211} {
		other := w.askIdentity(w.IdentityHeader(), identityQuery("resource", resource).Encode()).text("access_token")
		wantRefused(t, w.post(contoso, w.withAssertion(other)), 401, "invalid_client", code, "")
	}
	right := w.identityToken("")
	wantRefused(t, w.post(contoso, w.withAssertion(right[:len(right)-8]+"AAAAAAAA")), 401, "invalid_client", 700027, "")
}

func TestAnIdentityIsNoUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putIdentities()
	got := w.askIdentity(w.IdentityHeader(), identityQuery("resource", appURI).Encode())
	wantTokens(t, got)
	wantRefused(t, w.post(contoso, oboForm(got.text("access_token"), sites)), 400, "unauthorized_client", 7000114, "")
}
