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

	"github.com/google/go-cmp/cmp"

	"imagepro/handler/dev/host"
	"imagepro/handler/dev/port"
)

// pids returns how many processes the handler had so far.
func (r *running) pids() int { return strings.Count(r.out.String(), "PID ") }

func TestExitCode0IsNotRestarted(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.everything()
	r := s.start(host.Options{}).ready()
	if response, _ := r.do("POST", "/api/exit/0", "now"); response.StatusCode != 500 {
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
		r.do("POST", "/api/exit/200", "now") // with a body, so that the host does not ask again
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
	h, err := host.Start(ctx, host.Options{
		ScriptRoot:    s.root,
		Settings:      s.settings,
		Addr:          "127.0.0.1:0",
		HandlerOutput: func(slog.Level, string) {},
		Log:           slog.New(slog.DiscardHandler),
	})
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

// report is what the handler says of its own start.
type report struct {
	Args, Env []string
	Dir       string
}

// startReporting starts the site with a handler that reports.
func (s *site) startReporting(o host.Options) (*running, report) {
	s.t.Helper()
	s.settings["FAKE_BOOT"] = "report"
	s.everything()
	r := s.start(o).ready()
	var got report
	for _, line := range r.out.lines() {
		if _, text, ok := strings.Cut(line, "REPORT "); ok {
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return r, got
}

func TestHandlerGetsItsArgumentsUnquotedAndItsDirectory(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]any{
		"customHandler.description.arguments":         []string{"one two", "%FROM_SETTINGS%", "%NOWHERE%"},
		"customHandler.description.defaultWorkerPath": "path with spaces",
		"customHandler.description.workerArguments":   []string{"last"},
		"customHandler.description.workingDirectory":  "zAll",
	})
	s.settings["FROM_SETTINGS"] = "setting"
	_, got := s.startReporting(host.Options{})
	dir, err := filepath.EvalSymlinks(filepath.Join(s.root, "zAll"))
	if err != nil {
		t.Fatal(err)
	}
	got.Env = nil
	want := report{Args: []string{"one", "two", "setting", "path with spaces", "last"}, Dir: dir}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the start (-want +got):\n%s", diff)
	}
}

func TestHandlerSeesSettingsUnderTheEnvironmentAndTheHostsVariables(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.settings["BOTH"], s.settings["EMPTY"] = "setting", "setting"
	r, got := s.startReporting(host.Options{Environ: []string{"BOTH=environment", "EMPTY=", "ONLY=environment"}})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(r.URL(), "http://"))
	for _, want := range []string{"BOTH=environment", "EMPTY=setting", "ONLY=environment",
		"FUNCTIONS_APP_ROOT_PATH=" + s.root,
		"AzureWebJobsScriptRoot=" + s.root, "WEBSITE_HOSTNAME=localhost:" + port,
		"AZURE_FUNCTIONS_ENVIRONMENT=Development", "AzureWebJobsStorage=" + storage} {
		if !slices.Contains(got.Env, want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	env := map[string]string{}
	for _, variable := range got.Env {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	if p := env["FUNCTIONS_CUSTOMHANDLER_PORT"]; p == "" || p != env["FUNCTIONS_HTTPWORKER_PORT"] {
		t.Errorf("the port variables are %q and %q", p, env["FUNCTIONS_HTTPWORKER_PORT"])
	}
	if id := env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]; len(id) != 36 || id != env["FUNCTIONS_HTTPWORKER_ID"] {
		t.Errorf("the id variables are %q and %q", id, env["FUNCTIONS_HTTPWORKER_ID"])
	}
}

func TestOutputOfTheHandlerGetsLevels(t *testing.T) {
	t.Parallel()
	r, _ := newSite(t, nil).startReporting(host.Options{})
	r.await("the levels", func() bool {
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
	if _, err := s.tryStart(host.Options{Addr: listener.Addr().String()}); err == nil ||
		!strings.Contains(err.Error(), "port "+port+" is taken") {
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
	number, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, map[string]any{"customHandler.port": number})
	s.everything()
	s.start(host.Options{}).ready()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/api/x", number))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}
