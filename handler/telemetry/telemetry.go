// Package telemetry is what the program tells of itself in OpenTelemetry's terms: spans of requests, functions and
// calls to other services, and measurements of them and of pictures. Names follow OpenTelemetry's semantic conventions
// 1.37 where these have any, and begin with imagepro where they have none; handler/docs/telemetry.md lists them.
//
// It does not know where they are sent, nor people: no attribute holds an id of a user, a name, a mail address, an
// address of a file or a token.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	nometric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	notrace "go.opentelemetry.io/otel/trace/noop"
)

// Scope names the program as the source of spans and measurements.
const Scope = "imagepro"

// Telemetry makes spans and takes measurements. It is safe for concurrent use.
type Telemetry struct {
	off    bool
	tracer trace.Tracer
	now    func() time.Time

	requests, functions, calls, delays, images, sizes metric.Float64Histogram
	edited, throttled, refused, erased, uncalled      metric.Int64Counter
}

// Off returns what tells nothing, at no cost.
func Off() *Telemetry {
	t, err := New(notrace.NewTracerProvider(), nometric.NewMeterProvider(), time.Now)
	if err != nil {
		panic(err) // nothing of it can fail
	}
	t.off = true
	return t
}

// seconds are the bounds of durations: from what a record takes to what a function may take.
var seconds = metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300)

// New returns what tells the providers.
func New(traces trace.TracerProvider, metrics metric.MeterProvider, now func() time.Time) (*Telemetry, error) {
	t := &Telemetry{tracer: traces.Tracer(Scope), now: now}
	meter := metrics.Meter(Scope)
	var failed []error
	histogram := func(name, unit, about string, options ...metric.Float64HistogramOption) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, append(options, metric.WithUnit(unit), metric.WithDescription(about))...)
		failed = append(failed, err)
		return h
	}
	counter := func(name, unit, about string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(about))
		failed = append(failed, err)
		return c
	}
	t.requests = histogram("http.server.request.duration", "s", "Duration of requests to the API.", seconds)
	t.functions = histogram("imagepro.function.duration", "s", "Duration of queue and timer functions.", seconds)
	t.calls = histogram("http.client.request.duration", "s",
		"Duration of requests to Entra ID, Graph, SharePoint and storage, each try by itself.", seconds)
	t.delays = histogram("imagepro.queue.delay", "s", "Time between when a message was to be seen and when it was.",
		seconds)
	t.images = histogram("imagepro.image.duration", "s", "Time that a worker took for an image of a bulk edit.",
		seconds)
	t.sizes = histogram("imagepro.image.size", "By", "Size of images of bulk edits before the edit.",
		metric.WithExplicitBucketBoundaries(1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8))
	t.edited = counter("imagepro.images", "{image}", "Images of bulk edits that have their result.")
	t.throttled = counter("imagepro.throttled", "{response}", "Answers that asked to come later.")
	t.refused = counter("imagepro.token.failures", "{token}",
		"Tokens that Entra ID did not give, and tokens of callers that were not accepted.")
	t.uncalled = counter("imagepro.function.refused", "{request}",
		"Requests at a function's path that were not the host's own.")
	t.erased = counter("imagepro.erasures", "{erasure}", "Erasures of users and organizations that are done.")
	t.observe(meter, &failed)
	return t, errors.Join(failed...)
}

var w3c = propagation.TraceContext{}

// Request begins the span of an HTTP request, in the trace that the host names in its headers. The end takes the route,
// which is known by then, and the status.
func (t *Telemetry) Request(
	ctx context.Context, method string, header http.Header,
) (context.Context, func(route string, status int)) {
	if t.off {
		return ctx, func(string, int) {}
	}
	began := t.now()
	ctx, span := t.tracer.Start(w3c.Extract(ctx, propagation.HeaderCarrier(header)), method,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began))
	return ctx, func(route string, status int) {
		attributes := []attribute.KeyValue{attribute.String("http.request.method", method),
			attribute.String("http.route", route), attribute.Int("http.response.status_code", status)}
		span.SetName(route)
		span.SetAttributes(attributes...)
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		ended := t.now()
		span.End(trace.WithTimestamp(ended))
		t.requests.Record(ctx, ended.Sub(began).Seconds(), metric.WithAttributes(attributes...))
	}
}

// Function begins the span of a queue or timer function: in the trace of whoever sent the message, linked to the
// host's, or in the host's. message is what the trigger brought. The end takes the kind of the fault, empty if there is
// none.
func (t *Telemetry) Function(
	ctx context.Context, name string, header http.Header, message []byte,
) (context.Context, func(kind string)) {
	if t.off {
		return ctx, func(string) {}
	}
	began := t.now()
	fromHost := w3c.Extract(ctx, propagation.HeaderCarrier(header))
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(began)}
	on := attribute.String("faas.name", name)
	if parcel, ok := open(message); ok {
		ctx = w3c.Extract(ctx, propagation.MapCarrier{"traceparent": parcel.Parent, "tracestate": parcel.State})
		options = append(options, trace.WithLinks(trace.LinkFromContext(fromHost)))
		if !parcel.Due.IsZero() {
			t.delays.Record(ctx, max(0, began.Sub(parcel.Due).Seconds()), metric.WithAttributes(on))
		}
	} else {
		ctx = fromHost
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, func(kind string) {
		attributes := []attribute.KeyValue{on}
		if kind != "" {
			attributes = append(attributes, attribute.String("error.type", kind))
			span.SetStatus(codes.Error, "")
		}
		span.SetAttributes(attributes...)
		ended := t.now()
		span.End(trace.WithTimestamp(ended))
		t.functions.Record(ctx, ended.Sub(began).Seconds(), metric.WithAttributes(attributes...))
	}
}

// CallRefused tells of a request for a queue or timer function that was not the host's own.
func (t *Telemetry) CallRefused(ctx context.Context, name string) {
	t.uncalled.Add(ctx, 1, metric.WithAttributes(attribute.String("faas.name", name)))
}

// Image tells of an image that has its result: the kind of the bulk edit, what became of it and why, how long the
// worker took and how many bytes it had; 0 if that is not known.
func (t *Telemetry) Image(ctx context.Context, kind, state, reason string, took time.Duration, bytes int64) {
	on := metric.WithAttributes(attribute.String("imagepro.bulk.kind", kind),
		attribute.String("imagepro.image.state", state), attribute.String("imagepro.reason", reason))
	t.edited.Add(ctx, 1, on)
	t.images.Record(ctx, took.Seconds(), on)
	if bytes > 0 {
		t.sizes.Record(ctx, float64(bytes))
	}
}

// TokenRefused tells of a token that was not given or not taken: the kind of the fault, and what it was wanted for.
func (t *Telemetry) TokenRefused(ctx context.Context, use, kind string) {
	t.refused.Add(ctx, 1,
		metric.WithAttributes(attribute.String("imagepro.token.use", use), attribute.String("error.type", kind)))
}

// Erased tells of an erasure that is done, of a user or an organization.
func (t *Telemetry) Erased(ctx context.Context, subject string) {
	t.erased.Add(ctx, 1, metric.WithAttributes(attribute.String("imagepro.erasure.subject", subject)))
}

// TraceID returns the id of the trace of a context; empty if there is none.
func TraceID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// errorType is what an error of a connection is called: its type, since its text may hold an address.
func errorType(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}
