package otlp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"imagepro/handler/secret"
	"imagepro/handler/telemetry"
	"imagepro/handler/telemetry/otlp"
)

// collector takes what is sent, by path.
type collector struct {
	*httptest.Server
	mu      sync.Mutex
	got     map[string][][]byte
	headers []http.Header
	refuse  []int // statuses of the first answers
}

func newCollector(t *testing.T, refuse ...int) *collector {
	t.Helper()
	c := &collector{got: map[string][][]byte{}, refuse: refuse}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.headers = append(c.headers, r.Header)
		if len(c.refuse) > 0 {
			w.WriteHeader(c.refuse[0])
			c.refuse = c.refuse[1:]
			return
		}
		c.got[r.URL.Path] = append(c.got[r.URL.Path], body)
	}))
	t.Cleanup(c.Close)
	return c
}

// pipeline sends to the collector until it is ended; what is reported is in the slice then.
func (c *collector) pipeline(t *testing.T) (*otlp.Pipeline, *[]error) {
	t.Helper()
	var mu sync.Mutex
	reported := &[]error{}
	p, err := otlp.New(otlp.Options{
		Traces:     c.URL + "/v1/traces",
		Metrics:    c.URL + "/v1/metrics",
		Logs:       c.URL + "/v1/logs",
		Headers:    map[string]secret.Text{"api-key": secret.New("geheim")},
		Timeout:    5 * time.Second,
		Service:    "image-pro",
		Version:    "v1",
		Level:      slog.LevelInfo,
		Attributes: map[string]string{"deployment.environment.name": "test"},
		Now:        time.Now,
	}, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		*reported = append(*reported, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, reported
}

// read decodes what came to a path, with the types that are generated from OpenTelemetry's own definitions.
func read[T proto.Message](t *testing.T, c *collector, path string, into T) T {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, body := range c.got[path] {
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(body, into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	if unknown := into.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		t.Errorf("%s: fields that nobody knows: % x", path, unknown)
	}
	return into
}

func end(t *testing.T, p *otlp.Pipeline) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.End(ctx); err != nil {
		t.Error(err)
	}
}

const hosts = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" // whose host does not record

func TestSpansAreReadByOpenTelemetrysOwnTypes(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	p, reported := c.pipeline(t)
	ctx, done := p.Telemetry.Request(t.Context(), "POST", http.Header{"Traceparent": {hosts}})
	_, over := p.Telemetry.Function(ctx, "BulkSweep", http.Header{}, nil)
	over("busy")
	done("POST /api/bulk-edits", 503)
	end(t, p)
	spans := read(t, c, "/v1/traces", &tracepb.TracesData{}).ResourceSpans[0]
	named := map[string]string{}
	for _, a := range spans.Resource.Attributes {
		named[a.Key] = a.Value.GetStringValue()
	}
	if named["service.name"] != "image-pro" || named["service.version"] != "v1" ||
		named["deployment.environment.name"] != "test" || spans.ScopeSpans[0].Scope.Name != telemetry.Scope {
		t.Errorf("the resource is %v, the scope %v", named, spans.ScopeSpans[0].Scope)
	}
	all := spans.ScopeSpans[0].Spans
	if len(all) != 2 {
		t.Fatalf("%d spans", len(all))
	}
	function, request := all[0], all[1]
	if string(request.TraceId) != "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c" ||
		string(request.ParentSpanId) != "\xb7\xad\x6b\x71\x69\x20\x33\x31" ||
		request.Name != "POST /api/bulk-edits" || request.Kind != tracepb.Span_SPAN_KIND_SERVER ||
		request.Status.Code != tracepb.Status_STATUS_CODE_ERROR ||
		request.EndTimeUnixNano < request.StartTimeUnixNano || request.StartTimeUnixNano == 0 || request.Flags&1 != 1 {
		t.Errorf("the request is %v", request)
	}
	if string(function.TraceId) != string(request.TraceId) || function.Name != "BulkSweep" ||
		function.Kind != tracepb.Span_SPAN_KIND_CONSUMER {
		t.Errorf("the function is %v", function)
	}
	for _, a := range request.Attributes {
		if a.Key == "http.response.status_code" && a.Value.GetIntValue() != 503 {
			t.Errorf("the status is %v", a.Value)
		}
	}
	if len(*reported) > 0 {
		t.Errorf("reported %v", *reported)
	}
}

func TestMeasurementsAreReadByOpenTelemetrysOwnTypes(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	p, _ := c.pipeline(t)
	p.Telemetry.Image(t.Context(), "edit", "edited", "", 120*time.Millisecond, 2_000_000)
	p.Telemetry.Image(t.Context(), "edit", "skipped", "unsupported", 2*time.Millisecond, 0)
	p.Telemetry.Image(t.Context(), "edit", "edited", "", time.Second, 3_000_000)
	end(t, p)
	found := map[string]*metricspb.Metric{}
	for _, m := range read(t, c, "/v1/metrics", &metricspb.MetricsData{}).ResourceMetrics[0].ScopeMetrics[0].Metrics {
		found[m.Name] = m
	}
	counts := map[string]int64{}
	for _, point := range found["imagepro.images"].GetSum().DataPoints {
		var state string
		for _, a := range point.Attributes {
			if a.Key == "imagepro.image.state" {
				state = a.Value.GetStringValue()
			}
		}
		counts[state] = point.GetAsInt()
	}
	if sum := found["imagepro.images"].GetSum(); counts["edited"] != 2 || counts["skipped"] != 1 || !sum.IsMonotonic ||
		sum.AggregationTemporality != metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE {
		t.Errorf("counted %v of %v", counts, sum)
	}
	var edited *metricspb.HistogramDataPoint
	for _, point := range found["imagepro.image.duration"].GetHistogram().DataPoints {
		if point.Count == 2 {
			edited = point
		}
	}
	if edited == nil || edited.GetSum() != 1.12 || edited.GetMin() != .12 || edited.GetMax() != 1 ||
		len(edited.BucketCounts) != len(edited.ExplicitBounds)+1 || edited.StartTimeUnixNano == 0 ||
		found["imagepro.image.duration"].Unit != "s" {
		t.Errorf("the durations are %v", edited)
	}
	var used float64
	for _, point := range found["process.cpu.time"].GetSum().DataPoints {
		used += point.GetAsDouble()
	}
	if memory := found["go.memory.used"].GetSum(); used <= 0 || memory.DataPoints[0].GetAsInt() < 1<<20 ||
		memory.IsMonotonic {
		t.Errorf("%v s of processor, memory %v", used, memory)
	}
}

func TestRecordsOfTheLogAreReadByOpenTelemetrysOwnTypes(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	p, _ := c.pipeline(t)
	log := slog.New(p.Log).With("job", "j1")
	ctx, done := p.Telemetry.Request(t.Context(), "GET", http.Header{"Traceparent": {hosts}})
	log.InfoContext(ctx, "image is edited", "item", 7, "quick", true, "share", 0.5,
		slog.Group("more", "tags", []string{"a", "b"}), "error", errors.New("odd"), "key", secret.New("geheim"))
	log.DebugContext(ctx, "too low")
	log.Warn("later")
	done("GET /api/me", 200)
	end(t, p)
	records := read(t, c, "/v1/logs", &logspb.LogsData{}).ResourceLogs[0].ScopeLogs[0].LogRecords
	if len(records) != 2 {
		t.Fatalf("%d records", len(records))
	}
	first := records[0]
	about := map[string]string{}
	for _, a := range first.Attributes {
		about[a.Key] = strings.ReplaceAll(a.Value.String(), " ", "")
	}
	for key, want := range map[string]string{
		"job":               `string_value:"j1"`,
		"item":              "int_value:7",
		"quick":             "bool_value:true",
		"share":             "double_value:0.5",
		"exception.message": `string_value:"odd"`,
		"key":               `string_value:"***"`,
	} {
		if about[key] != want {
			t.Errorf("%s is %s, want %s", key, about[key], want)
		}
	}
	if !strings.Contains(about["more"], `key:"tags"`) || first.Body.GetStringValue() != "image is edited" ||
		first.SeverityNumber != logspb.SeverityNumber_SEVERITY_NUMBER_INFO ||
		len(first.TraceId) != 16 || len(first.SpanId) != 8 || records[1].SeverityText != "WARN" ||
		len(records[1].TraceId) != 0 {
		t.Errorf("the records are %v", records)
	}
}

func TestACollectorThatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	c := newCollector(t, 503, 429)
	p, reported := c.pipeline(t)
	slog.New(p.Log).Info("once")
	end(t, p)
	if got := len(c.got["/v1/logs"]) + len(c.got["/v1/metrics"]); got < 2 || len(*reported) > 0 {
		t.Errorf("%d requests were taken, reported %v", got, *reported)
	}
	if !slices.ContainsFunc(c.headers, func(h http.Header) bool {
		return h.Get("Api-Key") == "geheim" && h.Get("Content-Type") == "application/x-protobuf"
	}) {
		t.Errorf("headers %v", c.headers)
	}
}

func TestWhatIsLostIsReportedAndHurtsNobody(t *testing.T) {
	t.Parallel()
	refusing := newCollector(t, 400, 401, 403, 400, 400, 400)
	away := newCollector(t)
	away.Close()
	for name, c := range map[string]*collector{"the collector answered 4": refusing,
		"the collector cannot be reached": away} {
		p, reported := c.pipeline(t)
		slog.New(p.Log).Info("lost")
		_, done := p.Telemetry.Request(t.Context(), "GET", http.Header{})
		done("GET /api/me", 200)
		end(t, p)
		if len(*reported) == 0 {
			t.Errorf("%s: nothing is reported", name)
		}
		for _, err := range *reported {
			if text := err.Error(); !strings.Contains(text, name) || strings.Contains(text, "geheim") ||
				strings.Contains(text, "127.0.0.1") {
				t.Errorf("reported %q, want %q", text, name)
			}
		}
	}
}
