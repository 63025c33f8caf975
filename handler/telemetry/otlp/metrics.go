package otlp

import (
	"context"
	"fmt"
	"math"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// metrics exports measurements.
type metrics struct{ sender }

var _ sdkmetric.Exporter = metrics{}

// Temporality implements sdkmetric.Exporter: sums since the start, as OTLP's default is.
func (metrics) Temporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	return sdkmetric.DefaultTemporalitySelector(kind)
}

// Aggregation implements sdkmetric.Exporter.
func (metrics) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

// ForceFlush implements sdkmetric.Exporter: nothing is held back.
func (metrics) ForceFlush(context.Context) error { return nil }

// Export implements sdkmetric.Exporter.
func (x metrics) Export(ctx context.Context, all *metricdata.ResourceMetrics) error {
	var m message
	var failed error
	m.within(1, func(m *message) {
		m.resource(1, all.Resource)
		for _, scope := range all.ScopeMetrics {
			m.within(2, func(m *message) {
				m.scope(1, scope.Scope)
				for _, one := range scope.Metrics {
					m.within(2, func(m *message) {
						if err := m.metric(one); err != nil {
							failed = err
						}
					})
				}
			})
		}
	})
	if failed != nil {
		return failed
	}
	return x.send(ctx, m)
}

// metric writes one of the forms that the program's instruments have.
func (m *message) metric(one metricdata.Metrics) error {
	m.text(1, one.Name)
	m.text(2, one.Description)
	m.text(3, one.Unit)
	switch data := one.Data.(type) {
	case metricdata.Sum[int64]:
		m.within(7, func(m *message) {
			for _, p := range data.DataPoints {
				m.within(1, func(m *message) {
					point(m, p)
					m.always64(6, uint64(p.Value))
				})
			}
			m.sum(data.Temporality, data.IsMonotonic)
		})
	case metricdata.Sum[float64]:
		m.within(7, func(m *message) {
			for _, p := range data.DataPoints {
				m.within(1, func(m *message) {
					point(m, p)
					m.always64(4, math.Float64bits(p.Value))
				})
			}
			m.sum(data.Temporality, data.IsMonotonic)
		})
	case metricdata.Histogram[float64]:
		m.within(9, func(m *message) {
			for _, p := range data.DataPoints {
				m.within(1, func(m *message) { m.histogram(p) })
			}
			m.number(2, temporalityCode(data.Temporality))
		})
	default:
		return fmt.Errorf("otlp: %s has a form that is not written: %T", one.Name, data)
	}
	return nil
}

func point[N int64 | float64](m *message, p metricdata.DataPoint[N]) {
	m.time(2, p.StartTime)
	m.time(3, p.Time)
	m.attributes(7, p.Attributes.ToSlice())
}

func (m *message) sum(temporality metricdata.Temporality, monotonic bool) {
	m.number(2, temporalityCode(temporality))
	if monotonic {
		m.number(3, 1)
	}
}

func (m *message) histogram(p metricdata.HistogramDataPoint[float64]) {
	m.time(2, p.StartTime)
	m.time(3, p.Time)
	m.fixed64(4, p.Count)
	m.always64(5, math.Float64bits(p.Sum))
	m.packed64(6, len(p.BucketCounts), func(i int) uint64 { return p.BucketCounts[i] })
	m.packed64(7, len(p.Bounds), func(i int) uint64 { return math.Float64bits(p.Bounds[i]) })
	m.attributes(9, p.Attributes.ToSlice())
	if least, ok := p.Min.Value(); ok {
		m.always64(11, math.Float64bits(least))
	}
	if most, ok := p.Max.Value(); ok {
		m.always64(12, math.Float64bits(most))
	}
}

// temporalityCode is the number of a temporality in OTLP, where delta is 1 and cumulative 2.
func temporalityCode(t metricdata.Temporality) uint64 {
	if t == metricdata.DeltaTemporality {
		return 1
	}
	return 2
}
