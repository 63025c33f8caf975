package entra

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"imagepro/handler/dev/sandbox/directory"
)

// signIn is a request to the authorize endpoint whose app and redirect URI are known to be right, so that
// errors may be sent there.
type signIn struct {
	place    place
	app      App
	query    url.Values
	redirect string
	mode     string // query, fragment or form_post
}

// authorize is the GET of the endpoint: it answers at once if no human is needed or allowed, and with a
// page otherwise. The user is the one of login_hint; there are no cookies.
func (e *Entra) authorize(w http.ResponseWriter, req *http.Request) {
	s, refused := e.readSignIn(req, req.URL.Query())
	if refused != nil {
		e.refusePage(w, req, refused)
		return
	}
	if refused := s.check(); refused != nil {
		e.sendBack(w, req, s, e.failure(req, refused, refused.word))
		return
	}
	prompt, user := s.query.Get("prompt"), e.hinted(s)
	if prompt != "none" && (prompt != "" || user == nil) {
		e.signInPage(w, s, user)
		return
	}
	if user == nil {
		e.sendBack(w, req, s, e.failure(req, refuse(50058), "login_required"))
		return
	}
	refused = e.silent(s, *user)
	switch {
	case refused == nil:
		e.sendCode(w, req, s, *user, false)
	case prompt == "none":
		e.sendBack(w, req, s, e.failure(req, refused, silentWord(refused)))
	default:
		e.signInPage(w, s, user)
	}
}

// silentWord is the OpenID Connect error of a refusal when no human may be asked.
func silentWord(r *refusal) string {
	if r.suberror == "consent_required" {
		return "consent_required"
	}
	if r.word == "invalid_grant" {
		return "interaction_required"
	}
	return r.word
}

// readSignIn reads app and redirect URI. What it refuses is shown on a page: the redirect cannot be trusted.
func (e *Entra) readSignIn(req *http.Request, query url.Values) (*signIn, *refusal) {
	e.note(query["scope"])
	p, refused := e.find(req.PathValue("tenant"))
	if refused != nil {
		return nil, refused
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if query.Get(name) == "" {
			return nil, refuse(900144, name)
		}
	}
	app, ok := e.App(query.Get("client_id"))
	if !ok || p.id == msaTenant || app.SingleTenant && p.id != "" && p.id != app.Home {
		return nil, refuse(700016, query.Get("client_id"), p.name)
	}
	if app.Disabled {
		return nil, refuse(7000112, app.ID, app.Name)
	}
	s := &signIn{
		place:    p,
		app:      app,
		query:    query,
		redirect: query.Get("redirect_uri"),
		mode:     query.Get("response_mode"),
	}
	if !app.allows(s.redirect) {
		return nil, refuse(50011, s.redirect, app.ID)
	}
	if s.mode == "" {
		s.mode = "query"
	}
	if s.mode != "query" && s.mode != "fragment" && s.mode != "form_post" {
		return nil, refuse(70007, s.mode, "response_mode")
	}
	return s, nil
}

// check refuses what is wrong with the other parameters.
func (s *signIn) check() *refusal {
	challenge, method := s.query.Get("code_challenge"), s.query.Get("code_challenge_method")
	switch {
	case s.query.Get("response_type") == "":
		return refuse(900144, "response_type")
	case s.query.Get("response_type") != "code":
		return refuse(700054, s.query.Get("response_type"))
	case s.query.Get("scope") == "":
		return refuse(900144, "scope")
	case challenge != "" && (len(challenge) < 43 || len(challenge) > 128):
		return refuse(501491)
	case method != "" && method != "S256" && method != "plain":
		return refuse(70007, method, "code_challenge_method")
	}
	switch prompt := s.query.Get("prompt"); prompt {
	case "", "none", "login", "consent", "select_account":
	default:
		return refuse(70007, prompt, "prompt")
	}
	_, refused := readClaims(s.query.Get("claims"))
	return refused
}

