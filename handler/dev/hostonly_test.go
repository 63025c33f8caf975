package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"imagepro/handler/dev/stack"
)

// escapes are the ways that lead from a route with a parameter to an address outside of it, by what stands behind the
// route. The first five reached a function on a forwarding host (4.1037).
var escapes = []string{
	`..%5c..%5cX`, `..\..\X`, `%252e%252e/%252e%252e/X`, `..%5c%252e%252e/X`, `%252e%252e%5c..%5cX`,
	`..%255c..%255cX`, `..%2f..%2fX`, `..%252f..%252fX`, `../../X`, `%2e%2e/%2e%2e/X`, `a/..%5c..%5c..%5cX`,
	`..%5C..%5CX`,
}

// layout is what functions/ says: the routes with a parameter, each with a method that it takes, and the functions that
// only the host may call.
type layout struct {
	routes    map[string]string // method by the route's fixed part
	functions []string
}

func readLayout(t *testing.T) layout {
	t.Helper()
	l := layout{routes: map[string]string{}}
	files, err := filepath.Glob(filepath.Join(scriptRoot, "*", "function.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var function struct {
			Bindings []struct {
				Type, Route string
				Methods     []string
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &function); err != nil {
			t.Fatal(err)
		}
		trigger := function.Bindings[0]
		fixed, hasParameter := strings.CutSuffix(trigger.Route, "/{*path}")
		switch {
		case trigger.Type != "httpTrigger":
			l.functions = append(l.functions, filepath.Base(filepath.Dir(file)))
		case hasParameter:
			l.routes[fixed] = strings.ToUpper(trigger.Methods[len(trigger.Methods)-1])
		}
	}
	if len(l.routes) < 10 || len(l.functions) < 9 {
		t.Fatalf("functions/ holds %d routes and %d functions", len(l.routes), len(l.functions))
	}
	return l
}

// raw sends a request whose target is not touched on the way out, with an envelope of the caller's own and everything
// that marks a call of the host, as far as a client can have it. It returns the status.
func raw(t *testing.T, s *stack.Stack, method, target string) int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.Host.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const envelope = `{"Data":{"message":"\"from outside\"","timer":{"IsPastDue":false}},"Metadata":{}}`
	_, err = fmt.Fprintf(conn,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
			"User-Agent: Azure-Functions-Host/4.1037.0.0\r\nConnection: close\r\n\r\n%s",
		method, target, s.Host.HandlerPort(), len(envelope), envelope)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

var functionRan = regexp.MustCompile(
	`"msg":"(?:function done|function failed|message is dropped)".*"function":"([A-Za-z]+)"`)

// Each lock is tried alone: without forwarding in host.json on a host that cannot proxy, and with forwarding in spite
// of it.
func TestNobodyButTheHostRunsAFunction(t *testing.T) {
	t.Parallel()
	const forwarding = "AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest"
	for _, mode := range []struct {
		name     string
		old      bool
		settings map[string]string
		says     string // in the log, what stopped them
	}{
		{"a host that proxies", false, nil, ""},
		{"a host that is too old to proxy", true, nil, "the Functions host is too old"},
		{"a host that forwards", true, map[string]string{forwarding: "true"}, "a call of a function is refused"},
	} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"IMAGEPRO_LOG_LEVEL": "DEBUG"}
			for name, value := range mode.settings {
				settings[name] = value
			}
			s, lines := startStack(t, stack.Options{Kind: true, LegacyForward: mode.old, Settings: settings})
			statuses := map[string]map[int]int{}
			l := readLayout(t)
			for route, method := range l.routes {
				for _, escape := range escapes {
					if statuses[escape] == nil {
						statuses[escape] = map[int]int{}
					}
					for _, function := range l.functions {
						statuses[escape][raw(t, s, method,
							"/api/"+route+"/"+strings.Replace(escape, "X", function, 1))]++
					}
				}
				if status := raw(t, s, method, "/api/"+route+"/..%5corganization"); status < 400 {
					t.Errorf("%s of the organization by way of %s: %d", method, route, status)
				}
			}
			for escape, got := range statuses {
				t.Logf("%-26s %v", escape, got)
				for status := range got {
					if status != http.StatusNotFound && status != http.StatusMethodNotAllowed &&
						status != http.StatusInternalServerError {
						t.Errorf("%s: %v", escape, got)
					}
				}
			}
			ran := map[string]int{}
			for _, match := range functionRan.FindAllStringSubmatch(lines.text(), -1) {
				ran[match[1]]++
			}
			for function, count := range ran {
				if own := s.Host.Invocations()[function].Started; count > own {
					t.Errorf("%s ran %d times, %d of them by the host's own call", function, count, own)
				}
			}
			if !strings.Contains(lines.text(), mode.says) {
				t.Errorf("the log does not say %q", mode.says)
			}
		})
	}
}
