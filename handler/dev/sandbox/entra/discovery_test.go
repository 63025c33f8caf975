package entra_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/sandbox/entra"
)

func TestConfigurationNamesEndpointsAndIssuerOfTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := []struct{ path, issuer, tokens, keys string }{
		{"/" + contoso + "/v2.0", "/" + contoso + "/v2.0", "/" + contoso + "/oauth2/v2.0/token",
			"/" + contoso + "/discovery/v2.0/keys"},
		{"/" + strings.ToUpper(contoso) + "/v2.0", "/" + contoso + "/v2.0", "/" + contoso + "/oauth2/v2.0/token",
			"/" + contoso + "/discovery/v2.0/keys"},
		{"/contoso.onmicrosoft.com/v2.0", "/" + contoso + "/v2.0", "/contoso.onmicrosoft.com/oauth2/v2.0/token",
			"/contoso.onmicrosoft.com/discovery/v2.0/keys"},
		{"/common/v2.0", "/{tenantid}/v2.0", "/common/oauth2/v2.0/token", "/common/discovery/v2.0/keys"},
		{"/organizations/v2.0", "/{tenantid}/v2.0", "/organizations/oauth2/v2.0/token",
			"/organizations/discovery/v2.0/keys"},
		{"/common", "/{tenantid}/", "/common/oauth2/token", "/common/discovery/keys"},
		{"/" + contoso, "/" + contoso + "/", "/" + contoso + "/oauth2/token", "/" + contoso + "/discovery/keys"},
	}
	for _, c := range cases {
		got := w.get(c.path + "/.well-known/openid-configuration?")
		seen := []string{got.text("issuer"), got.text("token_endpoint"), got.text("jwks_uri")}
		want := []string{w.base + c.issuer, w.base + c.tokens, w.base + c.keys}
		if diff := cmp.Diff(want, seen); got.status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d (-want +got)\n%s", c.path, got.status, diff)
		}
		for _, member := range []string{"authorization_endpoint", "device_authorization_endpoint",
			"end_session_endpoint", "response_modes_supported",
			"response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
			"scopes_supported", "claims_supported",
			"token_endpoint_auth_methods_supported", "tenant_region_scope", "cloud_instance_name",
			"cloud_graph_host_name", "msgraph_host"} {
			if _, ok := got.body[member]; !ok {
				t.Errorf("%s: %s is missing", c.path, member)
			}
		}
	}
}

func TestConfigurationOfAnUnknownTenantIsInvalidTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/v2.0/.well-known/openid-configuration", "/.well-known/openid-configuration",
		"/discovery/keys", "/discovery/v2.0/keys"} {
		wantRefused(t, w.get("/33333333-cccc-4ccc-8ccc-333333333333"+path), 400, "invalid_tenant", 90002, "")
		wantRefused(t, w.get("/nowhere"+path), 400, "invalid_tenant", 900023, "")
	}
}

func TestInstanceDiscoveryKnowsOnlyThisHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/common/discovery/instance?api-version=1.1"
	got := w.get(path + "&authorization_endpoint=" + w.base + "/common/oauth2/v2.0/authorize")
	if got.status != http.StatusOK || got.text("api-version") != "1.1" || len(got.body["metadata"].([]any)) != 1 {
		t.Errorf("answered %d %v", got.status, got.body)
	}
	wantRefused(t, w.get(path), 400, "invalid_request", 90014, "")
	wantRefused(t, w.get(path+"&authorization_endpoint=https://evil.example/common/oauth2/v2.0/authorize"), 400,
		"invalid_instance", 50049, "")
}

