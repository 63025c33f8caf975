package telemetry

import (
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Transport returns the transport, each of whose requests then has a span and is measured; naming says to which service
// one goes, and whether that is told the trace.
func (t *Telemetry) Transport(
	base http.RoundTripper, naming func(*http.Request) (service string, tell bool),
) http.RoundTripper {
	if t.off {
		return base
	}
	return &watched{t, base, naming}
}

// Named is the naming of a transport for one service, which is not told the trace.
func Named(service string) func(*http.Request) (string, bool) {
	return func(*http.Request) (string, bool) { return service, false }
}

type watched struct {
	*Telemetry
	base   http.RoundTripper
	naming func(*http.Request) (string, bool)
}

// RoundTrip implements http.RoundTripper. The span ends with the head of the answer.
func (w *watched) RoundTrip(request *http.Request) (*http.Response, error) {
	service, tell := w.naming(request)
	service = strings.Clone(service)
	began := w.now()
	ctx, span := w.tracer.Start(request.Context(), request.Method+" "+service, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(began))
	request = request.Clone(ctx)
	if tell {
		w3c.Inject(ctx, propagation.HeaderCarrier(request.Header))
	}
	response, err := w.base.RoundTrip(request)
	attributes := []attribute.KeyValue{attribute.String("http.request.method", request.Method),
		attribute.String("imagepro.service", service)}
	if err != nil {
		attributes = append(attributes, attribute.String("error.type", errorType(err)))
		span.SetStatus(codes.Error, "")
	} else {
		attributes = append(attributes, attribute.Int("http.response.status_code", response.StatusCode))
		if response.StatusCode >= http.StatusBadRequest {
			attributes = append(attributes, attribute.String("error.type", strconv.Itoa(response.StatusCode)))
			span.SetStatus(codes.Error, "")
		}
		if response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable {
			w.throttled.Add(ctx, 1, metric.WithAttributes(attribute.String("imagepro.service", service)))
		}
	}
	span.SetAttributes(attributes...)
	ended := w.now()
	span.End(trace.WithTimestamp(ended))
	w.calls.Record(ctx, ended.Sub(began).Seconds(), metric.WithAttributes(attributes...))
	return response, err
}
