package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// refreshLifetime is how long a refresh token of a confidential client lives; each use gives a new one.
// Source: https://learn.microsoft.com/entra/identity-platform/refresh-tokens.
const refreshLifetime = 90 * 24 * time.Hour

// spaLifetime is how long one of a script in a browser lives, from the sign-in on.
const spaLifetime = 24 * time.Hour

// codeLifetime is how long an authorization code lives.
const codeLifetime = 10 * time.Minute

// session is what a refresh token stands for. It is bound to a user and an app, not to a resource.
type session struct {
	tenant, user, app string
	scope             string // as asked at first
	issued, expires   time.Time
	signedIn          time.Time
	strong            bool
	seen              int // revocations before it
	spa               bool
}

// code is what an authorization code stands for.
type code struct {
	tenant, user, app string
	redirect, scope   string
	nonce             string
	challenge, method string
	issued            time.Time
	strong            bool
	seen              int
	used              bool
}

// keep makes a refresh token.
func (e *Entra) keep(r *tokenRequest, s subject, a *ask) string {
	token := "1." + opaque(96)
	e.mu.Lock()
	defer e.mu.Unlock()
	expires := r.now.Add(refreshLifetime)
	if r.spa {
		expires = s.signedIn.Add(spaLifetime)
	}
	e.refresh[token] = &session{
		tenant:   s.user.Tenant,
		user:     s.user.ID,
		app:      r.app.ID,
		scope:    a.text,
		issued:   r.now,
		expires:  expires,
		signedIn: s.signedIn,
		strong:   s.strong,
		seen:     s.seen,
		spa:      r.spa,
	}
	return token
}

// session finds what the request's refresh token stands for and checks that this client may use it here.
func (e *Entra) session(r *tokenRequest) (session, *refusal) {
	e.mu.Lock()
	found, ok := e.refresh[r.form.Get("refresh_token")]
	var held session
	if ok {
		held = *found
	}
	e.mu.Unlock()
	if !ok || held.app != r.app.ID {
		return held, refuse(70000)
	}
	if r.place.id != "" && r.place.id != held.tenant {
		return held, refuse(50020, held.user, e.issuer(1, held.tenant), r.place.name, r.app.ID)
	}
	switch issued := held.issued.UTC().Format(timestamp); {
	case r.now.Before(held.expires):
		return held, nil
	case held.spa:
		return held, refuse(700084, issued)
	default:
		return held, refuse(700082, issued, "90.00:00:00")
	}
}

// newCode makes an authorization code.
func (e *Entra) newCode(c *code) string {
	value := "1." + opaque(64)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.codes[value] = c
	return value
}

// takeCode finds what the request's code stands for and uses it up. A code that fails here is used up too.
func (e *Entra) takeCode(r *tokenRequest) (*code, *refusal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, ok := e.codes[r.form.Get("code")]
	if !ok || c.app != r.app.ID || r.place.id != "" && r.place.id != c.tenant {
		return nil, refuse(70000)
	}
	if c.used {
		return nil, refuse(54005)
	}
	c.used = true
	if r.now.After(c.issued.Add(codeLifetime)) {
		return nil, refuse(70008)
	}
	if given := r.form.Get("redirect_uri"); given != c.redirect {
		return nil, refuse(500112, given, c.redirect)
	}
	return c, c.checkVerifier(r.form.Get("code_verifier"))
}

// checkVerifier compares the verifier with the challenge (RFC 7636).
func (c *code) checkVerifier(verifier string) *refusal {
	switch {
	case c.challenge == "" && verifier == "":
		return nil
	case c.challenge == "" || verifier == "":
		return refuse(50148)
	case c.method == "S256":
		sum := sha256.Sum256([]byte(verifier))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge {
			return refuse(501481)
		}
	case verifier != c.challenge:
		return refuse(501481)
	}
	return nil
}
