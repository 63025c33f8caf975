package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"imagepro/handler/dev/sandbox/entra"
)

// clientKey is the RSA key of a client: made once, since that takes long.
var clientKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// certify makes a certificate for the client's key.
func certify(t *testing.T) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &clientKey().PublicKey, clientKey())
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// clientAssertion makes the JWT of private_key_jwt with a library that is not ours.
func clientAssertion(t *testing.T, method jwt.SigningMethod, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	text, err := token.SignedString(clientKey())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// withAssertion is an on-behalf-of form with a client assertion instead of the secret.
func (w *world) withAssertion(assertion string) url.Values {
	values := oboForm(w.teams(entra.TeamsTokenRequest{}), sites, "client_assertion", assertion,
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	values.Del("client_secret")
	return values
}

func TestClientsProveThemselvesWithACertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	certificate := certify(t)
	w.app.Certificates = []*x509.Certificate{certify(t), certificate}
	w.put(w.app)
	sum256, sum1 := sha256.Sum256(certificate.Raw), sha1.Sum(certificate.Raw)
	std, raw := base64.StdEncoding.EncodeToString(sum256[:]), base64.RawURLEncoding.EncodeToString(sum256[:])
	endpoint := w.base + "/" + contoso + "/oauth2/v2.0/token"
	good := func(change ...string) jwt.MapClaims {
		now := w.clock.Now()
		c := jwt.MapClaims{
			"aud": endpoint,
			"iss": appID,
			"sub": appID,
			"jti": "1",
			"nbf": now.Unix(),
			"exp": now.Add(10 * time.Minute).Unix(),
		}
		for i := 0; i+1 < len(change); i += 2 {
			c[change[i]] = change[i+1]
		}
		return c
	}
	late, early, endless, anonymous := good(), good(), good(), good()
	late["exp"], early["nbf"] = w.clock.Now().Add(-6*time.Minute).Unix(), w.clock.Now().Add(6*time.Minute).Unix()
	delete(endless, "exp")
	delete(anonymous, "jti")
	cases := []struct {
		name   string
		method jwt.SigningMethod
		header map[string]any
		claims jwt.MapClaims
		code   int // 0: accepted
	}{
		{"PS256 and base64 with padding, as MSAL Go", jwt.SigningMethodPS256, map[string]any{"x5t#S256": std}, good(),
			0},
		{"PS256 and base64url", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, good(), 0},
		{"RS256", jwt.SigningMethodRS256, map[string]any{"x5t#S256": raw}, good(), 0},
		{"SHA-1 thumbprint", jwt.SigningMethodRS256,
			map[string]any{"x5t": base64.RawURLEncoding.EncodeToString(sum1[:])}, good(), 0},
		{"audience is the issuer", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw},
			good("aud", w.base+"/"+contoso+"/v2.0"), 0},
		{"no thumbprint", jwt.SigningMethodPS256, nil, good(), 700027},
		{"an unregistered certificate", jwt.SigningMethodPS256, map[string]any{"x5t#S256": "AAAA"}, good(), 700027},
		{"PS384", jwt.SigningMethodPS384, map[string]any{"x5t#S256": raw}, good(), 700027},
		{"no jti", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, anonymous, 700027},
		{"another subject", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, good("sub", otherAppID), 700021},
		{"another audience", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw},
			good("aud", "https://login.microsoftonline.com/common/oauth2/v2.0/token"), 700023},
		{"another tenant's audience", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw},
			good("aud", w.base+"/"+fabrikam+"/oauth2/v2.0/token"), 700023},
		{"expired", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, late, 700024},
		{"not yet valid", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, early, 700024},
		{"without exp", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, endless, 700024},
		{"another issuer", jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, good("iss", "https://idp.example"),
			700211},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := w.post(contoso, w.withAssertion(clientAssertion(t, c.method, c.header, c.claims)))
			if c.code != 0 {
				wantRefused(t, got, 401, "invalid_client", c.code, "")
				return
			}
			wantTokens(t, got)
			if acr := claims(t, got.text("access_token"))["appidacr"]; acr != "2" {
				t.Errorf("appidacr = %v, want 2", acr)
			}
		})
	}
	wantRefused(t, w.post(contoso, w.withAssertion("nonsense")), 401, "invalid_client", 50027, "")
	untyped := w.withAssertion("x.y.z")
	untyped.Del("client_assertion_type")
	wantRefused(t, w.post(contoso, untyped), 400, "invalid_request", 900144, "")
	tampered := clientAssertion(t, jwt.SigningMethodPS256, map[string]any{"x5t#S256": raw}, good())
	wantRefused(t, w.post(contoso, w.withAssertion(tampered[:len(tampered)-8]+"AAAAAAAA")), 401, "invalid_client",
		700027, "")
}

