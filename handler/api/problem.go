package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"imagepro/handler/fault"
	"imagepro/handler/invocation"
)

// Problem is every error answer: a problem document (RFC 9457) whose type is stable.
type Problem struct {
	Type       string         `json:"type" doc:"urn:image-pro:problem: and the kind of the problem" example:"urn:image-pro:problem:conflict"`
	Title      string         `json:"title" doc:"The kind in words"`
	Status     int            `json:"status" doc:"HTTP status"`
	Detail     string         `json:"detail" doc:"A sentence for the user"`
	Field      string         `json:"field,omitempty" doc:"What was wrong in the request: a JSON pointer into the body, or the name of a parameter or header"`
	Fields     []FieldProblem `json:"fields,omitempty" doc:"More than one thing that was wrong"`
	Claims     string         `json:"claims,omitempty" doc:"Claims challenge, JSON, that the next sign-in must answer"`
	RetryAfter int            `json:"retryAfter,omitempty" doc:"Seconds to wait before another try"`
	Invocation string         `json:"invocation,omitempty" doc:"Id to name to the operator"`
}

// FieldProblem is one wrong thing of several.
type FieldProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

const problemType = "urn:image-pro:problem:"

// statuses is the one map from kinds of faults to HTTP statuses.
var statuses = map[fault.Kind]struct {
	status int
	title  string
}{
	fault.Invalid:       {http.StatusUnprocessableEntity, "The request is wrong"},
	fault.Unauthorized:  {http.StatusUnauthorized, "Sign-in needed"},
	fault.Consent:       {http.StatusForbidden, "Consent needed"},
	fault.SignIn:        {http.StatusUnauthorized, "Another sign-in needed"},
	fault.Forbidden:     {http.StatusForbidden, "Not allowed"},
	fault.NotFound:      {http.StatusNotFound, "Not found"},
	fault.Conflict:      {http.StatusConflict, "Changed meanwhile"},
	fault.Locked:        {http.StatusLocked, "Locked"},
	fault.Unsupported:   {http.StatusUnsupportedMediaType, "Not supported"},
	fault.TooLarge:      {http.StatusRequestEntityTooLarge, "Too large"},
	fault.Busy:          {http.StatusServiceUnavailable, "Busy"},
	fault.Full:          {http.StatusInsufficientStorage, "No space left"},
	fault.Misconfigured: {http.StatusInternalServerError, "Image Pro is not set up correctly"},
	fault.Internal:      {http.StatusInternalServerError, "Something went wrong"},
}

// Error, GetStatus, GetHeaders and ContentType make a Problem an answer of huma's.
func (p *Problem) Error() string  { return p.Detail }
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// headers are those that go with the problem: how to authenticate (RFC 6750), and when to come again.
func (p *Problem) headers() http.Header {
	h := http.Header{}
	switch {
	case p.Claims != "":
		h.Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="insufficient_claims", claims="%s"`, base64.StdEncoding.EncodeToString([]byte(p.Claims))))
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", fmt.Sprint(p.RetryAfter))
	}
	return h
}

// problemOf turns an error into the answer, and logs what the answer does not show.
func problemOf(ctx context.Context, err error) *Problem {
	f := fault.From(err)
	s := statuses[f.Kind]
	level := slog.LevelInfo
	if s.status >= 500 && f.Kind != fault.Busy {
		level = slog.LevelError
	}
	slog.Log(ctx, level, "request failed", "kind", string(f.Kind), "error", err)
	return &Problem{
		Type: problemType + string(f.Kind), Title: s.title, Status: s.status, Detail: f.Message, Field: f.Field, Claims: f.Claims,
		RetryAfter: int(math.Ceil(f.RetryAfter.Seconds())), Invocation: invocation.ID(ctx),
	}
}

// failed is what operations return: the problem with its headers.
func failed(ctx context.Context, err error) error {
	p := problemOf(ctx, err)
	return huma.ErrorWithHeaders(p, p.headers())
}

// ofLibrary turns what huma itself refuses (a body that is no JSON, a value out of range) into a Problem. It
// drops the values, which may be secrets.
func ofLibrary(ctx huma.Context, _ string, body any) (any, error) {
	e, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	kind := fault.Invalid
	switch {
	case e.Status == http.StatusRequestEntityTooLarge:
		kind = fault.TooLarge
	case e.Status == http.StatusRequestTimeout:
		kind = fault.Busy
	case e.Status >= 500:
		kind = fault.Internal
	}
	p := &Problem{Type: problemType + string(kind), Title: statuses[kind].title, Status: e.Status, Detail: e.Detail, Invocation: invocation.ID(ctx.Context())}
	for _, one := range e.Errors {
		p.Fields = append(p.Fields, FieldProblem{Field: pointer(one.Location), Detail: one.Message})
	}
	if len(p.Fields) > 0 {
		p.Field, p.Detail = p.Fields[0].Field, p.Fields[0].Detail
	}
	return p, nil
}

// pointer turns a location of huma's, such as body.source.images[2].item, into a JSON pointer into the body;
// other locations (path.id, query.limit) become the bare name.
func pointer(location string) string {
	place, rest, ok := strings.Cut(location, ".")
	if place != "body" {
		if ok {
			return rest
		}
		return location
	}
	if !ok {
		return "/"
	}
	return "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(rest)
}

// took is a duration for logs, in milliseconds.
func took(start time.Time) slog.Attr {
	return slog.Float64("ms", float64(time.Since(start).Microseconds())/1000)
}
