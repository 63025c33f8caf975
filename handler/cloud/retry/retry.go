// Package retry is the one place where a request to Entra or Graph is sent again: throttled, failed at the
// server, or lost on the way.
//
// It does not know what a request does. Every write of this program is conditional or safe to repeat, so any
// request whose body can be sent again may be.
package retry

import (
	"context"
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
	Now     func() time.Time
}

// RoundTrip sends the request. A throttled or failed answer is returned as it is after the last try; a
// connection that failed to the end is a Busy fault.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		response, err := t.Base.RoundTrip(request)
		wait, again := t.verdict(response, err, try)
		if again && request.Context().Err() == nil {
			request, again = Rewind(request)
		}
		if !again || try >= t.Tries || !sleep(request.Context(), wait) {
			return t.last(request, response, err)
		}
		Discard(response)
	}
}

// verdict says whether the answer is worth another try, and after which wait.
func (t *Transport) verdict(response *http.Response, err error, try int) (time.Duration, bool) {
	backoff := time.Duration(float64(100*time.Millisecond<<try) * (0.5 + rand.Float64()))
	if err != nil {
		return backoff, true
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if asked := After(response.Header, t.Now()); asked > 0 {
			return asked + backoff/4, asked <= t.MaxWait
		}
		return backoff, true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return backoff, true
	}
	return 0, false
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

func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
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
	return nil, fault.New(fault.Busy, t.Service+" cannot be reached.", fmt.Errorf("%s %s: %w", request.Method, request.URL.Host, err))
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
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
