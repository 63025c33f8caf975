package api_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"imagepro/handler/fault"
	"imagepro/handler/org"
)

// problems is every kind of fault with the status it is answered with.
var problems = map[fault.Kind]int{
	fault.Invalid: 422, fault.Unauthorized: 401, fault.Consent: 403, fault.SignIn: 401, fault.Forbidden: 403,
	fault.NotFound: 404, fault.Conflict: 409, fault.Processed: 409, fault.Locked: 423, fault.Unsupported: 415,
	fault.TooLarge: 413,
	fault.NotSetUp: 403, fault.Stale: 412, fault.Unconditional: 428, fault.Busy: 503, fault.Full: 507,
	fault.Misconfigured: 500, fault.Internal: 500,
}

// failing makes every sign-in fail.
func failing(err error) func(*world) {
	return func(w *world) {
		w.profile = func(context.Context) (org.Profile, error) { return org.Profile{}, err }
	}
}

var me = request{method: http.MethodGet, path: "/api/me"}

func TestAProblemSaysWhichLimitWasPassed(t *testing.T) {
	t.Parallel()
	w := newWorld(failing(fault.New(fault.TooLarge, "Too many.", nil).Over(fault.LimitPixels)))
	if a := w.call(t, me); a.body["limit"] != "pixels" {
		t.Errorf("%s, want the limit pixels", a.text)
	}
}

func TestEachKindOfFaultHasItsProblem(t *testing.T) {
	t.Parallel()
	for kind, status := range problems {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(
				failing(fault.New(kind, "The sentence for the user.", errors.New("foreign text")).At("/recipe")))
			a := w.call(t, me)
			got, field := a.problem()
			if a.status != status || got != string(kind) || field != "/recipe" ||
				a.body["detail"] != "The sentence for the user." {
				t.Errorf("%d %s, want %d of kind %s with the fault's sentence and field", a.status, a.text, status,
					kind)
			}
			if strings.Contains(a.text, "foreign text") {
				t.Error("the answer shows the cause")
			}
			if !strings.Contains(a.log, "foreign text") {
				t.Error("the log lacks the cause")
			}
			level := "INFO"
			if kind == fault.Internal || kind == fault.Misconfigured {
				level = "ERROR"
			}
			if !strings.Contains(a.log, `"level":"`+level+`","msg":"request failed"`) {
				t.Errorf("the failure is not logged as %s:\n%s", level, a.log)
			}
		})
	}
}

func TestEveryKindOfFaultIsInTheTableAndInThePageOfTheAPI(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindsInSource(t)
	if len(kinds) != len(problems) {
		t.Errorf("package fault has %d kinds, the table of this test %d", len(kinds), len(problems))
	}
	for _, kind := range kinds {
		status, ok := problems[kind]
		if !ok {
			t.Errorf("no status is expected for kind %s", kind)
		}
		if row := "| `" + string(kind) + "` | " + strconv.Itoa(status) + " |"; strings.Count(string(page), row) != 1 {
			t.Errorf("docs/api.md has no row that begins %s", row)
		}
	}
}

// kindsInSource returns the constants of type Kind that package fault declares.
func kindsInSource(t *testing.T) []fault.Kind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../fault/fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []fault.Kind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != "Kind" {
			return true
		}
		for _, value := range spec.Values {
			text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, fault.Kind(text))
		}
		return true
	})
	return kinds
}

func TestProblemsTellHowToGoOn(t *testing.T) {
	t.Parallel()
	challenge := fault.New(fault.SignIn, "Another step is needed.", nil)
	challenge.Claims = `{"access_token":{"nbf":{"essential":true}}}`
	tests := []struct {
		name         string
		err          error
		authenticate string
		retryAfter   string
	}{
		{"a bad token", fault.New(fault.Unauthorized, "Bad.", nil), `Bearer error="invalid_token"`, ""},
		{"a dead session", fault.New(fault.SignIn, "Again.", nil), `Bearer error="invalid_token"`, ""},
		{"a claims challenge", challenge,
			`Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ=="`,
			""},
		{"a missing consent", fault.New(fault.Consent, "Consent.", nil), "", ""},
		{"an application that is not there", fault.New(fault.NotSetUp, "Not there.", nil), "", ""},
		{"a busy service", fault.New(fault.Busy, "Busy.", nil).After(1500 * time.Millisecond), "", "2"},
		{"a busy service without a time", fault.New(fault.Busy, "Busy.", nil), "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newWorld(failing(test.err)).call(t, me)
			if got := a.header.Get("WWW-Authenticate"); got != test.authenticate {
				t.Errorf("WWW-Authenticate %q, want %q", got, test.authenticate)
			}
			if got := a.header.Get("Retry-After"); got != test.retryAfter {
				t.Errorf("Retry-After %q, want %q", got, test.retryAfter)
			}
			if test.retryAfter != "" && a.body["retryAfter"] != float64(2) {
				t.Errorf("retryAfter %v, want 2", a.body["retryAfter"])
			}
			if claims := fault.From(test.err).Claims; claims != "" && a.body["claims"] != claims {
				t.Errorf("claims %v, want %s", a.body["claims"], claims)
			}
		})
	}
}