func TestClientsProveThemselvesWithBasic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	values := oboForm(w.teams(entra.TeamsTokenRequest{}), sites)
	values.Del("client_secret")
	basic := func(id, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(password)) }
	}
	wantTokens(t, w.post(contoso, values, basic(appID, secret)))
	wantRefused(t, w.post(contoso, values, basic(otherAppID, secret)), 400, "invalid_request", 90023, "")
	wantRefused(t, w.post(contoso, values, basic(appID, "wrong")), 401, "invalid_client", 7000215, "")
	wantRefused(t, w.post(contoso, values, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }), 400,
		"invalid_request", 90023, "")
	values.Del("client_id")
	wantTokens(t, w.post(contoso, values, basic(appID, secret)))
	values.Set("client_secret", secret)
	wantRefused(t, w.post(contoso, values, basic(appID, secret)), 400, "invalid_request", 90023, "")
}

func TestClientsProveThemselvesWithAnotherIssuersToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const issuer, subject = "https://idp.example", "the-workload"
	own := w.base + "/" + contoso + "/v2.0"
	w.app.Secrets = nil
	w.app.Federated = []entra.Federated{
		{Issuer: issuer, Subject: subject, Keys: map[string]*rsa.PublicKey{"k1": &clientKey().PublicKey}},
		{Issuer: own, Subject: "managed-identity"},
	}
	w.put(w.app)
	send := func(kid, iss, sub, aud string) reply {
		c := jwt.MapClaims{"iss": iss, "sub": sub, "aud": aud, "exp": w.clock.Now().Add(time.Hour).Unix()}
		return w.post(contoso,
			w.withAssertion(clientAssertion(t, jwt.SigningMethodRS256, map[string]any{"kid": kid}, c)))
	}
	const audience = "api://AzureADTokenExchange"
	wantTokens(t, send("k1", issuer, subject, audience))
	wantRefused(t, send("k1", "https://other.example", subject, audience), 401, "invalid_client", 700211, "")
	wantRefused(t, send("k1", issuer, "another", audience), 401, "invalid_client", 700213, "")
	wantRefused(t, send("k1", issuer, subject, "https://elsewhere"), 401, "invalid_client", 700212, "")
	wantRefused(t, send("k2", issuer, subject, audience), 401, "invalid_client", 700027, "")
	wantRefused(t, send("k1", own, "managed-identity", audience), 401, "invalid_client", 700027, "")
	identity := w.teams(
		entra.TeamsTokenRequest{Version: 2, Audience: audience, Claims: map[string]any{"sub": "managed-identity"}})
	wantTokens(t, w.post(contoso, w.withAssertion(identity)))
	w.clock.advance(2 * time.Hour)
	wantRefused(t, w.post(contoso, w.withAssertion(identity)), 401, "invalid_client", 700024, "")
}

func TestClientCredentialsGiveAnAppOnlyToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app.Roles = []string{"Sites.Selected"}
	w.put(w.app)
	ask := func(tenant, scope string) reply {
		return w.post(tenant,
			form("grant_type", "client_credentials", "client_id", appID, "client_secret", secret, "scope", scope))
	}
	const everything = "https://graph.microsoft.com/.default"
	got := ask(contoso, everything)
	wantTokens(t, got)
	grant, err := w.Check(t.Context(), got.text("access_token"))
	if err != nil || grant.User != "" || grant.Tenant != contoso || len(grant.Scopes) != 1 ||
		got.text("refresh_token") != "" {
		t.Errorf("the token stands for %v, %v", grant, err)
	}
	wantTokens(t, ask(contoso, everything+" openid offline_access profile")) // as MSAL Go asks
	wantRefused(t, ask(contoso, sites), 400, "invalid_scope", 1002012, "")
	wantRefused(t, ask(contoso, "openid"), 400, "invalid_scope", 1002012, "")
	wantRefused(t, ask(contoso, everything+" "+sites), 400, "invalid_scope", 1002012, "")
	wantRefused(t, ask(contoso, ""), 400, "invalid_request", 900144, "")
	wantRefused(t, ask("common", everything), 400, "invalid_request", 50059, "")
	wantRefused(t, ask(fabrikam, everything), 400, "unauthorized_client", 7000229, "")
}
