// Package invoke takes the queue and timer triggers: it decodes the host's envelope, runs the function within
// a deadline, and says whether the work is done or should come again.
//
// It does not know what the functions do.
//
// The host reads 2xx with a JSON object as done, anything else as failed: a failed queue message comes again,
// at most maxDequeueCount times, and then lies on the poison queue. An empty answer would hang the host until
// its functionTimeout kills this process, so every answer has a body.
package invoke

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/invocation"
	"imagepro/handler/middleware"
	"imagepro/handler/telemetry"
)

// Function is a queue or timer function.
type Function struct {
	Name    string // folder in functions/, and path
	Binding string // name of the trigger binding in its function.json
	Queue   string // of a queue trigger; empty for a timer
	run     func(ctx context.Context, value json.RawMessage, times int) error
}

// Queue returns the function for messages of type M. What work returns decides: nil is done, an error comes
// again. A message that is none of ours is done with and logged: it would fail for ever.
func Queue[M any](name, queue string, work func(ctx context.Context, m M) error) Function {
	return QueueCounted(name, queue, func(ctx context.Context, m M, _ int) error { return work(ctx, m) })
}

// QueueCounted is Queue for work that asks how often the host has given the message out, this time included; 0 if that
// is not known. A property DequeueCount of the message would override it (see envelope), so M has none.
func QueueCounted[M any](name, queue string, work func(ctx context.Context, m M, times int) error) Function {
	return Function{
		Name:    name,
		Binding: "message",
		Queue:   queue,
		run: func(
			ctx context.Context, value json.RawMessage, times int,
		) error {
			var message M
			if err := objectIn(value, &message); err != nil {
				slog.ErrorContext(ctx, "message is dropped", "function", name, "error", err)
				return nil
			}
			return work(ctx, message, times)
		},
	}
}

// OnTimer returns the function for a schedule.
func OnTimer(name string, work func(ctx context.Context, t Timer) error) Function {
	return Function{Name: name, Binding: "timer", run: func(ctx context.Context, value json.RawMessage, _ int) error {
		timer, err := timerOf(value)
		if err != nil {
			return err
		}
		return work(ctx, timer)
	}}
}

// maxEnvelope bounds an envelope: a queue message has at most 64 KiB, encoded twice and with its properties
// repeated in the metadata.
const maxEnvelope = 1 << 20

// Options are what the functions have in common.
type Options struct {
	Address   string               // host and port that the program listens at, as the host's calls name it
	Deadline  time.Duration        // of each run
	Telemetry *telemetry.Telemetry // nil: nothing is told
}

// Handler returns the HTTP handler for the functions, each at POST /<Name>. It answers calls of the host alone:
// everything else is 404, so that nobody from outside runs a function whatever a host makes of a path.
func Handler(o Options, functions ...Function) http.Handler {
	if o.Telemetry == nil {
		o.Telemetry = telemetry.Off()
	}
	byPath := map[string]Function{}
	for _, f := range functions {
		byPath["/"+f.Name] = f
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(invocation.With(r.Context(), r.Header), o.Deadline)
		defer cancel()
		defer middleware.BoundBody(ctx, w, r)()
		f, known := byPath[r.URL.Path]
		mark := notOfHost(r, o.Address)
		switch {
		case mark == "" && known:
			o.run(ctx, w, r, f)
			return
		case mark == "":
			tellUnknown(ctx, r)
		case known:
			o.Telemetry.CallRefused(ctx, f.Name)
			slog.WarnContext(ctx, "a call of a function is refused, since it is not the host's own", "function", f.Name,
				"mark", mark)
		}
		write(w, http.StatusNotFound, map[string]any{"ReturnValue": string(fault.NotFound)})
	})
}

// run runs the function that the host calls and answers.
func (o Options) run(ctx context.Context, w http.ResponseWriter, r *http.Request, f Function) {
	start := time.Now()
	value, times, err := read(f, r.Body)
	message, _ := unquote(value) // whatever it is
	ctx, end := o.Telemetry.Function(ctx, f.Name, r.Header, message)
	if err == nil {
		err = serve(ctx, f, value, times)
	}
	end(kindOf(err))
	answer(ctx, w, f, err, time.Since(start))
}

// tellUnknown logs that the host calls a function that is none of the queue and timer functions. An HTTP function is
// called in this way by a host that does not know enableProxyingHttpRequest.
func tellUnknown(ctx context.Context, r *http.Request) {
	version := slog.String("host", r.Header.Get("X-Azure-Functions-HostVersion"))
	var e envelope
	if text, err := io.ReadAll(io.LimitReader(r.Body, maxEnvelope)); err == nil && json.Unmarshal(text, &e) == nil {
		var request struct{ Method, URL string }
		for _, value := range e.Data {
			if json.Unmarshal(value, &request) == nil && request.Method != "" && request.URL != "" {
				slog.ErrorContext(ctx,
					"the Functions host is too old: it does not proxy HTTP requests; see "+
						"customHandler.enableProxyingHttpRequest in functions.md", version)
				return
			}
		}
	}
	slog.ErrorContext(ctx, "the host calls a function that the program does not have: functions/ is of another release",
		version)
}

// serve runs the function and turns a panic into an error.
func serve(ctx context.Context, f Function, value json.RawMessage, times int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "The function panicked.", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return f.run(ctx, value, times)
}

// kindOf is the kind of an error, empty for none.
func kindOf(err error) string {
	if err == nil {
		return ""
	}
	return string(fault.From(err).Kind)
}

// read returns what the trigger brought, and how often it did.
func read(f Function, body io.Reader) (value json.RawMessage, times int, err error) {
	text, err := io.ReadAll(io.LimitReader(body, maxEnvelope+1))
	if err != nil {
		return nil, 0, fault.New(fault.Busy, "The envelope was cut off.", err)
	}
	if len(text) > maxEnvelope {
		return nil, 0, fault.Newf(fault.TooLarge, "The envelope has more than %d bytes.", maxEnvelope)
	}
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, 0, fault.New(fault.Invalid, "The envelope is no JSON object.", fmt.Errorf("invoke: %T", err))
	}
	value, err = e.trigger(f.Binding)
	return value, e.times(), err
}

// answer tells the host done or again. The log carries what the host would not show.
func answer(ctx context.Context, w http.ResponseWriter, f Function, err error, took time.Duration) {
	ms := slog.Float64("ms", float64(took.Microseconds())/1000)
	if err != nil {
		slog.ErrorContext(ctx, "function failed", "function", f.Name, "error", err, ms)
		write(w, http.StatusInternalServerError, map[string]any{"ReturnValue": string(fault.From(err).Kind)})
		return
	}
	slog.DebugContext(ctx, "function done", "function", f.Name, ms)
	write(w, http.StatusOK, map[string]any{"Outputs": map[string]any{}})
}

// write answers with a JSON object, always.
func write(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // to the host on loopback; it counts a broken answer as failed
}