// publicKeys reads a key set as a client does and checks each key against its certificate.
func (w *world) publicKeys(path string) (keys map[string]*rsa.PublicKey, issuers map[string]string) {
	w.t.Helper()
	keys, issuers = map[string]*rsa.PublicKey{}, map[string]string{}
	for _, k := range w.get(path).body["keys"].([]any) {
		member := func(name string) string { s, _ := k.(map[string]any)[name].(string); return s }
		if _, ok := k.(map[string]any)["alg"]; ok || member("kty") != "RSA" || member("use") != "sig" ||
			member("cloud_instance_name") == "" {
			w.t.Errorf("key %v: wants kty RSA, use sig, cloud_instance_name, and no alg", k)
		}
		n, err1 := base64.RawURLEncoding.DecodeString(member("n"))
		exponent, err2 := base64.RawURLEncoding.DecodeString(member("e"))
		der, err3 := base64.StdEncoding.DecodeString(k.(map[string]any)["x5c"].([]any)[0].(string))
		certificate, err4 := x509.ParseCertificate(der)
		print, err5 := base64.RawURLEncoding.DecodeString(member("x5t"))
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil || err5 != nil {
			w.t.Fatal(err1, err2, err3, err4, err5)
		}
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(exponent).Int64())}
		sum := sha1.Sum(certificate.Raw)
		if !bytes.Equal(sum[:], print) || !key.Equal(certificate.PublicKey) ||
			certificate.CheckSignatureFrom(certificate) == nil && certificate.IsCA {
			w.t.Errorf("key %s does not fit its certificate", member("kid"))
		}
		keys[member("kid")], issuers[member("kid")] = key, member("issuer")
	}
	return keys, issuers
}

func TestKeySetsCarryThumbprintsAndIssuers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const msa = "9188040d-6c67-4c5b-b112-36a304b66dad"
	cases := []struct{ path, issuer, msa string }{
		{"/common/discovery/v2.0/keys", "/{tenantid}/v2.0", "/" + msa + "/v2.0"},
		{"/common/discovery/keys", "/{tenantid}/", "/" + msa + "/"},
		{"/" + contoso + "/discovery/v2.0/keys", "/" + contoso + "/v2.0", "/" + msa + "/v2.0"},
	}
	for _, c := range cases {
		keys, issuers := w.publicKeys(c.path)
		count := map[string]int{}
		for _, issuer := range issuers {
			count[issuer]++
		}
		want := map[string]int{w.base + c.issuer: 2, w.base + c.msa: 1}
		if diff := cmp.Diff(want, count); len(keys) != 3 || diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.path, diff)
		}
	}
}

// verify checks a token against the published keys, with a library that is not ours.
func (w *world) verify(token string) error {
	w.t.Helper()
	keys, _ := w.publicKeys("/common/discovery/v2.0/keys")
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(w.clock.Now),
		jwt.WithExpirationRequired()).Parse(token,
		func(token *jwt.Token) (any, error) {
			kid, _ := token.Header["kid"].(string)
			if key, ok := keys[kid]; ok {
				return key, nil
			}
			return nil, jwt.ErrTokenUnverifiable
		})
	return err
}

func TestRotationSignsWithANewKeyAndKeepsOrWithdrawsTheOldOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.teams(entra.TeamsTokenRequest{})
	if _, err := w.Rotate(false); err != nil {
		t.Fatal(err)
	}
	second := w.teams(entra.TeamsTokenRequest{})
	if segmentOf(t, first, 0)["kid"] == segmentOf(t, second, 0)["kid"] {
		t.Error("the key id is the same after rotation")
	}
	if err := w.verify(first); err != nil {
		t.Errorf("a token of the key before: %v", err)
	}
	kid, err := w.Rotate(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.verify(second); err == nil {
		t.Error("a token of the withdrawn key is still valid")
	}
	wantRefused(t, w.post(contoso, oboForm(second, sites)), 400, "invalid_grant", 50013, "")
	third := w.teams(entra.TeamsTokenRequest{})
	if err := w.verify(third); err != nil || segmentOf(t, third, 0)["kid"] != kid {
		t.Errorf("a token of the new key: %v", err)
	}
	wantTokens(t, w.post(contoso, oboForm(third, sites)))
}
