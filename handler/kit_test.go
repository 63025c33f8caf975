package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/dev/child"
	"imagepro/handler/dev/port"
)

var update = flag.Bool("update", false, "rewrite the table in docs/settings.md")

// buildDir holds the binary that the tests start.
var buildDir string

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "imagepro-handler-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(buildDir)
	os.Exit(code)
}

// build builds the program once and returns its path.
var build = sync.OnceValues(func() (string, error) {
	file := filepath.Join(buildDir, "handler")
	out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

// The secrets in the settings of these tests. None may show.
const (
	appSecret  = "app-secret-value"
	keySecret  = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	accountKey = "YWNjb3VudC1rZXktdmFsdWU="
)

var secrets = []string{appSecret, keySecret, "0123456789012345", accountKey, "account-key-value"}

// closedPort is one that nobody can listen on or answer at: connections are refused at once.
const closedPort = "1"

// away returns settings with a free port for the program, and storage, Entra and Graph unreachable.
func away(t testing.TB) map[string]string {
	t.Helper()
	here := "127.0.0.1:" + closedPort
	return map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT": strconv.Itoa(freePort(t)),
		"AZURE_FUNCTIONS_ENVIRONMENT":  "Development",
		"AzureWebJobsStorage": "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=" + accountKey +
			";BlobEndpoint=http://" + here + "/a;QueueEndpoint=http://" + here + "/a;TableEndpoint=http://" + here +
			"/a;",
		"IMAGEPRO_APP_SECRET":   appSecret,
		"IMAGEPRO_TOKEN_KEYS":   "a:" + keySecret,
		"IMAGEPRO_AUTHORITY":    "https://" + here,
		"IMAGEPRO_AUTHORITY_V1": "https://" + here,
		"IMAGEPRO_GRAPH":        "https://" + here + "/v1.0",
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	number, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func lookUp(settings map[string]string) func(string) string {
	return func(name string) string { return settings[name] }
}

// base is the address of the program with the settings.
func base(settings map[string]string) string {
	return "http://127.0.0.1:" + settings["FUNCTIONS_CUSTOMHANDLER_PORT"]
}

// running is a started program.
type running struct {
	*child.Process
	stdout, stderr *bytes.Buffer // to be read after Done
}

// start starts the built binary with the settings and nothing else in its environment.
func start(t testing.TB, settings map[string]string) running {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file)
	cmd.Env = []string{"HOME=" + os.Getenv("HOME")}
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	r := running{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
	cmd.Stdout, cmd.Stderr = r.stdout, r.stderr
	if r.Process, err = child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Kill)
	return r
}

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// await asks until the address answers with 200, as the host does.
func await(t testing.TB, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := http.DefaultClient.Do(r); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not answer with 200 in %v", address, patience)
		case <-tick.C:
		}
	}
}

// asHost makes a request a call of a function by the host.
func asHost(r *http.Request) {
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Azure-Functions-Host/4.1037.0.0")
}

// call calls a function as the host does and returns status and body.
func call(t *testing.T, address, invocation, body string) (int, string) {
	t.Helper()
	return sendAs(t, http.MethodPost, address, invocation, body, asHost)
}

// send sends a request and returns status and body.
func send(t *testing.T, method, address, invocation, body string) (int, string) {
	t.Helper()
	return sendAs(t, method, address, invocation, body, func(*http.Request) {})
}

func sendAs(t *testing.T, method, address, invocation, body string, prepare func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Azure-Functions-InvocationId", invocation)
	prepare(r)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// showsNoSecret fails the test if the text shows a secret of the settings.
func showsNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is shown:\n%s", text)
		}
	}
}
