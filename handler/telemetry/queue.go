package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Queue sends messages.
type Queue interface {
	Send(ctx context.Context, queue string, message []byte, delay time.Duration) error
}

// Queue returns the queue, whose messages then carry the trace in which they were sent and when they are to be seen.
// Messages are JSON objects without a property named trace.
func (t *Telemetry) Queue(q Queue) Queue {
	if t.off {
		return q
	}
	return &traced{t, q}
}

type traced struct {
	*Telemetry
	queue Queue
}

// Send implements Queue.
func (q *traced) Send(ctx context.Context, queue string, message []byte, delay time.Duration) error {
	now := q.now()
	ctx, span := q.tracer.Start(ctx, "send "+queue, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithTimestamp(now),
		trace.WithAttributes(attribute.String("messaging.system", "azqueue"),
			attribute.String("messaging.destination.name", queue)))
	err := q.queue.Send(ctx, queue, enclose(ctx, message, now.Add(delay)), delay)
	if err != nil {
		span.SetAttributes(attribute.String("error.type", errorType(err)))
	}
	span.End(trace.WithTimestamp(q.now()))
	return err
}

// parcel is what a message carries besides its own.
type parcel struct {
	Parent string    `json:"parent"`
	State  string    `json:"state,omitempty"`
	Due    time.Time `json:"due"`
}

// enclose adds a parcel to a JSON object.
func enclose(ctx context.Context, message []byte, due time.Time) []byte {
	carrier := propagation.MapCarrier{}
	w3c.Inject(ctx, carrier)
	text, err := json.Marshal(
		parcel{carrier["traceparent"], carrier["tracestate"], due.UTC().Truncate(time.Millisecond)})
	end := bytes.LastIndexByte(message, '}')
	if err != nil || end < 0 || carrier["traceparent"] == "" {
		return message
	}
	comma := ","
	if bytes.TrimSpace(message[:end])[0] == '{' && len(bytes.TrimSpace(message[:end])) == 1 {
		comma = ""
	}
	all := append(bytes.Clone(message[:end]), comma+`"trace":`...)
	return append(append(all, text...), '}')
}

// open returns the parcel of a message.
func open(message []byte) (parcel, bool) {
	var m struct {
		Trace *parcel `json:"trace"`
	}
	if json.Unmarshal(message, &m) != nil || m.Trace == nil {
		return parcel{}, false
	}
	return *m.Trace, true
}
