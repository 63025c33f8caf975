// Package retry is the one place where a request to Entra or Graph is sent again: throttled, failed at the
// server, or lost on the way.
//
// It does not know what a request does. Every write of this program is conditional or safe to repeat, so any
// request whose body can be sent again may be.
package retry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"imagepro/handler/fault"
)

// Transport sends requests through Base and repeats those that failed in passing.
type Transport struct {
	Base    http.RoundTripper
	Service string        // names the service in errors, such as "Microsoft Graph"
	Tries   int           // at most this many sends, 1 or more
	MaxWait time.Duration // longest single wait; a service that asks for more gets no further try
	// MaxTotal bounds all waits of one request together; 0 for no bound.
	MaxTotal time.Duration
	Now      func() time.Time
}

// firstWait is the mean wait after the first try; it doubles with each further one.
const firstWait = 200 * time.Millisecond

// RoundTrip sends the request. A throttled or failed answer is returned as it is after the last try; a
// connection that failed to the end is a Busy fault. A fault of Base is returned as it is: it has been thought about.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var waited time.Duration
	for try := 1; ; try++ {
		response, err := t.Base.RoundTrip(request)
		var f *fault.Fault
		if errors.As(err, &f) {
			return nil, f
		}
		if try >= t.Tries {
			return t.last(request, response, err)
		}
		wait, worth := t.verdict(response, err, try)
		waited += wait
		if !worth || t.MaxTotal > 0 && waited > t.MaxTotal || !sleep(request.Context(), wait) {
			return t.last(request, response, err)
		}
		again, ok := Rewind(request)
		if !ok {
			return t.last(request, response, err)
		}
		Discard(response)
		request = again
	}
}

// verdict says whether the answer is worth another try, and after which wait.
func (t *Transport) verdict(response *http.Response, err error, try int) (time.Duration, bool) {
	mean := min(firstWait<<min(try-1, 16), t.MaxWait)
	backoff := min(time.Duration(float64(mean)*(0.5+rand.Float64())), t.MaxWait)
	if err != nil {
		return backoff, true
	}
	if !Passing(response.StatusCode) {
		return 0, false
	}
	if asked := After(response.Header, t.Now()); asked > 0 {
		return asked + backoff/4, asked <= t.MaxWait // not all who were throttled at the same moment
	}
	return backoff, true
}

// Passing reports whether a status says that the same request may work later. 509 is SharePoint's word for a
// bandwidth limit (https://learn.microsoft.com/graph/errors).
func Passing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout, 509:
		return true
	}
	return false
}

// Rewind returns the request with a fresh body, or false if its body cannot be sent twice.
func Rewind(request *http.Request) (*http.Request, bool) {
	if request.Body == nil || request.Body == http.NoBody {
		return request, true
	}
	if request.GetBody == nil {
		return request, false
	}
	body, err := request.GetBody()
	if err != nil {
		return request, false
	}
	again := request.Clone(request.Context())
	again.Body = body
	return again, true
}

// sleep waits; false if the context ends before, or would: then the answer at hand is worth more than a wait.
func sleep(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func (t *Transport) last(request *http.Request, response *http.Response, err error) (*http.Response, error) {
	if err == nil {
		return response, nil
	}
	if ctxErr := request.Context().Err(); ctxErr != nil {
		return nil, fault.New(fault.Busy, t.Service+" did not answer in time.", ctxErr)
	}
	return nil, fault.New(fault.Busy, t.Service+" cannot be reached.",
		fmt.Errorf("%s %s: %w", request.Method, request.URL.Host, err))
}

// Discard reads the rest of an answer, within reason, so that its connection can serve again.
func Discard(response *http.Response) {
	if response == nil {
		return
	}
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	_ = response.Body.Close()
}

// After returns the wait that a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3);
// zero if there is none or it is no number of either form.
func After(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
