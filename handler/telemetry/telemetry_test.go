package telemetry

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	nometric "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// box is a queue that keeps its last message.
type box struct {
	message []byte
	queue   string
}

func (b *box) Send(_ context.Context, queue string, message []byte, _ time.Duration) error {
	b.message, b.queue = message, queue
	return nil
}

// spans keeps the spans that ended.
type spans struct{ all []sdktrace.ReadOnlySpan }

func (s *spans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (s *spans) OnEnd(span sdktrace.ReadOnlySpan)                { s.all = append(s.all, span) }
func (s *spans) Shutdown(context.Context) error                  { return nil }
func (s *spans) ForceFlush(context.Context) error                { return nil }

func newTelemetry(t *testing.T, now func() time.Time) (*Telemetry, *spans) {
	t.Helper()
	kept := &spans{}
	told, err := New(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(kept)), nometric.NewMeterProvider(), now)
	if err != nil {
		t.Fatal(err)
	}
	return told, kept
}

func TestAMessageCarriesTheTraceInWhichItWasSent(t *testing.T) {
	t.Parallel()
	told, kept := newTelemetry(t, time.Now)
	for _, message := range []string{`{"tenant":"t","job":"j"}`, `{}`, ` { "a": [1,{"b":"}"}] } `} {
		kept.all = nil
		to := &box{}
		ctx, done := told.Request(t.Context(), "POST", http.Header{})
		if err := told.Queue(to).Send(ctx, "bulk-items", []byte(message), time.Minute); err != nil {
			t.Fatal(err)
		}
		done("POST /api/bulk-edits", 202)
		var before, after map[string]any
		if json.Unmarshal([]byte(message), &before) != nil || json.Unmarshal(to.message, &after) != nil ||
			len(after) != len(before)+1 {
			t.Fatalf("%s became %s", message, to.message)
		}
		_, over := told.Function(t.Context(), "BulkItem",
			http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}, to.message)
		over("")
		send, request, work := kept.all[0], kept.all[1], kept.all[2]
		if send.Parent().SpanID() != request.SpanContext().SpanID() ||
			work.Parent().SpanID() != send.SpanContext().SpanID() ||
			work.SpanContext().TraceID() != request.SpanContext().TraceID() {
			t.Errorf("%s: the spans do not hang together", message)
		}
		if links := work.Links(); len(links) != 1 ||
			links[0].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("the host's trace is not linked: %v", links)
		}
	}
}

func TestAMessageFromBeforeAnUpgradeIsInTheHostsTrace(t *testing.T) {
	t.Parallel()
	told, kept := newTelemetry(t, time.Now)
	for _, message := range []string{`{"tenant":"t"}`, `{"trace":7}`, `no JSON`, ``} {
		kept.all = nil
		_, over := told.Function(t.Context(), "BulkItem",
			http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}, []byte(message))
		over("")
		if got := kept.all[0].SpanContext().TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%q: trace %s", message, got)
		}
	}
}

// away is a transport that fails in a way whose text tells an address.
type away struct{}

func (away) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &json.UnsupportedValueError{Str: "https://contoso.sharepoint.com/geheim?" + r.Header.Get("Traceparent")}
}

func TestACallTellsNoAddressAndOnlyGraphTheTrace(t *testing.T) {
	t.Parallel()
	told, kept := newTelemetry(t, time.Now)
	for _, tell := range []bool{true, false} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"https://contoso.sharepoint.com/geheim?tempauth=x", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = told.Transport(away{}, func(*http.Request) (string, bool) { return "graph", tell }).RoundTrip(request)
		if carried := strings.Contains(err.Error(), "?00-"); carried != tell {
			t.Errorf("told %t: the request carries a trace: %t", tell, carried)
		}
		if request.Header.Get("Traceparent") != "" {
			t.Error("the caller's request was changed")
		}
	}
	for _, span := range kept.all {
		for _, a := range span.Attributes() {
			if strings.Contains(a.Value.String(), "geheim") {
				t.Errorf("%s is %s", a.Key, a.Value.String())
			}
		}
	}
}

func TestOffChangesNothing(t *testing.T) {
	t.Parallel()
	off, to := Off(), &box{}
	if off.Queue(to) != Queue(to) || off.Transport(http.DefaultTransport, nil) != http.DefaultTransport {
		t.Error("something is put before what is there")
	}
	ctx, done := off.Request(t.Context(), "GET",
		http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}})
	done("GET /", 200)
	if ctx != t.Context() || TraceID(ctx) != "" {
		t.Error("a trace is carried")
	}
	off.Image(ctx, "edit", "edited", "", time.Second, 1)
}
