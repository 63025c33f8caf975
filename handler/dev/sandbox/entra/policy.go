package entra

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// Policy is what the administrators of a tenant demand of its users.
type Policy struct {
	Tenant string
	User   string // object id; empty: all users of the tenant
	// Code is the Conditional Access failure: 50072, 50076, 50079 and 50158 are mended by an interactive sign-in
	// (or a Teams token with Strong), 53000 to 53004 and 530035 by nothing but the end of the policy. Zero: none.
	Code int
	// Claims is the challenge as JSON; empty: one that names a policy.
	Claims string
	// SignInFrequency is how old a sign-in may be when its refresh token is used (70043). Zero: any age.
	SignInFrequency time.Duration
	// NoUserConsent leaves consent to administrators (90094).
	NoUserConsent bool
}

// SetPolicy sets the policy of a tenant or of one user, which wins over the tenant's.
func (e *Entra) SetPolicy(p Policy) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.Tenant, p.User = strings.ToLower(p.Tenant), strings.ToLower(p.User)
	e.policies[[2]string{p.Tenant, p.User}] = p
}

// ClearPolicies ends all policies of a tenant.
func (e *Entra) ClearPolicies(tenant string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key := range e.policies {
		if key[0] == strings.ToLower(tenant) {
			delete(e.policies, key)
		}
	}
}

func (e *Entra) policy(tenant, user string) Policy {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p, ok := e.policies[[2]string{tenant, user}]; ok {
		return p
	}
	return e.policies[[2]string{tenant, ""}]
}

// mendable reports whether the user can meet the policy by signing in.
func (p Policy) mendable() bool {
	return p.Code == 50072 || p.Code == 50076 || p.Code == 50079 || p.Code == 50158
}

// access refuses a token that the user's policy does not allow. The challenge goes to the user's client.
func (e *Entra) access(s subject, resource string) *refusal {
	p := e.policy(s.user.Tenant, s.user.ID)
	if p.Code == 0 || s.strong && p.mendable() {
		return nil
	}
	refused := refuse(p.Code, resource)
	refused.claims = p.Claims
	if refused.claims == "" {
		name := "polids"
		if !p.mendable() {
			name = "capolids"
		}
		raw, _ := json.Marshal(map[string]any{"access_token": map[string]any{name: map[string]any{
			"essential": true, "values": []string{"5ce770ea-8690-4747-aa73-c5b3cd509cd4"}}}}) // strings cannot fail
		refused.claims = string(raw)
	}
	return refused
}

// generation counts the events of a user that end tokens.
type generation struct {
	sessions  int // revocations: end refresh tokens, assertions, and access tokens of CP1 clients
	tokens    int // challenges: end access tokens of CP1 clients alone
	revokedAt time.Time
	changedAt time.Time // of the latest event of either kind
}

// Revoke ends all sessions of a user, as "Revoke sessions" in the admin center does. Tenant and user are ids
// here and in the functions below.
func (e *Entra) Revoke(tenant, user string) {
	e.event(tenant, user, func(g *generation) { g.sessions++; g.revokedAt = g.changedAt })
}

// Challenge makes Graph demand new access tokens of CP1 clients for a user whose sessions live on, as
// continuous access evaluation does after a change of location.
func (e *Entra) Challenge(tenant, user string) {
	e.event(tenant, user, func(g *generation) { g.tokens++ })
}

func (e *Entra) event(tenant, user string, change func(*generation)) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	key := [2]string{strings.ToLower(tenant), strings.ToLower(user)}
	g := e.generations[key]
	g.changedAt = now
	change(&g)
	e.generations[key] = g
}

func (e *Entra) generation(tenant, user string) generation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.generations[[2]string{tenant, user}]
}

// Disable forbids a user to sign in, or allows it again. Sessions end with it.
func (e *Entra) Disable(tenant, user string, disabled bool) error {
	u, err := e.options.Directory.User(tenant, user)
	if err != nil {
		return err
	}
	u.Disabled = disabled
	if err := e.options.Directory.PutUser(u); err != nil {
		return err
	}
	if disabled {
		e.Revoke(u.Tenant, u.ID)
	}
	return nil
}

// Expire lets the refresh tokens that a user's apps hold now run out, as 90 idle days do.
func (e *Entra) Expire(tenant, user string) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.refresh {
		if s.tenant == strings.ToLower(tenant) && s.user == strings.ToLower(user) {
			s.expires = now
		}
	}
}

// Forced is an error that the token endpoint gives instead of an answer. Empty members take the usual
// values of the code.
type Forced struct {
	Code       int    // AADSTS code; zero: an error with a status and an HTML page, as gateways give
	Status     int    // HTTP status
	Word       string // the error member
	Suberror   string
	Claims     string
	RetryAfter time.Duration // whole seconds, rounded up; zero: no header
	Times      int           // how often; zero: once
	Grant      string        // only for this grant_type; empty: for all
	Tenant     string        // only at this tenant's endpoint; empty: at all
}

// Force queues an error for the next requests to the token endpoint.
func (e *Entra) Force(f Forced) {
	if f.Times == 0 {
		f.Times = 1
	}
	f.Tenant = strings.ToLower(f.Tenant)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forced = append(e.forced, &f)
}

// ClearForced drops the errors that have not been given yet and returns how many there were.
func (e *Entra) ClearForced() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := 0
	for _, f := range e.forced {
		left += f.Times
	}
	e.forced = nil
	return left
}

// takeForced returns the error that the request has to be given, or nil.
func (e *Entra) takeForced(grant, tenant string) *refusal {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, f := range e.forced {
		if f.Grant != "" && f.Grant != grant || f.Tenant != "" && f.Tenant != strings.ToLower(tenant) {
			continue
		}
		if f.Times--; f.Times == 0 {
			e.forced = append(e.forced[:i:i], e.forced[i+1:]...)
		}
		return f.refusal()
	}
	return nil
}

func (f *Forced) refusal() *refusal {
	r := refuse(f.Code)
	if f.Code == 0 {
		r.status = http.StatusInternalServerError
	}
	if f.Status != 0 {
		r.status = f.Status
	}
	if f.Word != "" {
		r.word = f.Word
	}
	if f.Suberror != "" {
		r.suberror = f.Suberror
	}
	r.claims, r.retryAfter = f.Claims, f.RetryAfter
	return r
}

// live refuses a user who is gone or disabled.
func (e *Entra) live(tenant, user string) (directory.User, *refusal) {
	u, err := e.options.Directory.User(tenant, user)
	if err != nil {
		return u, refuse(50034, user, tenant)
	}
	if u.Disabled {
		return u, refuse(50057)
	}
	return u, nil
}

// revoked is the refusal of something that was issued before the user's sessions were ended.
func revoked(issued time.Time, g generation) *refusal {
	const form = "2006-01-02T15:04:05.0000000Z"
	return refuse(50173, issued.UTC().Format(form), g.revokedAt.UTC().Format(form))
}

// mark is the aio claim: opaque to everybody else, it says which events a token has seen.
type mark struct {
	Sessions int    `json:"s"`
	Tokens   int    `json:"t"`
	Strong   bool   `json:"m"`
	Salt     string `json:"r"`
}

func readMark(aio string) mark {
	var m mark
	if raw, err := decodeSegment(aio); err == nil {
		_ = json.Unmarshal(raw, &m) // an aio of another origin has seen nothing
	}
	return m
}

// challenge is the claims challenge of continuous access evaluation: only a token issued after the event
// will do.
func (g generation) challenge() string {
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, g.changedAt.Unix())
}
