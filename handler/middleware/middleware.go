// Package middleware holds what stands in front of every trigger: it refuses paths that a host or a proxy may read in
// another way, turns panics into answers, and ends reads of a body with its request's time.
//
// It does not know what the triggers do.
package middleware

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
)

// IsPlainPath reports whether everybody on the way reads a path alike: it has no backslash, and no dot, slash or
// backslash that is percent-encoded once or several times. A Functions host that forwards requests takes such a path
// for another one, and so leads callers past the routes of host.json. No path of ours needs any of them.
func IsPlainPath(u *url.URL) bool {
	text := u.EscapedPath()
	for range 3 {
		lower := strings.ToLower(text)
		for _, refused := range []string{`\`, "%5c", "%2e", "%2f"} {
			if strings.Contains(lower, refused) {
				return false
			}
		}
		decoded, err := url.PathUnescape(text)
		if err != nil || decoded == text {
			return true
		}
		text = decoded
	}
	return true
}

// Recorder is a ResponseWriter that remembers the status; 0 as long as no answer has begun.
type Recorder struct {
	http.ResponseWriter
	Status int
}

// WriteHeader implements http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) {
	if r.Status == 0 {
		r.Status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *Recorder) Write(b []byte) (int, error) {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Rescue, deferred, turns a panic into an answer that the given function writes. If an answer has begun, it breaks the
// connection off, so that the client does not take half an answer for a whole one; panic with http.ErrAbortHandler asks
// for that. What there is of the answer is sent first: a connection that ends without any answer makes the Functions
// host send the request again, up to ten times.
func Rescue(ctx context.Context, w *Recorder, answer func()) {
	p := recover()
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler {
		slog.ErrorContext(ctx, "panic", "error", fmt.Sprintf("%v\n%s", p, debug.Stack()))
	}
	if w.Status == 0 {
		answer()
		return
	}
	_ = http.NewResponseController(w).Flush() // the client has gone if this fails
	panic(http.ErrAbortHandler)
}

// drainTime is how long what is left of a body is read, once the answer is known, and maxRest how much of it: more than
// the host passes on (100 MB).
const (
	drainTime = 2 * time.Second
	maxRest   = 128 << 20
)

// BoundBody makes reads of the body fail once the context ends: the context alone does not reach a read that waits for
// the client. The returned function, called before the answer goes out, reads what is left of the body for a short
// time: net/http would read 256 KB and end the connection, and the host, which still sends, would lose the answer.
func BoundBody(ctx context.Context, w http.ResponseWriter, r *http.Request) (answered func()) {
	connection := http.NewResponseController(w)
	release := context.AfterFunc(ctx, func() { _ = connection.SetReadDeadline(time.Now()) })
	body := r.Body
	r.Body = io.NopCloser(body) // or else who reads it would close it
	return func() {
		if release() {
			_ = connection.SetReadDeadline(time.Now().Add(drainTime))
			_, _ = io.CopyN(io.Discard, body, maxRest)
		}
	}
}
