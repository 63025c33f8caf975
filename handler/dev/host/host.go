package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// version is the release of the Functions host that this package follows; handlers see it in
// X-Azure-Functions-HostVersion.
const version = "4.1037.0.0"

// Options say what to run and how. Only ScriptRoot is needed.
type Options struct {
	// ScriptRoot is the folder with host.json and one folder per function.
	ScriptRoot string
	// Settings are the Values of local.settings.json. Each becomes an environment variable of the handler
	// unless Environ sets it to something.
	Settings map[string]string
	// Environ is the environment of the host, as os.Environ gives it. The handler gets all of it.
	Environ []string
	// Addr is where HTTP is served; "" is 127.0.0.1:7071, port 0 a free one.
	Addr string
	// CORS lists the allowed origins, separated by commas, or is "*"; "" leaves CORS to the handler.
	CORS string
	// CORSCredentials allows browsers to send cookies.
	CORSCredentials bool
	// EnableAuth asks for keys as the cloud does. Without it every caller is let in, as under func start.
	EnableAuth bool
	// Keys are what EnableAuth accepts.
	Keys Keys
	// LegacyForward behaves as a host from before enableProxyingHttpRequest: that key is ignored.
	LegacyForward bool
	// GracefulStop ends the handler with SIGTERM and gives it Drain before SIGKILL, which the real host
	// never does.
	GracefulStop bool
	// StateDir keeps the status of timers from one start to the next; "" keeps it in memory.
	StateDir string
	// Log takes what the host says; nil is slog.Default().
	Log *slog.Logger
	// HandlerOutput takes each line that the handler writes, with the level that the host gives it; nil
	// writes them to Log. It is called from several goroutines.
	HandlerOutput func(level slog.Level, line string)

	// Lease is how long a received queue message stays invisible, and Renewal how often that is renewed
	// while its invocation runs. 0 are the host's own 10 and 5 minutes. The service counts in seconds.
	Lease, Renewal time.Duration
	// Drain bounds how long Stop waits for running invocations; 0 is the host's own 10 s.
	Drain time.Duration
	// Strikes is how many crashes within 30 minutes of each other end the host; 0 is the host's own 3. Tests
	// that kill the handler often raise it.
	Strikes int
}

func (o Options) withDefaults() Options {
	o.Addr = or(o.Addr, "127.0.0.1:7071")
	o.Lease = or(o.Lease, 10*time.Minute)
	o.Renewal = or(o.Renewal, 5*time.Minute)
	o.Drain = or(o.Drain, 10*time.Second)
	o.Strikes = or(o.Strikes, 3)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.HandlerOutput == nil {
		log := o.Log.With("category", "Host.Function.Console")
		o.HandlerOutput = func(level slog.Level, line string) { log.Log(context.Background(), level, line) }
	}
	return o
}

// or returns the value, or other if the value is the zero value.
func or[T comparable](value, other T) T {
	var zero T
	if value == zero {
		return other
	}
	return value
}

// Host is a running host. Its methods are safe for concurrent use.
type Host struct {
	options   Options
	log       *slog.Logger
	app       *app
	worker    *worker
	client    *http.Client
	server    *http.Server
	url       string
	timers    map[string]*timer
	tally     tally
	throttle  throttle
	bodyLimit int64
	started   time.Time

	stop     chan struct{} // closed by Stop
	stopOnce sync.Once
	stopping chan struct{} // closed when the host begins to end, for whatever reason
	done     chan struct{}
	err      error // written before done is closed
}

// Start reads the script root, starts the handler and serves its triggers until ctx ends or Stop is called.
// It returns as soon as the handler's process is there; Ready tells when it answers. Every mistake in the
// script root is in the one error.
func Start(ctx context.Context, o Options) (*Host, error) {
	o = o.withDefaults()
	app, err := load(o)
	if err != nil {
		return nil, err
	}
	listener, err := listen(o.Addr)
	if err != nil {
		return nil, err
	}
	h := &Host{
		options:   o,
		log:       o.Log,
		app:       app,
		client:    newClient(),
		url:       "http://" + listener.Addr().String(),
		timers:    map[string]*timer{},
		tally:     newTally(app.functions),
		throttle:  newThrottle(app.config),
		bodyLimit: app.bodyLimit,
		started:   time.Now(),
		stop:      make(chan struct{}),
		stopping:  make(chan struct{}),
		done:      make(chan struct{}),
	}
	h.server = &http.Server{
		Handler: h.front(), ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	app.env["WEBSITE_HOSTNAME"] = or(app.env["WEBSITE_HOSTNAME"], "localhost:"+port)
	triggers, err := h.triggers()
	if err == nil {
		h.worker, err = startWorker(app, o)
	}
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	for _, warning := range app.warnings {
		o.Log.Warn(warning)
	}
	go h.run(ctx, listener, triggers)
	return h, nil
}

// listen opens the public port.
func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		_, port, _ := net.SplitHostPort(addr)
		return nil, fmt.Errorf("host: port %s is taken by another program: stop it, or serve on another port", port)
	}
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	return listener, nil
}

