package otlp

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message as it grows. The numbers of fields are those of OTLP 1.9
// (https://github.com/open-telemetry/opentelemetry-proto/tree/v1.9.0/opentelemetry/proto); a test reads what is written
// here with the types that are generated from there.
type message []byte

func (m *message) text(field protowire.Number, s string) {
	if s != "" {
		*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
	}
}

func (m *message) raw(field protowire.Number, b []byte) {
	if len(b) > 0 {
		*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
	}
}

func (m *message) number(field protowire.Number, n uint64) {
	if n != 0 {
		*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), n)
	}
}

// always64 writes eight bytes even if they are zero: in a choice, zero is a value.
func (m *message) always64(field protowire.Number, n uint64) {
	*m = protowire.AppendFixed64(protowire.AppendTag(*m, field, protowire.Fixed64Type), n)
}

func (m *message) fixed64(field protowire.Number, n uint64) {
	if n != 0 {
		m.always64(field, n)
	}
}

func (m *message) fixed32(field protowire.Number, n uint32) {
	if n != 0 {
		*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), n)
	}
}

func (m *message) time(field protowire.Number, t time.Time) {
	if !t.IsZero() {
		m.fixed64(field, uint64(t.UnixNano()))
	}
}

// within writes a message within this one, even if it is empty.
func (m *message) within(field protowire.Number, write func(*message)) {
	var inner message
	write(&inner)
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), inner)
}

// packed64 writes numbers of eight bytes.
func (m *message) packed64(field protowire.Number, count int, at func(int) uint64) {
	if count == 0 {
		return
	}
	var inner []byte
	for i := range count {
		inner = protowire.AppendFixed64(inner, at(i))
	}
	m.raw(field, inner)
}

func (m *message) attributes(field protowire.Number, all []attribute.KeyValue) {
	for _, one := range all {
		m.within(field, func(m *message) {
			m.text(1, string(one.Key))
			m.within(2, func(m *message) { m.value(one.Value) })
		})
	}
}

// value writes an AnyValue.
func (m *message) value(v attribute.Value) {
	switch v.Type() {
	case attribute.BOOL:
		*m = protowire.AppendVarint(protowire.AppendTag(*m, 2, protowire.VarintType), protowire.EncodeBool(v.AsBool()))
	case attribute.INT64:
		*m = protowire.AppendVarint(protowire.AppendTag(*m, 3, protowire.VarintType), uint64(v.AsInt64()))
	case attribute.FLOAT64:
		m.always64(4, math.Float64bits(v.AsFloat64()))
	case attribute.EMPTY:
	case attribute.BYTESLICE:
		*m = protowire.AppendBytes(protowire.AppendTag(*m, 7, protowire.BytesType), v.AsByteSlice())
	case attribute.SLICE:
		m.within(5, func(m *message) {
			for _, one := range v.AsSlice() {
				m.within(1, func(m *message) { m.value(one) })
			}
		})
	case attribute.MAP:
		m.within(6, func(m *message) { m.attributes(1, v.AsMap()) })
	default: // texts, and lists of one kind as texts
		*m = protowire.AppendString(protowire.AppendTag(*m, 1, protowire.BytesType), v.String())
	}
}

func (m *message) resource(field protowire.Number, r *resource.Resource) {
	m.within(field, func(m *message) { m.attributes(1, r.Attributes()) })
}

func (m *message) scope(field protowire.Number, s instrumentation.Scope) {
	m.within(field, func(m *message) {
		m.text(1, s.Name)
		m.text(2, s.Version)
	})
}
