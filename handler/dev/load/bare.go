package load

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"imagepro/handler/dev/host"
)

// bareAnswer is what the bare handler says to everybody: as long as an answer of the API.
var bareAnswer = func() []byte {
	text, _ := json.Marshal(map[string]any{
		"id":    "0123456789abcdef",
		"title": "Bench",
		"items": []string{"of", "a", "bare", "handler"},
		"etag":  "0123456789abcdef",
	})
	return text
}()

// ServeBare is the least that can stand behind the Functions host: net/http that answers every request with the same.
func ServeBare(ctx context.Context) error {
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(bareAnswer)
		})}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")))
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// startBare puts the bare handler, which is this program, behind a Functions host with the settings of another script
// root.
func startBare(ctx context.Context, scriptRoot string) (*host.Host, func(), error) {
	dir, err := os.MkdirTemp("", "bare-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	if err := layBare(dir, scriptRoot); err != nil {
		remove()
		return nil, nil, err
	}
	h, err := host.Start(ctx, host.Options{
		ScriptRoot: dir,
		Settings:   map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom"},
		Addr:       "127.0.0.1:0",
		Log:        quiet,
	})
	if err != nil {
		remove()
		return nil, nil, err
	}
	stop := func() {
		h.Stop()
		remove()
	}
	if err := h.Ready(ctx); err != nil {
		stop()
		return nil, nil, err
	}
	return h, stop, nil
}

func layBare(dir, scriptRoot string) error {
	text, err := os.ReadFile(filepath.Join(scriptRoot, "host.json"))
	if err != nil {
		return err
	}
	var settings map[string]any
	if err := json.Unmarshal(text, &settings); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	settings["customHandler"] = map[string]any{
		"description":               map[string]any{"defaultExecutablePath": self, "arguments": []string{"bare"}},
		"enableProxyingHttpRequest": true,
	}
	if text, err = json.Marshal(settings); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "host.json"), text, 0o644); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "Bare"), 0o755); err != nil {
		return err
	}
	const function = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous",` +
		`"route":"{*path}"},{"type":"http","direction":"out","name":"res"}]}`
	return os.WriteFile(filepath.Join(dir, "Bare", "function.json"), []byte(function), 0o644)
}
