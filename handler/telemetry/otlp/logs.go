package otlp

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// logs exports records of the log.
type logs struct{ sender }

var _ sdklog.Exporter = logs{}

// ForceFlush implements sdklog.Exporter: nothing is held back.
func (logs) ForceFlush(context.Context) error { return nil }

// Export implements sdklog.Exporter. All records are of one resource and one scope.
func (l logs) Export(ctx context.Context, all []sdklog.Record) error {
	if len(all) == 0 {
		return nil
	}
	var m message
	m.within(1, func(m *message) {
		m.resource(1, all[0].Resource())
		m.within(2, func(m *message) {
			m.scope(1, all[0].InstrumentationScope())
			for _, one := range all {
				m.within(2, func(m *message) { m.record(one) })
			}
		})
	})
	return l.send(ctx, m)
}

func (m *message) record(r sdklog.Record) {
	m.time(1, r.Timestamp())
	m.number(2, uint64(r.Severity())) // the same numbers in both
	m.text(3, r.SeverityText())
	m.within(5, func(m *message) { m.value(r.Body()) })
	r.WalkAttributes(func(one attribute.KeyValue) bool {
		m.attributes(6, []attribute.KeyValue{one})
		return true
	})
	m.number(7, uint64(r.DroppedAttributes()))
	m.fixed32(8, uint32(r.TraceFlags()))
	if traceID := r.TraceID(); traceID.IsValid() {
		m.raw(9, traceID[:])
	}
	if id := r.SpanID(); id.IsValid() {
		m.raw(10, id[:])
	}
	m.time(11, r.ObservedTimestamp())
}
