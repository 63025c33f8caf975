package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWrongSettingsAreOneErrorThatListsThemAll(t *testing.T) {
	t.Parallel()
	settings := away(t)
	settings["FUNCTIONS_CUSTOMHANDLER_PORT"] = "0"
	settings["IMAGEPRO_TOKEN_KEYS"] = "a:" + keySecret + ",b:" + appSecret
	settings["IMAGEPRO_LOG_LEVEL"] = "loud"
	delete(settings, "IMAGEPRO_APP_SECRET")
	err := run(t.Context(), lookUp(settings))
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "IMAGEPRO_TOKEN_KEYS", "IMAGEPRO_LOG_LEVEL",
		"IMAGEPRO_APP_SECRET"} {
		if strings.Count(err.Error(), "setting "+name+": ") != 1 {
			t.Errorf("the error does not name %s once:\n%v", name, err)
		}
	}
	showsNoSecret(t, err.Error())
}

func TestAWrongConnectionStringIsNotShown(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{accountKey, "AccountName=a;AccountKey=" + accountKey + " not base64;BlobEndpoint=x",
		"AccountKey=" + accountKey} {
		settings := away(t)
		settings["AzureWebJobsStorage"] = wrong
		err := run(t.Context(), lookUp(settings))
		if err == nil {
			t.Fatal("no error")
		}
		showsNoSecret(t, err.Error())
	}
}

func TestAnOccupiedPortIsNamedWithItsSetting(t *testing.T) {
	t.Parallel()
	settings := away(t)
	listener, err := net.Listen("tcp", strings.TrimPrefix(base(settings), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	err = run(t.Context(), lookUp(settings))
	want := "port " + settings["FUNCTIONS_CUSTOMHANDLER_PORT"] + " (FUNCTIONS_CUSTOMHANDLER_PORT) cannot be listened on"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one that says %q", err, want)
	}
}

// serving starts run and returns how to end it and what it returned.
func serving(t *testing.T, settings map[string]string) (stop func(), result <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, lookUp(settings)) }()
	await(t, base(settings)+"/")
	return cancel, ended
}

func TestItServesWhileStorageEntraAndGraphAreAway(t *testing.T) {
	t.Parallel()
	settings := away(t)
	stop, ended := serving(t, settings)
	tests := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodGet, "/", "", 200, "Image Pro"},
		{http.MethodGet, "/api/health", "", 200, `"status":"ok"`},
		{http.MethodGet, "/api/me", "", 401, "urn:image-pro:problem:unauthorized"},
		{http.MethodGet, "/api/nothing", "", 404, "urn:image-pro:problem:not_found"},
		{http.MethodPost, "/api/BulkItem", "{}", 404, "urn:image-pro:problem:not_found"},
		{http.MethodPost, "/BulkItem", "{}", 404, "not_found"},
		{http.MethodGet, "/BulkItem", "", 404, "not_found"},
		{http.MethodPost, "/Nothing", "{}", 404, "not_found"},
	}
	for _, test := range tests {
		if status, body := send(t, test.method, base(settings)+test.path, "i1", test.body); status != test.status ||
			!strings.Contains(body, test.want) {
			t.Errorf("%s %s: %d %s, want %d with %s", test.method, test.path, status, body, test.status, test.want)
		}
	}
	for body, want := range map[string]int{"{}": 500, `{"Data":{"message":"none of ours"}}`: 200} {
		if status, answer := call(t, base(settings)+"/BulkItem", "i1", body); status != want {
			t.Errorf("the host's call with %s: %d %s, want %d", body, status, answer, want)
		}
	}
	stop()
	awaitNil(t, ended)
}

func awaitNil(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("run returned %v, want nil", err)
		}
	case <-time.After(patience):
		t.Error("run did not return")
	}
}

// underWay begins the host's call of a function and returns when the program waits for its body.
func underWay(t *testing.T, settings map[string]string) (conn net.Conn, answers *bufio.Reader) {
	t.Helper()
	address := strings.TrimPrefix(base(settings), "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	write(t, conn, "POST /BulkItem HTTP/1.1\r\nHost: "+address+
		"\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n"+
		"Content-Type: application/json\r\nUser-Agent: Azure-Functions-Host/4.1037.0.0\r\n"+
		"X-Azure-Functions-InvocationId: i\r\n\r\n")
	answers = bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%q, %v: want 100 Continue", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil { // the empty line after it
		t.Fatal(err)
	}
	return conn, answers
}

func wantAnswer(t *testing.T, answers *bufio.Reader, status int) {
	t.Helper()
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != status {
		t.Errorf("%d, want %d", response.StatusCode, status)
	}
}

