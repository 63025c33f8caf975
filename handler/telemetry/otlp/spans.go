package otlp

import (
	"context"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// spans exports spans.
type spans struct{ sender }

var _ sdktrace.SpanExporter = spans{}

// ExportSpans implements sdktrace.SpanExporter. All spans are of one resource and one scope.
func (s spans) ExportSpans(ctx context.Context, all []sdktrace.ReadOnlySpan) error {
	if len(all) == 0 {
		return nil
	}
	var m message
	m.within(1, func(m *message) {
		m.resource(1, all[0].Resource())
		m.within(2, func(m *message) {
			m.scope(1, all[0].InstrumentationScope())
			for _, one := range all {
				m.within(2, func(m *message) { m.span(one) })
			}
		})
	})
	return s.send(ctx, m)
}

func (m *message) span(s sdktrace.ReadOnlySpan) {
	in, parent := s.SpanContext(), s.Parent()
	traceID, id := in.TraceID(), in.SpanID()
	m.raw(1, traceID[:])
	m.raw(2, id[:])
	m.text(3, in.TraceState().String())
	if parent.HasSpanID() {
		of := parent.SpanID()
		m.raw(4, of[:])
	}
	m.text(5, s.Name())
	m.number(6, uint64(s.SpanKind())) // the same numbers in both
	m.time(7, s.StartTime())
	m.time(8, s.EndTime())
	m.attributes(9, s.Attributes())
	m.number(10, uint64(s.DroppedAttributes()))
	for _, link := range s.Links() {
		m.within(13, func(m *message) { m.link(link) })
	}
	m.number(14, uint64(s.DroppedLinks()))
	m.within(15, func(m *message) {
		m.text(2, s.Status().Description)
		m.number(3, statusCode(s.Status().Code))
	})
	m.fixed32(16, uint32(in.TraceFlags()))
}

func (m *message) link(l sdktrace.Link) {
	traceID, id := l.SpanContext.TraceID(), l.SpanContext.SpanID()
	m.raw(1, traceID[:])
	m.raw(2, id[:])
	m.text(3, l.SpanContext.TraceState().String())
	m.attributes(4, l.Attributes)
	m.fixed32(6, uint32(l.SpanContext.TraceFlags()))
}

// statusCode is the number of a status in OTLP, where Ok is 1 and Error 2.
func statusCode(c codes.Code) uint64 {
	switch c {
	case codes.Ok:
		return 1
	case codes.Error:
		return 2
	}
	return 0
}
