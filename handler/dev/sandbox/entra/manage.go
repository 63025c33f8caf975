package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Manage serves the routes that steer this Entra, for the management port. All take and give JSON; a tenant
// is an id or a domain, a user an object id or a UPN, a duration text such as "5m". Unknown members, tenants
// and users are answered with 400 and {"error": "..."}; what works without a result with 204.
//
//	POST   /_sandbox/teams-token  TeamsTokenRequest, "lifetime": "1h" -> {"token"}; also at /entra/teams-token
//	GET    /entra/apps            -> [{"id", "name", "uris", ...}], without secrets
//	PUT    /entra/apps            {"id", "name", "home", "singleTenant", "public", "disabled",
//	                              "secrets": [{"value", "expires"}], "certificates": [PEM],
//	                              "federated": [{"issuer", "subject", "audience", "keys": {kid: PEM}}], "uris",
//	                              "redirectUris", "spaRedirectUris", "scopes", "roles", "exposed", "tokenVersion",
//	                              "groupMembershipClaims"}
//	PUT    /entra/consent         {"tenant", "user", "app", "scopes"}; without user: for everybody
//	DELETE /entra/consent         the same; without scopes: all
//	POST   /entra/uninstall       {"tenant", "app"}
//	POST   /entra/rotate          {"withdraw"} -> {"kid"}
//	POST   /entra/revoke          {"tenant", "user"}: ends all sessions
//	POST   /entra/challenge       {"tenant", "user"}: Graph demands new tokens of CP1 clients
//	POST   /entra/expire          {"tenant", "user"}: ends refresh tokens, as 90 idle days do
//	POST   /entra/disable         {"tenant", "user", "disabled"}
//	GET    /entra/clock           -> {"now", "skew"}
//	PUT    /entra/clock           {"skew"}
//	PUT    /entra/policy          {"tenant", "user", "code", "claims", "signInFrequency", "noUserConsent"}
//	DELETE /entra/policy          {"tenant"}
//	POST   /entra/errors          {"code", "status", "error", "suberror", "claims", "retryAfter", "times",
//	                              "grant", "tenant"}: the next answers of the token endpoint
//	DELETE /entra/errors          -> {"left"}
//	GET    /entra/requested       -> {"scopes"}: what was ever asked for, see Requested
func (e *Entra) Manage() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(*manageRequest) (any, error){
		"POST /_sandbox/teams-token": e.manageTeamsToken,
		"POST /entra/teams-token":    e.manageTeamsToken,
		"GET /entra/apps":            e.manageApps,
		"PUT /entra/apps":            e.managePutApp,
		"PUT /entra/consent":         e.manageConsent,
		"DELETE /entra/consent":      e.manageRemoveConsent,
		"POST /entra/uninstall":      e.manageUninstall,
		"POST /entra/rotate":         e.manageRotate,
		"POST /entra/revoke":         e.onUser(e.Revoke),
		"POST /entra/challenge":      e.onUser(e.Challenge),
		"POST /entra/expire":         e.onUser(e.Expire),
		"POST /entra/disable":        e.manageDisable,
		"GET /entra/clock":           e.manageClock,
		"PUT /entra/clock":           e.manageSkew,
		"PUT /entra/policy":          e.managePolicy,
		"DELETE /entra/policy":       e.manageClearPolicy,
		"POST /entra/errors":         e.manageForce,
		"DELETE /entra/errors":       e.manageClearForced,
		"GET /entra/requested":       e.manageRequested,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := serve(&manageRequest{body: http.MaxBytesReader(w, r.Body, maxBody)})
			switch {
			case err != nil:
				writeJSON(w, r, http.StatusBadRequest, map[string]string{"error": err.Error()})
			case answer == nil:
				w.WriteHeader(http.StatusNoContent)
			default:
				writeJSON(w, r, http.StatusOK, answer)
			}
		})
	}
	return mux
}

// manageRequest is the body of a request to a management route.
type manageRequest struct{ body io.Reader }

