package app

import (
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"imagepro/handler/config"
	"imagepro/handler/telemetry"
	"imagepro/handler/telemetry/otlp"
)

// newPipeline is where telemetry goes: to nobody, unless a setting names a collector.
func newPipeline(c config.Config, now func() time.Time) (*otlp.Pipeline, error) {
	to := c.Telemetry()
	if to == (config.Telemetry{}) {
		return &otlp.Pipeline{Telemetry: telemetry.Off()}, nil
	}
	return otlp.New(otlp.Options{
		Traces:     to.Traces,
		Metrics:    to.Metrics,
		Logs:       to.Logs,
		Headers:    c.CollectorHeaders,
		Timeout:    time.Duration(c.CollectorTimeout),
		Service:    c.ServiceName,
		Version:    Version,
		Level:      c.LogLevel,
		Attributes: c.AboutService,
		Sample:     c.TracesSampler != "",
		Now:        now,
	}, sparingly(now))
}

// lossEvery is how often it is said that telemetry is lost: what says so may be lost as well, and say so.
const lossEvery = time.Minute

// sparingly logs a loss now and then.
func sparingly(now func() time.Time) func(error) {
	var last atomic.Int64
	return func(err error) {
		at, before := now().UnixNano(), last.Load()
		if at-before < int64(lossEvery) || !last.CompareAndSwap(before, at) {
			return
		}
		slog.Warn("telemetry is lost", "error", err)
	}
}

// service names the service to which a request goes. Graph is told the trace: it may be asked for it, and SharePoint's
// addresses are left as they were given.
func service(c config.Config) func(*http.Request) (string, bool) {
	hostOf := func(address config.CloudURL) string {
		u, err := url.Parse(string(address))
		if err != nil {
			return ""
		}
		return u.Host
	}
	entra, graph := hostOf(c.Authority), hostOf(c.Graph)
	return func(r *http.Request) (string, bool) {
		switch r.URL.Host {
		case graph:
			return "graph", true
		case entra:
			return "entra", false
		}
		return "sharepoint", false
	}
}
