package host

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPausesBetweenPollsGrowToTheMaximum(t *testing.T) {
	t.Parallel()
	b := backoff{max: 2 * time.Second, random: func() float64 { return 0.5 }}
	pauses := func(n int) []time.Duration {
		var all []time.Duration
		for range n {
			all = append(all, b.next())
		}
		return all
	}
	const ms = time.Millisecond
	want := []time.Duration{100 * ms, 200 * ms, 300 * ms, 500 * ms, 900 * ms, 1700 * ms, 2000 * ms, 2000 * ms}
	if diff := cmp.Diff(want, pauses(8)); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	b.reset()
	if diff := cmp.Diff(want[:2], pauses(2)); diff != "" {
		t.Errorf("pauses after work (-want +got):\n%s", diff)
	}
}

func TestLinesOfStderrGetTheHostsLevels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line       string
		errorsOnly bool
		want       slog.Level
	}{
		{"plain", true, slog.LevelError},
		{"a WARNing about an error", true, slog.LevelWarn},
		{"plain", false, slog.LevelInfo},
		{"a warning", false, slog.LevelWarn},
		{"a warning that it failed", false, slog.LevelError},
		{"Unhandled Exception", false, slog.LevelError},
		{"SEVERE", false, slog.LevelError},
	} {
		if got := stderrLevel(c.line, c.errorsOnly); got != c.want {
			t.Errorf("%q, errors only %v: %v, want %v", c.line, c.errorsOnly, got, c.want)
		}
	}
}

func TestTraceContextIsContinuedOrNew(t *testing.T) {
	t.Parallel()
	const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	got := traceParent(caller)
	if got == caller || !strings.HasPrefix(got, caller[:36]) || !strings.HasSuffix(got, "-01") {
		t.Errorf("continued as %s", got)
	}
	for _, incoming := range []string{"", "nonsense", "00-1-2-3"} {
		if got := traceParent(incoming); len(got) != 55 || !strings.HasSuffix(got, "-00") {
			t.Errorf("%q gives %s", incoming, got)
		}
	}
}

func TestJoinedQueryIsWhatTheForwardingHostSends(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"": "", "a=1&a=2": "a=1,2", "a=1&A=2": "a=1,2", "flag": "flag=", "a=b+c%20d": "a=b%20c%20d", "a=%zz": "a=%25zz",
		"a=b/c": "a=b%2Fc", "code=k&&x=": "code=k&x=",
	} {
		if got := joinedQuery(raw); got != want {
			t.Errorf("%q becomes %q, want %q", raw, got, want)
		}
	}
}

func TestPathsBecomeWhatTheRealHostMadeOfThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, decoded, forwarded, proxied string }{
		{"/api/a%20b/x?q", "/api/a b/x", "/api/a%20b/x", "/api/a%20b/x"},
		{"http://example.org/api/x?q", "/api/x", "/api/x", "/api/x"},
		{"/api/%C3%A4/%41", "/api/ä/A", "/api/%C3%A4/A", "/api/%C3%A4/A"},
		{"/api/a%2Fb", "/api/a%2Fb", "/api/a%2Fb", "/api/a%252Fb"},
		{"/api/a%5Cb", `/api/a\b`, "/api/a/b", "/api/a%5Cb"},
		{"/api/a%3Fcut/off", "/api/a?cut/off", "/api/a", "/api/a%3Fcut/off"},
		{"/api/a%23cut/off", "/api/a#cut/off", "/api/a", "/api/a%23cut/off"},
		{"/api/%2525/%FF", "/api/%25/%FF", "/api/%25/%FF", "/api/%2525/%25FF"},
		{"/api/%2541", "/api/%41", "/api/A", "/api/%2541"},
		{"/api/tabs/../x", "/api/x", "/api/x", "/api/x"},
		{"/api/tabs/%2e%2e/%2E./x", "/x", "/x", "/x"},
		{"/api/tabs/..%5c..%5cErasure", `/api/tabs/..\..\Erasure`, "/Erasure", "/api/tabs/..%5C..%5CErasure"},
		{`/api/tabs/..\..\Erasure`, `/api/tabs/..\..\Erasure`, "/Erasure", "/api/tabs/..%5C..%5CErasure"},
		{"/api/tabs/%252e%252e/%252e%252e/Erasure", "/api/tabs/%2e%2e/%2e%2e/Erasure", "/Erasure",
			"/api/tabs/%252e%252e/%252e%252e/Erasure"},
		{"/api/tabs/%252e%252e%5c..%5cErasure", `/api/tabs/%2e%2e\..\Erasure`, "/Erasure",
			"/api/tabs/%252e%252e%5C..%5CErasure"},
		{"/api/tabs/..%5cme", `/api/tabs/..\me`, "/api/me", "/api/tabs/..%5Cme"},
		{"/api/tabs/..%2f..%2fErasure", "/api/tabs/..%2f..%2fErasure", "/api/tabs/..%2f..%2fErasure",
			"/api/tabs/..%252f..%252fErasure"},
		{"/api/tabs/..%252f..%252fErasure", "/api/tabs/..%2f..%2fErasure", "/api/tabs/..%2f..%2fErasure",
			"/api/tabs/..%252f..%252fErasure"},
		{"/api/tabs/..%255c..%255cErasure", "/api/tabs/..%5c..%5cErasure", "/api/tabs/..%5c..%5cErasure",
			"/api/tabs/..%255c..%255cErasure"},
	} {
		got, ok := decodedPath(c.target)
		if want := [3]string{c.decoded, c.forwarded, c.proxied}; !ok ||
			want != [3]string{got, forwardedPath(got), proxiedPath(got)} {
			t.Errorf("%s: %v %q, forwarded %q, proxied %q, want %q", c.target, ok, got, forwardedPath(got),
				proxiedPath(got), want)
		}
	}
	if _, ok := decodedPath("/api/%00"); ok {
		t.Error("an encoded NUL is taken")
	}
}