// read fills v from the JSON body; members that v does not have are an error, an empty body is not.
func (m *manageRequest) read(v any) error {
	decoder := json.NewDecoder(m.body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}

// span is a duration as text.
type span time.Duration

// UnmarshalText reads text such as "1h30m" or "-5m".
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// target is whom a route is about.
type target struct {
	Tenant string `json:"tenant"`
	User   string `json:"user"`
}

// resolve replaces a domain and a UPN by ids.
func (e *Entra) resolve(t *target) error {
	tenant, err := e.options.Directory.Tenant(t.Tenant)
	if err != nil {
		return err
	}
	t.Tenant = tenant.ID
	if t.User == "" {
		return nil
	}
	user, err := e.options.Directory.User(tenant.ID, t.User)
	if err != nil {
		return err
	}
	t.User = user.ID
	return nil
}

// onUser serves a route that does one thing to one user.
func (e *Entra) onUser(do func(tenant, user string)) func(*manageRequest) (any, error) {
	return func(m *manageRequest) (any, error) {
		var t target
		if err := m.read(&t); err != nil {
			return nil, err
		}
		if t.User == "" {
			return nil, errors.New("user is required")
		}
		if err := e.resolve(&t); err != nil {
			return nil, err
		}
		do(t.Tenant, t.User)
		return nil, nil
	}
}

func (e *Entra) manageTeamsToken(m *manageRequest) (any, error) {
	var asked struct {
		TeamsTokenRequest
		Lifetime span `json:"lifetime"`
	}
	if err := m.read(&asked); err != nil {
		return nil, err
	}
	asked.TeamsTokenRequest.Lifetime = time.Duration(asked.Lifetime)
	token, err := e.TeamsToken(asked.TeamsTokenRequest)
	if err != nil {
		return nil, err
	}
	return map[string]string{"token": token}, nil
}

// consentChange is the body of the consent routes.
type consentChange struct {
	target
	App    string   `json:"app"`
	Scopes []string `json:"scopes"`
}

func (e *Entra) readConsent(m *manageRequest) (*consentChange, error) {
	var c consentChange
	if err := m.read(&c); err != nil {
		return nil, err
	}
	if _, ok := e.App(c.App); !ok {
		return nil, fmt.Errorf("app %q is not registered", c.App)
	}
	return &c, e.resolve(&c.target)
}

func (e *Entra) manageConsent(m *manageRequest) (any, error) {
	c, err := e.readConsent(m)
	if err != nil {
		return nil, err
	}
	e.Consent(c.Tenant, c.User, c.App, c.Scopes...)
	return nil, nil
}

func (e *Entra) manageRemoveConsent(m *manageRequest) (any, error) {
	c, err := e.readConsent(m)
	if err != nil {
		return nil, err
	}
	e.RemoveConsent(c.Tenant, c.User, c.App, c.Scopes...)
	return nil, nil
}

func (e *Entra) manageUninstall(m *manageRequest) (any, error) {
	c, err := e.readConsent(m)
	if err != nil {
		return nil, err
	}
	e.Uninstall(c.Tenant, c.App)
	return nil, nil
}

func (e *Entra) manageRotate(m *manageRequest) (any, error) {
	var asked struct {
		Withdraw bool `json:"withdraw"`
	}
	if err := m.read(&asked); err != nil {
		return nil, err
	}
	kid, err := e.Rotate(asked.Withdraw)
	if err != nil {
		return nil, err
	}
	return map[string]string{"kid": kid}, nil
}

func (e *Entra) manageDisable(m *manageRequest) (any, error) {
	asked := struct {
		target
		Disabled bool `json:"disabled"`
	}{Disabled: true}
	if err := m.read(&asked); err != nil {
		return nil, err
	}
	if err := e.resolve(&asked.target); err != nil {
		return nil, err
	}
	return nil, e.Disable(asked.Tenant, asked.User, asked.Disabled)
}

func (e *Entra) manageClock(*manageRequest) (any, error) {
	return map[string]string{"now": e.now().UTC().Format(time.RFC3339Nano), "skew": e.Skew().String()}, nil
}

func (e *Entra) manageSkew(m *manageRequest) (any, error) {
	var asked struct {
		Skew span `json:"skew"`
	}
	if err := m.read(&asked); err != nil {
		return nil, err
	}
	e.SetSkew(time.Duration(asked.Skew))
	return nil, nil
}

func (e *Entra) managePolicy(m *manageRequest) (any, error) {
	var asked struct {
		target
		Code            int    `json:"code"`
		Claims          string `json:"claims"`
		SignInFrequency span   `json:"signInFrequency"`
		NoUserConsent   bool   `json:"noUserConsent"`
	}
	if err := m.read(&asked); err != nil {
		return nil, err
	}
	if err := e.resolve(&asked.target); err != nil {
		return nil, err
	}
	e.SetPolicy(Policy{
		Tenant:          asked.Tenant,
		User:            asked.User,
		Code:            asked.Code,
		Claims:          asked.Claims,
		SignInFrequency: time.Duration(asked.SignInFrequency),
		NoUserConsent:   asked.NoUserConsent,
	})
	return nil, nil
}

func (e *Entra) manageClearPolicy(m *manageRequest) (any, error) {
	var t target
	if err := m.read(&t); err != nil {
		return nil, err
	}
	if err := e.resolve(&t); err != nil {
		return nil, err
	}
	e.ClearPolicies(t.Tenant)
	return nil, nil
}

func (e *Entra) manageForce(m *manageRequest) (any, error) {
	var asked struct {
		Code       int    `json:"code"`
		Status     int    `json:"status"`
		Error      string `json:"error"`
		Suberror   string `json:"suberror"`
		Claims     string `json:"claims"`
		RetryAfter span   `json:"retryAfter"`
		Times      int    `json:"times"`
		Grant      string `json:"grant"`
		Tenant     string `json:"tenant"`
	}
	if err := m.read(&asked); err != nil {
		return nil, err
	}
	if asked.Status != 0 && (asked.Status < 400 || asked.Status > 599) || asked.Times < 0 ||
		strings.ContainsAny(asked.Grant, " ") {
		return nil, errors.New("status must be 400 to 599, times must not be negative, grant is one grant_type")
	}
	e.Force(Forced{
		Code:       asked.Code,
		Status:     asked.Status,
		Word:       asked.Error,
		Suberror:   asked.Suberror,
		Claims:     asked.Claims,
		RetryAfter: time.Duration(asked.RetryAfter),
		Times:      asked.Times,
		Grant:      asked.Grant,
		Tenant:     asked.Tenant,
	})
	return nil, nil
}

func (e *Entra) manageClearForced(*manageRequest) (any, error) {
	return map[string]int{"left": e.ClearForced()}, nil
}

func (e *Entra) manageRequested(*manageRequest) (any, error) {
	return map[string][]string{"scopes": e.Requested()}, nil
}
