package entra

import (
	"context"
	"errors"
	"strings"

	"imagepro/handler/dev/sandbox/directory"
)

// The reasons why Graph does not accept a token. The third, a *Stale, carries a claims challenge.
var (
	ErrMalformed = errors.New("entra: the access token is malformed or its signature is invalid")
	ErrAudience  = errors.New("entra: the access token is for another audience")
	ErrExpired   = errors.New("entra: the access token has expired or is not yet valid")
)

// Stale says that something happened to the user since the token was issued. Only clients that declared
// CP1 meet it; the tokens of others live on until they expire.
type Stale struct{ claims string }

func (s *Stale) Error() string {
	return "entra: continuous access evaluation resulted in a challenge: " + s.claims
}

// ClaimsChallenge is what the next token request has to carry, as JSON (not yet base64).
func (s *Stale) ClaimsChallenge() string { return s.claims }

// Check tells what a Graph access token stands for. This is what Graph does with it; a client cannot.
func (e *Entra) Check(_ context.Context, bearer string) (directory.Grant, error) {
	t, err := readJWT(bearer)
	if err != nil {
		return directory.Grant{}, ErrMalformed
	}
	key := e.ring.find(t.head("kid"))
	if key == nil || key.msa {
		return directory.Grant{}, ErrMalformed
	}
	if t.head("nonce") != "" {
		t.header["nonce"] = hashNonce(t.head("nonce"))
		t.signed = segment(t.header) + t.signed[strings.IndexByte(t.signed, '.'):]
	}
	if !t.verify(&key.private.PublicKey, "RS256") {
		return directory.Grant{}, ErrMalformed
	}
	if t.text("aud") != graphURI || t.text("iss") != e.issuer(1, t.text("tid")) {
		return directory.Grant{}, ErrAudience
	}
	now := e.now()
	expires, _ := t.time("exp")
	begins, _ := t.time("nbf")
	if !now.Before(expires) || now.Before(begins.Add(-clockLeeway)) {
		return directory.Grant{}, ErrExpired
	}
	return e.granted(t)
}

// granted reads the grant out of a token that is genuine and in its time.
func (e *Entra) granted(t *jwt) (directory.Grant, error) {
	grant := directory.Grant{Tenant: t.text("tid"), App: t.text("appid")}
	if t.text("idtyp") == "app" {
		roles, _ := t.claims["roles"].([]any)
		for _, role := range roles {
			if name, ok := role.(string); ok {
				grant.Scopes = append(grant.Scopes, name)
			}
		}
		return grant, nil
	}
	grant.User, grant.Scopes = t.text("oid"), t.words("scp")
	if t.claims["xms_cc"] == nil {
		return grant, nil
	}
	seen, g := readMark(t.text("aio")), e.generation(grant.Tenant, grant.User)
	if seen.Sessions < g.sessions || seen.Tokens < g.tokens {
		return directory.Grant{}, &Stale{claims: g.challenge()}
	}
	return grant, nil
}
