// Package otlp sends spans, measurements and records of the log to a collector, by OTLP over HTTP with protobuf
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp). OpenTelemetry's own exporters would bring gRPC and 7 MB to the
// program; what is written here are the few messages that its instruments make.
//
// It does not know what they mean.
package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"imagepro/handler/secret"
	"imagepro/handler/telemetry"
)

// Options say where to send what. A signal without an address is not sent.
type Options struct {
	Traces, Metrics, Logs string                 // addresses, with their paths
	Headers               map[string]secret.Text // of each request: keys of the collector's
	Timeout               time.Duration          // of one request with its repeats
	Service, Version      string
	Level                 slog.Level        // of the log: what is below is not sent
	Attributes            map[string]string // of the resource
	// whether the SDK samples as its own settings say; otherwise every trace is sent
	Sample bool
	Now    func() time.Time
}

// Pipeline collects and sends.
type Pipeline struct {
	Telemetry *telemetry.Telemetry
	// Log takes the records of the log; nil if they are not sent.
	Log slog.Handler

	ends []func(context.Context) error
}

// New returns a pipeline. It reaches no network; what cannot be sent is dropped, and errors are told to report.
func New(o Options, report func(error)) (*Pipeline, error) {
	attributes := []attribute.KeyValue{attribute.String("service.name", o.Service),
		attribute.String("service.version", o.Version)}
	for name, value := range o.Attributes {
		attributes = append(attributes, attribute.String(name, value))
	}
	about := resource.NewSchemaless(attributes...)
	client := &http.Client{Timeout: o.Timeout}
	to := func(address string) sender { return sender{client, address, o.Headers, report} }
	p := &Pipeline{}

	tracing := []sdktrace.TracerProviderOption{sdktrace.WithResource(about)}
	if o.Traces != "" {
		tracing = append(tracing, sdktrace.WithBatcher(spans{to(o.Traces)}))
	}
	if !o.Sample {
		// By default the SDK follows the parent, and the host's says no wherever the host itself is not traced.
		tracing = append(tracing, sdktrace.WithSampler(sdktrace.AlwaysSample()))
	}
	if o.Traces == "" {
		tracing = append(tracing, sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	traces := sdktrace.NewTracerProvider(tracing...)
	p.ends = append(p.ends, traces.Shutdown)

	measuring := []sdkmetric.Option{sdkmetric.WithResource(about)}
	if o.Metrics != "" {
		measuring = append(measuring, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics{to(o.Metrics)})))
	}
	measures := sdkmetric.NewMeterProvider(measuring...)
	p.ends = append(p.ends, measures.Shutdown)

	if o.Logs != "" {
		records := sdklog.NewLoggerProvider(sdklog.WithResource(about),
			sdklog.WithProcessor(sdklog.NewBatchProcessor(logs{to(o.Logs)})))
		p.ends = append(p.ends, records.Shutdown)
		p.Log = leveled{otelslog.NewHandler(telemetry.Scope, otelslog.WithLoggerProvider(records)), o.Level}
	}
	var err error
	p.Telemetry, err = telemetry.New(traces, measures, o.Now)
	return p, err
}

// End sends what was collected, within the context's time.
func (p *Pipeline) End(ctx context.Context) error {
	var failed []error
	for _, end := range p.ends {
		failed = append(failed, end(ctx))
	}
	return errors.Join(failed...)
}

// sender sends messages to one address.
type sender struct {
	client  *http.Client
	address string
	headers map[string]secret.Text
	report  func(error)
}

// Shutdown ends what exports: nothing is held here.
func (s sender) Shutdown(context.Context) error { return nil }

const (
	sendTries = 4
	firstWait = 500 * time.Millisecond
	answerMax = 64 << 10
)

// send sends a message, and again if the collector asks for that. What is not sent in the end is reported and dropped:
// the SDK would tell the process's own log, which is sent the same way.
func (s sender) send(ctx context.Context, m message) error {
	var err error
	for try := range sendTries {
		var again bool
		if again, err = s.once(ctx, m); !again || try == sendTries-1 {
			break
		}
		wait := time.Duration(float64(firstWait<<try) * (0.5 + rand.Float64()))
		select {
		case <-ctx.Done():
			s.report(err)
			return nil
		case <-time.After(wait):
		}
	}
	if err != nil {
		s.report(err)
	}
	return nil
}

// once sends a message and reports whether it may be taken later
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
func (s sender) once(ctx context.Context, m message) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(m))
	if err != nil {
		return false, errors.New("the collector's address cannot be used")
	}
	for name, value := range s.headers {
		request.Header.Set(name, value.Reveal())
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("User-Agent", "ImagePro")
	response, err := s.client.Do(request)
	if err != nil {
		return true, fmt.Errorf("the collector cannot be reached: %T", errors.Unwrap(err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, answerMax) // so that the connection serves again
	switch code := response.StatusCode; code {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, fmt.Errorf("the collector answered %d", code)
	default:
		if code >= http.StatusMultipleChoices {
			return false, fmt.Errorf("the collector answered %d", code)
		}
	}
	return false, nil
}