// hinted returns the user whom login_hint names, or nil.
func (e *Entra) hinted(s *signIn) *directory.User {
	return e.member(s.place, s.query.Get("login_hint"))
}

// member finds a user by UPN or object id in the tenant of a path, or in all tenants.
func (e *Entra) member(p place, name string) *directory.User {
	if name == "" {
		return nil
	}
	for _, tenant := range e.options.Directory.Tenants() {
		if p.id != "" && p.id != tenant.ID {
			continue
		}
		if user, err := e.options.Directory.User(tenant.ID, name); err == nil {
			return &user
		}
	}
	return nil
}

// silent refuses a sign-in that needs the user's hands.
func (e *Entra) silent(s *signIn, user directory.User) *refusal {
	if user.Disabled {
		return refuse(50057)
	}
	a, refused := e.readScope(s.app, user.Tenant, s.query.Get("scope"))
	if refused != nil {
		return refused
	}
	if refused := e.grantScopes(a, s.app, user.Tenant, user.ID, e.now().Add(e.options.ConsentDelay)); refused != nil {
		return refused
	}
	return e.access(subject{user: user}, a.resource)
}

// authorizeDecided is what the buttons of the page send: the user and the decision, with the parameters of
// the GET in the query as before.
func (e *Entra) authorizeDecided(w http.ResponseWriter, req *http.Request) {
	s, refused := e.readSignIn(req, req.URL.Query())
	if refused == nil {
		refused = s.check()
	}
	if refused != nil {
		e.refusePage(w, req, refused)
		return
	}
	if req.PostFormValue("decision") != "accept" {
		back := e.failure(req, refuse(65004), "access_denied")
		back.Set("error_subcode", "cancel")
		e.sendBack(w, req, s, back)
		return
	}
	user := e.member(s.place, req.PostFormValue("user"))
	if user == nil {
		e.refusePage(w, req, refuse(50034, req.PostFormValue("user"), s.place.name))
		return
	}
	refused, word := e.accept(s, *user, req.PostFormValue("organization") != "")
	switch {
	case refused == nil:
		e.sendCode(w, req, s, *user, true)
	case word == "":
		e.refusePage(w, req, refused)
	default:
		e.sendBack(w, req, s, e.failure(req, refused, word))
	}
}

// accept records what the user consents to on the page. A refusal without a word stays on the page.
func (e *Entra) accept(s *signIn, user directory.User, organization bool) (*refusal, string) {
	if user.Disabled {
		return refuse(50057), ""
	}
	a, refused := e.readScope(s.app, user.Tenant, s.query.Get("scope"))
	if refused != nil {
		return refused, refused.word
	}
	if refused := e.access(subject{user: user, strong: true}, a.resource); refused != nil {
		return refused, ""
	}
	if s.query.Get("prompt") != "consent" && e.silentlyConsented(s, user, a) {
		return nil, ""
	}
	if !user.Admin && (organization || e.policy(user.Tenant, user.ID).NoUserConsent) {
		return refuse(90094), "access_denied"
	}
	whose := user.ID
	if organization {
		whose = ""
	}
	e.consent(e.now().Add(e.options.ConsentDelay), user.Tenant, whose, s.app.ID, s.app.consents(a)...)
	return nil, ""
}

func (e *Entra) silentlyConsented(s *signIn, user directory.User, a *ask) bool {
	asked := *a
	return e.grantScopes(&asked, s.app, user.Tenant, user.ID, e.now().Add(e.options.ConsentDelay)) == nil
}

// consents are the scopes that the page asks the user for: the ones of the request with those of OpenID
// Connect, which the service adds on its own, or all that the registration lists for ".default".
func (a App) consents(asked *ask) []string {
	scopes := []string{"openid", "profile", "offline_access"}
	if asked.has("email") {
		scopes = append(scopes, "email")
	}
	if asked.all {
		return append(scopes, a.Scopes...)
	}
	for _, name := range asked.names {
		if asked.app != "" {
			name = asked.resource + "/" + name
		}
		scopes = append(scopes, name)
	}
	return scopes
}

