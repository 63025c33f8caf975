package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackOnceAfterWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var released atomic.Int64
		working := make(chan struct{})
		h := resting(ctx, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-working
			}
		}), 10*time.Second, func() { released.Add(1) })
		ask := func(path string) { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)) }
		check := func(when string, after time.Duration, want int64) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := released.Load(); got != want {
				t.Errorf("%s: released %d times, want %d", when, got, want)
			}
		}
		check("after the start", time.Minute, 0)
		ask("/")
		check("before it is known whether there is a rest", 5*time.Second, 0)
		check("after that", 21*time.Second, 1)
		check("while nothing is asked for", time.Hour, 1)
		for range 10 {
			ask("/")
			time.Sleep(5 * time.Second)
		}
		check("while something is asked for", 0, 1)
		check("after work", 21*time.Second, 2)
		go ask("/slow")
		check("while something is at work", time.Minute, 2)
		close(working)
		check("when that is done", 21*time.Second, 3)
	})
}
