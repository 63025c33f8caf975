package entra

import (
	"slices"
	"strings"
	"time"
)

// checkAssertion reads the token that a client presents for a user: signed by us for this very app and
// tenant, in its time, for a user, with a scope of the app's API.
func (e *Entra) checkAssertion(r *tokenRequest) (*jwt, *refusal) {
	t, err := readJWT(r.form.Get("assertion"))
	if err != nil {
		return nil, refuse(50027)
	}
	key := e.ring.find(t.head("kid"))
	if key == nil {
		return nil, refuse(50013, "The key was not found.")
	}
	if !t.verify(&key.private.PublicKey, "RS256") {
		return nil, refuse(50013, "The signature is invalid.")
	}
	if refused := e.checkIssuer(r, t, key); refused != nil {
		return nil, refused
	}
	if audience := t.text("aud"); !r.app.is(audience) {
		return nil, refuse(500131, audience, r.app.ID)
	}
	expires, ok := t.time("exp")
	begins, hasBegin := t.time("nbf")
	if !ok || !r.now.Before(expires) || hasBegin && r.now.Before(begins.Add(-clockLeeway)) {
		return nil, refuse(500133, r.now.UTC().Format(time.RFC3339), expires.UTC().Format(time.RFC3339))
	}
	return t, checkDelegated(r.app, t)
}

// checkIssuer wants the issuer of the token's own tenant and version, a key that may sign for it, and the
// tenant whose endpoint was called.
func (e *Entra) checkIssuer(r *tokenRequest, t *jwt, key *signingKey) *refusal {
	tenant, version := t.text("tid"), 1
	if t.text("ver") == "2.0" {
		version = 2
	}
	if key.msa != (tenant == msaTenant) || t.text("iss") != e.issuer(version, tenant) {
		return refuse(50013, "The issuer does not match the key or the version.")
	}
	if tenant == msaTenant || r.place.id != "" && r.place.id != tenant {
		return refuse(50020, t.text("oid"), t.text("iss"), r.place.name, r.app.ID)
	}
	if r.app.SingleTenant && r.app.Home != tenant {
		return refuse(700016, r.app.ID, tenant)
	}
	return nil
}

// checkDelegated wants an access token of a user: with a scope of the API, not of an app, not for signing in.
func checkDelegated(app App, t *jwt) *refusal {
	scopes := t.words("scp")
	if len(scopes) == 0 && (t.text("idtyp") == "app" || t.claims["roles"] != nil) {
		return refuse(7000114, app.ID)
	}
	if len(scopes) == 0 {
		return refuse(240002)
	}
	for _, scope := range scopes {
		if slices.ContainsFunc(app.exposed(), func(s string) bool { return strings.EqualFold(s, scope) }) {
			return nil
		}
	}
	return refuse(50013, "The assertion has no scope of the application.")
}
