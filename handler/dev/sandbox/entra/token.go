package entra

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// maxBody is the largest form that the token endpoint reads, in bytes.
const maxBody = 1 << 20

// The grants.
const (
	grantBearer  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantRefresh = "refresh_token"
	grantCode    = "authorization_code"
	grantClient  = "client_credentials"
)

// tokenRequest is a request to the token endpoint whose client has been recognised.
type tokenRequest struct {
	form       url.Values
	grant      string
	place      place
	app        App
	acr        string // how the client proved itself: "0" not at all, "1" a secret, "2" a key
	continuous bool   // the client declared CP1
	spa        bool   // a script in a browser asks, from another origin
	now        time.Time
	// identify tells who watches the calls, if anybody does, for whom this one is.
	identify func(tenant, user string)
}

// token is the token endpoint.
func (e *Entra) token(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Origin") != "" {
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	answer, refused := e.answerToken(w, req)
	if refused != nil {
		e.refuse(w, req, refused)
		return
	}
	writeJSON(w, req, http.StatusOK, answer)
}

func (e *Entra) answerToken(w http.ResponseWriter, req *http.Request) (map[string]any, *refusal) {
	form, refused := readForm(w, req)
	e.note(req.PostForm["scope"])
	if refused != nil {
		return nil, refused
	}
	r := &tokenRequest{form: form, grant: form.Get("grant_type"), now: e.now(), identify: func(string, string) {}}
	if watcher, ok := w.(interface{ Identify(tenant, user string) }); ok {
		r.identify = watcher.Identify
	}
	if refused := e.takeForced(r.grant, req.PathValue("tenant")); refused != nil {
		return nil, refused
	}
	if refused := e.recognise(r, req); refused != nil {
		return nil, refused
	}
	switch r.grant {
	case grantBearer:
		return e.onBehalfOf(r)
	case grantRefresh:
		return e.refreshed(r)
	case grantCode:
		return e.redeemed(r)
	default:
		return e.clientOnly(r)
	}
}

// readForm reads the body. Parameters in the query do not count, and none may come twice.
func readForm(w http.ResponseWriter, req *http.Request) (url.Values, *refusal) {
	if req.Method != http.MethodPost {
		return nil, refuse(900561, req.Method)
	}
	req.Body = http.MaxBytesReader(w, req.Body, maxBody)
	if err := req.ParseForm(); err != nil {
		return nil, refuse(9002313)
	}
	for name, values := range req.PostForm {
		if len(values) > 1 {
			return nil, refuse(9000411, name)
		}
	}
	return req.PostForm, nil
}

// recognise checks what all grants have in common: grant, tenant, client and its credential, claims.
func (e *Entra) recognise(r *tokenRequest, req *http.Request) *refusal {
	if r.grant == "" {
		return refuse(900144, "grant_type")
	}
	if !slices.Contains([]string{grantBearer, grantRefresh, grantCode, grantClient}, r.grant) {
		return refuse(70003, r.grant)
	}
	id, given, refused := readCredential(r.form, req)
	if refused != nil {
		return refused
	}
	if r.place, refused = e.find(req.PathValue("tenant")); refused != nil {
		return refused
	}
	app, ok := e.App(id)
	if !ok || r.place.id == msaTenant || app.SingleTenant && r.place.id != "" && app.Home != r.place.id {
		return refuse(700016, id, r.place.name)
	}
	if app.Disabled {
		return refuse(7000112, app.ID, app.Name)
	}
	r.app = app
	if r.spa = req.Header.Get("Origin") != ""; r.spa && given == (credential{}) &&
		(r.grant == grantCode || r.grant == grantRefresh) {
		r.acr = "0" // the code, or the session, says whether that is right
	} else if r.acr, refused = e.authenticate(r, given); refused != nil {
		return refused
	}
	r.continuous, refused = readClaims(r.form.Get("claims"))
	return refused
}

// readClaims reads the claims parameter and reports whether it declares the capability CP1.
func readClaims(text string) (bool, *refusal) {
	if text == "" {
		return false, nil
	}
	var claims struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		return false, refuse(9002313)
	}
	declared := slices.ContainsFunc(claims.AccessToken.Capabilities.Values, func(v string) bool {
		return strings.EqualFold(v, "cp1")
	})
	return declared, nil
}

// subject is a user for whom a token is asked.
type subject struct {
	user     directory.User
	strong   bool      // proved more than a password
	signedIn time.Time // when
	seen     int       // revocations that the sign-in has survived
}

// need refuses a request without a parameter.
func (r *tokenRequest) need(names ...string) *refusal {
	for _, name := range names {
		if r.form.Get(name) == "" {
			return refuse(900144, name)
		}
	}
	return nil
}

// permitted runs the checks that all grants for users share: the sign-in still counts, the app is in the
// tenant, the scopes are consented, the policies are met.
func (e *Entra) permitted(r *tokenRequest, s subject, a *ask, consentAt time.Time) *refusal {
	r.identify(s.user.Tenant, s.user.ID)
	if g := e.generation(s.user.Tenant, s.user.ID); s.seen < g.sessions {
		return revoked(s.signedIn, g)
	}
	if !e.isInstalled(s.user.Tenant, r.app) {
		return refuse(700016, r.app.ID, s.user.Tenant)
	}
	if refused := e.grantScopes(a, r.app, s.user.Tenant, s.user.ID, consentAt); refused != nil {
		return refused
	}
	return e.access(s, a.resource)
}