func TestAnUnknownErrorIsInternal(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no fault":        errors.New("foreign text"),
		"an unknown kind": fault.New("odd", "Odd sentence.", errors.New("foreign text")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newWorld(failing(err)).call(t, me)
			if kind, _ := a.problem(); a.status != 500 || kind != "internal" || strings.Contains(a.text, "foreign") {
				t.Errorf("%d %s, want an internal problem", a.status, a.text)
			}
		})
	}
}

func TestARequestThatTakesTooLongIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(func(w *world) {
		w.deadline = time.Millisecond
		w.profile = func(ctx context.Context) (org.Profile, error) {
			<-ctx.Done()
			return org.Profile{}, ctx.Err()
		}
	})
	a := w.call(t, me)
	if kind, _ := a.problem(); a.status != 503 || kind != "busy" {
		t.Errorf("%d %s, want a busy problem", a.status, a.text)
	}
}

func TestAPanicIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(func(w *world) {
		w.profile = func(context.Context) (org.Profile, error) { panic("index out of range") }
	})
	a := w.call(t, me)
	if kind, _ := a.problem(); a.status != 500 || kind != "internal" || strings.Contains(a.text, "index") {
		t.Errorf("%d %s, want an internal problem without the panic's text", a.status, a.text)
	}
	if !strings.Contains(a.log, "index out of range") || !strings.Contains(a.log, "problem_test.go") {
		t.Errorf("the log lacks the panic or where it was:\n%s", a.log)
	}
}

func TestOnlySignedInCallersPass(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, r := range []request{
		{method: http.MethodGet, path: "/api/me"},
		{method: http.MethodPost, path: "/api/bulk-edits", body: "not looked at before sign-in"},
		{method: http.MethodGet, path: "/api/bulk-edits/job1"},
		{method: http.MethodGet, path: "/api/bulk-edits/job1/items?limit=x"},
	} {
		for _, token := range []string{"-", "Bearer secret-token"} {
			r.token = token
			a := w.call(t, r)
			if kind, _ := a.problem(); a.status != 401 || kind != "unauthorized" {
				t.Errorf("%s %s with token %s: %d %s, want 401", r.method, r.path, token, a.status, a.text)
			}
			if strings.Contains(a.text+a.log, "secret-token") {
				t.Error("the token is shown")
			}
		}
	}
	if a := w.call(t, request{method: http.MethodGet, path: "/api/health", token: "-"}); a.status != 200 {
		t.Errorf("health without a token: %d", a.status)
	}
}

func TestAddressesAndMethodsThatAreNoneAreProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/api/", 404, ""},
		{http.MethodGet, "/api/nothing", 404, ""},
		{http.MethodGet, "/api/me/more", 404, ""},
		{http.MethodGet, "/api/Me", 404, ""},
		{http.MethodGet, "/elsewhere", 404, ""},
		{http.MethodPost, "/BulkItem", 404, ""},
		{http.MethodPost, "/api/me", 405, "GET, DELETE"},
		{http.MethodPatch, "/api/tabs/x", 405, "GET, PUT, DELETE"},
		{http.MethodDelete, "/api/health", 405, "GET"},
		{http.MethodDelete, "/api/bulk-edits", 405, "GET, POST"},
		{http.MethodPut, "/api/bulk-edits/job1", 405, "GET"},
		{http.MethodOptions, "/api/bulk-edits", 405, "GET, POST"},
	}
	w := newWorld()
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			a := w.call(t, request{method: test.method, path: test.path})
			if a.status != test.status || a.header.Get("Allow") != test.allow {
				t.Errorf("%d with Allow %q, want %d with %q", a.status, a.header.Get("Allow"), test.status, test.allow)
			}
		})
	}
}
