package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
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
	Limit      string         `json:"limit,omitempty" doc:"Which limit was passed; with too_large only" example:"pixels"`
	Fields     []FieldProblem `json:"fields,omitempty" doc:"More than one thing that was wrong"`
	Consent    *consentBody   `json:"consent,omitempty" doc:"What has to be consented to, and where"`
	Claims     string         `json:"claims,omitempty" doc:"Claims challenge, JSON, that the next sign-in must answer"`
	Latest     *latestBody    `json:"latest,omitempty" doc:"What is there instead of the version that If-Match names"`
	RetryAfter int            `json:"retryAfter,omitempty" doc:"Seconds to wait before another try"`
	Invocation string         `json:"invocation,omitempty" doc:"Id to name to the operator"`
}

// consentBody is what a tab needs to ask for consent.
type consentBody struct {
	Scopes       []string `json:"scopes" doc:"Delegated permissions of Graph, fully qualified"`
	AuthorizeURL string   `json:"authorizeUrl,omitempty" doc:"Where the user can consent; add redirect_uri, state and the PKCE parameters. Missing if only an administrator may"`
	AdminURL     string   `json:"adminUrl" doc:"Where an administrator can consent for everybody; add redirect_uri and state"`
}

// latestBody is what somebody else has made of a file meanwhile.
type latestBody struct {
	Tag        string     `json:"etag"`
	ModifiedAt *time.Time `json:"modifiedAt,omitempty"`
	ModifiedBy string     `json:"modifiedBy,omitempty" doc:"Display name"`
	Size       int64      `json:"size" doc:"Bytes"`
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
	fault.NotSetUp:      {http.StatusForbidden, "Not set up in the organization"},
	fault.Forbidden:     {http.StatusForbidden, "Not allowed"},
	fault.NotFound:      {http.StatusNotFound, "Not found"},
	fault.Conflict:      {http.StatusConflict, "Changed meanwhile"},
	fault.Stale:         {http.StatusPreconditionFailed, "Not the present version"},
	fault.Unconditional: {http.StatusPreconditionRequired, "If-Match needed"},
	fault.Processed:     {http.StatusConflict, "Done before"},
	fault.Locked:        {http.StatusLocked, "Locked"},
	fault.Unsupported:   {http.StatusUnsupportedMediaType, "Not supported"},
	fault.TooLarge:      {http.StatusRequestEntityTooLarge, "Too large"},
	fault.Busy:          {http.StatusServiceUnavailable, "Busy"},
	fault.Full:          {http.StatusInsufficientStorage, "No space left"},
	fault.Misconfigured: {http.StatusInternalServerError, "Image Pro is not set up correctly"},
	fault.Internal:      {http.StatusInternalServerError, "Something went wrong"},
}

var _ huma.StatusError = (*Problem)(nil)

// Error, GetStatus and ContentType make a Problem an answer of huma's.
func (p *Problem) Error() string  { return p.Detail }
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// headers are those that go with the problem: how to authenticate (RFC 6750), and when to come again.
func (p *Problem) headers() http.Header {
	h := http.Header{}
	switch {
	case p.Claims != "":
		h.Set("WWW-Authenticate",
			fmt.Sprintf(`Bearer error="insufficient_claims", claims="%s"`,
				base64.StdEncoding.EncodeToString([]byte(p.Claims))))
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
	if _, known := statuses[f.Kind]; !known {
		f = fault.New(fault.Internal, somethingWrong, err)
	}
	if f.Kind == fault.Internal && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		f = fault.New(fault.Busy, "The request took too long.", err)
	}
	p := newProblem(ctx, f.Kind, f.Message)
	if need := f.Consent; need != nil {
		p.Consent = &consentBody{need.Scopes, need.AuthorizeURL, need.AdminURL}
	}
	if now := f.Latest; now != nil {
		p.Latest = &latestBody{entityTag(now.Version), timeOrNone(now.At), now.By, now.Bytes}
	}
	p.Field, p.Limit, p.Claims, p.RetryAfter = f.Field, string(f.Limit), f.Claims,
		int(math.Ceil(f.RetryAfter.Seconds()))
	level := slog.LevelInfo
	if f.Kind == fault.Internal || f.Kind == fault.Misconfigured { // the operator's to mend
		level = slog.LevelError
	}
	slog.Log(ctx, level, "request failed", "kind", string(f.Kind), "error", err)
	return p
}

const somethingWrong = "Something went wrong on our side."

// newProblem returns a problem of a kind, with its usual status.
func newProblem(ctx context.Context, kind fault.Kind, detail string) *Problem {
	s := statuses[kind]
	return &Problem{
		Type:       problemType + string(kind),
		Title:      s.title,
		Status:     s.status,
		Detail:     detail,
		Invocation: invocation.ID(ctx),
	}
}

// failed is what operations return: the problem with its headers.
func failed(ctx context.Context, err error) error {
	p := problemOf(ctx, err)
	return huma.ErrorWithHeaders(p, p.headers())
}

// write answers outside of huma.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.headers() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone if this fails
}

// took is a duration for logs, in milliseconds.
func took(start time.Time) slog.Attr {
	return slog.Float64("ms", float64(time.Since(start).Microseconds())/1000)
}
