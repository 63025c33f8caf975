package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"imagepro/handler/dev/photos"
	"imagepro/handler/dev/sandbox/trouble"
	"imagepro/handler/dev/stack"
)

// scriptRoot is laid out once for all tests: the real binary, host.json and the functions.
var scriptRoot string

func TestMain(m *testing.M) {
	if path := os.Getenv(heapFile); path != "" {
		fmt.Fprintln(os.Stderr, serveAndDump(path))
		os.Exit(1)
	}
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "image-pro-app-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	scriptRoot = dir
	if err := stack.Layout(dir); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// output collects what the handler writes.
type output struct {
	mu    sync.Mutex
	lines []string
}

func (o *output) line(_ slog.Level, line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, line)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n")
}

// startStack starts everything, and ends it with the test.
func startStack(t *testing.T, o stack.Options) (*stack.Stack, *output) {
	t.Helper()
	lines := &output{}
	o.Output = lines.line
	if o.ScriptRoot == "" {
		o.ScriptRoot = scriptRoot
	}
	s, err := stack.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, lines
}

// drawSmall draws small photographs: all eight orientations and PNG with alpha.
func drawSmall(t *testing.T, count int) []photos.Photo {
	t.Helper()
	drawn, err := photos.Draw(t.TempDir(), photos.Options{
		Count:         count,
		Seed:          7,
		MinMegapixels: 0.05,
		MaxMegapixels: 0.3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

func TestTheMainJobEndToEnd(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		kill, identity bool
		kind           bool
	}{
		{"against kind services", false, false, true},
		{"against unkind services", false, false, false},
		{"killed in the middle", true, false, false},
		{"storage by managed identity, over TLS", false, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, lines := startStack(t, stack.Options{Kind: test.kind, Seed: 3, Identity: test.identity})
			drawn := drawSmall(t, 24)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			var shown bytes.Buffer
			result, err := demo(ctx, s, drawn, options{out: t.TempDir(), kill: test.kill, stdout: &shown})
			if err != nil {
				t.Fatalf("%v\n%s", err, shown.String())
			}
			if err := result.verdict(); err != nil {
				t.Errorf("%v\n%s", err, shown.String())
			}
			want := "demo: 24 of 24 images edited, 24 new versions, "
			if last := lastLine(shown.String()); !strings.HasPrefix(last, want) {
				t.Errorf("the last line is %q, want %q...", last, want)
			}
			if info, err := os.Stat(result.sheet); err != nil || info.Size() < 10_000 {
				t.Errorf("the contact sheet is not there: %v", err)
			}
			if refused := s.Sandbox.Graph.Refused(); len(refused) > 0 {
				t.Errorf("calls that Image Pro promised never to make: %q", refused)
			}
			checkSecrets(t, s, lines.text())
			checkCalls(t, s)
		})
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// checkSecrets looks for what must not be in a log.
func checkSecrets(t *testing.T, s *stack.Stack, log string) {
	t.Helper()
	if !strings.Contains(log, `"invocation":"`) || !strings.Contains(log, "image is edited") {
		t.Errorf("the log does not say what was done:\n%.2000s", log)
	}
	for what, text := range map[string]string{
		"the application's secret": s.Scene.Secret, "the user's mail address": s.Scene.Adele.Mail,
		"the user's UPN": s.Scene.Adele.UPN,
		"a token":        "eyJ", "a pre-authenticated address": "tempauth", "the storage key": "AccountKey",
		"what the identity's endpoint asks for": s.Sandbox.Entra.IdentityHeader(),
	} {
		if strings.Contains(log, text) {
			t.Errorf("the log shows %s", what)
		}
	}
}

// permitted are all calls to Graph that a bulk edit makes: the user's profile, and files of libraries.
var permitted = regexp.MustCompile(
	`^/v1\.0/(me|drives/[^/]+/items/[^/?]+(/children|/content|/versions(/[^/]+/content)?)?)$`)

func checkCalls(t *testing.T, s *stack.Stack) {
	t.Helper()
	calls := s.Sandbox.Trouble.History(trouble.Filter{Service: "graph"})
	for _, call := range calls {
		if path, _, _ := strings.Cut(call.Path, "?"); !permitted.MatchString(path) {
			t.Errorf("a call that a bulk edit does not need: %s %s", call.Method, call.Path)
		}
	}
	if len(calls) < 24*2 {
		t.Errorf("the history holds %d calls to Graph, too few for 24 images", len(calls))
	}
}

func TestAFolderOfAStrangersOwnFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, photo := range drawSmall(t, 9) {
		content, err := os.ReadFile(photo.Path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, fmt.Sprintf("%d %s", i, photo.Name)), content)
	}
	write(t, filepath.Join(dir, "no picture.jpg"), []byte("this is text"))
	write(t, filepath.Join(dir, "huge.png"), hugePNG())
	own, err := photos.Load(dir, 100)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := startStack(t, stack.Options{Kind: true})
	var shown bytes.Buffer
	result, err := demo(t.Context(), s, own, options{out: t.TempDir(), stdout: &shown})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.verdict(); err != nil {
		t.Errorf("%v\n%s", err, shown.String())
	}
	if last := lastLine(shown.String()); !strings.HasPrefix(last, "demo: 9 of 11 images edited, 9 new versions, ") {
		t.Errorf("the last line is %q", last)
	}
	for _, want := range []string{"skipped: ", "10000×10000"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, shown.String())
		}
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// hugePNG is a file whose header says 10000 by 10000 pixels.
func hugePNG() []byte {
	return []byte(
		"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x27\x10\x00\x00\x27\x10\x08\x02\x00\x00\x00\xf9\x91\x7a\x9a" +
			"\x00\x00\x00\x00IEND\xaeB`\x82")
}

func TestTheAPIAsAStrangerMeetsIt(t *testing.T) {
	t.Parallel()
	s, _ := startStack(t, stack.Options{Kind: true})
	good, err := s.Token(s.Scene.Adele)
	if err != nil {
		t.Fatal(err)
	}
	frida, err := s.Token(s.Scene.Frida)
	if err != nil {
		t.Fatal(err)
	}
	recipe := `"recipe":{"version":1,"steps":[{"op":"flip","axis":"horizontal"}]}`
	tests := []struct {
		name, method, path, token, body string
		status                          int
		says                            string
	}{
		{"health", "GET", "/api/health", "", "", 200, `"status":"ok"`},
		{"who am I", "GET", "/api/me", good, "", 200, `"name":"Adele Vance"`},
		{"no token", "GET", "/api/me", "", "", 401, "urn:image-pro:problem:unauthorized"},
		{"a bad token", "GET", "/api/me", good[:len(good)-10] + "AAAAAAAAAA", "", 401, "its signature is wrong"},
		{"an organization that has not consented", "GET", "/api/me", frida, "", 403, "urn:image-pro:problem:consent"},
		{"a malformed recipe", "POST", "/api/bulk-edits", good,
			`{"source":{"folder":{"driveId":"d","itemId":"root"}},"recipe":{"version":1,"steps":[{"op":"resize",` +
				`"width":99999}]}}`, 422, `"field":"/recipe/steps/0/width"`},
		{"an unknown field", "POST", "/api/bulk-edits", good, `{"sauce":{},` + recipe + `}`, 422, `sauce`},
		{"no JSON", "POST", "/api/bulk-edits", good, `{`, 400, "urn:image-pro:problem:invalid"},
		{"no source", "POST", "/api/bulk-edits", good, `{"source":{},` + recipe + `}`, 422, `"field":"/source"`},
		{"a job that is not there", "GET", "/api/bulk-edits/nosuchjob", good, "", 404,
			"urn:image-pro:problem:not_found"},
		{"an address that is not there", "GET", "/api/bulk-edits/x/nothing", good, "", 404,
			"urn:image-pro:problem:not_found"},
		{"an unclean address", "GET", "/api/bulk-edits//x/../y", good, "", 404, "urn:image-pro:problem:not_found"},
		{"a queue function from outside", "POST", "/BulkItem", good, `{}`, 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), test.method, s.Host.URL()+test.path,
				strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.token != "" {
				request.Header.Set("Authorization", "Bearer "+test.token)
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || !strings.Contains(string(body), test.says) {
				t.Errorf("%d %s, want %d with %q", response.StatusCode, body, test.status, test.says)
			}
		})
	}
}