// sendCode ends a sign-in well.
func (e *Entra) sendCode(w http.ResponseWriter, req *http.Request, s *signIn, user directory.User, strong bool) {
	method := s.query.Get("code_challenge_method")
	if method == "" {
		method = "plain"
	}
	value := e.newCode(&code{
		tenant:    user.Tenant,
		user:      user.ID,
		app:       s.app.ID,
		redirect:  s.redirect,
		scope:     s.query.Get("scope"),
		nonce:     s.query.Get("nonce"),
		challenge: s.query.Get("code_challenge"),
		method:    method,
		issued:    e.now(),
		strong:    strong,
		seen:      e.generation(user.Tenant, user.ID).sessions,
	})
	back := url.Values{"code": {value}, "session_state": {directory.NewID()}}
	if s.query.Get("client_info") == "1" {
		back.Set("client_info", segment(map[string]any{"uid": user.ID, "utid": user.Tenant}))
	}
	e.sendBack(w, req, s, back)
}

// failure is what an app is told about a sign-in that did not work.
func (e *Entra) failure(req *http.Request, r *refusal, word string) url.Values {
	description := r.description(directory.NewID(), correlation(req), e.now().UTC().Format(timestamp))
	back := url.Values{
		"error":             {word},
		"error_description": {description},
		"error_uri":         {e.base + "/error?code=" + strconv.Itoa(r.code)},
	}
	if r.claims != "" {
		back.Set("claims", r.claims)
	}
	return back
}

// sendBack redirects to the app in the response mode that it asked for.
func (e *Entra) sendBack(w http.ResponseWriter, req *http.Request, s *signIn, back url.Values) {
	if state := s.query.Get("state"); state != "" {
		back.Set("state", state)
	}
	w.Header().Set("Cache-Control", "no-store, no-cache")
	switch s.mode {
	case "fragment":
		http.Redirect(w, req, s.redirect+"#"+back.Encode(), http.StatusFound)
	case "form_post":
		e.page(w, http.StatusOK, formPostPage, map[string]any{"To": s.redirect, "Fields": back})
	default:
		separator := "?"
		if strings.Contains(s.redirect, "?") {
			separator = "&"
		}
		http.Redirect(w, req, s.redirect+separator+back.Encode(), http.StatusFound)
	}
}

// adminConsent is the page on which an administrator consents for a tenant.
func (e *Entra) adminConsent(w http.ResponseWriter, req *http.Request) {
	s, refused := e.readSignIn(req, req.URL.Query())
	if refused != nil {
		e.refusePage(w, req, refused)
		return
	}
	e.adminPage(w, s)
}

// adminConsentDecided is what the buttons of that page send.
func (e *Entra) adminConsentDecided(w http.ResponseWriter, req *http.Request) {
	s, refused := e.readSignIn(req, req.URL.Query())
	if refused != nil {
		e.refusePage(w, req, refused)
		return
	}
	user := e.member(s.place, req.PostFormValue("user"))
	if user == nil || user.Disabled || !user.Admin {
		e.refusePage(w, req, refuse(90094))
		return
	}
	if req.PostFormValue("decision") != "accept" {
		back := url.Values{"error": {"permission_denied"}, "error_description": {"The admin canceled the request"}}
		e.sendBack(w, req, s, back)
		return
	}
	scope := s.query.Get("scope")
	if scope == "" {
		scope = graphURI + "/.default"
	}
	a, refused := e.readScope(s.app, user.Tenant, scope)
	if refused != nil {
		e.sendBack(w, req, s, e.failure(req, refused, refused.word))
		return
	}
	e.consent(e.now().Add(e.options.ConsentDelay), user.Tenant, "", s.app.ID, s.app.consents(a)...)
	e.sendBack(w, req, s, url.Values{"admin_consent": {"True"}, "tenant": {user.Tenant}, "scope": {scope}})
}
