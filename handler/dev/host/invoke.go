package host

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// invocation is one call of a function.
type invocation struct {
	id       string
	function *function
}

var (
	errTimeout  = errors.New("the invocation ran into functionTimeout: the handler is killed and started again")
	errNotReady = errors.New("the handler is not ready")
	errStopping = errors.New("the host stops")
)

// newClient returns the client for calls to the handler: no proxy, no compression, no redirects, no limit
// on time but functionTimeout.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// invoke runs one invocation: it waits for the handler, bounds do by functionTimeout, and keeps the count
// and the log. do gets a context that ends with the invocation.
func (h *Host) invoke(ctx context.Context, f *function, do func(context.Context, invocation) error) (err error) {
	in := invocation{id: newGUID(), function: f}
	log := h.log.With("function", f.name, "invocation", in.id)
	log.Debug("Executing")
	began := time.Now()
	h.tally.start(f.name)
	finished := false
	defer func() {
		h.tally.end(f.name, finished && err == nil)
		report(log, finished, err, time.Since(began))
	}()
	s, err := h.awaitHandler(ctx)
	if err != nil {
		finished = true
		return err
	}
	var cancel context.CancelFunc = func() {}
	if limit := h.app.config.functionTimeout; limit > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errTimeout)
	}
	defer cancel()
	err = do(ctx, in)
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		err = errTimeout
		s.giveUp()
	}
	finished = true
	return err
}

// report writes how an invocation ended. One that did not finish was cut off in the middle of its answer.
func report(log *slog.Logger, finished bool, err error, took time.Duration) {
	switch {
	case !finished:
		log.Error("Executed", "result", "Failed", "error", "the answer was cut off", "took", took)
	case err != nil:
		log.Error("Executed", "result", "Failed", "error", err, "took", took)
	default:
		log.Info("Executed", "result", "Succeeded", "took", took)
	}
}

// awaitHandler waits until the handler is ready, for at most four times initializationTimeout.
func (h *Host) awaitHandler(ctx context.Context) (*session, error) {
	limit, cancel := context.WithTimeout(ctx, 4*h.app.config.handler.initialization)
	defer cancel()
	for {
		s := h.worker.current()
		if s.isReady() {
			return s, nil
		}
		select {
		case <-s.ready:
		case <-s.replaced:
		case <-h.stopping:
			return nil, fmt.Errorf("%w: %w", errNotReady, errStopping)
		case <-limit.Done():
			return nil, fmt.Errorf("%w: %w", errNotReady, limit.Err())
		}
	}
}

// Count says how often a function was invoked. What was started and neither succeeded nor failed is running.
type Count struct{ Started, Succeeded, Failed int }

// tally counts invocations by function.
type tally struct {
	mu     *sync.Mutex
	counts map[string]*Count
}

func newTally(functions []*function) tally {
	t := tally{mu: &sync.Mutex{}, counts: map[string]*Count{}}
	for _, f := range functions {
		t.counts[f.name] = &Count{}
	}
	return t
}

func (t tally) start(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[name].Started++
}

func (t tally) end(name string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ok {
		t.counts[name].Succeeded++
	} else {
		t.counts[name].Failed++
	}
}

// Invocations returns the counts of every function, those that were never invoked included.
func (h *Host) Invocations() map[string]Count {
	h.tally.mu.Lock()
	defer h.tally.mu.Unlock()
	all := map[string]Count{}
	for name, count := range h.tally.counts {
		all[name] = *count
	}
	return all
}

// setIdentity sets the headers by which the handler recognises the invocation.
func (in invocation) setIdentity(header http.Header) {
	header.Set("X-Azure-Functions-HostVersion", version)
	header.Set("X-Azure-Functions-InvocationId", in.id)
}

// traceParent returns the W3C trace context for a call to the handler: a new span in the caller's trace, or
// in a new one if the caller has none.
func traceParent(incoming string) string {
	parts := strings.Split(incoming, "-")
	if len(parts) == 4 && len(parts[0]) == 2 && len(parts[1]) == 32 && len(parts[2]) == 16 && len(parts[3]) == 2 {
		return parts[0] + "-" + parts[1] + "-" + randomHex(8) + "-" + parts[3]
	}
	return "00-" + randomHex(16) + "-" + randomHex(8) + "-00"
}

func randomHex(n int) string {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}

// newGUID returns a random GUID (RFC 9562, version 4).
func newGUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
