package invoke_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"imagepro/handler/invocation"
)

// log keeps what the package logs; each test reads the lines of its own invocations.
var log recorder

func TestMain(m *testing.M) {
	slog.SetDefault(
		slog.New(
			invocation.LogHandler{Handler: slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})}))
	os.Exit(m.Run())
}

type recorder struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

// of returns the lines of an invocation.
func (r *recorder) of(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines strings.Builder
	for line := range strings.Lines(r.text.String()) {
		if strings.Contains(line, `"invocation":"`+id+`"`) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}
