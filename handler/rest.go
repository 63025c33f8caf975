package main

import (
	"context"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// restTime is how long nothing is asked for until the program rests.
const restTime = 10 * time.Second

// resting serves as next does, and gives back to the system what memory work has left as soon as nothing has been asked
// for a while: the ballast would let it lie until there is as much again. It ends with ctx. A start without work leaves
// little, and is let be: looking through memory costs pages of the program's own file.
func resting(ctx context.Context, next http.Handler, after time.Duration, release func()) http.Handler {
	var asked, at atomic.Int64 // how often; how many are at work
	go func() {
		ticks := time.NewTicker(after)
		defer ticks.Stop()
		seen, released := int64(0), int64(0)
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			now := asked.Load()
			if now == seen && now != released && at.Load() == 0 {
				release()
				released = now
			}
			seen = now
		}
	}()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		at.Add(1)
		defer at.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// release collects what is garbage and returns it to the system.
func release() { debug.FreeOSMemory() }
