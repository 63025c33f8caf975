package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"imagepro/handler/dev/host"
)

// pids returns how many processes the handler had so far.
func (r *running) pids() int { return strings.Count(r.out.String(), "PID ") }

func TestExitCode0IsNotRestarted(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	if response, _ := r.do("GET", "/api/exit/0", ""); response.StatusCode != 500 {
		t.Errorf("the request that ended the handler got %s, want 500", response.Status)
	}
	r.await("the log to say so", func() bool { return r.log.has("exit code 0: the host does not start it again") })
	for range 3 {
		if response, _ := r.do("GET", "/api/x", ""); response.StatusCode != 500 {
			t.Errorf("a later request got %s, want 500", response.Status)
		}
	}
	if n := r.pids(); n != 1 {
		t.Errorf("%d processes, want one", n)
	}
}

func TestExitCode200RestartsWithoutCounting(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	for i := range 4 {
		before := r.HandlerPID()
		r.do("GET", "/api/exit/200", "")
		r.await(fmt.Sprintf("restart %d", i+1), func() bool { return r.HandlerPID() != before })
	}
	if response, body := r.do("POST", "/api/x", "alive"); response.StatusCode != 200 || body != "alive" {
		t.Errorf("after four restarts: %s %q", response.Status, body)
	}
}

func TestThirdCrashStopsTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.settings["FAKE_BOOT"] = "exit-3"
	s.everything()
	r := s.start(host.Options{})
	err := r.Err()
	if err == nil || !strings.Contains(err.Error(), "exit status 3\ntwo\nthree\nfour") {
		t.Errorf("Err = %v, want the exit code and the last three lines of stderr", err)
	}
	if n := r.pids(); n != 3 {
		t.Errorf("%d processes, want 3", n)
	}
	if err := r.Ready(t.Context()); err == nil {
		t.Error("Ready of a stopped host is no error")
	}
}

func TestStrikesCanBeRaised(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{Strikes: 100}).ready()
	for range 5 {
		before := r.HandlerPID()
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		r.await("a restart", func() bool { return r.HandlerPID() != before })
	}
	r.ready()
	if response, body := r.do("POST", "/api/x", "alive"); response.StatusCode != 200 || body != "alive" {
		t.Errorf("after five kills: %s %q", response.Status, body)
	}
}

func TestHandlerThatNeverListensIs503AndStopsTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"customHandler.initializationTimeout": "00:00:00.300"})
	s.settings["FAKE_BOOT"] = "deaf"
	s.everything()
	r := s.start(host.Options{})
	response, body := r.do("GET", "/api/x", "")
	if response.StatusCode != 503 || !strings.Contains(body, "Function host is not running.") {
		t.Errorf("a request got %s %q, want 503", response.Status, body)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "did not answer GET / on port") {
		t.Errorf("Err = %v, want the reason", err)
	}
}

func TestFunctionTimeoutKillsTheHandlerAndAllItsInvocations(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{"functionTimeout": "00:00:01"})
	s.http("Hang", "hang", "")
	s.everything()
	r := s.start(host.Options{}).ready()
	answers := make(chan int, 2)
	request := func() {
		response, _, err := r.try("GET", "/api/hang", "")
		if err != nil {
			answers <- 0
			return
		}
		answers <- response.StatusCode
	}
	for range 4 { // more often than a handler may crash
		before := r.HandlerPID()
		go request()
		go request()
		if first, second := <-answers, <-answers; first != 500 || second != 500 {
			t.Errorf("the requests got %d and %d, want 500", first, second)
		}
		r.await("another process", func() bool { return r.HandlerPID() != before })
	}
	if response, _ := r.do("GET", "/api/x", ""); response.StatusCode != 200 {
		t.Errorf("the next request got %s", response.Status)
	}
	if !r.log.has("functionTimeout") {
		t.Error("the log does not name functionTimeout")
	}
}

