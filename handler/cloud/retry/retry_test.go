package retry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/cloud/retry"
	"imagepro/handler/fault"
)

// service is a service without a network: it answers with one reply after the other, the last one for ever,
// and notes what it was sent and when.
type service struct {
	replies []reply
	bodies  []string
	at      []time.Time
	closed  int // bodies of answers that were closed
}

type reply struct {
	status int
	after  string // Retry-After
	err    error
}

func (s *service) RoundTrip(request *http.Request) (*http.Response, error) {
	body := ""
	if request.Body != nil {
		raw, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		_ = request.Body.Close()
		body = string(raw)
	}
	now := s.replies[min(len(s.at), len(s.replies)-1)]
	s.at = append(s.at, time.Now())
	s.bodies = append(s.bodies, body)
	if now.err != nil {
		return nil, now.err
	}
	header := http.Header{}
	if now.after != "" {
		header.Set("Retry-After", now.after)
	}
	return &http.Response{
		StatusCode: now.status,
		Header:     header,
		Body:       &answer{Reader: strings.NewReader("the answer"), of: s},
		Request:    request,
	}, nil
}

// waits are the times between the sends.
func (s *service) waits() []time.Duration {
	var all []time.Duration
	for i := 1; i < len(s.at); i++ {
		all = append(all, s.at[i].Sub(s.at[i-1]))
	}
	return all
}

type answer struct {
	io.Reader
	of *service
}

func (a *answer) Close() error {
	a.of.closed++
	return nil
}

var errReset = errors.New("connection reset by peer")

func transport(s http.RoundTripper, tries int) *retry.Transport {
	return &retry.Transport{Base: s, Service: "The service", Tries: tries, MaxWait: 5 * time.Second, Now: time.Now}
}

func get(t *testing.T, ctx context.Context) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://service.example/secret/path?token=hunter2",
		nil)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestWhatFailsInPassingIsSentAgainAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replies []reply
		sends   int
		status  int // of the answer; 0 is a Busy fault
	}{
		"good at once":                 {[]reply{{status: 200}}, 1, 200},
		"throttled once":               {[]reply{{status: 429}, {status: 200}}, 2, 200},
		"throttled for ever":           {[]reply{{status: 429}}, 3, 429},
		"away once":                    {[]reply{{status: 503}, {status: 201}}, 2, 201},
		"failed once":                  {[]reply{{status: 500}, {status: 200}}, 2, 200},
		"bad gateway, then timeout":    {[]reply{{status: 502}, {status: 504}, {status: 200}}, 3, 200},
		"over the bandwidth":           {[]reply{{status: 509}, {status: 200}}, 2, 200},
		"broken once":                  {[]reply{{err: errReset}, {status: 200}}, 2, 200},
		"broken for ever":              {[]reply{{err: errReset}}, 3, 0},
		"throttled, broken, then good": {[]reply{{status: 429}, {err: errReset}, {status: 200}}, 3, 200},
		"full is final":                {[]reply{{status: 507}}, 1, 507},
		"not implemented is final":     {[]reply{{status: 501}}, 1, 501},
		"not found is final":           {[]reply{{status: 404}}, 1, 404},
		"a lost race is final":         {[]reply{{status: 412}}, 1, 412},
		"a conflict is final":          {[]reply{{status: 409, after: "1"}}, 1, 409},
		"a redirect is final":          {[]reply{{status: 302}}, 1, 302},
		"an hour is too long":          {[]reply{{status: 429, after: "3600"}}, 1, 429},
		"six seconds are too long":     {[]reply{{status: 503, after: "6"}}, 1, 503},
		"the longest wait":             {[]reply{{status: 503, after: "5"}, {status: 200}}, 2, 200},
		"a wait that no number can hold": {[]reply{{status: 429, after: "99999999999999999999"}, {status: 200}}, 2,
			200},
		"a wait that overflows a second":  {[]reply{{status: 429, after: "9999999999"}, {status: 200}}, 2, 200},
		"a negative wait is none":         {[]reply{{status: 429, after: "-5"}, {status: 200}}, 2, 200},
		"nonsense for a wait is no wait":  {[]reply{{status: 429, after: "soon"}, {status: 200}}, 2, 200},
		"a bad gateway may name its wait": {[]reply{{status: 502, after: "60"}}, 1, 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{replies: c.replies}
				response, err := transport(s, 3).RoundTrip(get(t, t.Context()))
				if len(s.at) != c.sends {
					t.Errorf("sent %d times, want %d", len(s.at), c.sends)
				}
				if c.status == 0 {
					if !fault.Is(err, fault.Busy) || !errors.Is(err, errReset) {
						t.Fatalf("error %v, want a Busy fault with the cause", err)
					}
					return
				}
				if err != nil || response.StatusCode != c.status {
					t.Fatalf("got %v, %v, want status %d", response, err, c.status)
				}
				if body, _ := io.ReadAll(response.Body); string(body) != "the answer" {
					t.Errorf("the answer's body is %q: it was closed or read", body)
				}
				_ = response.Body.Close()
				answers := 0
				for i := range s.at {
					if s.replies[min(i, len(s.replies)-1)].err == nil {
						answers++
					}
				}
				if s.closed != answers {
					t.Errorf("%d of %d bodies were closed", s.closed, answers)
				}
			})
		})
	}
}

func TestBackoffDoublesWithinItsBounds(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s := &service{replies: []reply{{status: 503}}}
			response, err := transport(s, 9).RoundTrip(get(t, t.Context()))
			if err != nil || response.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("got %v, %v", response, err)
			}
			mean := 200 * time.Millisecond
			for i, wait := range s.waits() {
				if low, high := min(mean, 5*time.Second)/2, min(mean*3/2, 5*time.Second); wait < low || wait > high {
					t.Errorf("wait %d was %v, want %v to %v", i+1, wait, low, high)
				}
				mean *= 2
			}
		})
	}
}

