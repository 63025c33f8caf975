package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"imagepro/handler/secret"
)

// Collector is the https address of a collector of telemetry, or an address on this machine.
type Collector string

// UnmarshalText takes addresses without credentials and queries: keys are headers.
func (c *Collector) UnmarshalText(text []byte) error {
	u, err := url.Parse(strings.TrimSuffix(string(text), "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" &&
		(u.Scheme != "http" || !loopback(u.Hostname())) {
		return errors.New("it is neither an https address nor one on this machine") // and may hold a key
	}
	*c = Collector(u.String())
	return nil
}

// Protocol is how telemetry is sent; there is one.
type Protocol string

// UnmarshalText takes http/protobuf.
func (p *Protocol) UnmarshalText(text []byte) error {
	if string(text) != "http/protobuf" {
		return fmt.Errorf("%q is not http/protobuf, which is what is spoken", text)
	}
	*p = Protocol(text)
	return nil
}

// Exporter says whether a signal is sent: otlp or none.
type Exporter string

// UnmarshalText takes the two.
func (e *Exporter) UnmarshalText(text []byte) error {
	if string(text) != "otlp" && string(text) != "none" {
		return fmt.Errorf("%q is neither otlp nor none", text)
	}
	*e = Exporter(text)
	return nil
}

// Switch is true or false.
type Switch bool

// UnmarshalText takes the two words.
func (s *Switch) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "true":
		*s = true
	case "false":
		*s = false
	default:
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return nil
}

// Milliseconds is a duration, 1 ms to 10 min.
type Milliseconds time.Duration

// UnmarshalText takes a whole number.
func (m *Milliseconds) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 600_000 {
		return fmt.Errorf("%q is not a whole number of milliseconds from 1 to 600000", text)
	}
	*m = Milliseconds(time.Duration(n) * time.Millisecond)
	return nil
}

// headerName is a token (RFC 9110, section 5.6.2).
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// Headers are names with values that are secret.
type Headers map[string]secret.Text

// UnmarshalText takes name=value pairs, comma-separated, values percent-encoded
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables). Its
// errors show none.
func (h *Headers) UnmarshalText(text []byte) error {
	pairs, err := pairsOf(text)
	if err != nil {
		return err
	}
	*h = Headers{}
	for name, value := range pairs {
		if !headerName.MatchString(name) {
			return fmt.Errorf("%q is no name of a header", name)
		}
		(*h)[name] = secret.New(value)
	}
	return nil
}

// Attributes are names with values.
type Attributes map[string]string

// UnmarshalText takes what Headers does.
func (a *Attributes) UnmarshalText(text []byte) error {
	pairs, err := pairsOf(text)
	*a = pairs
	return err
}

func pairsOf(text []byte) (map[string]string, error) {
	pairs := map[string]string{}
	for part := range strings.SplitSeq(string(text), ",") {
		name, encoded, ok := strings.Cut(strings.TrimSpace(part), "=")
		value, err := url.PathUnescape(strings.TrimSpace(encoded))
		if !ok || err != nil || strings.TrimSpace(name) == "" || strings.ContainsAny(value, "\r\n") {
			return nil, errors.New("it is no list of name=value, comma-separated, with percent-encoded values")
		}
		pairs[strings.TrimSpace(name)] = value
	}
	return pairs, nil
}

// Telemetry says where to send what; a signal that is not sent has no address.
type Telemetry struct{ Traces, Metrics, Logs string }

// Telemetry returns the addresses of the three signals.
func (c Config) Telemetry() Telemetry {
	to := func(exporter Exporter, own Collector, path string) string {
		switch {
		case bool(c.TelemetryOff) || exporter == "none":
			return ""
		case own != "":
			return string(own)
		case c.Collector != "":
			return string(c.Collector) + path
		}
		return ""
	}
	return Telemetry{
		Traces:  to(c.TracesExporter, c.TracesCollector, "/v1/traces"),
		Metrics: to(c.MetricsExporter, c.MetricsCollector, "/v1/metrics"),
		Logs:    to(c.LogsExporter, c.LogsCollector, "/v1/logs"),
	}
}