func TestStopNeverSendsSIGTERMUnlessAsked(t *testing.T) {
	t.Parallel()
	for _, graceful := range []bool{false, true} {
		t.Run(fmt.Sprint(graceful), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.settings["FAKE_BOOT"] = "polite"
			s.everything()
			r := s.start(host.Options{GracefulStop: graceful}).ready()
			r.Stop()
			if got := r.out.has("TERMINATED"); got != graceful {
				t.Errorf("the handler saw SIGTERM: %v, want %v", got, graceful)
			}
			if err := syscall.Kill(r.HandlerPID(), 0); err == nil {
				t.Error("the handler still runs")
			}
		})
	}
}

func TestEndOfContextStopsTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	ctx, cancel := context.WithCancel(context.Background())
	h, err := host.Start(ctx, host.Options{ScriptRoot: s.root, Settings: s.settings, Addr: "127.0.0.1:0",
		HandlerOutput: func(slog.Level, string) {}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-h.Done()
	if err := h.Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
	h.Stop()
}

func TestHandlerIsStartedAsTheHostStartsIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{
		"customHandler.description.arguments":         []string{"one two", "%FROM_SETTINGS%", "%NOWHERE%"},
		"customHandler.description.defaultWorkerPath": "path with spaces",
		"customHandler.description.workerArguments":   []string{"last"},
		"customHandler.description.workingDirectory":  "zAll",
	})
	s.settings["FAKE_BOOT"] = "report"
	s.settings["FROM_SETTINGS"] = "setting"
	s.settings["BOTH"] = "setting"
	s.settings["EMPTY"] = "setting"
	s.everything()
	r := s.start(host.Options{Environ: []string{"BOTH=environment", "EMPTY=", "ONLY=environment"}}).ready()
	var report struct {
		Args, Env []string
		Dir       string
	}
	for _, line := range r.out.lines() {
		if _, text, ok := strings.Cut(line, "REPORT "); ok {
			if err := json.Unmarshal([]byte(text), &report); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"one", "two", "setting", "path with spaces", "last"}; !slices.Equal(report.Args, want) {
		t.Errorf("arguments %q, want %q", report.Args, want)
	}
	if want, _ := filepath.EvalSymlinks(filepath.Join(s.root, "zAll")); report.Dir != want {
		t.Errorf("working directory %s, want %s", report.Dir, want)
	}
	for _, want := range []string{"BOTH=environment", "EMPTY=setting", "ONLY=environment", "FUNCTIONS_APP_ROOT_PATH=" + s.root,
		"AZURE_FUNCTIONS_ENVIRONMENT=Development", "AzureWebJobsStorage=" + storage} {
		if !slices.Contains(report.Env, want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	env := map[string]string{}
	for _, variable := range report.Env {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	if p := env["FUNCTIONS_CUSTOMHANDLER_PORT"]; p == "" || p != env["FUNCTIONS_HTTPWORKER_PORT"] {
		t.Errorf("the port variables are %q and %q", p, env["FUNCTIONS_HTTPWORKER_PORT"])
	}
	if id := env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]; len(id) != 36 || id != env["FUNCTIONS_HTTPWORKER_ID"] {
		t.Errorf("the id variables are %q and %q", id, env["FUNCTIONS_HTTPWORKER_ID"])
	}
	r.await("the levels of the output", func() bool {
		return r.out.has("INFO to stdout\n") && r.out.has("ERROR to stderr\n") && r.out.has("WARN a Warning\n")
	})
	if r.out.has("for tools") || r.out.has("for the system") {
		t.Error("lines for the host's own logs are in the handler's output")
	}
}

func TestStartRefusesATakenPortByItsNumber(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := newSite(t, nil)
	s.everything()
	if _, err := s.tryStart(host.Options{Addr: listener.Addr().String()}); err == nil || !strings.Contains(err.Error(), "port "+port+" is taken") {
		t.Errorf("Start = %v, want an error that names port %s", err, port)
	}
}

func TestStartNamesAnExecutableThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"missing-program", "host.json", "%NOT_SET%"} {
		s := newSite(t, map[string]any{"customHandler.description.defaultExecutablePath": path})
		s.everything()
		if _, err := s.tryStart(host.Options{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Start = %v, want an error that names %s", err, path)
		}
	}
}

func TestFixedPortIsUsed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	s := newSite(t, map[string]any{"customHandler.port": port})
	s.everything()
	s.start(host.Options{}).ready()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/x", port))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}
