package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/dev/stack"
)

// collected is all that a collector of telemetry got.
type collected struct {
	mu      sync.Mutex
	spans   []*tracepb.Span
	metrics map[string]*metricspb.Metric // the latest of each name
	logs    []*logspb.LogRecord
	raw     bytes.Buffer
}

func (c *collected) serve(t *testing.T) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		var traces tracepb.TracesData
		var metrics metricspb.MetricsData
		var logs logspb.LogsData
		into := map[string]proto.Message{"/v1/traces": &traces, "/v1/metrics": &metrics, "/v1/logs": &logs}[r.URL.Path]
		if err == nil {
			err = proto.Unmarshal(body, into)
		}
		if err != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		for _, of := range traces.ResourceSpans {
			c.spans = append(c.spans, of.ScopeSpans[0].Spans...)
		}
		for _, of := range metrics.ResourceMetrics {
			for _, m := range of.ScopeMetrics[0].Metrics {
				c.metrics[m.Name] = m
			}
		}
		for _, of := range logs.ResourceLogs {
			c.logs = append(c.logs, of.ScopeLogs[0].LogRecords...)
		}
	})
}

// TestTelemetryTellsOfABulkEditFromTheRequestToGraph runs the main job with a collector, and looks at what that got.
func TestTelemetryTellsOfABulkEditFromTheRequestToGraph(t *testing.T) {
	t.Parallel()
	got := &collected{metrics: map[string]*metricspb.Metric{}}
	collector := httptest.NewServer(got.serve(t))
	t.Cleanup(collector.Close)
	s, lines := startStack(t, stack.Options{Seed: 5, Settings: map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_METRIC_EXPORT_INTERVAL": "500",
		"OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_BLRP_SCHEDULE_DELAY": "200",
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	result, err := demo(ctx, s, drawSmall(t, 8), options{out: t.TempDir(), stdout: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.verdict(); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { // for what is still on its way
		got.mu.Lock()
		defer got.mu.Unlock()
		return counted(got.metrics["imagepro.images"]) == 8 && len(got.byName("BulkItem")) >= 8 &&
			len(got.byName("POST /api/bulk-edits")) == 1
	})
	got.mu.Lock()
	defer got.mu.Unlock()
	root := got.byName("POST /api/bulk-edits")[0]
	trace := hex.EncodeToString(root.TraceId)
	in := map[string]int{}
	for _, span := range got.spans {
		if hex.EncodeToString(span.TraceId) == trace {
			in[span.Name]++
		}
	}
	for name, least := range map[string]int{
		"send bulk-plan":  1,
		"BulkPlan":        1,
		"send bulk-items": 8,
		"BulkItem":        8,
		"GET graph":       8,
		"PUT graph":       8,
		"GET sharepoint":  8,
		"POST entra":      1,
		"POST tables":     8,
		"GET blobs":       1,
		"POST queues":     9,
	} {
		if in[name] < least {
			t.Errorf("%d spans %q in the trace of the request, want %d at least: %v", in[name], name, least, in)
		}
	}
	told := 0
	for _, call := range s.Sandbox.Trouble.History(trouble.Filter{}) {
		switch {
		case call.Service == "graph" && strings.HasPrefix(call.Trace, "00-"+trace+"-"):
			told++
		case call.Service != "graph" && call.Trace != "":
			t.Errorf("%s was told the trace", call.Service)
		}
	}
	if told < 16 {
		t.Errorf("%d requests to Graph carried the trace", told)
	}
	for name, least := range map[string]float64{
		"imagepro.images": 8, "imagepro.image.duration": 8, "imagepro.image.size": 8, "imagepro.queue.delay": 9,
		"imagepro.function.duration":   9,
		"http.server.request.duration": 2, "http.client.request.duration": 40, "process.cpu.time": 0.01,
		"go.memory.used": 1 << 20, "imagepro.throttled": 1,
	} {
		if counted(got.metrics[name]) < least {
			t.Errorf("%s is %v, want %v at least", name, got.metrics[name], least)
		}
	}
	edited := 0
	for _, record := range got.logs {
		if record.Body.GetStringValue() == "image is edited" && hex.EncodeToString(record.TraceId) == trace {
			edited++
		}
	}
	if edited != 8 || !strings.Contains(lines.text(), `"trace":"`+trace+`"`) {
		t.Errorf("%d records of edits in the trace; the log on stdout names it: %t", edited,
			strings.Contains(lines.text(), trace))
	}
	for what, text := range map[string]string{
		"the user": s.Scene.Adele.ID, "the user's mail address": s.Scene.Adele.Mail,
		"the user's UPN": s.Scene.Adele.UPN, "the user's name": s.Scene.Adele.Name,
		"the application's secret": s.Scene.Secret, "a pre-authenticated address": "tempauth",
		"a file's name": "IMG_", "a key": "AccountKey",
	} {
		if strings.Contains(got.raw.String(), text) {
			t.Errorf("telemetry shows %s", what)
		}
	}
	token := regexp.MustCompile(`eyJ[\w-]{8}`) // ids are random bytes, which may be its first three letters
	if found := token.FindString(got.raw.String()); found != "" {
		t.Errorf("telemetry shows a token: %s", found)
	}
}

func (c *collected) byName(name string) []*tracepb.Span {
	var all []*tracepb.Span
	for _, span := range c.spans {
		if span.Name == name {
			all = append(all, span)
		}
	}
	return all
}

// counted is how much was counted, or how often was measured.
func counted(m *metricspb.Metric) float64 {
	all := 0.0
	for _, p := range m.GetSum().GetDataPoints() {
		all += float64(p.GetAsInt()) + p.GetAsDouble()
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		all += float64(p.Count)
	}
	return all
}
