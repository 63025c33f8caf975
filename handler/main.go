package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	_ "time/tzdata" // schedules name time zones, which the machine may not know

	"imagepro/handler/app"
	"imagepro/handler/config"
	"imagepro/handler/invocation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "image pro:", err)
		os.Exit(1) // never 0 for a fault: the host would not start the handler again
	}
}

// drain is how long requests that are under way may take after SIGTERM; then their work is ended, and they have
// answering to say so. The host itself sends SIGKILL.
const (
	drain     = 5 * time.Second
	answering = 2 * time.Second
)

const (
	headerTime = 10 * time.Second
	maxHeader  = 64 << 10 // bytes: a token has at most 16 KiB (entra.Verifier)
)

// flush is how long what telemetry is left may take to be sent after that.
const flush = 3 * time.Second

// ballast lets the garbage collector wait: it comes when the heap has doubled, and ours is small beside what one
// picture leaves, so that it would come several times for each. Nothing is ever written to it, so it takes no memory;
// the garbage that it allows for, as much again at the most, does (a quarter of the CPU of bulk edits of small
// pictures: make bench-bulk).
const ballast = 64 << 20

// run serves until ctx ends. It listens before it constructs anything, so that the host finds it ready.
func run(ctx context.Context, getenv func(string) string) error {
	settings, err := config.Read(getenv)
	if err != nil {
		return fmt.Errorf("the settings are not right:\n%w", err)
	}
	// The host reads stdout as plain information and stderr as errors, line by line.
	stdout := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: settings.LogLevel})
	slog.SetDefault(slog.New(invocation.LogHandler{Handler: stdout}))
	listener, err := net.Listen("tcp", settings.Address())
	if err != nil {
		return fmt.Errorf("port %d (FUNCTIONS_CUSTOMHANDLER_PORT) cannot be listened on: %w", settings.Port, err)
	}
	program, err := app.New(settings)
	if err != nil {
		_ = listener.Close()
		return err
	}
	if log := program.Log(); log != nil {
		slog.SetDefault(slog.New(invocation.LogHandler{Handler: slog.NewMultiHandler(stdout, log)}))
	}
	go program.Prefetch(ctx)
	longest := max(settings.HTTPDeadline.Duration(), settings.EventDeadline.Duration()) + drain
	working, endWork := context.WithCancel(context.Background())
	defer endWork()
	server := &http.Server{
		BaseContext:       func(net.Listener) context.Context { return working },
		Handler:           resting(ctx, program.Handler, restTime, release),
		ReadHeaderTimeout: headerTime,
		MaxHeaderBytes:    maxHeader,
		ReadTimeout:       longest, // the deadlines end a request; these end a client that neither sends nor reads
		WriteTimeout:      longest,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	slog.Info("listening", "address", listener.Addr().String(), "version", app.Version)
	weight := make([]byte, ballast)
	defer runtime.KeepAlive(weight)
	err = serve(ctx, server, listener, endWork)
	ending, cancel := context.WithTimeout(context.Background(), flush)
	defer cancel()
	if lost := program.End(ending); lost != nil {
		slog.Warn("telemetry is lost", "error", lost)
	}
	slog.Info("stopped")
	return err
}

// serve serves until ctx ends. endWork ends the contexts of requests: the Functions host sends a request again whose
// connection ends without an answer, so each gets one.
func serve(ctx context.Context, server *http.Server, listener net.Listener, endWork func()) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err := shutdown(server, drain)
	if errors.Is(err, context.DeadlineExceeded) {
		slog.Warn("requests are ended", "after", drain.String())
		endWork()
		err = shutdown(server, answering)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		slog.Warn("requests were cut off")
		err = server.Close()
	}
	return err
}

func shutdown(server *http.Server, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return server.Shutdown(ctx)
}
