// Package invocation carries the host's invocation id through a request's context into every log record.
//
// It does not know what an invocation does.
package invocation

import (
	"context"
	"log/slog"
	"net/http"

	"imagepro/handler/telemetry"
)

// header is set by the host on every request. A client's own value may stand before it
// (https://github.com/Azure/azure-functions-host).
const header = "X-Azure-Functions-InvocationId"

type key struct{}

// With returns the context with the id of the host's request.
func With(ctx context.Context, h http.Header) context.Context {
	values := h.Values(header)
	if len(values) == 0 {
		return ctx
	}
	return context.WithValue(ctx, key{}, values[len(values)-1])
}

// ID returns the id, or an empty text.
func ID(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// LogHandler adds the id of the context, and that of its trace, to every record.
type LogHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h LogHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := ID(ctx); id != "" {
		r.AddAttrs(slog.String("invocation", id))
	}
	if id := telemetry.TraceID(ctx); id != "" {
		r.AddAttrs(slog.String("trace", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h LogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return LogHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h LogHandler) WithGroup(name string) slog.Handler {
	return LogHandler{h.Handler.WithGroup(name)}
}
