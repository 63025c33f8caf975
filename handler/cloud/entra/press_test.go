package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"imagepro/handler/cloud/entra"
	"imagepro/handler/fault"
)

// press makes tokens by hand, with a key of its own, and has a verifier that trusts it.
type press struct {
	key      *rsa.PrivateKey
	verifier *entra.Verifier
}

const pressTenant = "11111111-2222-4333-8444-555555555555"

func newPress(t testing.TB) *press {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	v2, _ := json.Marshal(
		members{"keys": []any{jwk(&key.PublicKey, members{"issuer": "https://login.example/{tenantid}/v2.0"})}})
	v1, _ := json.Marshal(
		members{"keys": []any{jwk(&key.PublicKey, members{"issuer": "https://sts.example/{tenantid}/"})}})
	keys := roundTrip(func(r *http.Request) (*http.Response, error) {
		body := string(v1)
		if strings.Contains(r.URL.Path, "/v2.0/") {
			body = string(v2)
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
	return &press{key: key, verifier: entra.NewVerifier(entra.VerifierOptions{
		Authority:   "https://login.example",
		AuthorityV1: "https://sts.example",
		AppID:       "app",
		AppIDURI:    "api://app",
		ClientApps:  []string{"teams"},
		Client:      &http.Client{Transport: keys},
		Now:         time.Now,
	})}
}

// token signs the usual claims of a v2 token with changes; nil removes one.
func (p *press) token(t testing.TB, change members) string {
	t.Helper()
	now := time.Now().Unix()
	all := jwt.MapClaims{
		"ver": "2.0", "iss": "https://login.example/" + pressTenant + "/v2.0", "aud": "app", "tid": pressTenant,
		"oid": pressTenant,
		"azp": "teams", "scp": "access_as_user", "iat": now, "nbf": now, "exp": now + 3600,
	}
	for name, value := range change {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, all)
	token.Header["kid"] = "k"
	text, err := token.SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestV1AndV2HaveTheirOwnIssuersWithTheSameKey(t *testing.T) {
	t.Parallel()
	p := newPress(t)
	v1 := members{
		"ver":   "1.0",
		"iss":   "https://sts.example/" + pressTenant + "/",
		"azp":   nil,
		"appid": "teams",
		"aud":   "api://app",
	}
	for name, c := range map[string]struct {
		change members
		why    string
	}{
		"v2": {nil, ""},
		"v1": {v1, ""},
		"v1 at the host of 2": {
			members{"ver": "1.0", "iss": "https://login.example/" + pressTenant + "/", "appid": "teams"}, badIssuer},
		"v2 at the host of 1": {members{"iss": "https://sts.example/" + pressTenant + "/v2.0"}, badIssuer},
		"v1 that says v2":     {members{"iss": "https://sts.example/" + pressTenant + "/"}, badIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := p.verifier.Verify(t.Context(), "Bearer "+p.token(t, c.change))
			if c.why != "" {
				wantFault(t, err, fault.Unauthorized, "The access token was not accepted: "+c.why+".")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzVerifyTakesGenuineTokensAlone(f *testing.F) {
	p := newPress(f)
	good := p.token(f, nil)
	f.Add("Bearer " + good)
	for _, change := range []members{
		{"exp": nil}, {"exp": 1e300}, {"exp": -1e300}, {"aud": []string{}}, {"aud": members{}}, {"TID": "x"},
		{"scp": nil}, {"ver": 2}, {"iat": "x"},
	} {
		f.Add("Bearer " + p.token(f, change))
	}
	for _, header := range []string{`{"alg":"RS256","kid":"k"}`, `{"alg":"RS256","kid":"k","kid":2}`, `null`,
		`{"alg":null}`, `{"alg":"none","kid":"k"}`} {
		for _, claims := range []string{`{}`, `null`, `[]`, `{"ver":"1.0","exp":-1}`, `{"aud":{}}`,
			`{"tid":"x","TID":"y"}`} {
			f.Add("Bearer " + base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
				base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".AAAA")
		}
	}
	f.Fuzz(func(t *testing.T, authorization string) {
		who, err := p.verifier.Verify(t.Context(), authorization)
		_, token, _ := strings.Cut(authorization, " ")
		switch {
		case err == nil && (token != good || who.Assertion.Reveal() != good):
			t.Errorf("taken: %q", authorization)
		case err != nil && fault.From(err).Kind != fault.Unauthorized:
			t.Errorf("refused as %v", err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	p := newPress(b)
	authorization := "Bearer " + p.token(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.verifier.Verify(b.Context(), authorization); err != nil {
			b.Fatal(err)
		}
	}
}
