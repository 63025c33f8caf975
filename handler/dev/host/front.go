package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

var errBodyTooLarge = errors.New(
	"the request body is over the limit of the host (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT); the answer is 500, not 413")

// front returns the handler of the public port.
func (h *Host) front() http.Handler {
	admin := h.admin()
	return h.withHeaders(h.withCORS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := decodedPath(r.RequestURI)
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if lower := strings.ToLower(path); lower == "/admin" || strings.HasPrefix(lower, "/admin/") {
			r.URL.Path, r.URL.RawPath = path, ""
			admin.ServeHTTP(w, r)
			return
		}
		f, values, ok := h.route(r.Method, path)
		switch {
		case ok && !h.mayCall(r, f):
			w.WriteHeader(http.StatusUnauthorized)
		case ok:
			h.serveFunction(w, r, publicCall{f, path, values})
		case path == "/":
			h.homepage(w)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})))
}

// route returns the first function, in alphabetical order, whose route and methods match. There is no 405: a
// method that no function lists is 404.
func (h *Host) route(method, path string) (*function, map[string]string, bool) {
	for _, f := range h.app.functions {
		if f.http == nil || f.http.methods != nil && !slices.Contains(f.http.methods, method) {
			continue
		}
		if values, ok := f.http.route.match(path); ok {
			return f, values, true
		}
	}
	return nil, nil, false
}

func (h *Host) homepage(w http.ResponseWriter) {
	if strings.EqualFold(h.app.env["AzureWebJobsDisableHomepage"], "true") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintln(w,
		"<!DOCTYPE html><title>Functions host</title><p>The local Functions host is up and running.</p>")
}

// publicCall is a request on the public port that a function's route matches.
type publicCall struct {
	function *function
	path     string            // decoded
	values   map[string]string // of the route's parameters
}

// serveFunction runs an HTTP function in the mode that host.json asks for.
func (h *Host) serveFunction(w http.ResponseWriter, r *http.Request, c publicCall) {
	if !h.throttle.enter(r.Context()) {
		w.Header().Set("X-FUNCTION-SCALEOUT", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	defer h.throttle.leave()
	// The handler does not see that the client went away, except through the proxy.
	ctx := context.WithoutCancel(r.Context())
	run := func(ctx context.Context, in invocation) error { return h.answerJSON(ctx, in, w, r, c.values) }
	switch modes := h.app.config.handler; {
	case modes.proxying && !h.options.LegacyForward:
		ctx = r.Context()
		run = func(ctx context.Context, in invocation) error { return h.proxy(ctx, in, w, r, c.path) }
	case modes.forwarding:
		run = func(ctx context.Context, in invocation) error { return h.forward(ctx, in, w, r, c.path) }
	}
	err := h.invoke(ctx, c.function, func(ctx context.Context, in invocation) error {
		if r.ContentLength > h.bodyLimit {
			return errBodyTooLarge
		}
		r.Body = http.MaxBytesReader(w, r.Body, h.bodyLimit)
		return run(ctx, in)
	})
	switch {
	case errors.Is(err, errNotReady):
		http.Error(w, "Function host is not running.", http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// withHeaders adds extensions.http.customHeaders to every answer.
func (h *Host) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range h.app.config.headers {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// withCORS answers preflights and marks answers for the allowed origins: any header and any method, as the
// Core Tools do. A handler that marks them too makes browsers refuse the answer.
func (h *Host) withCORS(next http.Handler) http.Handler {
	if h.options.CORS == "" {
		return next
	}
	var allowed []string
	for _, origin := range strings.Split(h.options.CORS, ",") {
		allowed = append(allowed, strings.TrimRight(strings.TrimSpace(origin), "/"))
	}
	every := slices.Contains(allowed, "*")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		may := origin != "" &&
			(every || slices.ContainsFunc(allowed, func(o string) bool { return strings.EqualFold(o, origin) }))
		if may {
			h.allowOrigin(w.Header(), origin, every)
		}
		if r.Method != http.MethodOptions || origin == "" || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		if may {
			w.Header().Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
			if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
				w.Header().Set("Access-Control-Allow-Headers", names)
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func (h *Host) allowOrigin(header http.Header, origin string, every bool) {
	switch {
	case h.options.CORSCredentials:
		header.Set("Access-Control-Allow-Credentials", "true")
		fallthrough
	case !every:
		header.Set("Access-Control-Allow-Origin", origin)
		header.Add("Vary", "Origin")
	default:
		header.Set("Access-Control-Allow-Origin", "*")
	}
}

// throttle bounds HTTP invocations as extensions.http asks.
type throttle struct {
	outstanding chan struct{} // nil: no limit
	concurrent  chan struct{} // nil: no limit
}

func newThrottle(c config) throttle {
	var t throttle
	if c.maxOutstanding >= 0 {
		t.outstanding = make(chan struct{}, c.maxOutstanding)
	}
	if c.maxConcurrent >= 0 {
		t.concurrent = make(chan struct{}, c.maxConcurrent)
	}
	return t
}

// enter waits for a place. It returns false if too many wait already, or the caller went away.
func (t throttle) enter(ctx context.Context) bool {
	if t.outstanding != nil {
		select {
		case t.outstanding <- struct{}{}:
		default:
			return false
		}
	}
	if t.concurrent == nil {
		return true
	}
	select {
	case t.concurrent <- struct{}{}:
		return true
	case <-ctx.Done():
		if t.outstanding != nil {
			<-t.outstanding
		}
		return false
	}
}

func (t throttle) leave() {
	if t.concurrent != nil {
		<-t.concurrent
	}
	if t.outstanding != nil {
		<-t.outstanding
	}
}