func TestARequestThatIsUnderWayIsAnsweredAtTheEnd(t *testing.T) {
	t.Parallel()
	settings := away(t)
	stop, ended := serving(t, settings)
	conn, answers := underWay(t, settings)
	stop()
	write(t, conn, "23\r\n"+`{"Data":{"message":"none of ours"}}`+"\r\n0\r\n\r\n")
	wantAnswer(t, answers, http.StatusOK)
	awaitNil(t, ended)
}

// The host sends a request again whose connection ends without an answer.
func TestARequestThatDoesNotEndInTimeIsAnsweredAtTheEndAsWell(t *testing.T) {
	t.Parallel()
	settings := away(t)
	stop, ended := serving(t, settings)
	_, answers := underWay(t, settings)
	stop()
	wantAnswer(t, answers, http.StatusInternalServerError)
	awaitNil(t, ended)
}

func TestAHeadThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	settings := away(t)
	_, _ = serving(t, settings)
	for size, want := range map[int]int{60 << 10: http.StatusOK, 80 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base(settings)+"/api/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Long", strings.Repeat("x", size))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("a header of %d bytes: %d, want %d", size, response.StatusCode, want)
		}
	}
}

func TestAClientThatDoesNotEndItsHeadIsCutOff(t *testing.T) {
	t.Parallel()
	settings := away(t)
	_, _ = serving(t, settings)
	conn, err := net.Dial("tcp", strings.TrimPrefix(base(settings), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	write(t, conn, "GET /api/health HTTP/1.1\r\nHost: x\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(3 * headerTime))
	if _, err := io.ReadAll(conn); err != nil { // an answer or none, and then the end
		t.Errorf("the connection is open still: %v", err)
	}
}

// A client that sends a request and reads nothing of the answer must not hold the program up for longer than a request
// may take.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	settings := away(t)
	settings["IMAGEPRO_HTTP_DEADLINE"], settings["IMAGEPRO_EVENT_DEADLINE"] = "1s", "1s"
	_, _ = serving(t, settings)
	conn, err := net.Dial("tcp", strings.TrimPrefix(base(settings), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	_ = conn.SetWriteDeadline(time.Now().Add(20 * (drain + time.Second)))
	for { // until nobody takes any more: the answers wait, and then the requests
		if _, err := io.WriteString(conn, "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				t.Error("the connection is open still")
			}
			return
		}
	}
}

func write(t *testing.T, to io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
}

func TestSIGTERMEndsTheBinaryWithZero(t *testing.T) {
	t.Parallel()
	settings := away(t)
	r := start(t, settings)
	await(t, base(settings)+"/api/health")
	send(t, http.MethodGet, base(settings)+"/api/health", "invocation-1", "")
	send(t, http.MethodGet, base(settings)+"/api/me", "invocation-2", "")
	call(t, base(settings)+"/BulkItem", "invocation-3", "{}")
	r.Signal(syscall.SIGTERM)
	awaitEnd(t, r)
	if code := r.ExitCode(); code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, r.stderr)
	}
	if r.stderr.Len() != 0 {
		t.Errorf("stderr, which the host takes for errors:\n%s", r.stderr)
	}
	showsNoSecret(t, r.stdout.String())
	everyLineIsJSON(t, r.stdout.String())
	for _, want := range []string{"invocation-1", "invocation-2", "invocation-3"} {
		if !strings.Contains(r.stdout.String(), `"invocation":"`+want+`"`) {
			t.Errorf("the log lacks %s:\n%s", want, r.stdout)
		}
	}
}

func awaitEnd(t *testing.T, r running) {
	t.Helper()
	select {
	case <-r.Done():
	case <-time.After(patience):
		t.Fatal("the program did not end")
	}
}

func everyLineIsJSON(t *testing.T, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		var record struct {
			Time  time.Time
			Level string
			Msg   string
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Time.IsZero() || record.Level == "" ||
			record.Msg == "" {
			t.Errorf("stdout has a line that is no log record: %s", line)
		}
	}
}

func TestAWrongSettingEndsTheBinaryWithAFault(t *testing.T) {
	t.Parallel()
	settings := away(t)
	settings["IMAGEPRO_TOKEN_KEYS"] = "a:" + keySecret + "," + appSecret
	r := start(t, settings)
	awaitEnd(t, r)
	if code := r.ExitCode(); code <= 0 || code == 200 { // 0 would not be started again, 200 without being counted
		t.Errorf("exit code %d, want a fault's", code)
	}
	if !strings.Contains(r.stderr.String(), "setting IMAGEPRO_TOKEN_KEYS: ") {
		t.Errorf("stderr does not name the setting:\n%s", r.stderr)
	}
	showsNoSecret(t, r.stdout.String()+r.stderr.String())
}