// trigger is a loop that invokes a function. It starts nothing new once polling has ended, and returns when
// what it started has ended; the end of working aborts that.
type trigger func(polling, working context.Context)

// triggers returns the loops of all queue and timer functions.
func (h *Host) triggers() ([]trigger, error) {
	var all []trigger
	for _, f := range h.app.functions {
		switch {
		case f.queue != nil:
			listener, err := newListener(h, f)
			if err != nil {
				return nil, err
			}
			all = append(all, listener.run)
		case f.timer != nil:
			t, err := newTimer(h, f)
			if err != nil {
				return nil, err
			}
			h.timers[f.name] = t
			all = append(all, t.run)
		}
	}
	return all, nil
}

// run serves until there is a reason to end, then ends everything in the host's order: triggers, running
// invocations, handler.
func (h *Host) run(ctx context.Context, listener net.Listener, triggers []trigger) {
	polling, stopPolling := context.WithCancel(context.WithoutCancel(ctx))
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	supervised, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopPolling()
	defer stopWorking()
	defer stopWorker()

	failed := make(chan error, 2)
	ended := h.serve(supervised, listener, failed)
	var loops sync.WaitGroup
	for _, t := range triggers {
		loops.Go(func() { t(polling, working) })
	}
	h.log.Info("Host started", "url", h.url, "functions", len(h.app.functions), "handler_port", h.worker.port)
	select {
	case <-ctx.Done():
	case <-h.stop:
	case h.err = <-failed:
		h.log.Error("The host stops", "error", h.err)
	}
	close(h.stopping)
	stopPolling()
	if h.err != nil {
		stopWorking() // There is no handler to wait for; waiting callers still get their answer.
	}
	h.drain(&loops)
	stopWorking()
	_ = h.server.Close()
	stopWorker()
	<-ended
	loops.Wait()
	h.client.CloseIdleConnections()
	h.log.Info("Host stopped")
	close(h.done)
}

// serve runs the handler until ctx ends and HTTP until the server is closed. It sends why either ended by
// itself, and closes the channel that it returns once the handler has ended.
func (h *Host) serve(ctx context.Context, listener net.Listener, failed chan<- error) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := h.worker.run(ctx); err != nil {
			failed <- err
		}
	}()
	go func() {
		if err := h.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("host: serving HTTP: %w", err)
		}
	}()
	return ended
}

// drain waits for running invocations, for as long as the options allow.
func (h *Host) drain(loops *sync.WaitGroup) {
	limit, cancel := context.WithTimeout(context.Background(), h.options.Drain)
	defer cancel()
	quiet := make(chan struct{})
	go func() {
		defer close(quiet)
		_ = h.server.Shutdown(limit)
		loops.Wait()
	}()
	select {
	case <-quiet:
	case <-limit.Done():
		h.log.Warn("Invocations still run; the handler is killed now")
	}
}

// URL returns where HTTP is served, such as http://127.0.0.1:7071, without a slash at the end.
func (h *Host) URL() string { return h.url }

// HandlerPID returns the process id of the handler. It changes with every restart.
func (h *Host) HandlerPID() int { return h.worker.current().process.Pid() }

// HandlerPort returns the port on 127.0.0.1 that the handler listens at. It stays for the life of the host.
func (h *Host) HandlerPort() string { return strconv.Itoa(h.worker.port) }

// Ready waits until the handler answers. It fails if ctx ends first, or the host does.
func (h *Host) Ready(ctx context.Context) error {
	for {
		s := h.worker.current()
		select {
		case <-s.ready:
			return nil
		case <-s.replaced:
		case <-h.done:
			return or(h.err, errors.New("host: stopped"))
		case <-ctx.Done():
			return fmt.Errorf("host: the handler is not ready: %w", ctx.Err())
		}
	}
}

// Stop ends the host: no new invocations, Drain for the running ones, then SIGKILL for the handler. It
// returns when everything has ended and may be called more than once. A queue message whose invocation was
// cut off becomes visible again when its lease ends.
func (h *Host) Stop() {
	h.stopOnce.Do(func() { close(h.stop) })
	<-h.done
}

// Done is closed when the host has ended.
func (h *Host) Done() <-chan struct{} { return h.done }

// Err returns why the host ended by itself, or nil if it was told to. Call it after Done.
func (h *Host) Err() error {
	<-h.done
	return h.err
}
