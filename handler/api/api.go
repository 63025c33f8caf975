// Package api takes the HTTP triggers: typed operations behind sign-in, whose errors are problem documents.
// It parses and answers; the services do the work.
//
// It does not know Entra, Graph or storage.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"imagepro/handler/bulk"
	"imagepro/handler/caller"
	"imagepro/handler/fault"
	"imagepro/handler/invocation"
	"imagepro/handler/library"
	"imagepro/handler/middleware"
	"imagepro/handler/org"
	"imagepro/handler/ready"
	"imagepro/handler/schedule"
	"imagepro/handler/seal"
	"imagepro/handler/tab"
	"imagepro/handler/telemetry"
)

// Verifier finds out who calls from the value of the Authorization header. Its faults: Unauthorized,
// Forbidden, Busy.
type Verifier interface {
	Verify(ctx context.Context, authorization string) (caller.Caller, error)
}

// Options are what the API needs.
type Options struct {
	Verifier  Verifier
	Org       *org.Service
	Schedules *schedule.Service
	Bulk      *bulk.Service
	Tabs      *tab.Service
	Library   *library.Service
	Cursors   *seal.Sealer // of what clients page with
	TeamsApp  string       // id of the Teams app, for links to tabs
	Health    Health
	Ready     *ready.Prober
	Telemetry *telemetry.Telemetry // nil: nothing is told
	Deadline  time.Duration        // of one request
	Now       func() time.Time
}

// API is the HTTP side of the program.
type API struct {
	options  Options
	mux      *http.ServeMux
	huma     huma.API
	document func() ([]byte, error) // OpenAPI, made when it is first asked for
}

// New returns the API with all of its operations.
func New(o Options) *API {
	if o.Telemetry == nil {
		o.Telemetry = telemetry.Off()
	}
	a := &API{options: o, mux: http.NewServeMux()}
	strictNames()
	config := huma.DefaultConfig("Image Pro", "1")
	config.RejectUnknownQueryParameters = true
	config.Formats = map[string]huma.Format{"application/json": strictJSON(), "json": strictJSON()}
	// The document is an operation of ours; the schema links would cost a lookup for each answer.
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Transformers = []huma.Transformer{ofLibrary}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		teams: {
			Type:         "http",
			Scheme:       "bearer",
			BearerFormat: "JWT",
			Description:  "The token of Teams' getAuthToken for this application.",
		},
	}
	a.huma = humago.NewWithPrefix(a.mux, Prefix, config)
	a.huma.UseMiddleware(a.signIn)
	a.install()
	a.document = sync.OnceValues(a.describe)
	a.mux.HandleFunc("/", a.elsewhere)
	return a
}

// Prefix is the route prefix of host.json. Public paths always begin with it, which keeps callers from the
// queue and timer endpoints.
const Prefix = "/api"

const teams = "teams"

// strictNames makes huma tell names of fields apart that differ in case alone: of two, Go's decoder would take
// the later one. The switch is huma's own and global.
var strictNames = sync.OnceFunc(func() { huma.ValidateStrictCasing = true })

// install adds all operations, each under the name of the function in functions/ whose trigger brings it. The host may
// ask again where it got no answer. A comment says what a repeat does; where there is none, it changes nothing.
func (a *API) install() {
	// Health: for monitors; nothing behind it is asked.
	huma.Register(a.huma, open("health", http.MethodGet, "/health", "Whether the program runs"), a.health)

	huma.Register(a.huma,
		open("ready", http.MethodGet, "/health/ready", "Whether what the program needs can be reached"), a.ready)

	// OpenAPI: this list as a document; web has a page that shows it.
	huma.Register(a.huma, open("openapi", http.MethodGet, "/openapi.json", "This document"), a.openAPI)

	// Privacy: what is kept, for everybody to read.
	huma.Register(a.huma, open("privacy", http.MethodGet, "/privacy", "What Image Pro keeps, what for and how long"),
		a.privacy)

	a.installRecipes()
	a.installPeople()
	a.installTabs()
	a.installPresets()
	a.installSites()
	a.installImages()
	a.installProperties()
	a.installBulkEdits()
	a.installSchedules()
}

// maxSubmitBytes holds a list of 100 000 images.
const maxSubmitBytes = 16 << 20

// open is an operation for everybody.
func open(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Errors: []int{}}
}

// passingBy is an operation for verified callers that does not count as use of the organization: it must work
// while the organization's data is being erased, and may not bring the organization's record back.
func passingBy(id, method, path, summary string) huma.Operation {
	op := open(id, method, path, summary)
	op.Security = []map[string][]string{{teams: {}}}
	return op
}

