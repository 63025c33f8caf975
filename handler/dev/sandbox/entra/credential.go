package entra

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// clockLeeway is how far a client's clock may be off, as the service allows.
const clockLeeway = 5 * time.Minute

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// credential is how a client proves itself; at most one member is set.
type credential struct{ secret, assertion string }

// readCredential finds the client id and the credential: in the body, or in an HTTP Basic header whose two
// parts are form-encoded (RFC 6749, 2.3.1). Two credentials at once are refused.
func readCredential(form url.Values, req *http.Request) (string, credential, *refusal) {
	id := form.Get("client_id")
	c := credential{secret: form.Get("client_secret"), assertion: form.Get("client_assertion")}
	if req.Header.Get("Authorization") != "" {
		user, password, ok := req.BasicAuth()
		name, err1 := url.QueryUnescape(user)
		secret, err2 := url.QueryUnescape(password)
		if !ok || err1 != nil || err2 != nil || c.secret != "" || c.assertion != "" || id != "" && id != name {
			return "", c, refuse(90023, "the Authorization header does not fit the body")
		}
		id, c.secret = name, secret
	}
	if id == "" {
		return "", c, refuse(900144, "client_id")
	}
	if c.secret != "" && c.assertion != "" {
		return "", c, refuse(90023, "two client credentials")
	}
	if c.assertion != "" && form.Get("client_assertion_type") != assertionType {
		return "", c, refuse(900144, "client_assertion_type")
	}
	return id, c, nil
}

// authenticate checks the credential and returns the acr of the token: "0", "1" or "2".
func (e *Entra) authenticate(r *tokenRequest, c credential) (string, *refusal) {
	if r.app.Public {
		if c != (credential{}) {
			return "", refuse(700025)
		}
		return "0", nil
	}
	switch {
	case c.assertion != "":
		return "2", e.checkClientAssertion(r, c.assertion)
	case c.secret != "":
		return "1", checkSecret(r.app, c.secret, r.now)
	}
	return "", refuse(7000218)
}

func checkSecret(app App, given string, now time.Time) *refusal {
	expired := false
	for _, secret := range app.Secrets {
		if subtle.ConstantTimeCompare([]byte(secret.Value), []byte(given)) != 1 {
			continue
		}
		if secret.Expires.IsZero() || now.Before(secret.Expires) {
			return nil
		}
		expired = true
	}
	if expired {
		return refuse(7000222, app.ID)
	}
	return refuse(7000215, app.ID)
}

// checkClientAssertion accepts a token signed with a registered certificate, or one of a federated issuer.
func (e *Entra) checkClientAssertion(r *tokenRequest, assertion string) *refusal {
	t, err := readJWT(assertion)
	if err != nil {
		refused := refuse(50027)
		refused.status, refused.word = http.StatusUnauthorized, "invalid_client"
		return refused
	}
	if issuer := t.text("iss"); !strings.EqualFold(issuer, r.app.ID) {
		return e.checkFederated(r, t)
	}
	key := certificateKey(r.app, t)
	if key == nil {
		return refuse(700027, "The key was not found.")
	}
	if !t.verify(key, "PS256", "RS256") {
		return refuse(700027, "Client assertion contains an invalid signature.")
	}
	if !strings.EqualFold(t.text("sub"), r.app.ID) {
		return refuse(700021)
	}
	if !slices.Contains(e.tokenAudiences(r.place), t.text("aud")) {
		return refuse(700023)
	}
	if t.text("jti") == "" {
		return refuse(700027, "The jti claim is missing.")
	}
	return checkTimes(t, r.now)
}

// tokenAudiences are the audiences that name this Entra in a client assertion: the token endpoint as it was
// called, or the issuer of the tenant.
func (e *Entra) tokenAudiences(p place) []string {
	var all []string
	for _, name := range []string{p.name, p.id} {
		if name != "" {
			all = append(all, e.base+"/"+name+"/oauth2/v2.0/token", e.base+"/"+name+"/oauth2/token",
				e.base+"/"+name+"/v2.0")
		}
	}
	return all
}

// certificateKey finds the registered certificate that the header names by its SHA-256 or SHA-1 thumbprint.
// Clients write the thumbprint as base64url without padding (RFC 7515) or as plain base64 with it.
func certificateKey(app App, t *jwt) *rsa.PublicKey {
	for _, certificate := range app.Certificates {
		sum256, sum1 := sha256.Sum256(certificate.Raw), sha1.Sum(certificate.Raw)
		if !isBase64Of(t.head("x5t#S256"), sum256[:]) && !isBase64Of(t.head("x5t"), sum1[:]) {
			continue
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok {
			return key
		}
	}
	return nil
}

func isBase64Of(text string, raw []byte) bool {
	return text == base64.RawURLEncoding.EncodeToString(raw) || text == base64.StdEncoding.EncodeToString(raw) ||
		text == base64.URLEncoding.EncodeToString(raw)
}

// checkTimes wants an exp that lies ahead and an nbf, if any, that does not.
func checkTimes(t *jwt, now time.Time) *refusal {
	expires, ok := t.time("exp")
	begins, hasBegin := t.time("nbf")
	if !ok || now.After(expires.Add(clockLeeway)) || hasBegin && now.Before(begins.Add(-clockLeeway)) {
		return refuse(700024, now.UTC().Format(time.RFC3339), expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// checkFederated accepts a token of an issuer that the app trusts (workload identity federation).
func (e *Entra) checkFederated(r *tokenRequest, t *jwt) *refusal {
	trusted := slices.DeleteFunc(slices.Clone(r.app.Federated), func(f Federated) bool {
		return f.Issuer != t.text("iss")
	})
	if len(trusted) == 0 {
		return refuse(700211, t.text("iss"))
	}
	trusted = slices.DeleteFunc(trusted, func(f Federated) bool { return f.Subject != t.text("sub") })
	if len(trusted) == 0 {
		return refuse(700213, t.text("sub"))
	}
	trusted = slices.DeleteFunc(trusted, func(f Federated) bool { return f.audience() != t.text("aud") })
	if len(trusted) == 0 {
		return refuse(700212, t.text("aud"))
	}
	key := trusted[0].Keys[t.head("kid")]
	if len(trusted[0].Keys) == 0 {
		if own := e.ring.find(t.head("kid")); own != nil && !own.msa {
			key = &own.private.PublicKey
		}
	}
	if key == nil || !t.verify(key, "RS256") {
		return refuse(700027, "The signature of the federated token could not be verified.")
	}
	return checkTimes(t, r.now)
}
