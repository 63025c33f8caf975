package host

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// admin returns the handler of /admin: the list of functions, manual triggers, status and ping.
func (h *Host) admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/functions", func(w http.ResponseWriter, _ *http.Request) {
		all := []any{}
		for _, f := range h.app.functions {
			all = append(all, h.describe(f))
		}
		writeJSON(w, http.StatusOK, all)
	})
	mux.HandleFunc("GET /admin/functions/{name}",
		h.withFunction(func(w http.ResponseWriter, _ *http.Request, f *function) {
			writeJSON(w, http.StatusOK, h.describe(f))
		}))
	mux.HandleFunc("POST /admin/functions/{name}", h.withFunction(h.trigger))
	mux.HandleFunc("GET /admin/host/status", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, h.status())
	})
	ping := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	mux.HandleFunc("GET /admin/host/ping", ping)
	mux.HandleFunc("POST /admin/host/ping", ping)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.isMaster(r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// withFunction looks up the function that the path names, in any case.
func (h *Host) withFunction(next func(http.ResponseWriter, *http.Request, *function)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, f := range h.app.functions {
			if strings.EqualFold(f.name, r.PathValue("name")) {
				next(w, r, f)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

// describe is one function as /admin/functions lists it.
func (h *Host) describe(f *function) any {
	description := map[string]any{
		"name": f.name, "href": h.url + "/admin/functions/" + f.name, "language": "Custom", "isDisabled": false,
		"config": f.text,
	}
	if f.http != nil {
		description["invoke_url_template"] = h.url + "/" + f.http.route.template
	}
	return description
}

func (h *Host) status() any {
	state := "Running"
	select {
	case <-h.stopping:
		state = "Stopping"
	default:
	}
	name, _ := os.Hostname()
	return map[string]any{
		"state": state, "version": version, "versionDetails": version + " (local)",
		"processUptime": time.Since(h.started).Milliseconds(),
		"computerName":  name,
	}
}

// trigger starts a queue or timer function by hand and answers 202 without waiting for it.
func (h *Host) trigger(w http.ResponseWriter, r *http.Request, f *function) {
	var body struct{ Input string }
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.bodyLimit))
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &body)
	}
	switch {
	case err != nil:
		http.Error(w, fmt.Sprintf(`the body has to be {"input": "text"}: %v`, err), http.StatusBadRequest)
		return
	case f.http != nil:
		http.Error(w, "an HTTP function is called by its route", http.StatusBadRequest)
		return
	}
	// The invocation outlives the request. A failure is in the log and in the counts.
	go func() {
		_ = h.invoke(context.WithoutCancel(r.Context()), f, func(ctx context.Context, in invocation) error {
			_, err := h.call(ctx, in, h.manualPayload(f, body.Input), "")
			return err
		})
	}()
	w.WriteHeader(http.StatusAccepted)
}

// manualPayload is what a function gets that is triggered by hand: the timer's present status, or the input
// as a queue message that was never received.
func (h *Host) manualPayload(f *function, input string) payload {
	if f.timer != nil {
		return h.timers[f.name].payload(false)
	}
	m := newMetadata(f, time.Now())
	m.set("DequeueCount", 0)
	return queuePayload(f, []byte(input), m)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(marshal(value))
}
