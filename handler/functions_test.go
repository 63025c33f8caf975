package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"imagepro/handler/api"
	"imagepro/handler/app"
	"imagepro/handler/config"
	"imagepro/handler/invoke"
	"imagepro/handler/web"
)

// binding is one of a function.json's.
type binding struct {
	Type, Direction, Name string

	AuthLevel string   // of an HTTP trigger
	Methods   []string // of an HTTP trigger
	Route     string   // of an HTTP trigger

	QueueName, Connection string // of a queue trigger

	Schedule string // of a timer trigger
}

// functions reads functions/: the bindings by the function's name, the trigger first.
func functions(t *testing.T) map[string][]binding {
	t.Helper()
	entries, err := os.ReadDir("../functions")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]binding{}
	for _, entry := range entries {
		var file struct{ Bindings []binding }
		readJSON(t, filepath.Join("../functions", entry.Name(), "function.json"), &file)
		if len(file.Bindings) == 0 {
			t.Fatalf("%s has no bindings", entry.Name())
		}
		all[entry.Name()] = file.Bindings
	}
	return all
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// program returns the program as it is shipped. It reaches nothing.
func program(t *testing.T) *app.App {
	t.Helper()
	settings, err := config.Read(lookUp(away(t)))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var (
	functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)
	bindingName  = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]{0,127}$`)
)

func TestEachFunctionIsOneLegalFile(t *testing.T) {
	t.Parallel()
	for name, bindings := range functions(t) {
		if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
			t.Errorf("%s is no legal name of a function", name)
		}
		files, err := os.ReadDir(filepath.Join("../functions", name))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != 1 {
			t.Errorf("functions/%s holds %d files, want function.json alone", name, len(files))
		}
		triggers := 0
		for _, b := range bindings {
			if !bindingName.MatchString(b.Name) {
				t.Errorf("%s: %q is no legal name of a binding", name, b.Name)
			}
			if strings.HasSuffix(b.Type, "Trigger") {
				triggers++
			}
		}
		if triggers != 1 || !strings.HasSuffix(bindings[0].Type, "Trigger") || bindings[0].Direction != "in" {
			t.Errorf("%s has %d triggers, want one, first and in", name, triggers)
		}
	}
}

func TestHTTPFunctionsAreProxiedAndOpenToTheHost(t *testing.T) {
	t.Parallel()
	for name, bindings := range functions(t) {
		if bindings[0].Type != "httpTrigger" {
			continue
		}
		if len(bindings) != 2 || bindings[1].Type != "http" || bindings[1].Direction != "out" {
			t.Errorf("%s has not exactly httpTrigger and http, so the host would not pass requests through", name)
		}
		if bindings[0].AuthLevel != "anonymous" {
			t.Errorf("%s has authLevel %q; the bearer token decides, so it must be anonymous", name,
				bindings[0].AuthLevel)
		}
	}
}

// matches reports whether an ASP.NET route matches the path of an operation, whose parameters count as text.
func matches(route, path string) bool {
	var pattern strings.Builder
	for segment := range strings.SplitSeq(route, "/") {
		switch {
		case strings.HasPrefix(segment, "{*"):
			pattern.WriteString("(/.*)?")
		case strings.HasPrefix(segment, "{"):
			pattern.WriteString("/[^/]+")
		default:
			pattern.WriteString("/" + regexp.QuoteMeta(segment))
		}
	}
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(path)
}

func TestHTTPFunctionsAndOperationsAgree(t *testing.T) {
	t.Parallel()
	unused := map[string]bool{} // method and function
	all := functions(t)
	for name, bindings := range all {
		for _, method := range bindings[0].Methods {
			unused[method+" "+name] = true
		}
		if bindings[0].Type == "httpTrigger" && len(bindings[0].Methods) == 0 {
			t.Errorf("%s takes every method", name)
		}
	}
	for _, operation := range append(program(t).API.Operations(), "GET "+strings.TrimPrefix(web.Prefix, api.Prefix),
		"GET "+strings.TrimPrefix(web.DocsPrefix, api.Prefix)) {
		method, path, _ := strings.Cut(operation, " ")
		var found []string
		for name, bindings := range all {
			trigger := bindings[0]
			if trigger.Type == "httpTrigger" && slices.Contains(trigger.Methods, strings.ToLower(method)) &&
				matches(trigger.Route, path) {
				found = append(found, name)
				delete(unused, strings.ToLower(method)+" "+name)
			}
		}
		if len(found) != 1 {
			t.Errorf("operation %s is brought by the functions %v, want exactly one", operation, found)
		}
	}
	for function := range unused {
		t.Errorf("no operation takes %s", function)
	}
}

func TestQueueAndTimerFunctionsAgree(t *testing.T) {
	t.Parallel()
	here := map[string]invoke.Function{}
	for _, f := range program(t).Functions {
		here[f.Name] = f
	}
	for name, bindings := range functions(t) {
		trigger := bindings[0]
		if trigger.Type == "httpTrigger" {
			continue
		}
		f, ok := here[name]
		delete(here, name)
		switch {
		case !ok:
			t.Errorf("functions/%s has no function in app", name)
		case len(bindings) != 1:
			t.Errorf("%s has more than its trigger: messages are sent by code", name)
		case f.Binding != trigger.Name:
			t.Errorf("%s reads the binding %s, its function.json names it %s", name, f.Binding, trigger.Name)
		case f.Queue != trigger.QueueName:
			t.Errorf("%s is for the queue %q, its function.json for %q", name, f.Queue, trigger.QueueName)
		case trigger.Type == "queueTrigger" && trigger.Connection != "AzureWebJobsStorage":
			t.Errorf("%s listens at the account %q, messages go to AzureWebJobsStorage", name, trigger.Connection)
		case trigger.Type == "timerTrigger" && len(strings.Fields(trigger.Schedule)) != 6:
			t.Errorf("%s has the schedule %q, want six fields", name, trigger.Schedule)
		}
	}
	for name := range here {
		t.Errorf("app's function %s has no functions/%s/function.json", name, name)
	}
}

func TestEveryQueueHasAFunctionForItsPoison(t *testing.T) {
	t.Parallel()
	queues := map[string]string{}
	for _, f := range program(t).Functions {
		queues[f.Name] = f.Queue
	}
	for name, queue := range queues {
		if queue == "" || strings.HasSuffix(queue, "-poison") {
			continue
		}
		if got := queues[name+"Poison"]; got != queue+"-poison" {
			t.Errorf("%sPoison is for the queue %q, want %s-poison", name, got, queue)
		}
	}
}

// hostJSON is what is checked of host.json.
type hostJSON struct {
	Version         string
	FunctionTimeout string
	Extensions      struct {
		HTTP struct {
			RoutePrefix string
		}
		Queues struct {
			MessageEncoding string
			MaxDequeueCount int
		}
	}
	CustomHandler struct {
		Description struct {
			DefaultExecutablePath string
		}
		EnableProxyingHTTPRequest   bool
		EnableForwardingHTTPRequest bool
	}
}

func TestHostJSONSuitsTheProgram(t *testing.T) {
	t.Parallel()
	var host hostJSON
	readJSON(t, "../host.json", &host)
	settings, err := config.Read(lookUp(away(t)))
	if err != nil {
		t.Fatal(err)
	}
	handler := host.CustomHandler
	for what, ok := range map[string]bool{
		"version is 2.0":                                host.Version == "2.0",
		"the route prefix is api.Prefix":                "/"+host.Extensions.HTTP.RoutePrefix == api.Prefix,
		"the executable is handler, without a path":     handler.Description.DefaultExecutablePath == "handler",
		"hosts proxy":                                   handler.EnableProxyingHTTPRequest,
		"none forwards, which lets callers out of /api": !handler.EnableForwardingHTTPRequest,
		"messages are base64, as they are sent":         host.Extensions.Queues.MessageEncoding == "base64",
		"a message is tried several times":              host.Extensions.Queues.MaxDequeueCount > 1,
		"the host waits longer than an invocation may": timeSpan(t,
			host.FunctionTimeout) > settings.EventDeadline.Duration(),
		"HTTP is answered before the front end's 230s": settings.HTTPDeadline.Duration() < 230*time.Second,
		"the host waits longer than a request may": timeSpan(t,
			host.FunctionTimeout) > settings.HTTPDeadline.Duration(),
	} {
		if !ok {
			t.Errorf("host.json and the settings' defaults: it is not so that %s", what)
		}
	}
}

// timeSpan reads hh:mm:ss.
func timeSpan(t *testing.T, text string) time.Duration {
	t.Helper()
	at, err := time.Parse(time.TimeOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Sub(at.Truncate(24 * time.Hour))
}