func TestRetryAfterIsObeyedInSecondsAndAsADate(t *testing.T) {
	t.Parallel()
	dated := func(after time.Duration) func() string {
		return func() string { return time.Now().Add(after).UTC().Format(http.TimeFormat) }
	}
	for _, c := range []struct {
		after func() string
		least time.Duration
	}{
		{func() string { return "3" }, 3 * time.Second},
		{func() string { return "0" }, 0},
		{dated(4 * time.Second), 4 * time.Second},
		{dated(-time.Hour), 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{replies: []reply{{status: 429, after: c.after()}, {status: 200}}}
			if _, err := transport(s, 2).RoundTrip(get(t, t.Context())); err != nil {
				t.Fatal(err)
			}
			if wait := s.waits()[0]; wait < c.least || wait > c.least+300*time.Millisecond {
				t.Errorf("Retry-After %q: waited %v, want %v", s.replies[0].after, wait, c.least)
			}
		})
	}
}

func TestAfterReadsBothForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"17":                            17 * time.Second,
		"3600":                          time.Hour,
		"-1":                            0,
		"1.5":                           0,
		"9999999999":                    0,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
		"tomorrow":                      0,
	} {
		if got := retry.After(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", value, got, want)
		}
	}
}

func TestABodyIsSentAgainFromItsBeginning(t *testing.T) {
	t.Parallel()
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(bodies) == 1 { // the second time the connection breaks while the body is on its way
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
			bodies = append(bodies, "")
			panic(http.ErrAbortHandler)
		}
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if len(bodies) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	content := strings.Repeat("0123456789", 50_000)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL,
		bytes.NewReader([]byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	quick := transport(server.Client().Transport, 3)
	quick.MaxWait = 10 * time.Millisecond
	response, err := (&http.Client{Transport: quick}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	retry.Discard(response)
	if diff := cmp.Diff([]string{content, "", content}, bodies); diff != "" || response.StatusCode != http.StatusOK {
		t.Errorf("status %d, bodies differ:\n%.300s", response.StatusCode, diff)
	}
}

func TestABodyThatCannotBeSentTwiceIsNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			getBody func() (io.ReadCloser, error)
			reply   reply
		}{
			{nil, reply{status: 503}},
			{nil, reply{err: errReset}},
			{func() (io.ReadCloser, error) { return nil, errors.New("gone") }, reply{status: 503}},
		} {
			s := &service{replies: []reply{c.reply, {status: 200}}}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://service.example/",
				io.NopCloser(strings.NewReader("once")))
			if err != nil {
				t.Fatal(err)
			}
			request.GetBody = c.getBody
			response, err := transport(s, 3).RoundTrip(request)
			if len(s.at) != 1 || s.bodies[0] != "once" {
				t.Errorf("sent %q", s.bodies)
			}
			if c.reply.err != nil && !fault.Is(err, fault.Busy) || c.reply.err == nil &&
				(err != nil || response.StatusCode != c.reply.status) {
				t.Errorf("got %v, %v", response, err)
			}
		}
	})
}

func TestAnEndedContextEndsTheTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		s := &service{replies: []reply{{status: 429, after: "4"}}}
		began := time.Now()
		response, err := transport(s, 3).RoundTrip(get(t, ctx))
		if err != nil || response.StatusCode != http.StatusTooManyRequests || time.Since(began) != time.Second ||
			len(s.at) != 1 {
			t.Errorf("got %v, %v after %v and %d sends, want the answer at hand after a second", response, err,
				time.Since(began), len(s.at))
		}
		s = &service{replies: []reply{{err: context.Canceled}}}
		if _, err := transport(s, 3).RoundTrip(get(t, ctx)); !fault.Is(err, fault.Busy) ||
			!errors.Is(err, context.Canceled) || len(s.at) != 1 {
			t.Errorf("got %v after %d sends, want Busy after one", err, len(s.at))
		}
	})
}

func TestAWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		s := &service{replies: []reply{{status: 429, after: "4"}}}
		began := time.Now()
		response, err := transport(s, 3).RoundTrip(get(t, ctx))
		if err != nil || response.Header.Get("Retry-After") != "4" || time.Since(began) != 0 {
			t.Errorf("got %v, %v after %v, want the answer at once", response, err, time.Since(began))
		}
	})
}

func TestABrokenConnectionIsAFaultThroughAClientAndNamesTheHostAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: transport(&service{replies: []reply{{err: errReset}}}, 2)}
		_, err := client.Do(get(t, t.Context()))
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Busy {
			t.Fatalf("error %v, want a Busy fault in its chain", err)
		}
		if want := "busy: The service cannot be reached.: GET service.example: connection " +
			"reset by peer"; f.Error() != want {
			t.Errorf("the fault reads %q, want %q", f, want)
		}
	})
}

func TestDiscardLetsTheConnectionServeAgainAndTakesNothing(t *testing.T) {
	t.Parallel()
	retry.Discard(nil)
	s := &service{}
	body := &answer{Reader: strings.NewReader(strings.Repeat("x", 100_000)), of: s}
	retry.Discard(&http.Response{Body: body})
	rest, _ := io.ReadAll(body)
	if len(rest) != 100_000-64<<10 || s.closed != 1 {
		t.Errorf("%d bytes were left and %d bodies closed", len(rest), s.closed)
	}
}
