package invocation_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"

	"imagepro/handler/invocation"
)

const header = "X-Azure-Functions-InvocationId"

func TestTheLastIDIsTheHosts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values []string
		want   string
	}{
		"none":              {nil, ""},
		"the host's":        {[]string{"host"}, "host"},
		"a client's before": {[]string{"client", "host"}, "host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			for _, value := range test.values {
				h.Add(header, value)
			}
			if got := invocation.ID(invocation.With(t.Context(), h)); got != test.want {
				t.Errorf("ID = %q, want %q", got, test.want)
			}
		})
	}
}

func TestEveryRecordOfAnInvocationCarriesItsID(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := slog.New(invocation.LogHandler{Handler: slog.NewJSONHandler(&out, nil)}).With("job", "j1")
	h := http.Header{}
	h.Set(header, "i1")
	logger.InfoContext(invocation.With(t.Context(), h), "within")
	logger.Info("outside")
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	for i, want := range []any{"i1", nil} {
		var line map[string]any
		if err := json.Unmarshal(lines[i], &line); err != nil {
			t.Fatal(err)
		}
		if line["invocation"] != want || line["job"] != "j1" {
			t.Errorf("line %d is %v, want invocation %v and job j1", i, line, want)
		}
	}
}