func TestTheProgramWorksWithACertificateInPlaceOfASecret(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	s, lines := startStack(t, stack.Options{Kind: true, Settings: map[string]string{
		"IMAGEPRO_APP_SECRET": "", "IMAGEPRO_APP_CERTIFICATE": base64.StdEncoding.EncodeToString(both),
	}})
	app := s.Scene.App
	app.Secrets, app.Certificates = nil, []*x509.Certificate{certificate}
	if err := s.Sandbox.Entra.PutApp(app); err != nil {
		t.Fatal(err)
	}
	token, err := s.Token(s.Scene.Adele)
	if err != nil {
		t.Fatal(err)
	}
	caller{t, s.Host.URL(), map[string]bool{}}.good("GET /me", "/me", token, "")
	if strings.Contains(lines.text(), "PRIVATE") {
		t.Error("the log shows the key")
	}
}

func TestTheCleanUpTimerCanBeStartedByHand(t *testing.T) {
	t.Parallel()
	s, lines := startStack(t, stack.Options{Kind: true})
	response, err := http.Post(s.Host.URL()+"/admin/functions/CleanUp", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Fatalf("%s, want 202", response.Status)
	}
	wait(t, func() bool { return strings.Contains(lines.text(), "clean-up ended") })
	wait(t, func() bool { return s.Host.Invocations()["CleanUp"].Succeeded == 1 })
}