// signedIn is an operation for verified callers.
func signedIn(id, method, path, summary string) huma.Operation {
	op := passingBy(id, method, path, summary)
	op.Metadata = map[string]any{countsAsUse: true}
	return op
}

const countsAsUse = "counts as use"

func accepted(op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusAccepted
	return op
}

func created(op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusCreated
	return op
}

// Operations returns method and path of every operation, for the test that compares them with functions/.
func (a *API) Operations() []string {
	var all []string
	for path, item := range a.huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
			http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if op != nil {
				all = append(all, method+" "+path)
			}
		}
	}
	slices.Sort(all)
	return all
}

// elsewhere answers what is no operation: 405 where other methods are, else 404.
func (a *API) elsewhere(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		newProblem(r.Context(), fault.NotFound, noAddress).write(w)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	p := newProblem(r.Context(), fault.Invalid, "This address does not take the method; see Allow.")
	p.Status = http.StatusMethodNotAllowed
	p.write(w)
}

type callerKey struct{}

// signIn lets only verified callers to the operations that ask for it, and notes that their organization is in
// use.
func (a *API) signIn(ctx huma.Context, next func(huma.Context)) {
	if len(ctx.Operation().Security) == 0 {
		next(ctx)
		return
	}
	who, err := a.options.Verifier.Verify(ctx.Context(), ctx.Header("Authorization"))
	if err == nil && ctx.Operation().Metadata[countsAsUse] != nil {
		err = a.options.Org.Enter(ctx.Context(), who.Tenant)
	}
	if err != nil {
		_, w := humago.Unwrap(ctx)
		problemOf(ctx.Context(), err).write(w)
		return
	}
	next(huma.WithValue(ctx, callerKey{}, who))
}

// callerOf returns who calls, in operations that are behind sign-in.
func callerOf(ctx context.Context) caller.Caller {
	return ctx.Value(callerKey{}).(caller.Caller)
}

// ServeHTTP serves the requests below Prefix. It gives each a deadline, logs it, and turns a panic into an
// answer.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(invocation.With(r.Context(), r.Header), a.options.Deadline)
	defer cancel()
	defer middleware.BoundBody(ctx, w, r)()
	start := time.Now()
	recorder := &middleware.Recorder{ResponseWriter: w}
	ctx, end := a.options.Telemetry.Request(ctx, r.Method, r.Header)
	r = r.WithContext(ctx)
	defer func() {
		end(r.Pattern, recorder.Status)
		slog.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("route", r.Pattern),
			slog.Int("status", recorder.Status), took(start))
	}()
	defer middleware.Rescue(ctx, recorder, func() { newProblem(ctx, fault.Internal, somethingWrong).write(recorder) })
	for name, value := range securityHeaders {
		w.Header().Set(name, value)
	}
	// everything here is JSON; huma would take the word json for a type of its own
	r.Header.Del("Accept")
	// the mux would redirect, in words of its own
	if path.Clean(r.URL.Path) != r.URL.Path || !middleware.IsPlainPath(r.URL) {
		newProblem(ctx, fault.NotFound, noAddress).write(recorder)
		return
	}
	a.mux.ServeHTTP(recorder, r)
}

// securityHeaders are those of every answer; some operations have others for some. Nothing here is a page, may be in a
// frame, or concerns another origin; CORS is the host's.
var securityHeaders = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"Strict-Transport-Security":    "max-age=31536000",
	"X-Content-Type-Options":       "nosniff",
}

const noAddress = "There is no such address."

// breakOff ends an answer whose content could not be had to its end: with a problem if nothing of it was sent, or else
// with a broken connection, so that nobody takes it for the whole.
func breakOff(ctx context.Context, w http.ResponseWriter, err error) {
	if recorder, ok := w.(*middleware.Recorder); ok && recorder.Status == 0 {
		w.Header().Del("Content-Disposition")
		w.Header().Del("Content-Length")
		w.Header().Del("Content-Range")
		w.Header().Del("ETag")
		problemOf(ctx, err).write(w)
		return
	}
	slog.InfoContext(ctx, "an answer broke off", "error", fault.From(err))
	panic(http.ErrAbortHandler)
}

// answerTime is how long after the deadline of its request an answer may still be written.
const answerTime = 2 * time.Second

// boundAnswer lets a client that stops reading hold nothing up for longer than the request may take.
func boundAnswer(ctx context.Context, w http.ResponseWriter) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = http.NewResponseController(w).SetWriteDeadline(deadline.Add(answerTime))
	}
}