// onBehalfOf exchanges a token for the app's own API.
func (e *Entra) onBehalfOf(r *tokenRequest) (map[string]any, *refusal) {
	if refused := r.need("assertion", "requested_token_use", "scope"); refused != nil {
		return nil, refused
	}
	if use := r.form.Get("requested_token_use"); use != "on_behalf_of" {
		return nil, refuse(70007, use, "requested_token_use")
	}
	if r.acr == "0" {
		return nil, refuse(7000218)
	}
	assertion, refused := e.checkAssertion(r)
	if refused != nil {
		return nil, refused
	}
	user, refused := e.live(assertion.text("tid"), assertion.text("oid"))
	if refused != nil {
		return nil, refused
	}
	a, refused := e.readScope(r.app, user.Tenant, r.form.Get("scope"))
	if refused != nil {
		return nil, refused
	}
	issued, _ := assertion.time("iat")
	seen := readMark(assertion.text("aio"))
	s := subject{user: user, strong: seen.Strong, signedIn: issued, seen: seen.Sessions}
	if refused := e.permitted(r, s, a, r.now); refused != nil {
		return nil, refused
	}
	return e.issue(r, s, a, ""), nil
}

// refreshed exchanges a refresh token for new tokens. The old one stays valid.
func (e *Entra) refreshed(r *tokenRequest) (map[string]any, *refusal) {
	if refused := r.need("refresh_token"); refused != nil {
		return nil, refused
	}
	held, refused := e.session(r)
	if refused == nil {
		refused = r.crossOrigin(held.spa)
	}
	if refused != nil {
		return nil, refused
	}
	user, refused := e.live(held.tenant, held.user)
	if refused != nil {
		return nil, refused
	}
	scope := r.form.Get("scope")
	if scope == "" {
		scope = held.scope
	}
	a, refused := e.readScope(r.app, user.Tenant, scope)
	if refused != nil {
		return nil, refused
	}
	s := subject{user: user, strong: held.strong, signedIn: held.signedIn, seen: held.seen}
	if refused := e.permitted(r, s, a, r.now); refused != nil {
		if refused.word == "interaction_required" {
			refused.word = "invalid_grant" // the refresh token itself is of no more use
		}
		return nil, refused
	}
	if p := e.policy(user.Tenant, user.ID); p.SignInFrequency > 0 && r.now.Sub(held.signedIn) > p.SignInFrequency {
		return nil, refuse(70043, held.signedIn.UTC().Format(timestamp), p.SignInFrequency)
	}
	return e.issue(r, s, a, ""), nil
}

// crossOrigin refuses what was given to a script in a browser to anybody else, and the other way round.
func (r *tokenRequest) crossOrigin(spa bool) *refusal {
	switch {
	case r.spa && !spa:
		return refuse(9002326)
	case spa && !r.spa:
		return refuse(9002327)
	}
	return nil
}

// redeemed exchanges an authorization code.
func (e *Entra) redeemed(r *tokenRequest) (map[string]any, *refusal) {
	if refused := r.need("code", "redirect_uri"); refused != nil {
		return nil, refused
	}
	c, refused := e.takeCode(r)
	if refused == nil {
		refused = r.crossOrigin(slices.Contains(r.app.SPARedirectURIs, c.redirect))
	}
	if refused != nil {
		return nil, refused
	}
	user, refused := e.live(c.tenant, c.user)
	if refused != nil {
		return nil, refused
	}
	scope := r.form.Get("scope")
	if scope == "" {
		scope = c.scope
	}
	a, refused := e.readScope(r.app, user.Tenant, scope)
	if refused != nil {
		return nil, refused
	}
	s := subject{user: user, strong: c.strong, signedIn: c.issued, seen: c.seen}
	if refused := e.permitted(r, s, a, r.now.Add(e.options.ConsentDelay)); refused != nil {
		return nil, refused
	}
	return e.issue(r, s, a, c.nonce), nil
}

// clientOnly gives the app a token of its own.
func (e *Entra) clientOnly(r *tokenRequest) (map[string]any, *refusal) {
	if refused := r.need("scope"); refused != nil {
		return nil, refused
	}
	if r.place.id == "" {
		return nil, refuse(50059)
	}
	if r.acr == "0" {
		return nil, refuse(7000218)
	}
	if refused := onlyDefault(r.form.Get("scope")); refused != nil {
		return nil, refused
	}
	if !e.isInstalled(r.place.id, r.app) {
		return nil, refuse(7000229, r.app.ID, r.place.id)
	}
	lifetime := e.lifetime(r.continuous)
	return map[string]any{
		"token_type":     "Bearer",
		"expires_in":     int(lifetime.Seconds()),
		"ext_expires_in": int(lifetime.Seconds()),
		"access_token":   e.appToken(r, lifetime),
	}, nil
}

// onlyDefault wants Graph's ".default" alone. The scopes of OpenID Connect, which some clients add always,
// change nothing.
func onlyDefault(scope string) *refusal {
	wanted := 0
	for _, word := range strings.Fields(scope) {
		resource, name := splitScope(word)
		if resource == graphURI && slices.Contains(oidc, strings.ToLower(name)) {
			continue
		}
		if wanted++; resource != graphURI || name != ".default" {
			return refuse(1002012, scope)
		}
	}
	if wanted != 1 {
		return refuse(1002012, scope)
	}
	return nil
}
