package graph

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"imagepro/handler/dev/sandbox/directory"
)

// maxJSON is the largest JSON body: 4 MiB.
const maxJSON = 4 << 20

// jsonType is the Content-Type of Graph's answers.
const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// call is one request to Graph on its way.
type call struct {
	*Graph
	r    *http.Request
	who  directory.Grant
	q    query
	body []byte   // of calls that do not stream
	args []string // what the stars and the function argument of the route stand for
	id   string   // request-id
}

// answer is what a call that went well says. A nil body is none.
type answer struct {
	status int
	body   any
	header http.Header
}

func ok(body any) (answer, *failure) { return answer{status: http.StatusOK, body: body}, nil }

func empty(status int) (answer, *failure) { return answer{status: status}, nil }

func (a answer) with(name, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
	return a
}

// Handler serves Graph: every path below /v1.0.
func (g *Graph) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		c := &call{Graph: g, r: r, id: g.newGUID()}
		g.mu.Unlock()
		a, f := c.handle(w)
		if f != nil {
			c.refuse(w, f)
			return
		}
		c.reply(w, a)
	})
}

func (c *call) handle(w http.ResponseWriter) (answer, *failure) {
	if f := c.identify(); f != nil {
		return answer{}, f
	}
	if known, ok := w.(interface{ Identify(tenant, user string) }); ok {
		known.Identify(c.who.Tenant, c.who.User)
	}
	version, path, _ := strings.Cut(strings.TrimPrefix(c.r.URL.EscapedPath(), "/"), "/")
	if version != "v1.0" {
		return answer{}, fail(http.StatusBadRequest, "BadRequest", "Invalid version: %s", version)
	}
	segments, f := splitPath(path)
	if f != nil {
		return answer{}, f
	}
	if c.promisedNever(segments) {
		return answer{}, errDenied()
	}
	if c.q, f = parseQuery(c.r.URL.RawQuery); f != nil {
		return answer{}, f
	}
	return c.route(segments)
}

// identify checks the bearer token.
func (c *call) identify() *failure {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return unauthenticated("Access token is empty.", "")
	}
	who, err := c.options.Tokens.Check(c.r.Context(), token)
	if err == nil {
		c.who = who
		return nil
	}
	var challenge interface{ ClaimsChallenge() string }
	if errors.As(err, &challenge) && challenge.ClaimsChallenge() != "" {
		return unauthenticated("Continuous access evaluation resulted in challenge with result: InteractionRequired "+
			"and code: TokenIssuedBeforeRevocationTimestamp", challenge.ClaimsChallenge())
	}
	c.log.Info("token refused", "error", err.Error())
	return unauthenticated("Lifetime validation failed, the token is expired.", "")
}

func unauthenticated(message, claims string) *failure {
	challenge := `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ` +
		`client_id="00000003-0000-0000-c000-000000000000"`
	if claims != "" {
		challenge += `, error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	}
	return fail(http.StatusUnauthorized, "InvalidAuthenticationToken", "%s", message).with("WWW-Authenticate",
		challenge)
}

// need checks that the token carries one of the scopes.
func (c *call) need(scopes ...string) *failure {
	for _, s := range c.who.Scopes {
		if slices.ContainsFunc(scopes, func(want string) bool { return strings.EqualFold(s, want) }) {
			return nil
		}
	}
	return errDenied()
}

// readBody reads a JSON body, which may be compressed.
func (c *call) readBody() *failure {
	var body io.Reader = c.r.Body
	switch c.r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return fail(http.StatusBadRequest, "BadRequest",
				"The request body is not compressed as its Content-Encoding says.")
		}
		body = z
	default:
		return fail(http.StatusUnsupportedMediaType, "Request_BadRequest", "The content encoding is not supported.")
	}
	data, err := io.ReadAll(io.LimitReader(body, maxJSON+1))
	if err != nil {
		return fail(http.StatusBadRequest, "BadRequest", "The request body could not be read.")
	}
	if len(data) > maxJSON {
		return errTooMuch()
	}
	c.body = data
	return nil
}

// parse reads the JSON body into v, which must know every member.
func (c *call) parse(v any) *failure {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if t := c.r.Header.Get("Content-Type"); !strings.HasPrefix(t, "application/json") {
		return fail(http.StatusUnsupportedMediaType, "Request_BadRequest",
			"A Content-Type header of application/json is required.")
	}
	wrong := func(err error) *failure {
		return fail(http.StatusBadRequest, "BadRequest",
			"Unable to read JSON request payload. Please ensure Content-Type "+
				"header is set and payload is of valid JSON format. %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	var all map[string]any
	if err := json.Unmarshal(c.body, &all); err != nil {
		return wrong(err)
	}
	dropAnnotations(all)
	clean, err := json.Marshal(all)
	if err != nil {
		return wrong(err)
	}
	d := json.NewDecoder(bytes.NewReader(clean))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return wrong(err)
	}
	return nil
}

// dropAnnotations removes the OData annotations except Graph's own: a service ignores those that it does not
// know (OData JSON Format 4.01, section 4.6).
func dropAnnotations(m map[string]any) {
	for key, value := range m {
		if strings.Contains(key, "@") && !strings.HasPrefix(key, "@microsoft.graph.") {
			delete(m, key)
		}
		if inner, ok := value.(map[string]any); ok {
			dropAnnotations(inner)
		}
	}
}

// stampHeaders sets the headers that every answer has.
func (c *call) stampHeaders(h http.Header) {
	h.Set("request-id", c.id)
	h.Set("client-request-id", c.clientID())
	h.Set("Date", c.now().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("x-ms-ags-diagnostic",
		`{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"000",`+
			`"RoleInstance":"SANDBOX0"}}`)
}

func (c *call) clientID() string {
	if id := c.r.Header.Get("client-request-id"); id != "" {
		return id
	}
	return c.id
}

func (c *call) reply(w http.ResponseWriter, a answer) {
	c.stampHeaders(w.Header())
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	writeJSON(w, a.status, a.body)
}

func (c *call) refuse(w http.ResponseWriter, f *failure) {
	c.stampHeaders(w.Header())
	for name, values := range f.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	inner := map[string]any{
		"date":       c.now().UTC().Format("2006-01-02T15:04:05"),
		"request-id": c.id, "client-request-id": c.clientID(),
	}
	if f.inner != "" {
		inner["code"] = f.inner
	}
	writeJSON(w, f.status, map[string]any{
		"error": map[string]any{"code": f.code, "message": f.message, "innerError": inner},
	})
}

// writeJSON sends a body without escaping what only HTML needs escaped: clients compare URLs in it.
func writeJSON(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// stamp writes a time as Graph does: UTC, whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