// wait waits until the condition holds, for a minute at most.
func wait(t *testing.T, condition func() bool) {
	t.Helper()
	waitFor(t, time.Minute, condition)
}

func waitFor(t *testing.T, longest time.Duration, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(longest); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come true within %v", longest)
		}
	}
}

func TestWhatIsMissingOnAMachineIsNamed(t *testing.T) {
	drawn := drawSmall(t, 1)
	own := filepath.Dir(drawn[0].Path)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	t.Run("the program", func(t *testing.T) {
		err := run(t.Context(), []string{"-app", t.TempDir(), "-photos", own, "demo"}, io.Discard)
		wantError(t, err, "run make build")
	})
	t.Run("photographs", func(t *testing.T) {
		empty := t.TempDir()
		err := run(t.Context(), []string{"-app", scriptRoot, "-photos", empty, "demo"}, io.Discard)
		wantError(t, err, empty)
	})
	t.Run("a command", func(t *testing.T) {
		wantError(t, run(t.Context(), []string{"-app", scriptRoot, "walk"}, io.Discard),
			"name one command, of bare, bench-bulk, ")
	})
	t.Run("a port that is taken", func(t *testing.T) {
		err := run(t.Context(),
			[]string{"-app", scriptRoot, "-photos", own, "-out", t.TempDir(), "-port", port, "demo"}, io.Discard)
		wantError(t, err, port)
	})
	t.Run("Node.js", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		err := run(t.Context(), []string{"-app", scriptRoot, "-photos", own, "-out", t.TempDir(), "demo"}, io.Discard)
		wantError(t, err, "Node.js is not installed")
	})
}

func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want one that says %q", err, says)
	}
}

func TestThePackageHoldsWhatTheHostNeedsAndIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	first, second := filepath.Join(t.TempDir(), "a.zip"), filepath.Join(t.TempDir(), "b.zip")
	for _, target := range []string{first, second} {
		if err := pack(scriptRoot, target, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	a, errA := os.ReadFile(first)
	b, errB := os.ReadFile(second)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("two packages of one build differ (%v, %v)", errA, errB)
	}
	archive, err := zip.OpenReader(first)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	modes := map[string]os.FileMode{}
	for _, file := range archive.File {
		modes[file.Name] = file.Mode()
	}
	if modes["handler"] != 0o755 || modes["host.json"] != 0o644 || modes["BulkItem/function.json"] != 0o644 {
		t.Errorf("the package holds %v", modes)
	}
}
